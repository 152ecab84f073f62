//! Windows: every event is in exactly one place, at the edges, under threads, and when clocks jump.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

use core::num::NonZeroUsize;
use core::time::Duration;
use std::thread;

use dashstream_metrics::{
    Catalogue, Label, Reading, SettingError, Window, WindowShape, WindowTotals,
};

#[path = "props/writer.rs"]
mod writer;

fn window(shape: WindowShape, now: Duration) -> Window<()> {
    sharded(shape, NonZeroUsize::MIN, now)
}

fn sharded(shape: WindowShape, shards: NonZeroUsize, now: Duration) -> Window<()> {
    let built =
        Catalogue::<Reading>::build(now, |c| c.window("events", Label::NONE, shape, shards));
    built.unwrap().1
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn an_event_is_shown_for_the_whole_window_and_not_one_slot_longer() {
    for (now, shown) in [
        (999, 0),
        (1000, 7),
        (1119, 7),
        (1120, 0),
        (1128, 0),
        (2000, 0),
    ] {
        let window = window(WindowShape::SHORT, secs(1000));
        window.record(secs(1000), (), 7);
        assert_eq!(window.read_at(secs(now)).count(()), shown, "at {now} s");
    }
}

#[test]
fn a_slot_is_reused_after_one_turn_of_the_ring_and_its_events_expire() {
    let window = window(WindowShape::SHORT, secs(0));
    window.record(secs(0), (), 3);
    window.tick(secs(128));
    window.record(secs(128), (), 4);
    assert_eq!(
        window.read_at(secs(128)).totals,
        totals(|a| {
            a.in_window = 4;
            a.expired = 3;
        })
    );
}

#[test]
fn a_writer_that_was_stopped_for_minutes_erases_nothing() {
    let window = window(WindowShape::SHORT, secs(0));
    let stale = WindowShape::SHORT.slot_at(secs(0));
    window.tick(secs(128));
    window.record(secs(128), (), 1000);
    window.record_in_slot(stale, (), 1);
    assert_eq!(window.read_at(secs(128)).count(()), 1000);
    assert_eq!(
        window.read_at(secs(128)).totals,
        totals(|a| {
            a.in_window = 1000;
            a.late = 1;
        })
    );
}

#[test]
fn the_last_guard_slot_is_accepted_and_the_next_is_early() {
    let guard = u64::from(WindowShape::SHORT.guard());
    for (ahead, early) in [(guard - 1, 0), (guard, 0), (guard + 1, 1)] {
        let window = window(WindowShape::SHORT, secs(500));
        window.record(secs(500 + ahead), (), 1);
        let seen = window.read_at(secs(500)).totals;
        assert_eq!(
            (seen.early, seen.ahead),
            (early, 1 - early),
            "{ahead} ahead"
        );
    }
}

#[test]
fn a_clock_that_jumps_ahead_once_costs_its_own_events_only() {
    let window = window(WindowShape::SHORT, secs(0));
    for second in 0..60 {
        window.record(secs(second), (), 1);
        if second == 30 {
            window.record(secs(1_000_000), (), 9);
        }
    }
    assert_eq!(window.read_at(secs(59)).count(()), 60);
    assert_eq!(window.read_at(secs(59)).totals.early, 9);
}

#[test]
fn a_clock_that_goes_back_counts_where_it_says() {
    let window = window(WindowShape::SHORT, secs(0));
    window.tick(secs(300));
    window.record(secs(300), (), 1);
    window.record(secs(250), (), 2);
    window.record(secs(100), (), 4);
    assert_eq!(window.read_at(secs(300)).count(()), 3);
    assert_eq!(window.read_at(secs(300)).totals.recorded(), 7);
}

#[test]
fn a_reader_that_was_overtaken_says_that_its_counts_are_too_small() {
    let window = window(WindowShape::SHORT, secs(0));
    window.record(secs(0), (), 1);
    let before = window.read_at(secs(0));
    assert_eq!((before.count(()), before.torn), (1, false));
    // 128 slots on, the slot of second 0 is reused; a reader whose clock still says 0 misses it.
    window.tick(secs(128));
    window.record(secs(128), (), 1);
    let after = window.read_at(secs(0));
    assert_eq!((after.count(()), after.torn), (0, true));
    assert!(!window.read_at(secs(128)).torn);
}

#[test]
fn coverage_grows_from_the_start_and_never_exceeds_the_window() {
    let window = window(WindowShape::SHORT, Duration::from_millis(10_500));
    let covered = |millis| window.read_at(Duration::from_millis(millis)).covered;
    assert_eq!(covered(10_500), Duration::ZERO);
    assert_eq!(covered(10_900), Duration::from_millis(400));
    assert_eq!(covered(70_500), secs(60));
    // 119 whole slots and the begun one.
    assert_eq!(covered(1_000_250), Duration::from_millis(119_250));
    assert_eq!(covered(0), Duration::ZERO);
}

#[test]
fn a_rate_is_over_the_time_that_is_covered() {
    let window = window(WindowShape::SHORT, secs(0));
    assert_eq!(window.read_at(secs(0)).per_second(()), None);
    for second in 0..10 {
        window.record(secs(second), (), 3);
    }
    let rate = window.read_at(secs(10)).per_second(());
    assert_eq!(rate, Some(3.0));
}

#[test]
fn a_full_slot_says_what_it_could_not_hold() {
    const FULL: u64 = (1 << 36) - 1;
    for (held, saturated) in [(FULL - 2, 0), (FULL - 1, 0), (FULL, 1)] {
        let window = window(WindowShape::SHORT, secs(0));
        window.record(secs(0), (), held);
        window.record(secs(0), (), 1);
        let seen = window.read_at(secs(0)).totals;
        assert_eq!(seen.saturated, saturated);
        assert_eq!(seen.recorded(), held + 1);
    }
}

#[test]
fn the_last_slot_is_counted_and_what_follows_is_early() {
    const LAST: u64 = (1 << 28) - 2;
    for (second, early) in [(LAST - 1, 0), (LAST, 0), (LAST + 1, 1), (u64::MAX, 1)] {
        let window = window(WindowShape::SHORT, secs(LAST));
        window.record(secs(second), (), 1);
        assert_eq!(
            window.read_at(secs(LAST)).totals.early,
            early,
            "second {second}"
        );
    }
}

#[test]
fn what_was_counted_last_leaves_the_window_although_no_slot_follows() {
    const LAST: u64 = (1 << 28) - 2;
    let window = window(WindowShape::SHORT, secs(LAST));
    window.record(secs(LAST), (), 1);
    for (second, shown) in [(LAST, 1), (LAST + 119, 1), (LAST + 120, 0), (u64::MAX, 0)] {
        assert_eq!(
            window.read_at(secs(second)).count(()),
            shown,
            "second {second}"
        );
    }
}

#[test]
fn a_shape_has_at_least_one_slot_and_at_most_its_limit() {
    let slots = |slots| WindowShape::new(1, slots).map(|shape| (shape.slots(), shape.ring()));
    assert_eq!(
        slots(0),
        Err(SettingError::Slots {
            slots: 0,
            limit: 131_072
        })
    );
    assert_eq!(slots(1), Ok((1, 16)));
    assert_eq!(slots(131_071), Ok((131_071, 262_144)));
    assert_eq!(slots(131_072), Ok((131_072, 262_144)));
    assert_eq!(
        slots(131_073),
        Err(SettingError::Slots {
            slots: 131_073,
            limit: 131_072
        })
    );
    assert_eq!(
        WindowShape::new(0, 1).unwrap_err().code(),
        "shape_empty_slot"
    );
}

#[test]
fn conservation_holds_under_two_threads_with_stalled_writers_and_clock_jumps() {
    for shards in [1, 4] {
        let shards = NonZeroUsize::new(shards).unwrap();
        // Ten slots and a short ring, so that slots are reused thousands of times.
        let window = sharded(WindowShape::new(1, 10).unwrap(), shards, secs(0));
        let recorded: u64 = thread::scope(|scope| {
            let writers = [1_u64, 2].map(|seed| {
                let window = &window;
                scope.spawn(move || writer::write_wildly(window, seed, 200_000))
            });
            writers.map(|writer| writer.join().unwrap()).iter().sum()
        });
        let end = window.read_at(secs(20_000)).totals;
        assert_eq!(end.recorded(), recorded, "{shards} shards: {end:?}");
        assert!(end.late > 0 && end.early > 0 && end.expired > 0, "{end:?}");
    }
}

#[test]
fn two_threads_lose_nothing_while_slots_change() {
    let window = window(WindowShape::SHORT, secs(0));
    let total: u64 = 2_000_000;
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for n in 0..total / 2 {
                    // 100 seconds go by for both: about ten thousand records a slot.
                    window.record(Duration::from_millis(n / 10), (), 1);
                }
            });
        }
    });
    let seen = window.read_at(secs(119)).totals;
    // A thread more than the guard behind counts where it says; more than the guard ahead is early.
    assert_eq!(seen.in_window + seen.early, total);
    assert_eq!(seen.late, 0);
}

