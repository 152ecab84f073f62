//! Each limit of one run: its last is allowed, and the next is not.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use core::time::Duration;

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{
    Document, Effect, HashVerdict, Hasher, Outcome, ReadLimits, Reducer, ReducerLimits,
    ResyncReason, Stamp, Update,
};
use dashstream_testkit::alloc::measure;

const STATE: &[u8] = br#"{"n":0}"#;

fn started(limits: ReducerLimits) -> Reducer {
    let mut run = Reducer::new(limits);
    let started = give(&mut run, 1, Update::Start { state: Some(STATE) });
    assert_eq!(started.code(), "recovered");
    run
}

fn give(run: &mut Reducer, sequence: u64, update: Update<'_>) -> Outcome {
    let id = u128::from(sequence).to_le_bytes();
    let stamp = Stamp::new(sequence).with_message_id(&id);
    run.apply(Duration::ZERO, stamp, update)
}

fn set(run: &mut Reducer, sequence: u64, hash: &[u8], base: &[u8]) -> Outcome {
    let value = (sequence % 10).to_string();
    let operations = [Encoded {
        op: 0,
        path: "/n",
        value: value.as_bytes(),
        ..Encoded::default()
    }];
    let update = Update::Diff {
        operations: operations.as_slice().into(),
        hash,
        base,
    };
    give(run, sequence, update)
}

fn snapshot(run: &mut Reducer, sequence: u64) -> Outcome {
    let update = Update::Snapshot {
        state: STATE,
        hash: &[],
    };
    give(run, sequence, update)
}

#[test]
fn diffs_are_kept_up_to_their_count() {
    for (limit, last) in [(4, "buffered"), (3, "buffered"), (2, "waiting")] {
        let mut limits = ReducerLimits::default();
        limits.buffered_diffs = limit;
        let mut run = Reducer::new(limits);
        assert_eq!(set(&mut run, 3, &[], &[]), Outcome::Buffered);
        assert_eq!(set(&mut run, 4, &[], &[]), Outcome::Buffered);
        assert_eq!(set(&mut run, 5, &[], &[]).code(), last);
        // A state from before what was dropped does not do.
        if last == "waiting" {
            assert_eq!(snapshot(&mut run, 2), Outcome::Waiting);
            assert_eq!(snapshot(&mut run, 6), Outcome::Recovered { replayed: 0 });
        } else {
            assert_eq!(snapshot(&mut run, 2), Outcome::Recovered { replayed: 3 });
        }
    }
}

#[test]
fn diffs_are_kept_up_to_their_bytes() {
    let kept = |bytes: usize| {
        let mut limits = ReducerLimits::default();
        limits.buffered_bytes = bytes;
        let mut run = Reducer::new(limits);
        let sequences = 3..10;
        sequences
            .filter(|sequence| set(&mut run, *sequence, &[], &[]) == Outcome::Buffered)
            .count()
    };
    let one = (0..10_000).find(|bytes| kept(*bytes) == 1).unwrap();
    assert_eq!(
        (kept(2 * one - 1), kept(2 * one), kept(2 * one + 1)),
        (1, 2, 2)
    );
}

#[test]
fn checkpoints_are_remembered_up_to_their_count() {
    let unknown = Outcome::Resync(ResyncReason::UnknownBase);
    for (limit, known) in [(4, true), (3, true), (2, false)] {
        let mut limits = ReducerLimits::default();
        limits.checkpoints = limit;
        let mut run = started(limits);
        for sequence in 2..=4 {
            let id = &[sequence as u8; 16];
            let _announced = give(&mut run, sequence, Update::Checkpoint { id, state: &[] });
        }
        // Once after a full state, a base that was not seen is taken up: let it be another one.
        if known {
            let oldest = set(&mut run, 5, &[], &[2; 16]);
            assert_eq!(oldest.code(), "applied");
        } else {
            assert_eq!(set(&mut run, 5, &[], &[9; 16]).code(), "applied");
            assert_eq!(set(&mut run, 6, &[], &[2; 16]), unknown);
        }
    }
}

