//! Patches in place: nothing else holds the state.

use std::hint::black_box;
use std::time::Instant;

use dashstream_codec::{Borrowed, DecodeOptions, Decoder, v1};
use dashstream_reducer::patch::{self, PatchLimits};
use dashstream_testkit::alloc::measure;
use json_patch::jsonptr::PointerBuf;
use prost::Message as _;
use serde_json::{Value, json};

use super::{MIB, apply, document, one, operations, state};
use crate::measure::{Goal, Run, median};

pub(super) const PEER: &str = "json-patch 5 in place";

pub(super) fn run(run: &mut Run, value: &Value) {
    let thousand: Vec<Value> = (0..100).flat_map(ten).collect();
    let patches = [
        ("diff-1", one(MIB)),
        ("diff-10", ten(0).into()),
        ("diff-1000", thousand.into()),
    ];
    for (name, patch) in patches {
        let ours = operations(&patch);
        let theirs: json_patch::Patch = serde_json::from_value(patch).expect("operations");
        let (mut document, mut peer) = (document(value), value.clone());
        json_patch::patch(&mut peer, &theirs).expect("applies");
        apply(&mut document, &ours);
        assert!(
            document.to_value() == peer,
            "both sides changed the state alike"
        );
        run.ratio(
            &format!("reducer/{name}/1MiB"),
            PEER,
            Goal::AtMost(0.60),
            || apply(&mut document, &ours),
            || json_patch::patch(&mut peer, black_box(&theirs)).expect("applies"),
        );
    }
    failed(run, value);
    inserts(run);
    if !run.quick() {
        from_wire(run, value);
        flatness(run);
    }
}

/// The same bytes, through the codec's borrowed view on one side, decoded by prost on the other.
fn from_wire(run: &mut Run, value: &Value) {
    let record = record(&ten(0));
    let payload = &record[1..];
    let limits = PatchLimits::default();
    let mut decoder = Decoder::new(DecodeOptions::new());
    let (mut document, mut peer) = (document(value), value.clone());
    let mut ours = |document: &mut _| {
        let decoded = decoder.decode_borrowed(black_box(&record));
        let Ok(Borrowed::StateDiff(view, _)) = decoded else {
            panic!("a view")
        };
        let _cost = patch::apply(document, (&view).into(), &limits).expect("applies");
    };
    let theirs = |peer: &mut _| {
        let patch = decoded_by_prost(black_box(payload));
        json_patch::patch(peer, &patch).expect("applies");
    };
    ours(&mut document);
    theirs(&mut peer);
    assert!(
        document.to_value() == peer,
        "both sides changed the state alike"
    );
    run.ratio(
        "reducer/diff-10/from-wire/1MiB",
        "prost 0.14 and json-patch 5 in place",
        Goal::AtMost(0.50),
        || ours(&mut document),
        || theirs(&mut peer),
    );
}

pub(super) fn record(patch: &[Value]) -> Vec<u8> {
    let names = ["add", "remove", "replace", "move", "copy", "test"];
    let operation = |operation: &Value| v1::DiffOperation {
        op: names
            .iter()
            .position(|name| operation["op"] == *name)
            .expect("one of the six") as i32,
        path: operation["path"].as_str().expect("a path").to_owned(),
        value: operation
            .get("value")
            .map_or_else(Vec::new, |value| serde_json::to_vec(value).expect("JSON"))
            .into(),
        ..v1::DiffOperation::default()
    };
    let header = v1::Header {
        thread_id: "0c7e64a2-52c6-4d0b-9d8e-5f1c4f2b9a10".to_owned(),
        sequence: 7,
        r#type: v1::MessageType::StateDiff as i32,
        schema_version: 1,
        ..v1::Header::default()
    };
    let diff = v1::StateDiff {
        header: Some(header),
        operations: patch.iter().map(operation).collect(),
        ..v1::StateDiff::default()
    };
    let message = v1::DashStreamMessage {
        message: Some(v1::dash_stream_message::Message::StateDiff(diff)),
    };
    // Stored raw.
    let mut record = vec![0];
    message.encode(&mut record).expect("room");
    record
}

pub(super) fn decoded_by_prost(payload: &[u8]) -> json_patch::Patch {
    use json_patch::{
        AddOperation, PatchOperation, RemoveOperation, ReplaceOperation, TestOperation,
    };
    let message = v1::DashStreamMessage::decode(payload).expect("decodes");
    let Some(v1::dash_stream_message::Message::StateDiff(diff)) = message.message else {
        panic!("a diff")
    };
    let operation = |operation: v1::DiffOperation| {
        let path = PointerBuf::parse(operation.path).expect("a pointer");
        let value = || serde_json::from_slice(&operation.value).expect("JSON");
        match operation.op {
            0 => PatchOperation::Add(AddOperation {
                path,
                value: value(),
            }),
            1 => PatchOperation::Remove(RemoveOperation { path }),
            2 => PatchOperation::Replace(ReplaceOperation {
                path,
                value: value(),
            }),
            _ => PatchOperation::Test(TestOperation {
                path,
                value: value(),
            }),
        }
    };
    json_patch::Patch(diff.operations.into_iter().map(operation).collect())
}

