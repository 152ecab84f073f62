//! Realistic messages: what an agent's run sends, with nothing empty and nothing repeated by chance.

use bytes::Bytes;
use dashstream_codec::Message;
use dashstream_codec::v1::{self, attribute_value, metric_value};

/// A header with two ids, tenant, thread, time and sequence.
pub(crate) fn header(sequence: u64, kind: v1::MessageType) -> v1::Header {
    v1::Header {
        message_id: id(sequence),
        timestamp_us: 1_764_000_000_000_000 + sequence as i64 * 1_357,
        tenant_id: "acme-production".into(),
        thread_id: "0c7e64a2-52c6-4d0b-9d8e-5f1c4f2b9a10".into(),
        sequence,
        r#type: kind as i32,
        parent_id: id(sequence / 2),
        compression: 0,
        schema_version: 1,
    }
}

/// An event with six attributes of mixed type: about 350 bytes.
pub(crate) fn event6(sequence: u64) -> v1::Event {
    let text = |text: &str| attribute_value::Value::StringValue(text.into());
    let attributes = [
        ("model", text("frontier-large-2026-09")),
        (
            "prompt_preview",
            text("Summarise the open incidents and propose the next step"),
        ),
        ("graph_name", text("incident_triage")),
        (
            "tokens_total",
            attribute_value::Value::IntValue(1843 + sequence as i64),
        ),
        ("cost_usd", attribute_value::Value::FloatValue(0.018_25)),
        ("cache_hit", attribute_value::Value::BoolValue(true)),
    ];
    v1::Event {
        header: Some(header(sequence, v1::MessageType::Event)),
        event_type: v1::EventType::LlmEnd as i32,
        node_id: "summarise_incidents".into(),
        attributes: attributes
            .map(|(key, value)| (key.into(), v1::AttributeValue { value: Some(value) }))
            .into(),
        duration_us: 1_204_331,
        llm_request_id: "req_7f3a91c2d4".into(),
    }
}

/// A batch of `count` such events.
pub(crate) fn batch(count: u64) -> v1::EventBatch {
    v1::EventBatch {
        header: Some(header(0, v1::MessageType::EventBatch)),
        events: (1..=count).map(event6).collect(),
    }
}

/// A diff of `count` operations: scalars replaced, chat messages appended, keys removed.
pub(crate) fn state_diff(count: u64) -> v1::StateDiff {
    let operations = (0..count).map(|at| {
        let (op, path, value) = match at % 10 {
            0..6 => (
                v1::diff_operation::OpType::Replace,
                format!("/metadata/nodes/{at}/status"),
                format!("\"completed in {at} ms\""),
            ),
            6..9 => (
                v1::diff_operation::OpType::Add,
                "/messages/-".into(),
                format!(
                    "{{\"role\":\"assistant\",\"id\":\"msg_{at}\",\"content\":\"{}\"}}",
                    "The queue drained after the second restart; latency is back to normal. "
                        .repeat(4)
                ),
            ),
            _ => (
                v1::diff_operation::OpType::Remove,
                format!("/scratch/draft_{at}"),
                String::new(),
            ),
        };
        v1::DiffOperation {
            op: op as i32,
            path,
            value: value.into_bytes().into(),
            ..v1::DiffOperation::default()
        }
    });
    v1::StateDiff {
        header: Some(header(7, v1::MessageType::StateDiff)),
        base_checkpoint_id: id(99),
        operations: operations.collect(),
        state_hash: Bytes::from_static(&[0xA5; 32]),
        full_state: Bytes::new(),
    }
}

/// A token chunk of six tokens.
pub(crate) fn token_chunk() -> v1::TokenChunk {
    v1::TokenChunk {
        header: Some(header(8, v1::MessageType::TokenChunk)),
        request_id: "req_7f3a91c2d4".into(),
        text: " back to normal, and the".into(),
        token_ids: vec![1203, 311, 4691, 11, 323, 279],
        logprobs: vec![-0.01, -0.2, -1.5, -0.003, -0.7, -0.09],
        chunk_index: 41,
        is_final: false,
        finish_reason: v1::FinishReason::None as i32,
        model: "frontier-large-2026-09".into(),
        stats: Some(v1::TokenStats {
            prompt_tokens: 912,
            completion_tokens: 47,
            total_tokens: 959,
        }),
    }
}

