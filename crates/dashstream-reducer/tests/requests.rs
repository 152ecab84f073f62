//! Requests for a snapshot: spread over all runs, limited, and for those that still need one.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

mod support;

use core::time::Duration;

use dashstream_reducer::{Effect, Position, ResyncReason, Runs, RunsLimits, Stamp, Update};

use self::support::{START, START_UPDATE, seconds, start};

#[test]
fn a_run_that_is_gone_waits_for_no_request() {
    let mut limits = RunsLimits::default();
    limits.requests_per_second = 1;
    let mut runs = Runs::new(limits);
    for (thread, partition) in [("a", 0), ("b", 1)] {
        let position = Position {
            partition,
            offset: 7,
        };
        let stamp = Stamp::new(1).with_position(position);
        let _waits = runs.apply(Duration::ZERO, thread, stamp, Update::Other);
    }
    // Time enough for both to ask, of which one may.
    runs.handle_timeout(seconds(60));
    assert_eq!(&*runs.poll_effect().unwrap().0, "a");
    assert!(runs.poll_effect().is_none());
    let full = Update::Snapshot {
        state: START,
        hash: &[],
    };
    let _recovered = runs.apply(seconds(60), "a", Stamp::new(2), full);
    assert!(runs.poll_timeout().is_some(), "b waits for its turn");
    runs.forget_partition(1);
    assert_eq!(runs.poll_timeout(), None);
    runs.handle_timeout(seconds(70));
    assert!(runs.poll_effect().is_none());
}

#[test]
fn a_run_without_a_numbered_message_goes_with_its_partition_and_asks_no_more() {
    let mut runs = Runs::new(RunsLimits::default());
    let position = Position {
        partition: 1,
        offset: 7,
    };
    let stamp = Stamp::default().with_position(position);
    for (thread, update) in [
        ("a", Update::Other),
        ("b", START_UPDATE),
        ("c", Update::Lost),
    ] {
        let _waits = runs.apply(Duration::ZERO, thread, stamp, update);
    }
    runs.forget_partition(0);
    assert_eq!(runs.counts().waiting, 3);
    runs.forget_partition(1);
    assert_eq!((runs.iter().count(), runs.counts().waiting), (0, 0));
    assert_eq!(runs.poll_timeout(), None);
    runs.handle_timeout(seconds(60));
    assert!(runs.poll_effect().is_none());
}

#[test]
fn requests_of_all_runs_are_spread_and_limited() {
    let mut runs = Runs::new(RunsLimits::default());
    for thread in 0..1_000 {
        let _started = start(&mut runs, &format!("t{thread}"));
    }
    runs.lost(seconds(100));
    let mut now = seconds(100);
    let mut asked: Vec<(Duration, String)> = Vec::new();
    for _ in 0..100_000 {
        while let Some((thread, _)) = runs.poll_effect() {
            asked.push((now, thread.to_string()));
        }
        if asked.len() >= 1_000 {
            break;
        }
        now = now.max(runs.poll_timeout().expect("more wait"));
        runs.handle_timeout(now);
    }
    // A tenth of a second's at once, then one after another.
    assert_eq!(
        asked.iter().filter(|(at, _)| *at == seconds(100)).count(),
        10
    );
    for pair in asked.windows(101) {
        assert!(
            pair[100].0 - pair[0].0 >= Duration::from_millis(900),
            "{pair:?}"
        );
    }
    assert!(now <= seconds(111), "{now:?}");
    // Every run that was lost asked, and the ones that asked again did so by their own schedule.
    let mut first: Vec<_> = asked.iter().map(|(_, thread)| thread).collect();
    first.sort();
    first.dedup();
    assert!(first.len() > 900, "{}", first.len());
}

#[test]
fn a_host_that_asks_rarely_is_given_no_more_than_a_tenth_of_a_second_at_once() {
    for (a_second, at_once) in [(0, 0), (1, 1), (9, 1), (10, 1), (20, 2), (1_000, 100)] {
        let mut limits = RunsLimits::default();
        limits.requests_per_second = a_second;
        let mut runs = Runs::new(limits);
        for thread in 0..200 {
            let _waits = runs.apply(
                Duration::ZERO,
                &format!("t{thread}"),
                Stamp::new(1),
                Update::Other,
            );
        }
        for second in [50, 51] {
            runs.handle_timeout(seconds(second));
            let given = core::iter::from_fn(|| runs.poll_effect()).count();
            assert_eq!(given, at_once, "{a_second}");
        }
        assert_eq!(
            runs.poll_timeout().is_some_and(|at| at < seconds(60)),
            a_second > 0
        );
    }
}

#[test]
fn a_request_counts_when_it_is_handed_out() {
    let mut runs = Runs::new(RunsLimits::default());
    let waits = |runs: &mut Runs, second, sequence| {
        let lost = runs.apply(seconds(second), "a", Stamp::new(sequence), Update::Lost);
        assert_eq!(lost.code(), "resync");
    };
    // Withdrawn three times before the host looks.
    for round in 1..=3 {
        waits(&mut runs, round, 1);
        let full = Update::Snapshot {
            state: START,
            hash: &[],
        };
        assert_eq!(
            runs.apply(seconds(round), "a", Stamp::new(round), full)
                .code(),
            "recovered"
        );
        assert!(runs.poll_effect().is_none());
    }
    waits(&mut runs, 4, 1);
    let Some((_, Effect::RequestSnapshot { attempt, .. })) = runs.poll_effect() else {
        panic!("nobody was asked before")
    };
    assert_eq!(attempt, 0);
    assert_eq!(runs.poll_timeout(), Some(seconds(5)));
}

#[test]
fn requests_are_made_in_the_order_of_waiting_and_not_for_a_run_that_recovered() {
    let mut runs = Runs::new(RunsLimits::default());
    for thread in ["c", "a", "b"] {
        let _waits = runs.apply(Duration::ZERO, thread, Stamp::new(1), Update::Other);
    }
    let full = Update::Snapshot {
        state: START,
        hash: &[],
    };
    let _recovered = runs.apply(seconds(1), "a", Stamp::new(2), full);
    // However often time passes: a host that does not listen is not owed more than one request a run.
    for second in 2..10_000 {
        runs.handle_timeout(seconds(second));
    }
    let mut asked = Vec::new();
    while let Some((thread, Effect::RequestSnapshot { reason, .. })) = runs.poll_effect() {
        assert_eq!(reason, ResyncReason::NoSnapshot);
        asked.push(thread.to_string());
    }
    assert_eq!(asked, ["c", "b"]);
}