#[test]
fn a_checkpoint_id_has_its_last_byte_and_not_the_next() {
    let unknown = Outcome::Resync(ResyncReason::UnknownBase);
    for (len, known) in [(63, true), (64, true), (65, false)] {
        let mut run = started(ReducerLimits::default());
        let id = vec![1; len];
        let _announced = give(
            &mut run,
            2,
            Update::Checkpoint {
                id: &id,
                state: &[],
            },
        );
        // The one unknown base that a full state allows is spent.
        assert_eq!(set(&mut run, 3, &[], &[9; 16]).code(), "applied");
        let outcome = set(&mut run, 4, &[], &id);
        assert_eq!(outcome != unknown, known, "{len}");
    }
}

#[test]
fn message_ids_are_remembered_up_to_their_count() {
    let reused = Outcome::Resync(ResyncReason::SequenceReused);
    for (limit, expected) in [
        (4, Outcome::Duplicate),
        (3, Outcome::Duplicate),
        (2, reused),
    ] {
        let mut limits = ReducerLimits::default();
        limits.message_ids = limit;
        let mut run = started(limits);
        for sequence in 2..=4 {
            let _unchanged = give(&mut run, sequence, Update::Other);
        }
        // The third last comes again. Beyond what is remembered it may be anybody's.
        assert_eq!(give(&mut run, 2, Update::Other), expected);
    }
}

#[test]
fn a_number_is_believed_up_to_its_distance_and_not_one_further() {
    for (distance, missing) in [(999, 998), (1_000, 999), (1_001, 1_000)] {
        let mut limits = ReducerLimits::default();
        limits.sequence_jump = 1_000;
        let mut run = started(limits);
        let gap = Outcome::Resync(ResyncReason::Gap { missing });
        assert_eq!(give(&mut run, 1 + distance, Update::Other), gap);
        // What is believed is waited for; what is not leaves the next message where it was.
        let next = give(&mut run, 2, Update::Other);
        let believed = distance <= 1_000;
        let expected = if believed {
            Outcome::Waiting
        } else {
            Outcome::Recovered { replayed: 0 }
        };
        assert_eq!(next, expected, "{distance}");
    }
}

#[test]
fn the_second_request_comes_when_it_is_due_and_not_a_moment_before() {
    let after = ReducerLimits::default().request_after;
    let moment = Duration::from_nanos(1);
    for (at, asks) in [
        (after - moment, false),
        (after, true),
        (after + moment, true),
    ] {
        let mut run = Reducer::new(ReducerLimits::default());
        let _waits = give(&mut run, 1, Update::Other);
        assert!(run.poll_effect().is_some());
        assert_eq!(run.poll_timeout(), Some(after));
        run.handle_timeout(at);
        assert_eq!(run.poll_effect().is_some(), asks, "{at:?}");
    }
}

#[test]
fn requests_are_never_further_apart_than_allowed() {
    let mut limits = ReducerLimits::default();
    limits.request_after = Duration::from_secs(3);
    limits.request_at_most = Duration::from_secs(20);
    let mut run = Reducer::new(limits);
    let _waits = give(&mut run, 1, Update::Other);
    let mut asked = vec![Duration::ZERO];
    assert!(run.poll_effect().is_some());
    while asked.len() < 8 {
        let due = run.poll_timeout().unwrap();
        run.handle_timeout(due);
        let Some(Effect::RequestSnapshot { attempt, .. }) = run.poll_effect() else {
            panic!("a timeout that is due asks");
        };
        assert_eq!(attempt as usize, asked.len());
        asked.push(due);
    }
    let apart: Vec<_> = asked
        .windows(2)
        .map(|two| (two[1] - two[0]).as_secs())
        .collect();
    assert_eq!(apart, [3, 6, 12, 20, 20, 20, 20]);
}