/// One realistic message of each kind, the larger kinds in two sizes.
pub(crate) fn all() -> Vec<(&'static str, Message)> {
    let strings = |count: usize| {
        (0..count).map(|at| {
            (
                format!("key_{at:04}"),
                format!("a value of some length, {at}"),
            )
        })
    };
    let error = v1::Error {
        header: Some(header(9, v1::MessageType::Error)),
        error_code: "TOOL_TIMEOUT".into(),
        message: "the search tool did not answer within 30 s".into(),
        stack_trace: "at search (tools.rs:41)\n".repeat(20),
        context: strings(5).collect(),
        severity: v1::Severity::Error as i32,
        exception_type: "TimeoutError".into(),
        suggestions: vec![
            "retry with a smaller query".into(),
            "raise the timeout".into(),
        ],
    };
    let metric = |at: usize| v1::MetricValue {
        value: Some(metric_value::Value::FloatValue(at as f64 / 3.0)),
        unit: "ms".into(),
        r#type: v1::MetricType::Gauge as i32,
    };
    vec![
        ("event6", Message::Event(event6(1))),
        ("batch1", Message::EventBatch(batch(1))),
        ("batch100", Message::EventBatch(batch(100))),
        ("batch1000", Message::EventBatch(batch(1_000))),
        ("statediff10", Message::StateDiff(state_diff(10))),
        ("statediff1000", Message::StateDiff(state_diff(1_000))),
        ("token", Message::TokenChunk(token_chunk())),
        (
            "tool",
            Message::ToolExecution(v1::ToolExecution {
                header: Some(header(10, v1::MessageType::ToolExecution)),
                call_id: "call_44".into(),
                tool_name: "search".into(),
                stage: v1::ExecutionStage::Failed as i32,
                arguments: Bytes::from_static(br#"{"query":"open incidents"}"#),
                result: Bytes::new(),
                error: "timeout".into(),
                error_details: Some(error.clone()),
                duration_us: 30_000_112,
                retry_count: 2,
            }),
        ),
        (
            "checkpoint",
            Message::Checkpoint(v1::Checkpoint {
                header: Some(header(11, v1::MessageType::Checkpoint)),
                checkpoint_id: id(99),
                state: vec![b'7'; 4_000].into(),
                state_type: "serde_json::Value".into(),
                checksum: Bytes::from_static(&[0x5A; 32]),
                metadata: strings(3).collect(),
                ..v1::Checkpoint::default()
            }),
        ),
        (
            "metrics",
            Message::Metrics(v1::Metrics {
                header: Some(header(12, v1::MessageType::Metrics)),
                scope: "node".into(),
                scope_id: "summarise_incidents".into(),
                metrics: (0..40)
                    .map(|at| (format!("metric_{at}"), metric(at)))
                    .collect(),
                tags: strings(200).collect(),
            }),
        ),
        ("error", Message::Error(error)),
        (
            "trace",
            Message::ExecutionTrace(v1::ExecutionTrace {
                header: Some(header(13, v1::MessageType::ExecutionTrace)),
                thread_id: "0c7e64a2".into(),
                execution_id: "exec_12".into(),
                nodes_executed: (0..60)
                    .map(|at| v1::NodeExecutionRecord {
                        node: format!("node_number_{at}"),
                        duration_ms: at,
                        succeeded: true,
                        started_at: "2026-11-24T08:00:00.000000Z".into(),
                        ended_at: "2026-11-24T08:00:01.000000Z".into(),
                        input: Bytes::from_static(br#"{"messages":[]}"#),
                        output: Bytes::from_static(br#"{"messages":["done"]}"#),
                        metadata: strings(2).collect(),
                        ..v1::NodeExecutionRecord::default()
                    })
                    .collect(),
                errors: vec![
                    v1::ErrorRecord {
                        node: "search".into(),
                        message: "timed out and was retried".into(),
                        ..v1::ErrorRecord::default()
                    };
                    3
                ],
                final_state: Bytes::from_static(br#"{"messages":[],"done":true}"#),
                metadata: strings(30)
                    .map(|(key, value)| (key, value.into_bytes().into()))
                    .collect(),
                ..v1::ExecutionTrace::default()
            }),
        ),
    ]
}

fn id(of: u64) -> Bytes {
    let halves = [
        of.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        of.wrapping_mul(0xD1B5_4A32_D192_ED03),
    ];
    halves.map(u64::to_be_bytes).as_flattened().to_vec().into()
}
