//! A message of every kind, in the order of their numbers, with every field set and each to another
//! value. No `..Default`: a field that is added to the schema has to be added here.

use bytes::Bytes;
use dashstream_codec::Message;
use dashstream_codec::v1::{self, attribute_value, metric_value};

pub(crate) fn all() -> [Message; 9] {
    [
        Message::Event(event()),
        Message::StateDiff(state_diff()),
        Message::TokenChunk(token_chunk()),
        Message::ToolExecution(tool_execution()),
        Message::Checkpoint(checkpoint()),
        Message::Metrics(metrics()),
        Message::Error(error()),
        Message::EventBatch(v1::EventBatch {
            header: Some(header(v1::MessageType::EventBatch)),
            events: vec![event(), event()],
        }),
        Message::ExecutionTrace(execution_trace()),
    ]
}

fn header(kind: v1::MessageType) -> v1::Header {
    v1::Header {
        message_id: Bytes::from_static(b"message-id-of-16"),
        timestamp_us: 1_764_000_000_000_001,
        tenant_id: "tenant".into(),
        thread_id: "thread".into(),
        sequence: 300,
        r#type: kind as i32,
        parent_id: Bytes::from_static(b"parent-id-of--16"),
        // What the record's frame byte says: the encoder writes it anew.
        compression: v1::CompressionType::None as i32,
        schema_version: 1,
    }
}

fn event() -> v1::Event {
    use attribute_value::Value;
    let value = |value| v1::AttributeValue { value: Some(value) };
    let values = [
        (
            "array",
            Value::ArrayValue(v1::AttributeArray {
                values: vec![
                    value(Value::IntValue(1)),
                    v1::AttributeValue { value: None },
                ],
            }),
        ),
        ("bool", Value::BoolValue(true)),
        ("bytes", Value::BytesValue(Bytes::from_static(&[0, 255]))),
        ("float", Value::FloatValue(-0.5)),
        ("int", Value::IntValue(-2)),
        (
            "map",
            Value::MapValue(v1::AttributeMap {
                values: [("k".to_owned(), value(Value::BoolValue(false)))].into(),
            }),
        ),
        ("text", Value::StringValue("\u{E9}\u{1F600}".into())),
    ];
    v1::Event {
        header: Some(header(v1::MessageType::Event)),
        event_type: v1::EventType::OptimizationEnd as i32,
        node_id: "node".into(),
        attributes: values
            .map(|(key, member)| (key.to_owned(), value(member)))
            .into(),
        duration_us: 5,
        llm_request_id: "request".into(),
    }
}

fn state_diff() -> v1::StateDiff {
    v1::StateDiff {
        header: Some(header(v1::MessageType::StateDiff)),
        base_checkpoint_id: Bytes::from_static(b"base"),
        operations: vec![v1::DiffOperation {
            op: v1::diff_operation::OpType::Test as i32,
            path: "/path".into(),
            value: Bytes::from_static(b"1"),
            from: "/from".into(),
            encoding: v1::ValueEncoding::Raw as i32,
        }],
        state_hash: Bytes::from_static(&[0xA5; 32]),
        full_state: Bytes::from_static(b"{}"),
    }
}

fn token_chunk() -> v1::TokenChunk {
    v1::TokenChunk {
        header: Some(header(v1::MessageType::TokenChunk)),
        request_id: "request".into(),
        text: "text".into(),
        token_ids: vec![1, 300, u32::MAX],
        logprobs: vec![-0.5, 0.0],
        chunk_index: 6,
        is_final: true,
        finish_reason: v1::FinishReason::Error as i32,
        model: "model".into(),
        stats: Some(v1::TokenStats {
            prompt_tokens: 1,
            completion_tokens: 2,
            total_tokens: 3,
        }),
    }
}

fn tool_execution() -> v1::ToolExecution {
    v1::ToolExecution {
        header: Some(header(v1::MessageType::ToolExecution)),
        call_id: "call".into(),
        tool_name: "tool".into(),
        stage: v1::ExecutionStage::Retrying as i32,
        arguments: Bytes::from_static(b"{}"),
        result: Bytes::from_static(b"[]"),
        error: "error".into(),
        error_details: Some(error()),
        duration_us: 9,
        retry_count: 10,
    }
}

fn checkpoint() -> v1::Checkpoint {
    v1::Checkpoint {
        header: Some(header(v1::MessageType::Checkpoint)),
        checkpoint_id: Bytes::from_static(b"checkpoint"),
        state: Bytes::from_static(b"{}"),
        state_type: "json".into(),
        checksum: Bytes::from_static(&[0x5A; 32]),
        storage_uri: "uri".into(),
        compression_info: Some(v1::CompressionInfo {
            r#type: v1::CompressionType::Zstd as i32,
            compressed_size: 2,
            uncompressed_size: 3,
            compression_ratio: 0.5,
        }),
        metadata: texts(),
    }
}

fn metrics() -> v1::Metrics {
    use metric_value::Value;
    let values = [
        ("bool", Value::BoolValue(true)),
        ("bytes", Value::BytesValue(Bytes::from_static(&[7]))),
        ("float", Value::FloatValue(0.5)),
        ("int", Value::IntValue(-1)),
        ("text", Value::StringValue("t".into())),
    ];
    let value = |value| v1::MetricValue {
        value: Some(value),
        unit: "ms".into(),
        r#type: v1::MetricType::Summary as i32,
    };
    v1::Metrics {
        header: Some(header(v1::MessageType::Metrics)),
        scope: "scope".into(),
        scope_id: "scope-id".into(),
        metrics: values
            .map(|(key, member)| (key.to_owned(), value(member)))
            .into(),
        tags: texts(),
    }
}

fn error() -> v1::Error {
    v1::Error {
        header: Some(header(v1::MessageType::Error)),
        error_code: "CODE".into(),
        message: "message".into(),
        stack_trace: "stack".into(),
        context: texts(),
        severity: v1::Severity::Fatal as i32,
        exception_type: "type".into(),
        suggestions: vec!["one".into(), String::new()],
    }
}

fn execution_trace() -> v1::ExecutionTrace {
    v1::ExecutionTrace {
        header: Some(header(v1::MessageType::ExecutionTrace)),
        thread_id: "thread".into(),
        execution_id: "execution".into(),
        nodes_executed: vec![v1::NodeExecutionRecord {
            node: "node".into(),
            duration_ms: 2,
            prompt_tokens: 3,
            completion_tokens: 4,
            total_tokens: 5,
            succeeded: true,
            started_at: "2026-11-24T08:00:00Z".into(),
            ended_at: "2026-11-24T08:00:01Z".into(),
            input: Bytes::from_static(b"in"),
            output: Bytes::from_static(b"out"),
            metadata: texts(),
        }],
        total_duration_ms: 5,
        total_tokens: 6,
        errors: vec![v1::ErrorRecord {
            node: "node".into(),
            message: "message".into(),
            error_code: "CODE".into(),
            timestamp: "2026-11-24T08:00:01Z".into(),
            recovered: true,
            stack_trace: "stack".into(),
        }],
        completed: true,
        started_at: "2026-11-24T08:00:00Z".into(),
        ended_at: "2026-11-24T08:00:02Z".into(),
        final_state: Bytes::from_static(b"{}"),
        metadata: [("key".to_owned(), Bytes::from_static(b"value"))].into(),
    }
}

fn texts<M: FromIterator<(String, String)>>() -> M {
    [("key", "value"), ("other", "")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into_iter()
        .collect()
}
