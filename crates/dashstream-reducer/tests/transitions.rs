//! What a run does with the messages that come, scene by scene, and what holds for any order of them.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::excessive_precision,
    clippy::indexing_slicing,
    clippy::manual_is_multiple_of,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

use core::time::Duration;

use dashstream_reducer::patch::{self, Encoded, PatchLimits};
use dashstream_reducer::{
    Document, Effect, HashVerdict, Outcome, ReadLimits, Reducer, ReducerLimits, ResyncReason,
    Stamp, Unproven, Update,
};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

const NO_HASH: HashVerdict = HashVerdict::NotComparable(Unproven::NoHash);
const START: &[u8] = br#"{"n":0,"log":[]}"#;

fn replace(value: &str) -> [Encoded<'_>; 1] {
    let (op, path, from, encoding) = (2, "/n", "", 0);
    [Encoded {
        op,
        path,
        from,
        value: value.as_bytes(),
        encoding,
    }]
}

fn id(sequence: u64) -> [u8; 16] {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&sequence.to_le_bytes());
    id
}

/// Hands a run updates at one second each and remembers nothing else.
struct Feed {
    run: Reducer,
    now: Duration,
}

impl Feed {
    fn new(limits: ReducerLimits) -> Self {
        Self {
            run: Reducer::new(limits),
            now: Duration::ZERO,
        }
    }

    fn started() -> Self {
        let mut feed = Self::new(ReducerLimits::default());
        let started = feed.give(1, Update::Start { state: Some(START) });
        assert_eq!(started, Outcome::Recovered { replayed: 0 });
        feed
    }

    fn give(&mut self, sequence: u64, update: Update<'_>) -> Outcome {
        self.give_as(sequence, &id(sequence), update)
    }

    fn give_as(&mut self, sequence: u64, id: &[u8], update: Update<'_>) -> Outcome {
        self.now += Duration::from_secs(1);
        self.run
            .apply(self.now, Stamp::new(sequence).with_message_id(id), update)
    }

    fn set(&mut self, sequence: u64, value: &str) -> Outcome {
        let operations = replace(value);
        self.give(sequence, diff(&operations, &[]))
    }

    fn snapshot(&mut self, sequence: u64, value: u64) -> Outcome {
        let state = format!(r#"{{"n":{value},"log":[]}}"#);
        self.give(
            sequence,
            Update::Snapshot {
                state: state.as_bytes(),
                hash: &[],
            },
        )
    }

    fn n(&self) -> Option<String> {
        Some(self.run.state()?.part("/n")?.to_string())
    }
}

fn diff<'a>(operations: &'a [Encoded<'a>], base: &'a [u8]) -> Update<'a> {
    Update::Diff {
        operations: operations.into(),
        hash: &[],
        base,
    }
}

#[test]
fn a_run_in_step_applies_what_comes_next() {
    let mut feed = Feed::started();
    assert_eq!(feed.set(2, "2"), Outcome::Applied(NO_HASH));
    assert_eq!(feed.give(3, Update::Other), Outcome::Unchanged);
    assert_eq!(feed.give(4, diff(&[], &[])), Outcome::Unchanged);
    assert_eq!(feed.snapshot(5, 5), Outcome::Applied(NO_HASH));
    assert_eq!(feed.n().as_deref(), Some("5"));
    assert_eq!(feed.run.sequence(), Some(5));
}

#[test]
fn a_run_joined_midstream_is_not_in_step_until_a_full_state() {
    let mut feed = Feed::new(ReducerLimits::default());
    assert_eq!(feed.set(50, "1"), Outcome::Buffered);
    assert_eq!(feed.run.needs_resync(), Some(ResyncReason::NoSnapshot));
    assert_eq!(feed.run.state(), None);
    // The full state is older than a diff that was kept, which is applied after it.
    assert_eq!(feed.snapshot(49, 7), Outcome::Recovered { replayed: 1 });
    assert_eq!(feed.n().as_deref(), Some("1"));
}

