//! A run's messages, delivered in any order, lost, repeated and damaged: what is shown as right is what
//! the producer had, and no budget is exceeded.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_reducer::Hasher;
use dashstream_reducer::patch::{Encoded, Operation};
use dashstream_reducer::{
    ApplySummary, Document, Outcome, Reducer, Runs, RunsLimits, Stamp, Update,
};
use serde_json::Value;

use super::entropy::Entropy;
use super::patching::{document, is_small, operations};

/// One message of the producer, and the state after it.
struct Sent {
    what: What,
    base: Vec<u8>,
    state: Document,
    text: String,
    hash: [u8; 32],
}

enum What {
    Start,
    Diff(Vec<Operation>),
    Snapshot,
    Checkpoint(Vec<u8>),
    Announcement(Vec<u8>),
    Other,
}

/// What the oracle knows about a run: the highest sequence number that it has taken since it says that
/// the producer began anew. Here none ever does: but without positions and times a full state that
/// comes again long after it was forgotten is taken for the first of another.
#[derive(Default)]
struct Known {
    epoch: u64,
    highest: u64,
}

/// Draws a producer's messages and a delivery of them to several runs under small budgets.
///
/// Every run follows the same producer. Whenever one says that it is in step, its state must be the
/// producer's as of the highest sequence number that it was given, computed from scratch. Answers what
/// became of the messages.
pub fn is_right_or_says_that_it_is_not(bytes: &[u8]) -> ApplySummary {
    let mut entropy = Entropy::new(bytes);
    let sent = produce(&mut entropy);
    let first = match entropy.byte() {
        0..8 => u64::MAX - sent.len() as u64,
        8..16 => entropy.word() / 2,
        _ => 1,
    };
    let limits = limits(&mut entropy);
    let mut runs = Runs::new(limits.clone());
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    let mut now = Duration::ZERO;
    for _ in 0..48 {
        now += Duration::from_millis(entropy.below(4_000) as u64);
        let thread = ["a", "b", "c", ""][usize::from(entropy.byte() % 16 / 5)];
        match entropy.byte() {
            250.. => runs.handle_timeout(now),
            248..250 => runs.lost(now),
            246..248 => while runs.poll_effect().is_some() {},
            244..246 => while runs.poll_quarantined().is_some() {},
            byte => {
                let at = next.entry(thread).or_default();
                // Mostly what comes next; else from anywhere, and the order goes on from there.
                if byte >= 150 {
                    *at = entropy.below(sent.len());
                }
                let index = (*at).min(sent.len() - 1);
                *at = index + 1;
                let sequence = first + index as u64;
                let outcome = deliver(&mut runs, &mut entropy, now, thread, sequence, &sent[index]);
                match (runs.get(thread), outcome.1) {
                    (None, _) => _ = known.remove(thread),
                    (Some(run), Some(sequence)) => {
                        let known = known.entry(thread).or_default();
                        known.highest = if run.epoch() == known.epoch {
                            known.highest.max(sequence)
                        } else {
                            sequence
                        };
                        known.epoch = run.epoch();
                    }
                    (Some(_), None) => {}
                }
            }
        }
        known.retain(|thread, _| runs.get(thread).is_some());
        check_budgets(&runs, &limits);
        if let Some(run) = runs.get(thread) {
            check_run(run, &sent, first, known.get(thread), &limits);
        }
        if entropy.is_empty() {
            break;
        }
    }
    for (thread, run) in runs.iter() {
        check_run(run, &sent, first, known.get(thread), &limits);
    }
    let tally = runs.counts().outcomes;
    rescue(&mut runs, now, &known, &sent);
    tally
}

