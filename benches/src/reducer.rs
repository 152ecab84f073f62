//! The reducer against json-patch 5 in place, imbl, and serde_json with sha2.

mod hashes;
mod in_turn;
mod patches;
mod verification;
mod versions;

use std::hint::black_box;

use dashstream_reducer::diff::{DiffLimits, diff};
use dashstream_reducer::patch::{self, Operation, PatchLimits};
use dashstream_reducer::{Document, ReadLimits, json_len};
use dashstream_testkit::alloc::measure;
use serde_json::{Value, json};

use crate::measure::{Goal, Run};

const MIB: usize = 1 << 20;

pub fn run(run: &mut Run) {
    let value = state(MIB);
    patches::run(run, &value);
    versions::run(run, &value);
    hashes::run(run, &value);
    in_turn::run(run);
    verification::run(run);
    if !run.quick() {
        reading(run);
        producing(run);
    }

    // What fits into a cache is judged in short runs too. With 1 MiB of text both sides wait for
    // memory, which neighbours use as well, and the ratio was 0.44 to 0.76 on the same day.
    length(run, "64KiB", &state(1 << 16));
    if !run.quick() {
        length(run, "1MiB", &value);
    }
    let (_, usage) = measure(|| json_len(&value, u64::MAX));
    let goal = Goal::Exactly(0.0);
    run.count(
        "reducer/json_len/allocations",
        "calls",
        "none",
        goal,
        usage.calls,
    );
}

fn length(run: &mut Run, size: &str, value: &Value) {
    let len = serde_json::to_vec(value).expect("JSON").len() as u64;
    assert_eq!(json_len(value, u64::MAX), Some(len));
    run.ratio(
        &format!("reducer/json_len/{size}"),
        "serde_json::to_vec(..).len()",
        Goal::AtMost(0.50),
        || {
            black_box(json_len(black_box(value), u64::MAX));
        },
        || {
            black_box(serde_json::to_vec(black_box(value)).expect("JSON").len());
        },
    );
}

/// A state's text into a document, and a value of the same text.
fn reading(run: &mut Run) {
    for (size, bytes) in [("1KiB", 1 << 10), ("1MiB", MIB)] {
        let text = serde_json::to_vec(&state(bytes)).expect("JSON");
        run.ratio(
            &format!("reducer/read/{size}"),
            "serde_json::Value",
            Goal::AtMost(0.80),
            || {
                let document = Document::from_slice(black_box(&text), &ReadLimits::default());
                black_box(document.expect("within limits"));
            },
            || {
                let value = serde_json::from_slice::<Value>(black_box(&text));
                black_box(value.expect("JSON"));
            },
        );
    }
}

/// The difference of two states that share nothing: one was read anew.
fn producing(run: &mut Run) {
    for (size, bytes) in [("1KiB", 1 << 10), ("1MiB", MIB)] {
        let old = state(bytes);
        let mut new = old.clone();
        new["step"] = json!(1);
        new["messages"]
            .as_array_mut()
            .expect("messages")
            .push(json!({"id": -1}));
        let sides = [document(&old), document(&new)];
        let limits = DiffLimits::default();
        let ours = diff(&sides[0], &sides[1], &limits).expect("within limits");
        let mut patched = sides[0].clone();
        apply(&mut patched, &ours.operations);
        assert!(
            patched == sides[1],
            "the difference leads from one to the other"
        );
        run.ratio(
            &format!("reducer/diff/unshared/{size}"),
            "json-patch 5",
            Goal::AtMost(0.60),
            || {
                let found = diff(black_box(&sides[0]), black_box(&sides[1]), &limits);
                let _found = black_box(found.expect("within limits"));
            },
            || {
                black_box(json_patch::diff(black_box(&old), black_box(&new)));
            },
        );
    }
}

/// Chat messages, node metadata and a counter: what agents keep.
fn state(bytes: usize) -> Value {
    let text =
        "The quick agent reads the plan, calls a tool and writes down what it found. ".repeat(5);
    let message =
        |at: usize| json!({"role": "assistant", "content": text, "id": at, "tokens": at % 700});
    let node = |at: usize| json!({"name": format!("node-{at}"), "attempts": at % 3, "cost_usd": 0.25, "done": true});
    let messages: Vec<_> = (0..bytes * 7 / 10 / 450).map(message).collect();
    let nodes: serde_json::Map<_, _> = (0..nodes(bytes))
        .map(|at| (format!("node-{at:05}"), node(at)))
        .collect();
    json!({"messages": messages, "metadata": {"nodes": nodes}, "scratch": {"a": 1}, "step": 0})
}

/// The nodes in a state of `bytes`.
fn nodes(bytes: usize) -> usize {
    bytes * 2 / 10 / 90
}

/// One nested scalar is replaced, in the middle of the nodes.
fn one(bytes: usize) -> Value {
    let at = nodes(bytes) / 2;
    json!([{"op": "replace", "path": format!("/metadata/nodes/node-{at:05}/attempts"), "value": 2}])
}

fn document(value: &Value) -> Document {
    Document::from_value(value, &ReadLimits::default()).expect("within limits")
}

fn operations(patch: &Value) -> Vec<Operation> {
    let text = serde_json::to_vec(patch).expect("JSON");
    patch::parse(&text, &ReadLimits::default(), &PatchLimits::default()).expect("operations")
}

fn apply(document: &mut Document, operations: &[Operation]) {
    let operations = black_box(operations).into();
    let _cost = patch::apply(document, operations, &PatchLimits::default()).expect("applies");
}