#[test]
fn a_run_holds_no_state_but_its_own() {
    let large = format!(r#"{{"n":0,"x":[{}0]}}"#, "1,".repeat(50_000));
    let hash = Hasher::new().hash(&Document::from_str(&large, &ReadLimits::default()).unwrap());
    type Then = fn(&mut Reducer);
    let thens: [Then; 5] = [
        |run| _ = snapshot(run, 3),
        |run| {
            _ = give(
                run,
                3,
                Update::Snapshot {
                    state: STATE,
                    hash: &[0; 31],
                },
            )
        },
        |run| {
            // The refused one is not kept either.
            let refused = format!("[{}0]", "2,".repeat(60_000));
            let update = Update::Snapshot {
                state: refused.as_bytes(),
                hash: &[0; 32],
            };
            assert_eq!(give(run, 3, update).code(), "resync");
            let _recovered = snapshot(run, 4);
        },
        |run| _ = give(run, 3, Update::Start { state: None }),
        |run| {
            let operations = [Encoded {
                op: 1,
                path: "/x",
                ..Encoded::default()
            }];
            let operations = operations.as_slice().into();
            let update = Update::Diff {
                operations,
                hash: &[],
                base: &[],
            };
            assert_eq!(give(run, 3, update).code(), "applied");
        },
    ];
    for (index, then) in thens.into_iter().enumerate() {
        let (run, usage) = measure(|| {
            let mut run = started(ReducerLimits::default());
            let update = Update::Snapshot {
                state: large.as_bytes(),
                hash: &hash,
            };
            assert_eq!(
                give(&mut run, 2, update),
                Outcome::Applied(HashVerdict::Match)
            );
            then(&mut run);
            run
        });
        let held = usage.retained as u64 + size_of::<Reducer>() as u64;
        assert!(
            held <= run.bytes() && held < 40_000,
            "{index}: {held} of {}",
            run.bytes()
        );
    }
}

#[test]
fn a_full_state_from_before_what_was_applied_does_not_rescue_a_run_that_lost_its_trust() {
    let mut run = started(ReducerLimits::default());
    for sequence in 2..=40 {
        assert_eq!(set(&mut run, sequence, &[], &[]).code(), "applied");
    }
    // More ranges than are remembered, so that the numbers of what was applied look new again.
    for step in 0..40 {
        let _waits = give(&mut run, 50 + 2 * step, Update::Other);
    }
    assert_eq!(
        give(&mut run, 10, Update::PoisonedCheckpoint { id: &[1; 16] }).code(),
        "resync"
    );
    assert_ne!(snapshot(&mut run, 20).code(), "recovered");
    assert_eq!(run.state(), None);
    assert_eq!(run.sequence(), Some(40));
    assert_eq!(snapshot(&mut run, 200).code(), "recovered");
}

#[test]
fn a_diff_that_was_applied_is_not_applied_again_even_when_its_number_was_forgotten() {
    let mut run = started(ReducerLimits::default());
    for sequence in 2..=100 {
        assert_eq!(set(&mut run, sequence, &[], &[]).code(), "applied");
    }
    // More ranges than are remembered, and then all of what is missing between them.
    for step in 0..16 {
        let _waits = set(&mut run, 102 + 2 * step, &[], &[]);
    }
    for step in 0..16 {
        let _waits = set(&mut run, 101 + 2 * step, &[], &[]);
    }
    assert_eq!(run.needs_resync(), None);
    let state = run.state().cloned();
    assert_eq!(set(&mut run, 50, &[], &[]), Outcome::Stale);
    assert_eq!((run.sequence(), run.needs_resync()), (Some(132), None));
    assert_eq!(run.state(), state.as_ref());
    assert_eq!(set(&mut run, 133, &[], &[]).code(), "applied");
}

#[test]
fn what_a_full_state_contains_makes_room_for_what_comes_after_it() {
    let mut limits = ReducerLimits::default();
    limits.buffered_diffs = 3;
    let mut run = Reducer::new(limits);
    for sequence in 5..8 {
        assert_eq!(set(&mut run, sequence, &[], &[]), Outcome::Buffered);
    }
    assert_eq!(snapshot(&mut run, 10), Outcome::Recovered { replayed: 0 });
    assert_eq!(set(&mut run, 13, &[], &[]).code(), "resync");
    assert_eq!(set(&mut run, 12, &[], &[]), Outcome::Buffered);
    let recovered = set(&mut run, 11, &[], &[]);
    assert_eq!(recovered, Outcome::Recovered { replayed: 3 });
}

#[test]
fn a_gap_says_how_many_are_missing_also_where_no_diff_is_kept() {
    for kept in [0, 1] {
        let mut limits = ReducerLimits::default();
        limits.buffered_diffs = kept;
        let mut run = started(limits);
        for sequence in 2..=3 {
            assert_eq!(set(&mut run, sequence, &[], &[]).code(), "applied");
        }
        let gap = Outcome::Resync(ResyncReason::Gap { missing: 2 });
        assert_eq!(set(&mut run, 6, &[], &[]), gap, "{kept}");
        assert_eq!(set(&mut run, 4, &[], &[]), Outcome::Waiting, "{kept}");
    }
}

#[test]
fn an_epoch_that_begins_with_a_state_from_before_what_was_dropped_has_no_snapshot() {
    let none = ResyncReason::NoSnapshot;
    let far = 5_000_000;

    let mut waiting = Reducer::new(ReducerLimits::default());
    let _waiting = give(&mut waiting, far, Update::Other);
    let _lost = give(&mut waiting, far, Update::Lost);
    let _jump = give(&mut waiting, 100, Update::Other);
    assert_eq!(snapshot(&mut waiting, 50), Outcome::Resync(none));
    assert_eq!(waiting.needs_resync(), Some(none), "waiting");

    // The same where the run was in step: what tells the epoch is a later time.
    let mut limits = ReducerLimits::default();
    limits.sequence_jump = 10;
    let mut run = Reducer::new(limits);
    let give = |run: &mut Reducer, sequence, time, update| {
        let stamp = Stamp::new(sequence).with_time_us(time);
        run.apply(Duration::ZERO, stamp, update)
    };
    let state = Update::Snapshot {
        state: STATE,
        hash: &[],
    };
    assert_eq!(give(&mut run, 10, 1, state).code(), "recovered");
    assert_eq!(give(&mut run, 25, 1, Update::Other).code(), "resync");
    for sequence in 11..=20 {
        let _unchanged = give(&mut run, sequence, 1, Update::Other);
    }
    assert_eq!(run.needs_resync(), None);
    let another = give(&mut run, 18, 9_000_000, state);
    assert_eq!(another, Outcome::Resync(none));
    assert_eq!((run.needs_resync(), run.state()), (Some(none), None));
}

#[test]
fn what_a_diff_takes_out_of_a_state_that_was_hashed_is_counted() {
    for len in [100_000, 900_000, 2_000_000] {
        let text = format!(r#"{{"n":0,"x":"{}"}}"#, "x".repeat(len));
        let hash = Hasher::new().hash(&Document::from_str(&text, &ReadLimits::default()).unwrap());
        let (run, usage) = measure(|| {
            let mut run = started(ReducerLimits::default());
            let update = Update::Snapshot {
                state: text.as_bytes(),
                hash: &hash,
            };
            assert_eq!(
                give(&mut run, 2, update),
                Outcome::Applied(HashVerdict::Match)
            );
            // From here on the run owns the root of its state alone.
            assert_eq!(set(&mut run, 3, &[], &[]).code(), "applied");
            let operations = [Encoded {
                op: 1,
                path: "/x",
                ..Encoded::default()
            }];
            let update = Update::Diff {
                operations: operations.as_slice().into(),
                hash: &[],
                base: &[],
            };
            assert_eq!(give(&mut run, 4, update).code(), "applied");
            run
        });
        let held = usage.retained as u64 + size_of::<Reducer>() as u64;
        assert!(held <= run.bytes(), "{len}: {held} of {}", run.bytes());
        assert!(held < 1_100_000, "{len}: {held}");
    }
}

#[test]
fn what_a_refused_diff_copied_is_counted() {
    let text = format!(r#"{{"a":[{}0],"n":0}}"#, "1,".repeat(2_000));
    let (run, usage) = measure(|| {
        let mut run = started(ReducerLimits::default());
        let patch = |run: &mut Reducer, sequence, operations: &[Encoded<'_>]| {
            let update = Update::Diff {
                operations: operations.into(),
                hash: &[],
                base: &[],
            };
            give(run, sequence, update)
        };
        let update = Update::Snapshot {
            state: text.as_bytes(),
            hash: &[],
        };
        assert_eq!(give(&mut run, 2, update).code(), "applied");
        let copy = Encoded {
            op: 4,
            path: "/b",
            from: "/a",
            ..Encoded::default()
        };
        assert_eq!(patch(&mut run, 3, &[copy]).code(), "applied");
        // Each of them copies what it changes, since both arrays share it; the last one is refused.
        let paths: Vec<_> = (0..2_000).map(|at| format!("/b/{at}")).collect();
        let mut operations: Vec<_> = paths
            .iter()
            .map(|path| Encoded {
                op: 2,
                path,
                value: b"2",
                ..Encoded::default()
            })
            .collect();
        operations.push(Encoded {
            op: 1,
            path: "/none",
            ..Encoded::default()
        });
        assert_eq!(patch(&mut run, 4, &operations).code(), "resync");
        drop(operations);
        drop(paths);
        run
    });
    let held = usage.retained as u64 + size_of::<Reducer>() as u64;
    assert!(held <= run.bytes(), "{held} of {}", run.bytes());
}
