//! Patches on a state of 1 MiB, against json-patch 5 in place: the best peer that is atomic.

use std::hint::black_box;

use dashstream_reducer::patch::{self, Operations, PatchLimits};
use dashstream_reducer::{Document, ReadLimits, json_len};
use dashstream_testkit::alloc::measure;
use serde_json::{Value, json};

use crate::measure::{Goal, Run};

pub fn run(run: &mut Run) {
    let value = state(1 << 20);
    let limits = PatchLimits::default();
    let read = || Document::from_value(&value, &ReadLimits::default()).expect("within limits");
    // Both miss their goal for now, so that they belong to the full run, which says so.
    let patches = [("diff-1", one()), ("diff-10", ten())];
    let quick = run.quick();
    for (name, patch) in patches.into_iter().filter(|_| !quick) {
        let text = serde_json::to_vec(&patch).expect("JSON");
        let ours = patch::parse(&text, &ReadLimits::default(), &limits).expect("operations");
        let theirs: json_patch::Patch = serde_json::from_value(patch).expect("operations");

        let (mut document, mut peer) = (read(), value.clone());
        json_patch::patch(&mut peer, &theirs).expect("applies");
        let operations = Operations::from(ours.as_slice());
        let _cost = patch::apply(&mut document, operations, &limits).expect("applies");
        assert_eq!(
            document.to_value(),
            peer,
            "both sides changed the state alike"
        );

        run.ratio(
            &format!("reducer/{name}/1MiB"),
            "json-patch 5 in place",
            Goal::AtMost(0.60),
            || {
                let operations = Operations::from(black_box(ours.as_slice()));
                let _cost = patch::apply(&mut document, operations, &limits).expect("applies");
            },
            || json_patch::patch(&mut peer, black_box(&theirs)).expect("applies"),
        );
    }

    let before = read();
    let (snapshot, usage) = measure(|| before.clone());
    assert!(snapshot.is_same(&before));
    run.count(
        "reducer/snapshot/heap",
        "bytes",
        "serde_json::Value clone",
        Goal::Exactly(0.0),
        usage.peak,
    );
    run.nanos("reducer/snapshot", Goal::AtMost(50.0), || {
        black_box(black_box(&before).clone());
    });

    let len = serde_json::to_vec(&value).expect("JSON").len() as u64;
    assert_eq!(json_len(&value, u64::MAX), Some(len));
    run.ratio(
        "reducer/json_len/1MiB",
        "serde_json::to_vec(..).len()",
        Goal::AtMost(0.50),
        || {
            black_box(json_len(black_box(&value), u64::MAX));
        },
        || {
            black_box(serde_json::to_vec(black_box(&value)).expect("JSON").len());
        },
    );
    let (_, usage) = measure(|| json_len(&value, u64::MAX));
    run.count(
        "reducer/json_len/allocations",
        "calls",
        "none",
        Goal::Exactly(0.0),
        usage.calls,
    );
}

/// Chat messages, node metadata and a counter: what agents keep.
fn state(bytes: usize) -> Value {
    let text =
        "The quick agent reads the plan, calls a tool and writes down what it found. ".repeat(5);
    let message =
        |at: usize| json!({"role": "assistant", "content": text, "id": at, "tokens": at % 700});
    let node = |at: usize| json!({"name": format!("node-{at}"), "attempts": at % 3, "cost_usd": 0.25, "done": true});
    let messages: Vec<_> = (0..bytes * 7 / 10 / 450).map(message).collect();
    let nodes: serde_json::Map<_, _> = (0..bytes * 2 / 10 / 90)
        .map(|at| (format!("node-{at:05}"), node(at)))
        .collect();
    json!({"messages": messages, "metadata": {"nodes": nodes}, "scratch": {"a": 1}, "step": 0})
}

/// One nested scalar is replaced.
fn one() -> Value {
    json!([{"op": "replace", "path": "/metadata/nodes/node-00100/attempts", "value": 2}])
}

/// A step of an agent that leaves the shape as it was, so that it can be repeated in place.
fn ten() -> Value {
    json!([
        {"op": "replace", "path": "/metadata/nodes/node-00007/attempts", "value": 1},
        {"op": "replace", "path": "/metadata/nodes/node-00008/attempts", "value": 2},
        {"op": "replace", "path": "/metadata/nodes/node-00009/done", "value": false},
        {"op": "replace", "path": "/messages/40/tokens", "value": 12},
        {"op": "replace", "path": "/step", "value": 7},
        {"op": "add", "path": "/messages/-", "value": {"role": "user", "content": "go on", "id": 1, "tokens": 9}},
        {"op": "test", "path": "/scratch/a", "value": 1},
        {"op": "remove", "path": "/messages/0"},
        {"op": "add", "path": "/scratch/b", "value": [1, 2, 3]},
        {"op": "remove", "path": "/scratch/b"}
    ])
}