fn totals(set: impl FnOnce(&mut WindowTotals)) -> WindowTotals {
    let mut totals = WindowTotals::default();
    set(&mut totals);
    totals
}

#[test]
fn at_least_eight_slots_guard_a_window() {
    for (slots, ring) in [
        (119, 128),
        (120, 128),
        (121, 256),
        (7, 16),
        (8, 16),
        (9, 32),
    ] {
        let shape = WindowShape::new(1, slots).unwrap();
        assert_eq!((shape.ring(), shape.guard()), (ring, ring - slots));
        assert!(shape.guard() >= 8);
    }
}

#[test]
fn the_windows_are_two_minutes_and_an_hour() {
    for (shape, seconds) in [(WindowShape::SHORT, 120), (WindowShape::LONG, 3_600)] {
        assert_eq!(shape.window(), Duration::from_secs(seconds));
        for (later, shown) in [(seconds - 1, 1), (seconds, 0), (seconds + 1, 0)] {
            let window = window(shape, secs(9));
            // At the beginning of a slot of either window.
            let begin = Duration::from_secs(36_000);
            window.tick(begin);
            window.record(begin, (), 1);
            let seen = window.read_at(begin + Duration::from_secs(later));
            assert_eq!(seen.count(()), shown, "{later} s later");
        }
    }
}

