//! Messages of every kind, drawn from a seed.

use std::collections::BTreeMap;

use bytes::Bytes;
use dashstream_codec::Message;
use dashstream_codec::v1::{self, attribute_value, metric_value};
use dashstream_testkit::rng::SplitMix64;

/// A message whose every field may be set, to edge values more often than chance would.
pub(crate) fn message(seed: u64) -> Message {
    let rng = &mut SplitMix64::new(seed);
    match rng.below(9) {
        0 => Message::Event(event(rng)),
        1 => Message::StateDiff(v1::StateDiff {
            header: Some(header(rng)),
            base_checkpoint_id: blob(rng),
            operations: many(rng, operation),
            state_hash: blob(rng),
            full_state: blob(rng),
        }),
        2 => Message::TokenChunk(v1::TokenChunk {
            header: Some(header(rng)),
            request_id: text(rng),
            text: text(rng),
            token_ids: many(rng, |rng| number(rng) as u32),
            logprobs: many(rng, |rng| float(rng) as f32),
            chunk_index: number(rng) as u32,
            is_final: rng.chance(1, 2),
            finish_reason: rng.below(7) as i32,
            model: text(rng),
            stats: maybe(rng, |rng| v1::TokenStats {
                prompt_tokens: number(rng) as u32,
                completion_tokens: number(rng) as u32,
                total_tokens: number(rng) as u32,
            }),
        }),
        3 => Message::ToolExecution(v1::ToolExecution {
            header: Some(header(rng)),
            call_id: text(rng),
            tool_name: text(rng),
            stage: rng.below(7) as i32,
            arguments: blob(rng),
            result: blob(rng),
            error: text(rng),
            error_details: maybe(rng, error),
            duration_us: number(rng) as i64,
            retry_count: number(rng) as u32,
        }),
        4 => Message::Checkpoint(v1::Checkpoint {
            header: Some(header(rng)),
            checkpoint_id: blob(rng),
            state: blob(rng),
            state_type: text(rng),
            checksum: blob(rng),
            storage_uri: text(rng),
            compression_info: maybe(rng, |rng| v1::CompressionInfo {
                r#type: rng.below(5) as i32,
                compressed_size: number(rng),
                uncompressed_size: number(rng),
                compression_ratio: float(rng) as f32,
            }),
            metadata: map(rng, text),
        }),
        5 => Message::Metrics(v1::Metrics {
            header: Some(header(rng)),
            scope: text(rng),
            scope_id: text(rng),
            metrics: map(rng, |rng| v1::MetricValue {
                value: match rng.below(6) {
                    0 => None,
                    1 => Some(metric_value::Value::IntValue(number(rng) as i64)),
                    2 => Some(metric_value::Value::FloatValue(float(rng))),
                    3 => Some(metric_value::Value::StringValue(text(rng))),
                    4 => Some(metric_value::Value::BoolValue(rng.chance(1, 2))),
                    _ => Some(metric_value::Value::BytesValue(blob(rng))),
                },
                unit: text(rng),
                r#type: rng.below(6) as i32,
            }),
            tags: map(rng, text),
        }),
        6 => Message::Error(error(rng)),
        7 => Message::EventBatch(v1::EventBatch {
            header: Some(v1::Header {
                sequence: 0,
                ..header(rng)
            }),
            events: many(rng, event),
        }),
        _ => Message::ExecutionTrace(v1::ExecutionTrace {
            header: Some(header(rng)),
            thread_id: text(rng),
            execution_id: text(rng),
            nodes_executed: many(rng, |rng| v1::NodeExecutionRecord {
                node: text(rng),
                duration_ms: number(rng),
                prompt_tokens: number(rng),
                completion_tokens: number(rng),
                total_tokens: number(rng),
                succeeded: rng.chance(1, 2),
                started_at: text(rng),
                ended_at: text(rng),
                input: blob(rng),
                output: blob(rng),
                metadata: map(rng, text),
            }),
            total_duration_ms: number(rng),
            total_tokens: number(rng),
            errors: many(rng, |rng| v1::ErrorRecord {
                node: text(rng),
                message: text(rng),
                error_code: text(rng),
                timestamp: text(rng),
                recovered: rng.chance(1, 2),
                stack_trace: text(rng),
            }),
            completed: rng.chance(1, 2),
            started_at: text(rng),
            ended_at: text(rng),
            final_state: blob(rng),
            metadata: map(rng, blob),
        }),
    }
}

