//! Many runs: evicted, timed and counted, each within its budget.
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
use std::collections::BTreeMap;

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{
    Document, Hasher, Outcome, Position, ReadLimits, ResyncReason, Runs, RunsLimits, Stamp, Update,
};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

use self::support::{START, START_UPDATE, seconds, set, start};

#[test]
fn an_evicted_run_is_not_in_step_when_it_comes_back() {
    let mut limits = RunsLimits::default();
    limits.runs = 2;
    let mut runs = Runs::new(limits);
    for thread in ["a", "b", "c"] {
        assert_eq!(start(&mut runs, thread).code(), "recovered");
    }
    assert!(runs.get("a").is_none() && runs.get("c").is_some());
    assert_eq!((runs.counts().synced, runs.counts().evicted), (2, 1));
    let back = set("2", |diff| runs.apply(seconds(1), "a", Stamp::new(2), diff));
    assert_eq!(back, Outcome::Buffered);
    let a = runs.get("a").unwrap();
    assert_eq!(a.needs_resync(), Some(ResyncReason::NoSnapshot));
    assert_eq!(a.state(), None);
    assert_eq!((runs.counts().synced, runs.counts().waiting), (1, 1));
    assert_eq!(runs.counts().unseen, 1);
}

#[test]
fn a_partition_that_goes_takes_its_runs_along_and_no_other() {
    let mut runs = Runs::new(RunsLimits::default());
    for (thread, partition) in [("a", 0), ("b", 1), ("c", 0)] {
        let position = Position {
            partition,
            offset: 7,
        };
        let stamp = Stamp::new(1).with_position(position);
        let outcome = runs.apply(Duration::ZERO, thread, stamp, START_UPDATE);
        assert_eq!(outcome.code(), "recovered");
    }
    assert_eq!(start(&mut runs, "nowhere").code(), "recovered");
    let bytes = runs.bytes();
    runs.forget_partition(0);
    let left: Vec<_> = runs.iter().map(|(thread, _)| thread).collect();
    assert_eq!(left, ["b", "nowhere"]);
    assert!(runs.bytes() < bytes);
    assert_eq!((runs.counts().synced, runs.counts().evicted), (2, 0));
    runs.forget_partition(0);
    assert_eq!(runs.counts().synced, 2);
}

#[test]
fn a_run_met_midstream_is_not_in_step() {
    let mut runs = Runs::new(RunsLimits::default());
    let met = set("2", |diff| {
        runs.apply(Duration::ZERO, "a", Stamp::new(50), diff)
    });
    assert_eq!(met, Outcome::Buffered);
    let a = runs.get("a").unwrap();
    assert_eq!(a.needs_resync(), Some(ResyncReason::NoSnapshot));
    assert_eq!((a.state(), a.last_state()), (None, None));
}

#[test]
fn the_run_that_was_silent_longest_goes_first() {
    let mut limits = RunsLimits::default();
    limits.runs = 3;
    let mut runs = Runs::new(limits);
    for thread in ["c", "a", "b"] {
        let _started = start(&mut runs, thread);
    }
    let _applied = set("2", |diff| runs.apply(seconds(1), "c", Stamp::new(2), diff));
    let held =
        |runs: &Runs| -> Vec<String> { runs.iter().map(|(thread, _)| thread.into()).collect() };
    let _started = start(&mut runs, "d");
    assert_eq!(held(&runs), ["b", "c", "d"]);
    // What is no news is not heard: the same message again.
    let stamp = Stamp::new(3).with_message_id(&[3; 16]);
    for thread in ["b", "d", "c", "b"] {
        let _other = runs.apply(seconds(2), thread, stamp, Update::Other);
    }
    let _started = start(&mut runs, "e");
    assert_eq!(held(&runs), ["c", "d", "e"]);
}

