//! Versions of a state: found by number, compared with each other, kept within their budgets.
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

use core::time::Duration;

use dashstream_reducer::diff::{DiffError, DiffLimits};
use dashstream_reducer::patch::{self, Encoded, PatchLimits};
use dashstream_reducer::{
    Document, Outcome, ReadLimits, Reducer, ReducerLimits, ResyncReason, Stamp, Update,
};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

const START: &[u8] = br#"{"log":["a first entry of some length"],"n":0}"#;

fn run(versions: usize, bytes: u64) -> Reducer {
    let mut limits = ReducerLimits::default();
    limits.history_versions = versions;
    limits.history_bytes = bytes;
    limits.sequence_jump = u64::MAX;
    let mut run = Reducer::new(limits);
    let _started = run.apply(
        Duration::ZERO,
        Stamp::new(1),
        Update::Start { state: Some(START) },
    );
    run
}

fn set(run: &mut Reducer, sequence: u64, path: &str, value: &str, hash: &[u8]) -> Outcome {
    let operations = [Encoded {
        op: 0,
        path,
        value: value.as_bytes(),
        ..Encoded::default()
    }];
    let update = Update::Diff {
        operations: operations.as_slice().into(),
        hash,
        base: &[],
    };
    run.apply(Duration::ZERO, Stamp::new(sequence), update)
}

/// Applies a number to a run that is in step: messages without state take the places before it.
fn number(run: &mut Reducer, sequence: u64) {
    let from = run.sequence().unwrap() + 1;
    for other in from..sequence {
        let _unchanged = run.apply(Duration::ZERO, Stamp::new(other), Update::Other);
    }
    let applied = set(run, sequence, "/n", &sequence.to_string(), &[]);
    assert_eq!(applied.code(), "applied");
}

fn n(state: Option<&Document>) -> Option<u64> {
    state?.part("/n")?.to_string().parse().ok()
}

