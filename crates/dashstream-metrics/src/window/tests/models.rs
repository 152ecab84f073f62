//! Models of the window under every interleaving of two or three threads.
//!
//! Each must see exactly the asserted set of outcomes, and has a mutant that fails it.

use core::num::{NonZeroU32, NonZeroUsize};
use core::time::Duration;
use std::collections::BTreeSet;

use crate::counts::Counts;
use crate::label::Label;
use crate::tests::explore::explore;
use crate::window::rings::Rings;
use crate::window::{WindowShape, WindowTotals};

/// A window of one slot of one second, in a ring of two: the other slot is the guard.
const SHAPE: WindowShape = WindowShape::with_ring(NonZeroU32::MIN, 1, 2);

/// The second of two kinds.
const BAD: usize = 1;

const KINDS: Label<usize> = Label {
    name: "kind",
    values: &[0, BAD],
    text: |_| "",
    index: |kind| kind,
};

const fn second(second: u64) -> Duration {
    Duration::from_secs(second)
}

fn window_at(now: u64) -> Rings {
    window(1, NonZeroUsize::MIN, 0, now)
}

fn window(keys: usize, shared: NonZeroUsize, owned: usize, now: u64) -> Rings {
    Rings::new(SHAPE, keys, shared, owned, second(now))
}

/// Records `n` events at a second in the first shard.
fn record(window: &Rings, at: u64, key: usize, n: u64) {
    window.record_in(0, SHAPE.slot_at(second(at)), key, n);
}

fn totals(window: &Rings, at: u64) -> [u64; 5] {
    numbers(window.read(second(at)).totals)
}

fn count(window: &Rings, at: u64) -> (u64, bool) {
    let seen = window.read(second(at));
    (seen.counts.iter().sum(), seen.torn)
}

/// In the window, expired, late, early, and the sum of everything.
fn numbers(totals: WindowTotals) -> [u64; 5] {
    let WindowTotals {
        in_window,
        expired,
        late,
        early,
        ..
    } = totals;
    [in_window, expired, late, early, totals.recorded()]
}

/// Two writers race for a slot across a turn of the ring: nothing is lost, nothing is moved.
#[test]
fn two_writers_across_a_rotation_account_for_every_event() {
    let seen = explore(
        "rotation",
        || window_at(2),
        [
            |window: &Rings| record(window, 0, 0, 2),
            |window| record(window, 2, 0, 1),
        ],
        |window, [(), ()]| totals(window, 2),
    );
    // The old events expire when they were there first, and are late when they were not.
    assert_eq!(seen, BTreeSet::from([[1, 2, 0, 0, 3], [1, 0, 2, 0, 3]]));
}

/// Two writers of the same slot: a compare-and-swap that fails is tried again.
#[test]
fn two_writers_of_one_slot_both_count() {
    let seen = explore(
        "same slot",
        || window_at(0),
        [
            |window: &Rings| record(window, 0, 0, 2),
            |window| record(window, 0, 0, 3),
        ],
        |window, [(), ()]| totals(window, 0),
    );
    assert_eq!(seen, BTreeSet::from([[5, 0, 0, 0, 5]]));
}

/// Three writers, one of them a turn behind: both of the present count, whatever the third does.
#[test]
fn a_third_writer_from_the_past_disturbs_neither_of_the_present() {
    let seen = explore(
        "three writers",
        || window_at(2),
        [
            |window: &Rings| record(window, 0, 0, 4),
            |window| record(window, 2, 0, 2),
            |window| record(window, 2, 0, 1),
        ],
        |window, [(), (), ()]| totals(window, 2),
    );
    assert_eq!(seen, BTreeSet::from([[3, 4, 0, 0, 7], [3, 0, 4, 0, 7]]));
}

