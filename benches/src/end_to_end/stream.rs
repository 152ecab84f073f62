//! The stream: 64 agent runs with large states, one record in a hundred of them hostile.

use bytes::Bytes;
use dashstream_codec::v1::{self, attribute_value};
use dashstream_codec::{EncodeOptions, Encoder, Message};
use dashstream_reducer::patch::{self, PatchLimits};
use dashstream_reducer::{Document, Hasher, ReadLimits};
use serde_json::json;

#[path = "../../../crates/dashstream-codec/tests/support/telemetry.rs"]
#[allow(dead_code)]
mod telemetry;

pub const THREADS: usize = 64;
const RECORDS: usize = 10_000;

pub struct Stream {
    /// As they stand on Kafka: framed, and compressed where that pays.
    pub records: Vec<Vec<u8>>,
    pub hostile: u64,
    pub diffs: u64,
}

impl Stream {
    /// Runs whose states are `state_bytes` of JSON. Of each run's records one in five is a diff of
    /// one to three operations, with the hash of the state that it leads to.
    pub fn new(state_bytes: usize) -> Self {
        let mut encoder = Encoder::new(EncodeOptions::new());
        let mut runs: Vec<_> = (0..THREADS)
            .map(|at| AgentRun::new(at, state_bytes))
            .collect();
        let bad = hostile();
        let mut stream = Self {
            records: Vec::with_capacity(RECORDS),
            hostile: 0,
            diffs: 0,
        };
        for at in 0..RECORDS {
            if at % 100 == 99 {
                stream
                    .records
                    .push(bad[stream.hostile as usize % bad.len()].clone());
                stream.hostile += 1;
                continue;
            }
            let mut message = runs[at % THREADS].next();
            stream.diffs += u64::from(matches!(message, Message::StateDiff(_)));
            let encoded = encoder.encode(&mut message).expect("encodes");
            stream.records.push(encoded.record.to_vec());
        }
        stream
    }
}

struct AgentRun {
    thread: String,
    sequence: u64,
    state: Document,
    hasher: Hasher,
}

impl AgentRun {
    fn new(at: usize, state_bytes: usize) -> Self {
        let content = "It reads the plan, calls a tool and writes down what came of it. ".repeat(6);
        let messages: Vec<_> = (0..state_bytes / 450)
            .map(|id| json!({"role": "assistant", "content": content, "id": id}))
            .collect();
        let nodes: serde_json::Map<_, _> = (0..state_bytes / 4_096)
            .map(|id| {
                (
                    format!("node-{id:03}"),
                    json!({"attempts": 0, "done": false}),
                )
            })
            .collect();
        let state = json!({"messages": messages, "nodes": nodes, "step": 0});
        Self {
            thread: format!("run-{at:02}"),
            sequence: 0,
            state: Document::from_value(&state, &ReadLimits::default()).expect("within limits"),
            hasher: Hasher::new(),
        }
    }

    fn next(&mut self) -> Message {
        self.sequence += 1;
        let sequence = self.sequence;
        let header = |kind| v1::Header {
            thread_id: self.thread.clone(),
            ..telemetry::header(sequence, kind)
        };
        if sequence == 1 {
            let mut start = telemetry::event6(1);
            start.event_type = v1::EventType::GraphStart as i32;
            start.header = Some(header(v1::MessageType::Event));
            let state = attribute_value::Value::StringValue(text(&self.state));
            let state = v1::AttributeValue { value: Some(state) };
            start.attributes.insert("initial_state_json".into(), state);
            return Message::Event(start);
        }
        match sequence % 5 {
            0 => {
                let header = header(v1::MessageType::StateDiff);
                Message::StateDiff(self.diff(header))
            }
            1 | 2 => {
                let header = Some(header(v1::MessageType::TokenChunk));
                Message::TokenChunk(v1::TokenChunk {
                    header,
                    ..telemetry::token_chunk()
                })
            }
            _ => {
                let header = Some(header(v1::MessageType::Event));
                Message::Event(v1::Event {
                    header,
                    ..telemetry::event6(sequence)
                })
            }
        }
    }

    /// A node is done, a message is appended, the step counted: not all three each time.
    fn diff(&mut self, header: v1::Header) -> v1::StateDiff {
        let n = self.sequence / 5;
        let operations = [
            (
                "add",
                "/messages/-".to_owned(),
                json!({"role": "tool", "content": "done", "id": n}),
            ),
            ("replace", "/step".to_owned(), json!(n)),
            (
                "replace",
                format!("/nodes/node-{:03}/attempts", n % 20),
                json!(n),
            ),
        ];
        let count = 1 + n as usize % 3;
        let operations = &operations[..count];
        let as_text: Vec<_> = operations
            .iter()
            .map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
            .collect();
        let as_text = serde_json::to_vec(&as_text).expect("JSON");
        let limits = PatchLimits::default();
        let patch = patch::parse(&as_text, &ReadLimits::default(), &limits).expect("operations");
        let _cost =
            patch::apply(&mut self.state, patch.as_slice().into(), &limits).expect("applies");
        let operations = operations
            .iter()
            .map(|(op, path, value)| v1::DiffOperation {
                op: match *op {
                    "add" => v1::diff_operation::OpType::Add,
                    _ => v1::diff_operation::OpType::Replace,
                } as i32,
                path: path.clone(),
                value: Bytes::from(value.to_string()),
                ..v1::DiffOperation::default()
            });
        v1::StateDiff {
            header: Some(header),
            operations: operations.collect(),
            state_hash: self.hasher.hash(&self.state).to_vec().into(),
            ..v1::StateDiff::default()
        }
    }
}

fn text(state: &Document) -> String {
    let mut text = Vec::new();
    state.to_canonical(&mut text);
    String::from_utf8(text).expect("JSON is text")
}

/// What strangers send: each is refused by both pipelines.
pub fn hostile() -> Vec<Vec<u8>> {
    let zeros = vec![0_u8; 11 << 20];
    let bomb = zstd::bulk::compress(&zeros, 3).expect("compresses");
    let framed = |tag: u8, body: &[u8]| [&[tag], body].concat();
    vec![
        framed(1, &bomb),
        framed(1, b"not a frame"),
        framed(7, b"an unknown tag"),
        framed(0, &[0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        framed(0, &[0x12, 0x05, 0x00]),
    ]
}