#[test]
fn every_number_finds_the_newest_version_that_is_not_younger() {
    for seed in 0..40 {
        let mut rng = SplitMix64::new(seed);
        let versions = 1 + rng.index(12);
        let mut run = run(versions, u64::MAX);
        let mut made = vec![1];
        let mut sequence = 1;
        for _ in 0..60 {
            // Mostly close together, at times far apart: beyond what is indexed, and far beyond.
            let gap = match rng.below(16) {
                0 => 8 * versions as u64 + rng.below(3),
                1 => 100 + rng.below(100),
                _ => 1 + rng.below(6),
            };
            sequence += gap;
            if rng.chance(1, 10) {
                // A full state may jump as far as it likes.
                sequence += 1 << 40;
                let text = format!(r#"{{"n":{sequence}}}"#);
                let state = Update::Snapshot {
                    state: text.as_bytes(),
                    hash: &[],
                };
                let _applied = run.apply(Duration::ZERO, Stamp::new(sequence), state);
            } else {
                number(&mut run, sequence);
            }
            made.push(sequence);
            let kept = &made[made.len().saturating_sub(versions)..];
            let history = run.history();
            assert_eq!(history.len(), kept.len());
            for asked in kept
                .iter()
                .flat_map(|made| [made - 1, *made, made + 1, made + 5])
                .chain([0, u64::MAX])
            {
                let expected = kept.iter().rev().find(|made| **made <= asked);
                let expected = expected.map(|made| if *made == 1 { 0 } else { *made });
                assert_eq!(n(history.at(asked)), expected, "{seed} {asked} of {kept:?}");
            }
        }
    }
}

#[test]
fn any_two_versions_are_compared_in_either_direction() {
    let mut run = run(10, u64::MAX);
    for sequence in 2..=8 {
        number(&mut run, sequence);
    }
    let history = run.history();
    for from in 1..=8 {
        for to in 1..=8 {
            let difference = history.diff(from, to, &DiffLimits::default()).unwrap();
            let mut state = history.at(from).unwrap().clone();
            let operations = difference.operations.as_slice().into();
            let _cost = patch::apply(&mut state, operations, &PatchLimits::default()).unwrap();
            assert_eq!(Some(&state), history.at(to));
            assert_eq!(difference.operations.len(), usize::from(from != to));
        }
    }
    let missing = DiffError::NotKept { sequence: 0 };
    assert_eq!(history.diff(0, 8, &DiffLimits::default()), Err(missing));
    assert_eq!(history.diff(8, 0, &DiffLimits::default()), Err(missing));
    let mut limits = DiffLimits::default();
    limits.fuel = 0;
    let spent = DiffError::OutOfFuel { limit: 0 };
    assert_eq!(history.diff(1, 8, &limits), Err(spent));
    assert_eq!((missing.code(), spent.code()), ("not_kept", "out_of_fuel"));
}

#[test]
fn comparing_versions_of_a_large_state_costs_what_changed() {
    let mut fuel = Vec::new();
    for len in [100_u64, 100_000] {
        let mut limits = ReducerLimits::default();
        limits.history_versions = 100;
        let mut run = Reducer::new(limits);
        let list: Vec<_> = (0..len)
            .map(|at| format!(r#"{{"id":{at},"text":"some"}}"#))
            .collect();
        let text = format!(r#"{{"list":[{}]}}"#, list.join(","));
        let state = Update::Start {
            state: Some(text.as_bytes()),
        };
        let _started = run.apply(Duration::ZERO, Stamp::new(1), state);
        for sequence in 2..50 {
            let path = format!("/list/{}/text", len / 2 + sequence % 3);
            let applied = set(&mut run, sequence, &path, &sequence.to_string(), &[]);
            assert_eq!(applied.code(), "applied");
        }
        let difference = run.history().diff(2, 49, &DiffLimits::default()).unwrap();
        assert_eq!(difference.operations.len(), 3);
        fuel.push(difference.fuel);
    }
    assert!(fuel[1] < 4 * fuel[0] && fuel[1] < 500, "{fuel:?}");
}

#[test]
fn versions_are_kept_up_to_their_count_and_not_one_more() {
    for (made, kept) in [(2, 2), (3, 3), (4, 3)] {
        let mut run = run(3, u64::MAX);
        for sequence in 2..=made {
            number(&mut run, sequence);
        }
        assert_eq!(run.history().len(), kept);
    }
    let mut none = run(0, u64::MAX);
    number(&mut none, 2);
    assert!(none.history().is_empty() && none.history().at(2).is_none());
}

#[test]
fn versions_are_kept_up_to_their_bytes_and_not_one_more() {
    let made = |budget: u64| {
        let mut run = run(100, budget);
        for sequence in 2..=6 {
            number(&mut run, sequence);
        }
        (run.history().len(), run.history().bytes())
    };
    let (all, bytes) = made(u64::MAX);
    assert_eq!(all, 6);
    assert_eq!(made(bytes + 1), (6, bytes));
    assert_eq!(made(bytes), (6, bytes));
    let (fewer, less) = made(bytes - 1);
    assert!(fewer == 5 && less < bytes);
    // The newest is never dropped: it is the state itself.
    assert_eq!(made(0).0, 1);
}

#[test]
fn what_old_versions_hold_alone_is_never_more_than_is_counted() {
    let mut rng = SplitMix64::new(4);
    for _ in 0..20 {
        let list: Vec<_> = (0..rng.below(2_000)).map(|at| at.to_string()).collect();
        let text = format!(r#"{{"list":[{}],"o":{{}}}}"#, list.join(","));
        let (run, usage) = measure(|| {
            let mut limits = ReducerLimits::default();
            limits.history_versions = 64;
            let mut run = Reducer::new(limits);
            let state = Update::Start {
                state: Some(text.as_bytes()),
            };
            let _started = run.apply(Duration::ZERO, Stamp::new(1), state);
            for sequence in 2..100 {
                let (path, value) = match rng.below(3) {
                    0 => ("/list/0".to_owned(), "[1,2,[]]".to_owned()),
                    1 => (format!("/o/{}", rng.below(90)), r#"{"a":{}}"#.to_owned()),
                    _ => (
                        format!("/o/{}", rng.below(9)),
                        format!("\"{}\"", "x".repeat(rng.index(300))),
                    ),
                };
                let applied = set(&mut run, sequence, &path, &value, &[]);
                assert_eq!(applied.code(), "applied");
            }
            run
        });
        let held = usage.retained as u64 + size_of::<Reducer>() as u64;
        assert!(held <= run.bytes(), "{held} of {}", run.bytes());
    }
}

#[test]
fn what_was_emptied_holds_no_more_than_is_counted() {
    let (run, usage) = measure(|| {
        let mut run = run(0, 0);
        let mut sequence = 1;
        let mut change = |op: i32, path: &str, value: &str| {
            sequence += 1;
            let operations = [Encoded {
                op,
                path,
                value: value.as_bytes(),
                ..Encoded::default()
            }];
            let update = Update::Diff {
                operations: operations.as_slice().into(),
                hash: &[],
                base: &[],
            };
            let applied = run.apply(Duration::ZERO, Stamp::new(sequence), update);
            assert_eq!(applied.code(), "applied");
        };
        for list in 0..200 {
            change(0, &format!("/{list}"), "{}");
            for member in 0..20 {
                change(0, &format!("/{list}/{member}"), "1");
            }
            for member in 0..20 {
                change(1, &format!("/{list}/{member}"), "");
            }
        }
        run
    });
    let held = usage.retained as u64 + size_of::<Reducer>() as u64;
    assert!(held <= run.bytes(), "{held} of {}", run.bytes());
}

#[test]
fn a_hash_that_differs_leaves_state_sequence_and_history_at_the_last_good_version() {
    let mut run = run(10, u64::MAX);
    number(&mut run, 2);
    let before = run.state().unwrap().clone();
    let mismatch = set(&mut run, 3, "/n", "3", &[0; 32]);
    assert_eq!(mismatch, Outcome::Resync(ResyncReason::HashMismatch));
    assert_eq!(run.state(), None);
    assert_eq!((run.last_state(), run.sequence()), (Some(&before), Some(2)));
    assert_eq!(
        (run.history().len(), run.history().at(3)),
        (2, Some(&before))
    );

    // A full state whose hash differs is no version either.
    let text = br#"{"n":4}"#;
    let full = Update::Snapshot {
        state: text,
        hash: &[0; 32],
    };
    let mismatch = run.apply(Duration::ZERO, Stamp::new(4), full);
    assert_eq!(mismatch, Outcome::Resync(ResyncReason::HashMismatch));
    assert_eq!((run.last_state(), run.history().len()), (Some(&before), 2));

    // Recovery adds to the history; only a new beginning ends it.
    let full = Update::Snapshot {
        state: text,
        hash: &[],
    };
    let _recovered = run.apply(Duration::ZERO, Stamp::new(5), full);
    assert_eq!((run.history().len(), n(run.history().at(5))), (3, Some(4)));
    let _anew = run.apply(
        Duration::ZERO,
        Stamp::new(1).with_message_id(&[1; 16]),
        Update::Start { state: Some(START) },
    );
    assert_eq!((run.history().len(), n(run.history().at(9))), (1, Some(0)));
    assert_eq!(
        run.history().iter().next(),
        Some((
            1,
            &Document::from_slice(START, &ReadLimits::default()).unwrap()
        ))
    );

    // Nothing of the epoch before is left, even if the new one begins with a state that is refused.
    let refused = Update::Start { state: Some(b"{") };
    let outcome = run.apply(Duration::ZERO, Stamp::new(1), refused);
    assert_eq!(outcome.code(), "resync");
    assert!(run.history().is_empty());
    assert_eq!((run.last_state(), run.sequence()), (None, None));
}

#[test]
fn a_start_without_a_state_leaves_no_version_that_nobody_counts() {
    let mut limits = ReducerLimits::default();
    limits.history_versions = 8;
    let mut run = Reducer::new(limits);
    let large = format!(r#"{{"n":0,"log":[{}0]}}"#, "1,".repeat(20_000));
    let start = |run: &mut Reducer, sequence, state| {
        let update = Update::Start { state };
        let _outcome = run.apply(Duration::ZERO, Stamp::new(sequence), update);
    };
    let ((), usage) = measure(|| {
        for round in 1..=8_u64 {
            start(&mut run, 2 * round, Some(large.as_bytes()));
            assert_eq!(run.history().len(), 1, "{round}");
            start(&mut run, 2 * round + 1, None);
            assert!(run.history().is_empty() && run.state().is_none());
        }
    });
    let held = u64::try_from(usage.retained).unwrap_or(0);
    assert!(held <= run.bytes(), "{held} of {}", run.bytes());
}

#[test]
fn a_number_that_made_a_state_makes_no_other_even_when_it_was_forgotten() {
    let mut run = run(8, u64::MAX);
    let snapshot = |run: &mut Reducer, sequence, state| {
        let update = Update::Snapshot { state, hash: &[] };
        run.apply(Duration::ZERO, Stamp::new(sequence), update)
    };
    let _state = snapshot(&mut run, 2, br#"{"n":1}"#);
    let _lost = run.apply(Duration::ZERO, Stamp::default(), Update::Lost);
    // More gaps than are remembered, so that 2 looks new.
    for sequence in (4..=60).step_by(2) {
        let _waiting = run.apply(Duration::ZERO, Stamp::new(sequence), Update::Other);
    }
    assert_eq!(snapshot(&mut run, 2, br#"{"n":2}"#).code(), "waiting");
    let versions: Vec<_> = run.history().iter().map(|(at, _)| at).collect();
    assert_eq!(versions, [1, 2]);
    assert_eq!(n(run.history().at(2)), Some(1));
}

#[test]
fn a_jump_in_the_numbers_takes_no_room_whatever_the_limits() {
    let mut run = run(usize::MAX, 1 << 20);
    let jump = |run: &mut Reducer, sequence| {
        let update = Update::Snapshot {
            state: START,
            hash: &[],
        };
        run.apply(Duration::ZERO, Stamp::new(sequence), update)
    };
    // 65,536 numbers are found at once, and the ones behind them all the same.
    for sequence in [
        1 << 16,
        1 << 17,
        (1 << 17) + (1 << 16) + 1,
        1 << 40,
        1 << 60,
    ] {
        let (outcome, usage) = measure(|| jump(&mut run, sequence));
        assert_eq!(outcome.code(), "applied");
        assert!(usage.peak < 2 << 20, "{sequence}: {}", usage.peak);
        assert_eq!(n(run.history().at(sequence)), Some(0));
    }
    assert_eq!(run.history().len(), 6);
}

#[test]
fn names_that_only_older_versions_have_are_counted() {
    let name = |at: usize| format!("/{at:04000}");
    let update = |run: &mut Reducer, sequence, op, path: &str, from: &str| {
        let operations = [Encoded {
            op,
            path,
            from,
            value: b"1",
            ..Encoded::default()
        }];
        let update = Update::Diff {
            operations: operations.as_slice().into(),
            hash: &[],
            base: &[],
        };
        let applied = run.apply(Duration::ZERO, Stamp::new(sequence), update);
        assert_eq!(applied.code(), "applied");
    };
    for moves in [false, true] {
        let (run, usage) = measure(|| {
            let mut run = run(64, u64::MAX);
            let mut sequence = 1;
            let mut give = |op, path: &str, from: &str| {
                sequence += 1;
                update(&mut run, sequence, op, path, from);
            };
            for round in 0..20 {
                give(0, &name(round), "");
                if moves {
                    give(3, "/short", &name(round));
                } else {
                    give(1, &name(round), "");
                }
            }
            run
        });
        let held = usage.retained as u64 + size_of::<Reducer>() as u64;
        assert!(held <= run.bytes(), "{moves}: {held} of {}", run.bytes());
    }
}
