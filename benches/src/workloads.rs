//! The workloads: what one call does is all that is measured, and everything else is made before.
//!
//! Those called `capture` run on a file of records, the repository's own or the one that
//! [`Capture::VARIABLE`] names, so that a service can measure its own stream.

mod capture;
pub mod consumer;

use std::hint::black_box;
use std::time::Duration;

use dashstream::{Metrics, Options, Outcome};
use dashstream_codec::{DecodeOptions, Decoder, EncodeOptions, Encoder};
use dashstream_reducer::patch::{self, Operation, PatchLimits};
use dashstream_reducer::{Document, Hasher, ReadLimits, Runs, RunsLimits};
use serde_json::{Value, json};

pub use capture::Capture;
use consumer::Consumer;

/// One call of a workload.
pub type Body = Box<dyn FnMut()>;

/// A workload by name.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub name: &'static str,
    /// Makes everything that is not measured.
    pub start: fn(&Capture) -> Body,
}

/// Every workload, in the order in which they are shown.
pub const ALL: &[Workload] = &[
    of("codec/peek/capture", |capture| each(capture, peek)),
    of("codec/check/capture", |capture| each(capture, check)),
    of("codec/decode/capture", |capture| each(capture, decode)),
    of("codec/encode/capture", encode),
    of("zstd/decompress/64 KiB", |_| Box::new(decompress(64 << 10))),
    of("reducer/runs/capture", runs),
    of("reducer/patch/1 MiB", |_| Box::new(apply(1 << 20))),
    of("reducer/read/64 KiB", |_| Box::new(read(64 << 10))),
    of("reducer/hash/64 KiB", |_| Box::new(hash(64 << 10))),
    of("policy/record", |_| {
        let mut consumer = Consumer::new();
        Box::new(move || consumer.one())
    }),
    of("metrics/record", |_| Box::new(count())),
];

const fn of(name: &'static str, start: fn(&Capture) -> Body) -> Workload {
    Workload { name, start }
}

/// A body for every record, in one call.
fn each<B: FnMut() + 'static>(capture: &Capture, body: fn(Vec<u8>) -> B) -> Body {
    let mut bodies: Vec<_> = capture.values.iter().cloned().map(body).collect();
    Box::new(move || bodies.iter_mut().for_each(|body| body()))
}

/// Reads where `record` belongs; refused or not.
pub fn peek(record: Vec<u8>) -> impl FnMut() {
    let decoder = Decoder::new(DecodeOptions::new());
    move || {
        let _refused = black_box(decoder.peek(black_box(&record)).is_err());
    }
}

/// Walks `record` without decoding it.
pub fn check(record: Vec<u8>) -> impl FnMut() {
    let mut decoder = Decoder::new(DecodeOptions::new());
    move || {
        let _refused = black_box(decoder.check(black_box(&record)).is_err());
    }
}

/// Decodes `record`.
pub fn decode(record: Vec<u8>) -> impl FnMut() {
    let mut decoder = Decoder::new(DecodeOptions::new());
    move || {
        let _decoded = black_box(decoder.decode(black_box(&record)));
    }
}

fn encode(capture: &Capture) -> Body {
    let mut messages = capture.messages();
    let mut encoder = Encoder::new(EncodeOptions::new());
    Box::new(move || {
        for message in &mut messages {
            let _encoded = black_box(encoder.encode(black_box(message)));
        }
    })
}

/// Follows every run of the capture from nothing.
fn runs(capture: &Capture) -> Body {
    let messages = capture.messages();
    Box::new(move || {
        let mut runs = Runs::new(RunsLimits::default());
        for message in &messages {
            let _tally = black_box(runs.apply_message(Duration::ZERO, None, black_box(message)));
        }
    })
}

fn decompress(bytes: usize) -> impl FnMut() {
    let content = serde_json::to_vec(&state(bytes)).expect("JSON");
    let mut encoder = dashstream_zstd::Encoder::new(dashstream_zstd::Level::DEFAULT);
    let frame = encoder.compress(&content).expect("there is memory");
    let mut decoder = dashstream_zstd::Decoder::new(dashstream_zstd::Limits::new());
    let mut output = Vec::new();
    move || {
        let len = decoder.decompress_into(black_box(&frame), &mut output);
        assert_eq!(len, Ok(content.len()));
    }
}

/// Ten operations in place that leave the state as it was.
fn apply(bytes: usize) -> impl FnMut() {
    let (mut document, limits) = (document(bytes), PatchLimits::default());
    let operations = operations();
    move || {
        let operations = black_box(operations.as_slice()).into();
        let _cost = patch::apply(&mut document, operations, &limits).expect("applies");
    }
}

fn read(bytes: usize) -> impl FnMut() {
    let text = serde_json::to_vec(&state(bytes)).expect("JSON");
    move || {
        let document = Document::from_slice(black_box(&text), &ReadLimits::default());
        black_box(document.expect("within limits"));
    }
}

fn hash(bytes: usize) -> impl FnMut() {
    let document = document(bytes);
    move || {
        black_box(Hasher::new().hash(black_box(&document)));
    }
}

fn count() -> impl FnMut() {
    let metrics = Metrics::register(Options::default(), Duration::ZERO);
    let metrics = metrics.expect("a sound catalogue");
    let now = Duration::from_secs(1);
    move || metrics.record(black_box(now), black_box(Outcome::Processed))
}

fn document(bytes: usize) -> Document {
    Document::from_value(&state(bytes), &ReadLimits::default()).expect("within limits")
}

/// Chat messages and node metadata of about so many bytes.
fn state(bytes: usize) -> Value {
    let text = "The agent reads the plan, calls a tool and writes down what it found. ".repeat(5);
    let message = |at: usize| json!({"role": "assistant", "content": text, "id": at});
    let node = |at: usize| {
        (
            format!("node-{at:05}"),
            json!({"attempts": at % 3, "done": true}),
        )
    };
    let messages: Vec<_> = (0..bytes / 500).map(message).collect();
    let nodes: serde_json::Map<_, _> = (0..bytes / 500).map(node).collect();
    json!({"messages": messages, "nodes": nodes, "scratch": {"a": 1}, "step": 0})
}

fn operations() -> Vec<Operation> {
    let replace = |at: usize| {
        let path = format!("/nodes/node-{at:05}/attempts");
        json!({"op": "replace", "path": path, "value": at})
    };
    let mut patch: Vec<_> = (0..6).map(|at| replace(at * 7)).collect();
    patch.extend([
        json!({"op": "add", "path": "/scratch/b", "value": [1, 2, 3]}),
        json!({"op": "remove", "path": "/scratch/b"}),
        json!({"op": "test", "path": "/scratch/a", "value": 1}),
        json!({"op": "replace", "path": "/step", "value": 7}),
    ]);
    let text = serde_json::to_vec(&Value::from(patch)).expect("JSON");
    patch::parse(&text, &ReadLimits::default(), &PatchLimits::default()).expect("operations")
}