#[test]
fn a_run_that_ended_goes_before_others_unless_it_goes_on() {
    let mut limits = RunsLimits::default();
    limits.runs = 4;
    let mut runs = Runs::new(limits);
    for thread in ["a", "b", "c", "d"] {
        let _started = start(&mut runs, thread);
    }
    for thread in ["d", "c"] {
        let ended = runs.apply(seconds(1), thread, Stamp::new(2), Update::End);
        assert_eq!(ended, Outcome::Unchanged);
    }
    let _goes_on = set("2", |diff| runs.apply(seconds(1), "d", Stamp::new(3), diff));
    let held =
        |runs: &Runs| -> Vec<String> { runs.iter().map(|(thread, _)| thread.into()).collect() };
    let _started = start(&mut runs, "e");
    assert_eq!(held(&runs), ["a", "b", "d", "e"]);
    let _started = start(&mut runs, "f");
    assert_eq!(held(&runs), ["b", "d", "e", "f"]);
}

#[test]
fn what_a_producer_says_behind_the_end_leaves_the_run_known_and_the_others_too() {
    let mut limits = RunsLimits::default();
    limits.runs = 16;
    let mut runs = Runs::new(limits);
    let alive = ["x", "y"];
    for thread in alive {
        let _started = start(&mut runs, thread);
    }
    for run in 0..100 {
        let thread = format!("run-{run:03}");
        let _started = start(&mut runs, &thread);
        let _ended = runs.apply(seconds(run), &thread, Stamp::new(2), Update::End);
        // Its metrics and its trace, and a last checkpoint; another run begins in between.
        let _other = start(&mut runs, &format!("other-{run:03}"));
        for (sequence, update) in [
            (3, Update::Other),
            (4, Update::Other),
            (
                5,
                Update::Snapshot {
                    state: START,
                    hash: &[],
                },
            ),
        ] {
            let _said = runs.apply(seconds(run), &thread, Stamp::new(sequence), update);
        }
        let ended = runs.apply(
            seconds(run),
            &format!("other-{run:03}"),
            Stamp::new(2),
            Update::End,
        );
        assert_eq!(ended, Outcome::Unchanged, "{run}");
        let counts = runs.counts();
        assert_eq!((counts.unseen, counts.waiting), (0, 0), "{run}");
        for thread in alive {
            assert!(runs.get(thread).is_some(), "{thread} {run}");
        }
    }
    assert_eq!(runs.counts().evicted, 200 + 2 - 16);
}

/// A state of about so many bytes of memory.
fn large(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes))
}

#[test]
fn the_run_that_grew_too_large_goes_and_the_small_ones_stay() {
    let mut limits = RunsLimits::default();
    limits.bytes = 8 << 20;
    limits.run_bytes = 2 << 20;
    let mut runs = Runs::new(limits);
    for thread in 0..200 {
        let _started = start(&mut runs, &format!("small-{thread}"));
    }
    let before = runs.bytes();
    for round in 0..20 {
        let state = large(1_500_000);
        let update = Update::Snapshot {
            state: state.as_bytes(),
            hash: &[],
        };
        let _full = runs.apply(
            seconds(round),
            &format!("large-{}", round % 5),
            Stamp::new(1 + round),
            update,
        );
        assert!(runs.bytes() <= 8 << 20);
        let small = runs
            .iter()
            .filter(|(thread, _)| thread.starts_with("small"));
        assert_eq!(small.count(), 200, "{round}");
    }
    assert!(runs.bytes() > before + (2 << 20));
}

/// Two runs: one that is small and silent, and one that grew to hold `heap` bytes at least.
fn small_and_large(limits: RunsLimits) -> Runs {
    let mut runs = Runs::new(limits);
    let _started = start(&mut runs, "small");
    let state = large(100_000);
    let update = Update::Snapshot {
        state: state.as_bytes(),
        hash: &[],
    };
    let _full = runs.apply(seconds(1), "large", Stamp::new(1), update);
    runs
}

