//! Hashes that are checked over time: when, within which budget, and what is known then.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use core::time::Duration;

use dashstream_reducer::Hasher;
use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{
    Document, HashVerdict, Outcome, ReadLimits, Reducer, ReducerLimits, ResyncReason, Runs,
    RunsLimits, Stamp, Unproven, Update,
};

const WRONG: [u8; 32] = [7; 32];
const MISMATCH: Outcome = Outcome::Resync(ResyncReason::HashMismatch);

const fn unproven(why: Unproven) -> Outcome {
    Outcome::Applied(HashVerdict::NotComparable(why))
}

const fn millis(at: u64) -> Duration {
    Duration::from_millis(at)
}

fn text(len: usize, n: u64) -> String {
    format!(r#"{{"n":{},"x":"{}"}}"#, n % 10, "x".repeat(len - 14))
}

fn hash(len: usize, n: u64) -> [u8; 32] {
    Hasher::new().hash(&Document::from_str(&text(len, n), &ReadLimits::default()).unwrap())
}

/// A run that begins with a state of `len` bytes, and has checked nothing.
fn started(limits: ReducerLimits, len: usize) -> Reducer {
    let mut run = Reducer::new(limits);
    let state = text(len, 1);
    let state = Some(state.as_bytes());
    let started = run.apply(Duration::ZERO, Stamp::new(1), Update::Start { state });
    assert_eq!(started.code(), "recovered");
    run
}

fn set(run: &mut Reducer, now: Duration, sequence: u64, hash: &[u8]) -> Outcome {
    with_set(sequence, hash, |update| {
        run.apply(now, Stamp::new(sequence), update)
    })
}

fn with_set<T>(n: u64, hash: &[u8], body: impl FnOnce(Update<'_>) -> T) -> T {
    let value = (n % 10).to_string();
    let operations = [Encoded {
        op: 2,
        path: "/n",
        value: value.as_bytes(),
        ..Encoded::default()
    }];
    body(Update::Diff {
        operations: operations.as_slice().into(),
        hash,
        base: &[],
    })
}

fn proved(run: &Reducer) -> Option<(u64, Duration)> {
    run.proof().map(|proof| (proof.sequence, proof.at))
}

#[test]
fn two_checks_of_a_run_are_the_interval_apart_and_not_a_moment_less() {
    for (apart, checked) in [(249, false), (250, true), (251, true)] {
        let mut run = started(ReducerLimits::default(), 100);
        assert_eq!(
            set(&mut run, millis(10), 2, &hash(100, 2)),
            Outcome::Applied(HashVerdict::Match)
        );
        assert_eq!(proved(&run), Some((2, millis(10))));
        let outcome = set(&mut run, millis(10 + apart), 3, &WRONG);
        let expected = if checked {
            MISMATCH
        } else {
            unproven(Unproven::NotDue)
        };
        assert_eq!(outcome, expected, "{apart}");
    }
}

#[test]
fn the_last_hash_of_a_burst_is_checked_at_its_end_and_proves_all_of_it() {
    let mut run = started(ReducerLimits::default(), 100);
    assert_eq!(run.poll_timeout(), None);
    for sequence in 2..=100 {
        let outcome = set(&mut run, millis(sequence), sequence, &hash(100, sequence));
        let at_once = sequence == 2;
        assert_eq!(outcome == Outcome::Applied(HashVerdict::Match), at_once);
        assert_eq!(
            run.is_proven(),
            at_once,
            "what was not checked is not proved"
        );
    }
    // The run is in step and says what it knows.
    assert_eq!(
        (run.needs_resync(), proved(&run)),
        (None, Some((2, millis(2))))
    );
    let at = run.poll_timeout().unwrap();
    assert_eq!(at, millis(252));
    run.handle_timeout(at - Duration::from_nanos(1));
    assert!(!run.is_proven());
    run.handle_timeout(at);
    assert_eq!((run.is_proven(), proved(&run)), (true, Some((100, at))));
    assert_eq!(run.poll_timeout(), None);
    // What changes nothing leaves the proof; what changes something is a later state.
    let _other = run.apply(at, Stamp::new(101), Update::Other);
    assert!(run.is_proven());
    let _changed = set(&mut run, at, 102, &[]);
    assert_eq!((run.is_proven(), proved(&run)), (false, Some((100, at))));
    // Without a hash there is nothing to check.
    assert_eq!(run.poll_timeout(), None);
}

#[test]
fn a_state_that_is_refuted_later_is_taken_away_with_the_versions_since_the_proof() {
    let mut limits = ReducerLimits::default();
    limits.history_versions = 100;
    let mut run = started(limits, 100);
    let _match = set(&mut run, millis(1), 2, &hash(100, 2));
    let _early = set(&mut run, millis(2), 3, &hash(100, 3));
    assert_eq!(
        set(&mut run, millis(3), 4, &WRONG),
        unproven(Unproven::NotDue)
    );
    assert!(run.state().is_some());
    run.handle_timeout(millis(251));
    assert_eq!(run.needs_resync(), Some(ResyncReason::HashMismatch));
    assert_eq!(
        (run.state(), run.last_state(), run.sequence()),
        (None, None, None)
    );
    let kept: Vec<_> = run.history().iter().map(|(at, _)| at).collect();
    assert_eq!(kept, [1, 2]);
    assert_eq!(run.history().at(9), run.history().at(2));
    assert!(run.poll_effect().is_some(), "it asks for a full state");
    let state = text(100, 5);
    let full = Update::Snapshot {
        state: state.as_bytes(),
        hash: &hash(100, 5),
    };
    let healed = run.apply(millis(300), Stamp::new(5), full);
    assert_eq!(healed.code(), "recovered");
    assert_eq!(proved(&run), Some((5, millis(300))));
    assert!(
        run.bytes()
            >= run.state().unwrap().heap_bytes() + run.history().at(2).unwrap().heap_bytes()
    );
}

#[test]
fn a_hash_that_was_overtaken_is_not_checked() {
    let mut run = started(ReducerLimits::default(), 100);
    let _match = set(&mut run, millis(1), 2, &hash(100, 2));
    let _waits = set(&mut run, millis(2), 3, &WRONG);
    // The next has none: nothing is known about the state as it is now.
    let _no_hash = set(&mut run, millis(3), 4, &[]);
    run.handle_timeout(millis(900));
    assert_eq!(
        (run.needs_resync(), proved(&run)),
        (None, Some((2, millis(1))))
    );
    // Neither is one of a state that is not trusted any more.
    let _waits = set(&mut run, millis(901), 5, &hash(100, 5));
    let _waits = set(&mut run, millis(902), 6, &WRONG);
    let _lost = run.apply(millis(903), Stamp::default(), Update::Lost);
    run.handle_timeout(millis(2_000));
    assert_eq!(run.needs_resync(), Some(ResyncReason::Lost));
}

#[test]
fn a_hash_is_checked_while_there_is_fuel_and_later_when_there_was_none() {
    // Two seconds' worth is saved up at most, and a longer state is checked when it is. What it takes beyond
    // that is owed: the next check is as much later.
    for (len, next) in [(199, 1_980), (200, 2_000), (201, 2_010), (1_000, 10_000)] {
        let mut limits = ReducerLimits::default();
        limits.hash_bytes_per_second = 100;
        let mut run = started(limits.clone(), len);
        assert_eq!(set(&mut run, millis(1), 2, &WRONG), MISMATCH, "{len}");
        assert_eq!(run.proof(), None);
        let mut run = started(limits, len);
        assert_eq!(set(&mut run, millis(0), 2, &hash(len, 2)).code(), "applied");
        let out = set(&mut run, millis(250), 3, &hash(len, 3));
        assert_eq!(out, unproven(Unproven::OutOfFuel), "{len}");
        assert_eq!(run.poll_timeout(), Some(millis(next)), "{len}");
    }
    let mut limits = ReducerLimits::default();
    limits.hash_bytes_per_second = 0;
    let mut run = started(limits, 100);
    let out = set(&mut run, millis(1), 2, &hash(100, 2));
    assert_eq!(out, unproven(Unproven::OutOfFuel));
    assert_eq!((run.poll_timeout(), run.is_proven()), (None, false));
    let mut limits = ReducerLimits::default();
    limits.hash_bytes_per_second = 100;
    let mut run = started(limits, 150);
    assert_eq!(set(&mut run, millis(1), 2, &hash(150, 2)).code(), "applied");
    assert!(run.is_proven());
    // 50 bytes are left, and 25 more come in a quarter of a second.
    let out = set(&mut run, millis(251), 3, &hash(150, 3));
    assert_eq!(out, unproven(Unproven::OutOfFuel));
    assert!(!run.is_proven());
    let at = run.poll_timeout().unwrap();
    assert_eq!(at, millis(1_001));
    run.handle_timeout(at);
    assert_eq!((run.is_proven(), proved(&run)), (true, Some((3, at))));
}

#[test]
fn all_runs_together_check_within_what_the_host_gives() {
    let mut limits = RunsLimits::default();
    limits.hash_bytes_per_second = 1_000;
    let mut runs = Runs::new(limits);
    let state = text(100, 1);
    for thread in 0..50 {
        let start = Update::Start {
            state: Some(state.as_bytes()),
        };
        let _started = runs.apply(Duration::ZERO, &thread.to_string(), Stamp::new(1), start);
    }
    let hash = hash(100, 2);
    let give = |runs: &mut Runs, thread: u64| {
        with_set(2, &hash, |update| {
            runs.apply(Duration::ZERO, &thread.to_string(), Stamp::new(2), update)
        })
    };
    let outcomes: Vec<_> = (0..50).map(|thread| give(&mut runs, thread)).collect();
    let proved = |runs: &Runs| runs.iter().filter(|(_, run)| run.is_proven()).count();
    let out = outcomes
        .iter()
        .filter(|one| **one == unproven(Unproven::OutOfFuel));
    assert_eq!(
        (proved(&runs), out.count(), runs.counts().proven),
        (20, 30, 20)
    );
    // Ten more each second, until all are proved.
    let mut now = Duration::ZERO;
    while let Some(at) = runs.poll_timeout() {
        now = now.max(at);
        runs.handle_timeout(now);
        let most = 20 + now.as_millis() / 100;
        assert!(proved(&runs) as u128 <= most, "{now:?}");
        assert_eq!(runs.counts().proven, proved(&runs));
    }
    let counts = runs.counts();
    assert_eq!(
        (counts.proven, counts.synced, counts.outcomes.verified),
        (50, 50, 50)
    );
    assert!(now < Duration::from_secs(6), "{now:?}");
}

#[test]
fn a_refutation_at_the_end_of_a_burst_is_counted() {
    let mut runs = Runs::new(RunsLimits::default());
    let state = text(100, 1);
    let start = Update::Start {
        state: Some(state.as_bytes()),
    };
    let _started = runs.apply(Duration::ZERO, "a", Stamp::new(1), start);
    for (sequence, hash) in [(2, hash(100, 2)), (3, WRONG)] {
        let _applied = with_set(sequence, &hash, |update| {
            runs.apply(Duration::ZERO, "a", Stamp::new(sequence), update)
        });
    }
    let counts = runs.counts();
    assert_eq!((counts.synced, counts.proven), (1, 0));
    runs.handle_timeout(runs.poll_timeout().unwrap());
    let counts = runs.counts();
    assert_eq!((counts.synced, counts.waiting, counts.proven), (0, 1, 0));
    let resyncs: Vec<_> = counts.resyncs().filter(|(_, count)| *count > 0).collect();
    assert_eq!(resyncs, [("hash_mismatch", 1)]);
    assert!(runs.poll_effect().is_some());
}

#[test]
fn no_hash_is_checked_where_none_is_to_be_and_each_where_each_is() {
    for (interval, checked) in [(Duration::MAX, false), (Duration::ZERO, true)] {
        let mut limits = ReducerLimits::default();
        limits.hash_interval = interval;
        let mut run = started(limits, 100);
        for sequence in 2..10 {
            let outcome = set(&mut run, Duration::ZERO, sequence, &hash(100, sequence));
            assert_eq!(outcome == Outcome::Applied(HashVerdict::Match), checked);
            assert_eq!(run.is_proven(), checked);
        }
        run.handle_timeout(Duration::from_secs(900));
        assert_eq!(run.is_proven(), checked);
    }
}

#[test]
fn a_hash_of_another_length_proves_nothing_and_costs_nothing() {
    let mut run = started(ReducerLimits::default(), 100);
    for (sequence, len, verdict) in [
        (2, 31, Unproven::HashLength),
        (3, 33, Unproven::HashLength),
        (4, 0, Unproven::NoHash),
    ] {
        let outcome = set(&mut run, Duration::ZERO, sequence, &vec![0; len]);
        assert_eq!(outcome, unproven(verdict), "{len}");
        assert_eq!((run.proof(), run.poll_timeout()), (None, None));
    }
    // None of them was a check.
    assert_eq!(set(&mut run, Duration::ZERO, 5, &WRONG), MISMATCH);
}

#[test]
fn what_is_remembered_for_the_next_check_is_counted() {
    use dashstream_testkit::alloc::measure;
    let (run, usage) = measure(|| {
        let mut run = started(ReducerLimits::default(), 200_000);
        let _match = set(&mut run, Duration::ZERO, 2, &hash(200_000, 2));
        assert!(run.is_proven());
        for sequence in 3..50 {
            let _early = set(&mut run, Duration::ZERO, sequence, &hash(200_000, sequence));
        }
        run
    });
    let held = u64::try_from(usage.retained).unwrap() + size_of::<Reducer>() as u64;
    assert!(held <= run.bytes(), "{held} of {}", run.bytes());
}

#[test]
fn a_state_that_is_held_against_other_dialects_is_charged_for_them() {
    for (number, next) in [("15", 2_000), ("1.5", 6_000)] {
        let mut limits = ReducerLimits::default();
        limits.hash_bytes_per_second = 100;
        let mut run = Reducer::new(limits);
        let head = format!(r#"{{"n":1,"x":{number},"y":""#);
        let state = format!(r#"{head}{}"}}"#, "y".repeat(198 - head.len()));
        let full = Update::Snapshot {
            state: state.as_bytes(),
            hash: &[],
        };
        assert_eq!(
            run.apply(millis(0), Stamp::new(1), full).code(),
            "recovered"
        );
        assert_eq!(set(&mut run, millis(0), 2, &WRONG), MISMATCH);
        assert_eq!(
            run.apply(millis(0), Stamp::new(3), full).code(),
            "recovered"
        );
        let out = set(&mut run, millis(250), 4, &WRONG);
        assert_eq!(out, unproven(Unproven::OutOfFuel), "{number}");
        assert_eq!(run.poll_timeout(), Some(millis(next)), "{number}");
    }
}

#[test]
fn what_may_be_hashed_grows_with_time_however_often_it_is_asked_for() {
    let mut limits = ReducerLimits::default();
    limits.hash_bytes_per_second = 1_000;
    limits.hash_interval = Duration::ZERO;
    let mut run = started(limits, 2_000);
    let hashes: Vec<_> = (0..10).map(|n| hash(2_000, n)).collect();
    let mut proofs = Vec::new();
    for sequence in 2..12_000_u64 {
        let now = Duration::from_micros(500 * (sequence - 2));
        let hash = &hashes[(sequence % 10) as usize];
        let outcome = set(&mut run, now, sequence, hash);
        if outcome == Outcome::Applied(HashVerdict::Match) {
            proofs.push(now);
        }
    }
    assert_eq!(proofs, [millis(0), millis(2_000), millis(4_000)]);
}

#[test]
fn a_check_at_its_time_leaves_the_runs_within_their_bytes() {
    let begun = |bytes: u64| {
        let mut limits = RunsLimits::default();
        limits.bytes = bytes;
        limits.hash_bytes_per_second = 200_000;
        let mut runs = Runs::new(limits);
        let state = text(200_000, 1);
        for thread in ["a", "b", "c", "d"] {
            let state = Some(state.as_bytes());
            let start = Update::Start { state };
            let _started = runs.apply(Duration::ZERO, thread, Stamp::new(1), start);
            // Two of them are checked at once; then the budget is spent.
            let _changed = with_set(2, &hash(200_000, 2), |update| {
                runs.apply(Duration::ZERO, thread, Stamp::new(2), update)
            });
        }
        runs
    };
    let bytes = begun(u64::MAX).bytes();
    let mut runs = begun(bytes);
    assert_eq!((runs.iter().count(), runs.bytes()), (4, bytes));
    while let Some(at) = runs.poll_timeout() {
        runs.handle_timeout(at);
        assert!(runs.bytes() <= bytes, "{at:?}: {} of {bytes}", runs.bytes());
    }
    assert_eq!(runs.iter().count(), 3);
}
