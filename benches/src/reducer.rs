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

    kept(run, &value);

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

/// What keeping versions costs, and what the state takes in memory.
fn kept(run: &mut Run, value: &Value) {
    let limits = PatchLimits::default();
    let text = serde_json::to_vec(value).expect("JSON");
    let read = || Document::from_slice(&text, &ReadLimits::default()).expect("within limits");
    let (mut document, usage) = measure(read);
    let heap = u64::try_from(usage.retained).expect("it holds something");
    let mib = 1_048_576.0;
    #[allow(clippy::cast_precision_loss)]
    let megabytes = heap as f64 / text.len() as f64 * mib / 1e6;
    run.value("reducer/heap/1MiB", "MB", "serde_json::Value", Goal::AtMost(6.0), megabytes);

    let patch = serde_json::to_vec(&one()).expect("JSON");
    let patch = patch::parse(&patch, &ReadLimits::default(), &limits).expect("operations");
    let apply = |document: &mut Document| {
        let operations = Operations::from(black_box(patch.as_slice()));
        let _cost = patch::apply(document, operations, &limits).expect("applies");
    };
    let previous = document.clone();
    let ((), usage) = measure(|| apply(&mut document));
    assert_eq!(previous, read(), "the version that is kept is as it was");
    let held = u64::try_from(usage.retained).unwrap_or(0);
    run.count("reducer/diff-1/kept/heap", "bytes", "imbl: 10 KB", Goal::AtMost(4096.0), held);
    let (versions, usage) = measure(|| {
        let mut versions = Vec::with_capacity(10_000);
        for _ in 0..10_000 {
            versions.push(document.clone());
            apply(&mut document);
        }
        versions
    });
    assert_eq!(versions.len(), 10_000);
    let held = u64::try_from(usage.retained).unwrap_or(0);
    let goal = Goal::AtMost(64.0 * mib);
    run.count("reducer/versions/10000", "bytes", "clones: 73 GB", goal, held);
    drop(versions);
    if run.quick() {
        return;
    }
    for (figure, goal) in NOT_BUILT {
        run.not_built(figure, goal);
    }
    run.nanos("reducer/diff-1/kept", Goal::AtMost(3_000.0), || {
        let previous = document.clone();
        apply(&mut document);
        drop(black_box(previous));
    });
    let long = Value::from(vec![7; 300_000]);
    let long = Document::from_value(&long, &ReadLimits::default()).expect("within limits");
    let inserts: Vec<_> = (0..10_000).map(|_| json!({"op": "add", "path": "/150000", "value": 1})).collect();
    let inserts = serde_json::to_vec(&inserts).expect("JSON");
    let inserts = patch::parse(&inserts, &ReadLimits::default(), &limits).expect("operations");
    run.nanos("reducer/inserts/middle/300k", Goal::AtMost(5_000_000.0), || {
        let mut document = long.clone();
        let _cost = patch::apply(&mut document, inserts.as_slice().into(), &limits).expect("applies");
    });
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

/// Rows that have a goal and no measurement yet; the full run fails on them.
const NOT_BUILT: [(&str, &str); 5] = [
    ("reducer/diff-1000/1MiB", "<=0.6"),
    ("reducer/diff-10/from-wire/1MiB", "<=0.5"),
    ("reducer/diff-1/flatness/1KiB-10MiB", "<=1.3"),
    ("reducer/hash/full/1MiB", "<=0.6"),
    ("reducer/hash/tail-edit/1MiB", "<=60000 ns"),
];
