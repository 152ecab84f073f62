//! What checking the hashes of diffs costs, spread over time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use dashstream_reducer::patch::Operation;
use dashstream_reducer::{Hasher, Runs, RunsLimits, Stamp, Update};
use serde_json::{Value, json};

use super::{MIB, apply, document, operations, state};
use crate::measure::{Goal, Run};

/// Diffs of one run, a millisecond apart: two seconds of them.
const DIFFS: u64 = 2_000;

/// Runs that take a diff every 10 ms each: 64 MiB of state together.
const RUNS: u64 = 64;

pub(super) fn run(run: &mut Run) {
    if run.quick() {
        return;
    }
    for (size, bytes, goal) in [("1MiB", MIB, 0.015), ("10MiB", 10 * MIB, 0.0015)] {
        one_run(run, size, &state(bytes), goal);
    }
    many_runs(run, &state(MIB));
}

/// Edits of the state's first member, so that nothing of the hash before helps.
fn edits() -> [Vec<Operation>; 2] {
    [1, 2].map(|step| {
        operations(&json!([{"op": "replace", "path": "/messages/0/tokens", "value": step}]))
    })
}

/// Both hashes that an edited state has.
fn hashes(value: &Value, edits: &[Vec<Operation>; 2]) -> [[u8; 32]; 2] {
    let mut state = document(value);
    [0, 1].map(|at| {
        apply(&mut state, &edits[at]);
        Hasher::new().hash(&state)
    })
}

/// Gives `runs` the diff `sequence` of `thread`, which carries the hash of its state.
fn give(
    runs: &mut Runs,
    (thread, sequence, now): (&str, u64, Duration),
    edits: &[Vec<Operation>; 2],
    hashes: Option<&[[u8; 32]; 2]>,
) {
    let at = usize::from(sequence % 2 == 1);
    let update = Update::Diff {
        operations: edits[at].as_slice().into(),
        hash: hashes.map_or(&[][..], |hashes| &hashes[at]),
        base: &[],
    };
    let outcome = runs.apply(now, thread, Stamp::new(sequence), update);
    assert_eq!(outcome.code(), "applied");
}

fn started(threads: &[String], text: &[u8]) -> Runs {
    let mut limits = RunsLimits::default();
    limits.bytes = 4 << 30;
    limits.run_bytes = 1 << 30;
    let mut runs = Runs::new(limits);
    for thread in threads {
        let update = Update::Start { state: Some(text) };
        let outcome = runs.apply(Duration::ZERO, thread, Stamp::new(1), update);
        assert_eq!(outcome.code(), "recovered");
    }
    runs
}

/// One run at 1,000 diffs a second: the time that hashes add to each, against one full hash.
fn one_run(run: &mut Run, size: &str, value: &Value, goal: f64) {
    let (edits, text) = (edits(), serde_json::to_vec(value).expect("JSON"));
    let hashes = hashes(value, &edits);
    let threads = ["one".to_owned()];
    let timed = |hashes: Option<&[[u8; 32]; 2]>| {
        let mut runs = started(&threads, &text);
        let start = Instant::now();
        for sequence in 2..DIFFS + 2 {
            let now = Duration::from_millis(sequence);
            give(&mut runs, ("one", sequence, now), &edits, hashes);
            runs.handle_timeout(now);
        }
        (start.elapsed().as_secs_f64() / DIFFS as f64, runs)
    };
    let state = document(value);
    run.ratio_by(
        &format!("reducer/verification/one-run-1000-a-second/{size}"),
        "ratio",
        "a full hash of the same state",
        Goal::AtMost(goal),
        || {
            let (with, runs) = timed(Some(&hashes));
            let (without, _) = timed(None);
            let proof = runs.get("one").and_then(|run| run.proof()).expect("proven");
            eprintln!(
                "  {size}: the last proof is {} messages old",
                DIFFS + 1 - proof.sequence
            );
            let start = Instant::now();
            black_box(Hasher::new().hash(black_box(&state)));
            (with - without) / start.elapsed().as_secs_f64()
        },
    );
}

/// Seconds that this thread has run, without those in which others ran in its place: a part of a core
/// is a part of that.
fn on_cpu() -> f64 {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = line
        .split(' ')
        .next()
        .and_then(|word| word.parse::<f64>().ok());
    nanoseconds.expect("a number") / 1e9
}

/// Many runs: the part of a core that hashing takes, and how old the proofs are.
fn many_runs(run: &mut Run, value: &Value) {
    let (edits, text) = (edits(), serde_json::to_vec(value).expect("JSON"));
    let hashes = hashes(value, &edits);
    let threads: Vec<_> = (0..RUNS).map(|at| format!("run-{at}")).collect();
    let seconds = 4_u64;
    let timed = |hashes: Option<&[[u8; 32]; 2]>| {
        let mut runs = started(&threads, &text);
        let start = on_cpu();
        for round in 0..seconds * 100 {
            let now = Duration::from_millis(10 * round + 10);
            for thread in &threads {
                give(&mut runs, (thread, round + 2, now), &edits, hashes);
            }
            runs.handle_timeout(now);
        }
        (on_cpu() - start, runs)
    };
    let mut ages = Vec::new();
    run.ratio_by(
        "reducer/verification/64-runs-6400-a-second",
        "cores",
        "one core",
        Goal::AtMost(0.10),
        || {
            let (with, runs) = timed(Some(&hashes));
            let (without, _) = timed(None);
            let end = Duration::from_secs(seconds);
            ages = runs
                .iter()
                .filter_map(|(_, run)| run.proof())
                .map(|proof| end.saturating_sub(proof.at).as_secs_f64())
                .collect();
            (with - without) / seconds as f64
        },
    );
    let oldest = ages.iter().copied().fold(0.0, f64::max);
    run.value(
        "reducer/verification/64-runs/oldest-proof",
        "s",
        "none",
        Goal::Report("it follows from the bytes that may be hashed in a second"),
        oldest,
    );
    run.value(
        "reducer/verification/64-runs/proven",
        "runs",
        "none",
        Goal::Report("the others wait for their turn"),
        ages.len() as f64,
    );
}