/// Hands over one message, damaged or not. Answers what became of it, and the sequence number under
/// which it was handed over.
fn deliver(
    runs: &mut Runs,
    entropy: &mut Entropy<'_>,
    now: Duration,
    thread: &str,
    sequence: u64,
    sent: &Sent,
) -> (Outcome, Option<u64>) {
    let fault = entropy.byte();
    let placed = if fault == 1 { 0 } else { sequence };
    let mut stamp = Stamp::new(placed);
    let mut id = [1; 16];
    id[..8].copy_from_slice(&sequence.to_le_bytes());
    match fault {
        2 => stamp = stamp.with_message_id(&[9; 16]),
        3..40 => {}
        _ => stamp = stamp.with_message_id(&id),
    }
    let wrong = [7; 32];
    let hash: &[u8] = match entropy.byte() {
        0..4 => &wrong,
        4..100 => &[],
        _ => &sent.hash,
    };
    let broken = [Encoded {
        op: 0,
        path: "no pointer",
        ..Encoded::default()
    }];
    let unknown = [8; 16];
    let text = if fault == 250 { "{\"cut" } else { &sent.text };
    let update = match &sent.what {
        _ if fault == 251 => Update::Lost,
        What::Start => Update::Start {
            state: (fault != 252).then_some(text.as_bytes()),
        },
        What::Diff(_) if fault >= 253 => Update::Diff {
            operations: broken.as_slice().into(),
            hash,
            base: &sent.base,
        },
        What::Diff(operations) => Update::Diff {
            operations: operations.as_slice().into(),
            hash,
            base: if fault == 249 { &unknown } else { &sent.base },
        },
        What::Snapshot => Update::Snapshot {
            state: text.as_bytes(),
            hash,
        },
        What::Checkpoint(id) if fault == 248 => Update::PoisonedCheckpoint { id },
        What::Checkpoint(id) => Update::Checkpoint {
            id,
            state: text.as_bytes(),
        },
        What::Announcement(id) => Update::Checkpoint { id, state: &[] },
        What::Other => Update::Other,
    };
    let counts = !matches!(update, Update::Lost) && placed != 0;
    let outcome = runs.apply(now, thread, stamp, update);
    (outcome, counts.then_some(placed))
}

/// The messages of one run. Every state is computed by the model, not by the engine.
fn produce(entropy: &mut Entropy<'_>) -> Vec<Sent> {
    let mut value = entropy.state();
    let mut base = Vec::new();
    let mut hasher = Hasher::new();
    let mut sent = Vec::new();
    for at in 0..2 + entropy.below(14) {
        let named = base.clone();
        let what = match entropy.byte() {
            _ if at == 0 => What::Start,
            0..130 => {
                let patch = some_patch(entropy, &mut value);
                What::Diff(operations(&patch))
            }
            130..190 => What::Other,
            190..215 => What::Snapshot,
            byte => {
                base = vec![byte; 16];
                base[0] = at as u8;
                if byte < 235 {
                    What::Checkpoint(base.clone())
                } else {
                    What::Announcement(base.clone())
                }
            }
        };
        let state = document(&value);
        sent.push(Sent {
            what,
            base: named,
            text: state.to_string(),
            hash: hasher.hash(&state),
            state,
        });
    }
    sent
}

/// Operations that apply, and the state after them.
fn some_patch(entropy: &mut Entropy<'_>, value: &mut Value) -> Vec<Value> {
    let mut patch = Vec::new();
    for _ in 0..entropy.below(4) {
        let operation = entropy.operation(value);
        if let Ok(next) = super::model::apply(value, core::slice::from_ref(&operation))
            && is_small(&next)
        {
            *value = next;
            patch.push(operation);
        }
    }
    patch
}