/// A patch whose last operation is refused.
fn failed(run: &mut Run, value: &Value) {
    let mut patch = ten(0);
    patch.push(json!({"op": "test", "path": "/step", "value": "never"}));
    let patch = operations(&patch.into());
    let mut document = document(value);
    let before = document.clone();
    let limits = PatchLimits::default();
    let refused = |document: &mut _| {
        let (result, usage) =
            measure(|| patch::apply(document, patch.as_slice().into(), &limits).map(drop));
        assert_eq!(result.expect_err("refused").index, 10);
        usage.retained
    };
    let held = refused(&mut document);
    assert!(document.is_same(&before), "the old root itself");
    drop(before);
    // Again with no other owner: undone in place.
    let held = held.max(refused(&mut document));
    assert!(document.to_value() == *value, "undone in place");
    let held = u64::try_from(held).expect("frees no more than it takes");
    run.count(
        "reducer/diff-10/failed/kept",
        "bytes",
        "none",
        Goal::Exactly(0.0),
        held,
    );
}

fn inserts(run: &mut Run) {
    // The peer moves 10 MB for each at the front, so that 10,000 take it up to half a minute.
    let count = if run.quick() { 200 } else { 10_000 };
    let value = Value::from(vec![7; 300_000]);
    let long = document(&value);
    for (name, path) in [("front", "/0"), ("middle", "/150000")] {
        let insert = json!({"op": "add", "path": path, "value": 1});
        let inserts = Value::from(vec![insert; count]);
        let patch: json_patch::Patch = serde_json::from_value(inserts.clone()).expect("a patch");
        let inserts = operations(&inserts);
        let mut after = long.clone();
        apply(&mut after, &inserts);
        assert_eq!(
            after.to_value().as_array().map(Vec::len),
            Some(300_000 + count)
        );
        let figure = format!("reducer/inserts/{name}/300k");
        let theirs = || {
            let mut value = value.clone();
            json_patch::patch(&mut value, &patch).expect("applies");
            value
        };
        assert!(after.to_value() == theirs());
        run.ratio(
            &figure,
            "json-patch 5 on a clone",
            Goal::AtMost(0.004),
            || {
                let mut document = long.clone();
                apply(&mut document, &inserts);
            },
            || {
                black_box(theirs());
            },
        );
    }
}

/// One diff on states of four sizes, measured in turn: the slowest against the fastest.
fn flatness(run: &mut Run) {
    const BATCH: u32 = 2_000;
    let mut sides: Vec<_> = [1 << 10, 100 << 10, MIB, 10 * MIB]
        .map(|bytes| (document(&state(bytes)), operations(&one(bytes))))
        .into();
    run.ratio_by(
        "reducer/diff-1/flatness/1KiB-10MiB",
        "ratio",
        "the same on the state that is fastest",
        Goal::AtMost(1.3),
        || {
            let mut times = vec![Vec::new(); sides.len()];
            for _ in 0..41 {
                for ((document, patch), times) in sides.iter_mut().zip(&mut times) {
                    let start = Instant::now();
                    for _ in 0..BATCH {
                        apply(document, patch);
                    }
                    times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
                }
            }
            let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
            eprintln!("  reducer/diff-1 at 1 KiB, 100 KiB, 1 MiB, 10 MiB: {medians:.1?} ns");
            let most = medians.iter().copied().fold(0.0, f64::max);
            let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
            most / least
        },
    );
}

/// Ten operations that leave the shape as it was, so that they can be repeated in place.
pub(super) fn ten(round: usize) -> Vec<Value> {
    let node = |at: usize, member| format!("/metadata/nodes/node-{:05}/{member}", round * 23 + at);
    let patch = json!([
        {"op": "replace", "path": node(7, "attempts"), "value": 1},
        {"op": "replace", "path": node(8, "attempts"), "value": 2},
        {"op": "replace", "path": node(9, "done"), "value": false},
        {"op": "replace", "path": format!("/messages/{}/tokens", 40 + round), "value": 12},
        {"op": "replace", "path": "/step", "value": 7},
        {"op": "add", "path": "/messages/-", "value": {"role": "user", "content": "go on", "id": 1, "tokens": 9}},
        {"op": "test", "path": "/scratch/a", "value": 1},
        {"op": "remove", "path": "/messages/0"},
        {"op": "add", "path": "/scratch/b", "value": [1, 2, 3]},
        {"op": "remove", "path": "/scratch/b"}
    ]);
    let Value::Array(patch) = patch else {
        unreachable!("written as an array")
    };
    patch
}