#[test]
fn the_same_message_again_changes_nothing_and_another_is_a_reuse() {
    let mut feed = Feed::started();
    let operations = [Encoded {
        op: 0,
        path: "/log/-",
        from: "",
        value: b"1",
        encoding: 0,
    }];
    let applied = feed.give(2, diff(&operations, &[]));
    assert_eq!(applied, Outcome::Applied(NO_HASH));
    assert_eq!(feed.give(2, diff(&operations, &[])), Outcome::Duplicate);
    assert_eq!(
        feed.run.state().unwrap().to_string(),
        r#"{"log":[1],"n":0}"#
    );

    let reused = feed.give_as(2, &[9; 16], diff(&operations, &[]));
    assert_eq!(reused, Outcome::Resync(ResyncReason::SequenceReused));
    assert_eq!(feed.run.state(), None);
}

#[test]
fn a_gap_is_waited_out_and_closed_by_the_missing_message() {
    let mut feed = Feed::started();
    let gap = ResyncReason::Gap { missing: 1 };
    assert_eq!(feed.set(3, "3"), Outcome::Resync(gap));
    assert_eq!(feed.run.state(), None);
    assert_eq!(feed.set(4, "4"), Outcome::Buffered);
    assert_eq!(feed.set(2, "2"), Outcome::Recovered { replayed: 3 });
    assert_eq!(feed.n().as_deref(), Some("4"));
}

#[test]
fn a_gap_before_a_message_without_state_is_a_gap_all_the_same() {
    let mut feed = Feed::started();
    let gap = ResyncReason::Gap { missing: 2 };
    assert_eq!(feed.give(4, Update::Other), Outcome::Resync(gap));
    assert_eq!(feed.give(2, Update::Other), Outcome::Waiting);
    assert_eq!(
        feed.give(3, Update::Other),
        Outcome::Recovered { replayed: 0 }
    );
}

#[test]
fn a_snapshot_rescues_and_the_next_unseen_base_does_not_undo_it() {
    let mut feed = Feed::started();
    assert_eq!(feed.set(2, "not json").code(), "resync");
    assert_eq!(feed.set(3, "3"), Outcome::Buffered);
    assert_eq!(feed.snapshot(4, 40), Outcome::Recovered { replayed: 0 });
    let operations = replace("5");
    let base = [1; 16];
    assert_eq!(
        feed.give(5, diff(&operations, &base)),
        Outcome::Applied(NO_HASH)
    );
    assert_eq!(
        feed.give(6, diff(&operations, &base)),
        Outcome::Applied(NO_HASH)
    );
    let unknown = Outcome::Resync(ResyncReason::UnknownBase);
    assert_eq!(feed.give(7, diff(&operations, &[2; 16])), unknown);
}

#[test]
fn a_checkpoint_that_was_read_is_known_and_leaves_the_next_unseen_base_its_place() {
    let mut feed = Feed::started();
    let operations = replace("5");
    let (read, unread, other) = ([1; 16], [2; 16], [3; 16]);
    let (id, state) = (read.as_slice(), START);
    let checkpoint = Update::Checkpoint { id, state };
    assert_eq!(feed.give(2, checkpoint), Outcome::Applied(NO_HASH));
    for (sequence, base) in [(3, &read), (4, &other), (5, &read), (6, &other)] {
        let applied = feed.give(sequence, diff(&operations, base));
        assert_eq!(applied, Outcome::Applied(NO_HASH), "{sequence}");
    }
    // One that could not be read is not known, and what heals it has its own next base.
    let (id, state) = (unread.as_slice(), b"{".as_slice());
    assert_eq!(
        feed.give(7, Update::Checkpoint { id, state }).code(),
        "resync"
    );
    assert_eq!(feed.snapshot(8, 8).code(), "recovered");
    assert_eq!(feed.give(9, diff(&operations, &[4; 16])).code(), "applied");
    let unknown = Outcome::Resync(ResyncReason::UnknownBase);
    assert_eq!(feed.give(10, diff(&operations, &unread)), unknown);
}