#[test]
fn a_run_goes_for_one_byte_beyond_its_share_and_not_before() {
    let all = small_and_large(RunsLimits::default());
    let mut small = Runs::new(RunsLimits::default());
    let _started = start(&mut small, "small");
    let held = all.bytes() - small.bytes();
    let left = |run_bytes, bytes| {
        let mut limits = RunsLimits::default();
        (limits.run_bytes, limits.bytes) = (run_bytes, bytes);
        let runs = small_and_large(limits);
        let names: Vec<_> = runs.iter().map(|(thread, _)| thread.to_owned()).collect();
        names.join(" ")
    };
    let plenty = all.bytes();
    assert_eq!(left(held, plenty), "large small");
    assert_eq!(left(held - 1, plenty), "small");
    // Beyond what all may hold, who has more than half of a share goes, or else who is silent.
    assert_eq!(left(held * 2, plenty), "large small");
    assert_eq!(left(held * 2 - 1, plenty - 1), "small");
    assert_eq!(left(held * 2, plenty - 1), "large");
    // The last run stays, whatever it holds.
    for (bytes, run_bytes) in [(1, u64::MAX), (u64::MAX, 200), (1, 200)] {
        let mut limits = RunsLimits::default();
        (limits.bytes, limits.run_bytes) = (bytes, run_bytes);
        let mut runs = Runs::new(limits);
        let _started = start(&mut runs, "a");
        assert_eq!(runs.iter().count(), 1, "{bytes} {run_bytes}");
    }
}

#[test]
fn a_state_beyond_one_runs_share_is_refused_and_the_last_byte_of_it_is_not() {
    let state = large(100_000);
    // A string that is shared, laid out in words, and two counters.
    let heap = 100_000 + 16;
    for (share, code) in [
        (heap + 1, "recovered"),
        (heap, "recovered"),
        (heap - 1, "resync"),
    ] {
        let mut limits = RunsLimits::default();
        limits.run_bytes = share;
        let mut runs = Runs::new(limits);
        let update = Update::Snapshot {
            state: state.as_bytes(),
            hash: &[],
        };
        let outcome = runs.apply(Duration::ZERO, "a", Stamp::new(1), update);
        assert_eq!(outcome.code(), code, "{share}");
    }
    // A diff is held to it as a full state is.
    let mut limits = RunsLimits::default();
    limits.run_bytes = heap;
    let mut runs = Runs::new(limits);
    let _started = start(&mut runs, "a");
    let refused = set(&state, |diff| {
        runs.apply(Duration::ZERO, "a", Stamp::new(2), diff)
    });
    assert_eq!(refused.code(), "resync");
    assert_eq!(
        runs.get("a").unwrap().needs_resync().unwrap().code(),
        "patch_refused"
    );
}

#[test]
fn what_waits_and_what_is_quarantined_is_counted_in_every_form() {
    use dashstream_reducer::patch::Operation;
    use dashstream_reducer::{Document, ReadLimits};
    let value =
        |at: u64| Document::from_str(&large(50_000 + at as usize), &ReadLimits::default()).unwrap();
    let parsed = |at| {
        vec![Operation::Replace {
            path: "/n".into(),
            value: value(at),
        }]
    };
    let text = large(50_000);
    for owned in [false, true] {
        let (runs, usage) = measure(|| {
            let mut runs = Runs::new(RunsLimits::default());
            for thread in ["a", ""] {
                for sequence in 2..40 {
                    let operations = parsed(sequence);
                    let encoded = [Encoded {
                        op: 2,
                        path: "/n",
                        value: text.as_bytes(),
                        ..Encoded::default()
                    }];
                    let operations = if owned {
                        operations.as_slice().into()
                    } else {
                        encoded.as_slice().into()
                    };
                    let update = Update::Diff {
                        operations,
                        hash: &[1; 32],
                        base: &[2; 16],
                    };
                    let _kept = runs.apply(Duration::ZERO, thread, Stamp::new(sequence), update);
                }
            }
            runs
        });
        let counted = runs.bytes() + runs.counts().quarantine_bytes;
        let held = usage.retained as u64;
        assert!(
            held > 1 << 20 && held <= counted,
            "{held} of {counted}, owned: {owned}"
        );
        assert!(
            counted < held * 13 / 10,
            "{held} of {counted}, owned: {owned}"
        );
    }
}