pub(crate) fn header(rng: &mut SplitMix64) -> v1::Header {
    v1::Header {
        message_id: blob(rng),
        timestamp_us: number(rng) as i64,
        tenant_id: text(rng),
        thread_id: format!("thread-{}", rng.below(5)),
        sequence: number(rng),
        r#type: rng.below(11) as i32,
        parent_id: blob(rng),
        compression: 0,
        schema_version: rng.below(2) as u32,
    }
}

fn event(rng: &mut SplitMix64) -> v1::Event {
    v1::Event {
        header: Some(header(rng)),
        event_type: number(rng) as i32,
        node_id: text(rng),
        attributes: map(rng, |rng| value(rng, 3)),
        duration_us: number(rng) as i64,
        llm_request_id: text(rng),
    }
}

fn operation(rng: &mut SplitMix64) -> v1::DiffOperation {
    v1::DiffOperation {
        op: rng.below(8) as i32,
        path: text(rng),
        value: blob(rng),
        from: text(rng),
        encoding: rng.below(6) as i32,
    }
}

fn error(rng: &mut SplitMix64) -> v1::Error {
    v1::Error {
        header: Some(header(rng)),
        error_code: text(rng),
        message: text(rng),
        stack_trace: text(rng),
        context: map(rng, text),
        severity: rng.below(7) as i32,
        exception_type: text(rng),
        suggestions: many(rng, text),
    }
}

fn value(rng: &mut SplitMix64, depth: u32) -> v1::AttributeValue {
    let value = match rng.below(if depth == 0 { 6 } else { 8 }) {
        0 => None,
        1 => Some(attribute_value::Value::StringValue(text(rng))),
        2 => Some(attribute_value::Value::IntValue(number(rng) as i64)),
        3 => Some(attribute_value::Value::FloatValue(float(rng))),
        4 => Some(attribute_value::Value::BoolValue(rng.chance(1, 2))),
        5 => Some(attribute_value::Value::BytesValue(blob(rng))),
        6 => Some(attribute_value::Value::ArrayValue(v1::AttributeArray {
            values: many(rng, |rng| value(rng, depth - 1)),
        })),
        _ => Some(attribute_value::Value::MapValue(v1::AttributeMap {
            values: map(rng, |rng| value(rng, depth - 1)),
        })),
    };
    v1::AttributeValue { value }
}

fn maybe<T>(rng: &mut SplitMix64, draw: impl Fn(&mut SplitMix64) -> T) -> Option<T> {
    rng.chance(1, 2).then(|| draw(rng))
}

fn many<T>(rng: &mut SplitMix64, draw: impl Fn(&mut SplitMix64) -> T) -> Vec<T> {
    let count = if rng.chance(1, 20) {
        rng.below(40)
    } else {
        rng.below(4)
    };
    (0..count).map(|_| draw(rng)).collect()
}

fn map<T>(rng: &mut SplitMix64, draw: impl Fn(&mut SplitMix64) -> T) -> BTreeMap<String, T> {
    let count = if rng.chance(1, 20) {
        rng.below(60)
    } else {
        rng.below(4)
    };
    (0..count).map(|_| (text(rng), draw(rng))).collect()
}

fn text(rng: &mut SplitMix64) -> String {
    const PIECES: [&str; 8] = [
        "",
        "a",
        "node",
        "ß",
        "\u{1F600}",
        "{\"k\":[1]}",
        "123abc",
        "-4.5e3",
    ];
    (0..rng.below(5))
        .map(|_| PIECES[rng.index(PIECES.len())])
        .collect()
}

fn blob(rng: &mut SplitMix64) -> Bytes {
    let mut bytes = vec![0; rng.below(40) as usize];
    rng.fill(&mut bytes);
    bytes.into()
}

fn number(rng: &mut SplitMix64) -> u64 {
    match rng.below(6) {
        0 => 0,
        1 => 1,
        2 => u64::MAX,
        3 => i64::MAX as u64,
        4 => (1 << 53) + 1,
        _ => rng.next_u64() >> rng.below(64),
    }
}

fn float(rng: &mut SplitMix64) -> f64 {
    match rng.below(4) {
        0 => 0.0,
        1 => -1.5,
        2 => f64::MAX,
        _ => (rng.next_u64() >> 11) as f64 * 1e-10,
    }
}