/// Writers of two shards race with one another's slots of the same second: the reader adds them up.
#[test]
fn writers_of_two_shards_are_both_read() {
    let seen = explore(
        "shards",
        || {
            let two = NonZeroUsize::MIN.saturating_add(1);
            window(1, two, 0, 0)
        },
        [
            |window: &Rings| {
                window.record_in(0, 1, 0, 2);
                0
            },
            |window| {
                window.record_in(1, 1, 0, 1);
                0
            },
            |window| count(window, 0).0,
        ],
        |window, [.., while_written]| (while_written, count(window, 0).0),
    );
    assert_eq!(seen, BTreeSet::from([(0, 3), (1, 3), (2, 3), (3, 3)]));
}

/// A writer with a shard of its own races with one that shares, and with a reader: it loses nothing
/// without a compare-and-swap, across a turn of the ring as well.
#[test]
fn a_writer_with_a_shard_of_its_own_loses_nothing() {
    let seen = explore(
        "own shard",
        || {
            let window = window(1, NonZeroUsize::MIN, 1, 2);
            window.record_alone_in(1, 1, 0, 4);
            window
        },
        [
            |window: &Rings| {
                window.record_alone_in(1, 3, 0, 1);
                window.record_alone_in(1, 3, 0, 1);
            },
            |window| window.record_in(0, 3, 0, 3),
        ],
        |window, [(), ()]| totals(window, 2),
    );
    assert_eq!(seen, BTreeSet::from([[5, 4, 0, 0, 9]]));
}

/// One writer moves the window's time while another is ahead of it: it is early, or it is not, and
/// never gone.
#[test]
fn a_writer_at_the_edge_of_the_guard_is_counted_or_early() {
    let seen = explore(
        "guard",
        || window_at(0),
        [
            // One slot ahead, as far as the guard goes, and two.
            |window: &Rings| record(window, 1, 0, 1),
            |window| record(window, 2, 0, 2),
        ],
        |window, [(), ()]| totals(window, 2),
    );
    // The first takes another slot, and is over when the second is.
    assert_eq!(seen, BTreeSet::from([[0, 1, 0, 2, 3], [2, 1, 0, 0, 3]]));
}

/// A reader races with a writer that turns the slot over: it never takes old events for new ones.
#[test]
fn a_reader_never_sees_events_of_another_turn() {
    let seen = explore(
        "reader",
        || {
            let window = window_at(2);
            record(&window, 0, 0, 1000);
            window
        },
        [
            |window: &Rings| {
                record(window, 2, 0, 1);
                record(window, 2, 0, 1);
                (0, false)
            },
            |window| count(window, 2),
        ],
        |_, [_, read]| read,
    );
    assert_eq!(seen, BTreeSet::from([(0, false), (1, false), (2, false)]));
}

/// A reader of two keys races with their writer: the bad are never more than all.
#[test]
fn a_ratio_never_exceeds_one() {
    let seen = explore(
        "ratio",
        || window(2, NonZeroUsize::MIN, 0, 2),
        [
            |window: &Rings| {
                record(window, 2, 0, 1);
                record(window, 2, 1, 1);
                (0, 0)
            },
            |window| {
                let seen = Counts::of(KINDS, &window.read(second(2)).counts);
                (seen.get(BAD), seen.total())
            },
        ],
        |_, [_, read]| read,
    );
    assert!(seen.iter().all(|(bad, all)| bad <= all), "{seen:?}");
    // The good ones are read first, so that a bad one may be seen without the good one before it.
    assert_eq!(seen, BTreeSet::from([(0, 0), (0, 1), (1, 1), (1, 2)]));
}

/// A reader whose clock stands still while a writer laps it says that its sum is too small.
#[test]
fn an_overtaken_reader_says_torn() {
    let seen = explore(
        "torn",
        || {
            let window = window_at(0);
            record(&window, 0, 0, 1);
            window
        },
        [
            |window: &Rings| {
                window.tick(second(2));
                window.record_in(0, 3, 0, 1);
                (0, false)
            },
            |window| count(window, 0),
        ],
        |_, [_, read]| read,
    );
    assert_eq!(seen, BTreeSet::from([(0, true), (1, false)]));
}