#[test]
fn runs_are_held_up_to_their_count_and_not_one_more() {
    for (arrive, held) in [(2, 2), (3, 3), (4, 3)] {
        let mut limits = RunsLimits::default();
        limits.runs = 3;
        let mut runs = Runs::new(limits);
        for thread in 0..arrive {
            let _started = start(&mut runs, &thread.to_string());
        }
        assert_eq!(runs.iter().count(), held);
        assert_eq!(runs.counts().evicted, (arrive - held) as u64);
    }
}

#[test]
fn runs_are_held_up_to_their_bytes_and_not_one_more() {
    let held = |bytes: u64| {
        let mut limits = RunsLimits::default();
        limits.bytes = bytes;
        let mut runs = Runs::new(limits);
        for thread in ["a", "b", "c"] {
            let _started = start(&mut runs, thread);
            assert!(runs.bytes() <= bytes || runs.iter().count() == 1);
        }
        (runs.iter().count(), runs.bytes())
    };
    let (_, all) = held(u64::MAX);
    assert_eq!(held(all + 1), (3, all));
    assert_eq!(held(all), (3, all));
    assert_eq!(held(all - 1).0, 2);
    assert_eq!(held(0).0, 1, "the last run is bounded by its own limits");
}

#[test]
fn every_run_is_told_that_something_was_lost() {
    let mut runs = Runs::new(RunsLimits::default());
    for thread in ["a", "b"] {
        let _started = start(&mut runs, thread);
    }
    runs.lost(seconds(1));
    assert_eq!((runs.counts().synced, runs.counts().waiting), (0, 2));
    assert_eq!(
        runs.get("a").unwrap().needs_resync(),
        Some(ResyncReason::Lost)
    );
}

#[test]
fn every_reason_is_counted_each_time_asked_or_not() {
    let mut runs = Runs::new(RunsLimits::default());
    // A run that fails and recovers faster than requests are made.
    for round in 0..5 {
        let sequence = 1 + 3 * round;
        let full = Update::Snapshot {
            state: START,
            hash: &[],
        };
        let _recovered = runs.apply(Duration::ZERO, "a", Stamp::new(sequence), full);
        let lost = runs.apply(Duration::ZERO, "a", Stamp::new(sequence + 2), Update::Other);
        assert_eq!(lost, Outcome::Resync(ResyncReason::Gap { missing: 1 }));
    }
    runs.lost(Duration::ZERO);
    let counts = runs.counts();
    let seen: Vec<_> = counts.resyncs().filter(|(_, count)| *count > 0).collect();
    assert_eq!(seen, [("gap", 5), ("lost", 1)]);
    assert!(core::iter::from_fn(|| runs.poll_effect()).count() <= 1);
}