fn limits(entropy: &mut Entropy<'_>) -> RunsLimits {
    let mut limits = RunsLimits::default();
    limits.runs = 1 + entropy.below(4);
    limits.bytes = 1_000 + entropy.below(60_000) as u64;
    limits.run_bytes = limits.bytes / (1 + entropy.below(4) as u64);
    limits.requests_per_second = entropy.below(200) as u32;
    limits.quarantine_messages = entropy.below(4);
    limits.quarantine_bytes = entropy.below(4_000) as u64;
    let run = &mut limits.run;
    run.buffered_diffs = entropy.below(8);
    run.buffered_bytes = entropy.below(8_000);
    run.checkpoints = entropy.below(3);
    run.message_ids = entropy.below(6);
    run.history_versions = entropy.below(6);
    run.history_bytes = entropy.below(20_000) as u64;
    run.hash_interval = [0, 0, 1, 250, 5_000].map(Duration::from_millis)[entropy.below(5)];
    run.hash_bytes_per_second = entropy.below(1_000) as u64;
    if entropy.byte() < 20 {
        run.read.text_bytes = entropy.below(400);
        run.patch.operations = entropy.below(3);
        run.patch.state_bytes = entropy.below(400) as u64;
    }
    limits
}

fn check_run(run: &Reducer, sent: &[Sent], first: u64, known: Option<&Known>, limits: &RunsLimits) {
    let at = |sequence: u64| &sent[usize::try_from(sequence - first).unwrap()];
    match (run.state(), run.needs_resync()) {
        (Some(state), None) => {
            let highest = known.map_or(0, |known| known.highest);
            assert!(highest >= first, "in step with what it never saw");
            assert_eq!(*state, at(highest).state);
        }
        (None, Some(_)) => {}
        both => panic!("{both:?}"),
    }
    // What was applied last is the producer's as well, whether or not it is still the latest.
    if let (Some(state), Some(sequence)) = (run.last_state(), run.sequence()) {
        assert_eq!(*state, at(sequence).state);
    }
    let history = run.history();
    assert!(history.len() <= limits.run.history_versions);
    assert!(history.bytes() <= limits.run.history_bytes || history.len() == 1);
    for (sequence, state) in history.iter() {
        assert_eq!(*state, at(sequence).state);
        assert_eq!(history.at(sequence), Some(state));
    }
}

fn check_budgets(runs: &Runs, limits: &RunsLimits) {
    let counts = runs.counts();
    let held = runs.iter().count();
    let synced = runs.iter().filter(|(_, run)| run.needs_resync().is_none());
    assert_eq!(counts.synced, synced.count());
    assert_eq!(counts.synced + counts.waiting, held);
    let resyncs: u64 = counts.resyncs().map(|(_, count)| count).sum();
    assert_eq!(counts.outcomes.resync, resyncs);
    assert!(held <= limits.runs);
    assert!(runs.bytes() <= limits.bytes || held == 1);
    assert!(counts.quarantine_held <= limits.quarantine_messages);
    assert!(counts.quarantine_bytes <= limits.quarantine_bytes);
    // Requests that wait for their turn want to be told the time as well.
    if let Some(due) = runs.iter().filter_map(|(_, run)| run.poll_timeout()).min() {
        assert!(runs.poll_timeout().is_some_and(|timeout| timeout <= due));
    }
}

/// A full state after everything else makes any run right.
fn rescue(runs: &mut Runs, now: Duration, known: &BTreeMap<&str, Known>, sent: &[Sent]) {
    let last = sent.last().unwrap();
    let threads: Vec<_> = runs.iter().map(|(thread, _)| thread.to_owned()).collect();
    for thread in threads {
        let highest = known.get(thread.as_str()).map_or(0, |known| known.highest);
        let Some(sequence) = highest.checked_add(1) else {
            continue;
        };
        let update = Update::Snapshot {
            state: last.text.as_bytes(),
            hash: &last.hash,
        };
        let outcome = runs.apply(now, &thread, Stamp::new(sequence), update);
        let Some(run) = runs.get(&thread) else {
            continue;
        };
        match outcome {
            Outcome::Applied(_) | Outcome::Recovered { .. } => {
                assert_eq!(run.state(), Some(&last.state));
            }
            Outcome::Resync(reason) => assert_eq!(reason.code(), "snapshot_refused"),
            other => panic!("{other:?}"),
        }
    }
}