#[test]
fn a_full_state_older_than_a_dropped_change_does_not_rescue() {
    let mut feed = Feed::started();
    // 2 is missing when 3 breaches a cap, and comes late.
    assert_eq!(feed.give(3, Update::Lost).code(), "resync");
    assert_eq!(feed.set(5, "no json").code(), "buffered");
    assert_eq!(feed.snapshot(4, 4).code(), "resync");
    assert_eq!(feed.snapshot(3, 3), Outcome::Stale);
    assert_eq!(feed.snapshot(6, 6), Outcome::Recovered { replayed: 0 });
    assert_eq!(feed.n().as_deref(), Some("6"));
}

#[test]
fn a_breach_of_a_cap_needs_a_full_state_and_leaves_the_state_as_it_was() {
    let mut limits = ReducerLimits::default();
    limits.patch.operations = 2;
    let one = replace("1")[0];
    for (operations, applied) in [(1, true), (2, true), (3, false)] {
        let mut feed = Feed::new(limits.clone());
        let _started = feed.give(1, Update::Start { state: Some(START) });
        let outcome = feed.give(2, diff(&vec![one; operations], &[]));
        assert_eq!(outcome == Outcome::Applied(NO_HASH), applied, "{outcome:?}");
        if !applied {
            assert_eq!(outcome.code(), "resync");
            let last = feed.run.last_state().unwrap().to_string();
            assert_eq!(last, r#"{"log":[],"n":0}"#);
            assert_eq!(feed.set(3, "3"), Outcome::Buffered);
            assert_eq!(feed.run.state(), None);
            assert_eq!(feed.snapshot(4, 4), Outcome::Recovered { replayed: 0 });
        }
    }
}

#[test]
fn a_hash_that_differs_ends_the_trust_and_one_that_matches_is_a_match() {
    let mut feed = Feed::started();
    let operations = replace("2");
    let hash = [0; 32];
    let update = Update::Diff {
        operations: operations.as_slice().into(),
        hash: &hash,
        base: &[],
    };
    assert_eq!(
        feed.give(2, update),
        Outcome::Resync(ResyncReason::HashMismatch)
    );
    let state = br#"{"b":2,"a":1,"nested":{"z":"x","y":[true,null]}}"#;
    // The golden vector of the wire format.
    let text = "f35279c8aa6b00bc82d43a191596cc3b41b7de7899ee16e36a08efe3afc45103";
    let hash: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let rescued = feed.give(3, Update::Snapshot { state, hash: &hash });
    assert_eq!(rescued, Outcome::Recovered { replayed: 0 });
    let verified = feed.give(4, Update::Snapshot { state, hash: &hash });
    assert_eq!(verified, Outcome::Applied(HashVerdict::Match));
}

#[test]
fn state_that_cannot_be_placed_or_read_says_so() {
    let cases: [(u64, Update<'_>, &str); 5] = [
        (
            0,
            Update::Snapshot {
                state: START,
                hash: &[],
            },
            "no_sequence",
        ),
        (
            2,
            Update::Snapshot {
                state: b"[1",
                hash: &[],
            },
            "snapshot_refused",
        ),
        (
            2,
            Update::PoisonedCheckpoint { id: &[1; 16] },
            "poisoned_checkpoint",
        ),
        (2, Update::Lost, "lost"),
        (2, Update::Start { state: None }, "no_snapshot"),
    ];
    for (sequence, update, reason) in cases {
        let mut feed = Feed::started();
        assert_eq!(feed.give(sequence, update).code(), "resync");
        assert_eq!(feed.run.needs_resync().unwrap().code(), reason);
        assert_eq!(
            feed.snapshot(3, 3),
            Outcome::Recovered { replayed: 0 },
            "{reason}"
        );
    }
}

#[test]
fn a_state_over_its_limit_is_refused_on_its_length_and_nothing_is_allocated() {
    let mut limits = ReducerLimits::default();
    for (slack, code) in [(1, "recovered"), (0, "recovered"), (-1, "resync")] {
        limits.read.text_bytes = START.len().checked_add_signed(slack).unwrap();
        let mut run = Reducer::new(limits.clone());
        let _first = run.apply(Duration::ZERO, Stamp::new(1), Update::Other);
        let update = Update::Snapshot {
            state: START,
            hash: &[],
        };
        let (outcome, usage) = measure(|| run.apply(Duration::ZERO, Stamp::new(2), update));
        assert_eq!(outcome.code(), code);
        if code == "resync" {
            assert_eq!(usage.calls, 0);
        }
    }
}

#[test]
fn only_a_start_steps_back_and_it_begins_a_new_epoch() {
    let mut feed = Feed::started();
    let _two = feed.set(2, "2");
    assert_eq!(
        feed.give(1, Update::Start { state: Some(START) }),
        Outcome::Duplicate
    );
    let again = feed.give_as(1, &[9; 16], Update::Start { state: Some(START) });
    assert_eq!(again, Outcome::Applied(NO_HASH));
    assert_eq!(feed.set(2, "20"), Outcome::Applied(NO_HASH));
    assert_eq!(feed.n().as_deref(), Some("20"));
}

#[test]
fn requests_for_a_snapshot_are_few_and_stop_on_recovery() {
    let mut run = Reducer::new(ReducerLimits::default());
    let mut asked = Vec::new();
    let _first = run.apply(Duration::ZERO, Stamp::new(1), Update::Other);
    for second in 0..3_600 {
        run.handle_timeout(Duration::from_secs(second));
        while let Some(Effect::RequestSnapshot { attempt, .. }) = run.poll_effect() {
            asked.push((second, attempt));
        }
    }
    assert_eq!(asked[..4], [(0, 0), (1, 1), (3, 2), (7, 3)]);
    assert!(asked.len() < 25, "{asked:?}");
    let state = Update::Snapshot {
        state: START,
        hash: &[],
    };
    let _recovered = run.apply(Duration::from_secs(3_600), Stamp::new(2), state);
    assert_eq!((run.poll_timeout(), run.poll_effect()), (None, None));
}

/// Whatever the order and the losses: a run that says it is in step has exactly the state that all
/// diffs up to its sequence, applied in order, make.
#[test]
fn a_state_that_is_shown_is_the_one_the_producer_had() {
    const LAST: u64 = 12;
    for seed in 0..3_000 {
        let mut rng = SplitMix64::new(seed);
        let mut states = vec![Document::from_slice(START, &ReadLimits::default()).unwrap()];
        let values: Vec<String> = (0..=LAST).map(|n| n.to_string()).collect();
        let append = |n: usize| {
            let value = values[n].as_bytes();
            [Encoded {
                op: 0,
                path: "/log/-",
                from: "",
                value,
                encoding: 0,
            }]
        };
        for n in 1..=usize::try_from(LAST).unwrap() {
            let mut state = states[n - 1].clone();
            let operations = append(n);
            let patch = operations.as_slice().into();
            let _cost = patch::apply(&mut state, patch, &PatchLimits::default()).unwrap();
            states.push(state);
        }
        let mut run = Reducer::new(ReducerLimits::default());
        for step in 0..30 {
            // Mostly forward, at times late, lost, or again.
            let n = (step / 2 + rng.below(4)).min(LAST);
            let stamp = Stamp::new(n + 1).with_message_id(&id(n + 1));
            let index = usize::try_from(n).unwrap();
            let text = states[index].to_string();
            let operations = append(index);
            let update = if n == 0 {
                Update::Start { state: Some(START) }
            } else if rng.chance(1, 8) {
                Update::Snapshot {
                    state: text.as_bytes(),
                    hash: &[],
                }
            } else {
                diff(&operations, &[])
            };
            let outcome = run.apply(Duration::from_secs(step), stamp, update);
            if let (Some(state), Some(sequence)) = (run.state(), run.sequence()) {
                let expected = &states[usize::try_from(sequence - 1).unwrap()];
                assert_eq!(
                    state.to_string(),
                    expected.to_string(),
                    "{seed} {step} {outcome:?}"
                );
            }
        }
    }
}