/// Any order of messages, evictions and timeouts: every total and index is what it would be if it
/// were computed anew.
#[test]
fn totals_and_deadlines_are_those_of_the_runs_that_are_held() {
    let text = core::str::from_utf8(START).unwrap();
    let hash = Hasher::new().hash(&Document::from_str(text, &ReadLimits::default()).unwrap());
    let (mut most_proven, mut most_unseen) = (0, 0);
    for seed in 0..60 {
        let mut rng = SplitMix64::new(seed);
        let mut limits = RunsLimits::default();
        limits.runs = 1 + rng.index(12);
        limits.bytes = 2_000 + rng.below(40_000);
        limits.run.request_at_most = seconds(20);
        let mut runs = Runs::new(limits.clone());
        let mut now = Duration::ZERO;
        let mut last_asked: BTreeMap<String, Duration> = BTreeMap::new();
        for _ in 0..200 {
            now += Duration::from_millis(rng.below(3_000));
            let thread = format!("t{}", rng.below(20));
            let stamp = Stamp::new(rng.below(6));
            match rng.below(6) {
                0 => runs.handle_timeout(now),
                1 => _ = runs.apply(now, &thread, stamp, START_UPDATE),
                2 => {
                    _ = runs.apply(
                        now,
                        &thread,
                        stamp,
                        Update::Snapshot {
                            state: START,
                            hash: if rng.chance(1, 2) { &hash } else { &[] },
                        },
                    )
                }
                3 => _ = runs.apply(now, &thread, stamp, Update::Other),
                _ => _ = set("1", |diff| runs.apply(now, &thread, stamp, diff)),
            }
            let expected = runs.iter().filter_map(|(_, run)| run.poll_timeout()).min();
            // Requests that wait for their turn want to be told the time as well.
            if let Some(due) = expected {
                assert!(runs.poll_timeout().is_some_and(|timeout| timeout <= due));
            }
            let synced = runs
                .iter()
                .filter(|(_, run)| run.needs_resync().is_none())
                .count();
            assert_eq!(runs.counts().synced, synced);
            assert_eq!(runs.counts().waiting, runs.iter().count() - synced);
            let proven = runs.iter().filter(|(_, run)| run.is_proven()).count();
            assert_eq!(runs.counts().proven, proven);
            let unseen = runs
                .iter()
                .filter(|(_, run)| run.needs_resync() == Some(ResyncReason::NoSnapshot));
            let unseen = unseen.count();
            assert_eq!(runs.counts().unseen, unseen);
            (most_proven, most_unseen) = (most_proven.max(proven), most_unseen.max(unseen));
            assert!(runs.iter().count() <= limits.runs);
            assert!(runs.bytes() <= limits.bytes || runs.iter().count() == 1);
            assert!(runs.bytes() >= runs.iter().map(|(_, run)| run.bytes()).sum());
            if rng.chance(1, 2) {
                while let Some((thread, _)) = runs.poll_effect() {
                    assert!(runs.get(&thread).unwrap().needs_resync().is_some());
                    last_asked.insert(thread.to_string(), now);
                }
            }
        }
        assert!(!last_asked.is_empty());
    }
    assert!(most_proven > 2 && most_unseen > 2);
}

#[test]
fn a_thousand_runs_hold_no_more_than_is_counted() {
    let text = format!(
        r#"{{"list":[{}{{}}]}}"#,
        r#"{"id":1,"name":"a name of some length, kept apart"},"#.repeat(20)
    );
    let (runs, usage) = measure(|| {
        let mut runs = Runs::new(RunsLimits::default());
        for thread in 0..1_000 {
            let thread = format!("thread-{thread:030}");
            let update = Update::Start {
                state: (thread.len() % 2 == 0).then_some(text.as_bytes()),
            };
            let stamp = Stamp::new(1).with_message_id(&[1; 16]);
            let _started = runs.apply(Duration::ZERO, &thread, stamp, update);
            for sequence in [2, 4, 5] {
                let _next = set("1", |diff| {
                    runs.apply(Duration::ZERO, &thread, Stamp::new(sequence), diff)
                });
            }
        }
        runs
    });
    let held = usage.retained as u64;
    assert!(held <= runs.bytes(), "{held} of {}", runs.bytes());
}

#[test]
fn every_text_of_a_state_has_the_wires_name() {
    let counts = Runs::new(RunsLimits::default()).counts();
    let codes: Vec<_> = counts.refused().map(|(text, _)| text).collect();
    let wire = [
        "initial_state_json",
        "state_json",
        "state",
        "full_state",
        "checkpoint",
    ];
    assert_eq!(codes, wire);
}