#[test]
fn every_shard_is_read() {
    let shards = NonZeroUsize::new(4).unwrap();
    let window = sharded(WindowShape::SHORT, shards, secs(9));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| window.record(secs(9), (), 1));
        }
    });
    assert_eq!(window.read_at(secs(9)).count(()), 8);
}

/// Seconds since the Unix epoch are beyond the last slot that a cell can name.
#[test]
fn beyond_the_last_slot_events_are_early_from_the_first_on() {
    const SLOTS: u64 = 1 << 28;
    let shape = WindowShape::new(1, 120).unwrap();
    for now in [SLOTS, SLOTS + 1, 1_700_000_000] {
        let window = window(shape, secs(now));
        window.record(secs(now), (), 3);
        let totals = window.read_at(secs(now)).totals;
        assert_eq!((totals.early, totals.expired), (3, 0), "{now}");
    }
}

/// A label whose list of values lacks one of them: an event of that one is no other's.
#[test]
fn a_value_that_the_label_does_not_list_is_counted_as_nobody_s() {
    const LABEL: Label<usize> = Label {
        name: "key",
        values: &[0, 1],
        text: |_| "text",
        index: |key| key,
    };
    let two = NonZeroUsize::new(2).unwrap();
    let built = Catalogue::<Reading>::build(secs(1), |c| {
        c.window("events", LABEL, WindowShape::SHORT, two)
    });
    let (_, window) = built.unwrap();
    window.record(secs(1), 2, 5);
    let counts = window.read_at(secs(1));
    assert_eq!((counts.count(0), counts.count(1)), (0, 0));
    assert_eq!(counts.totals.late, 5);
}
