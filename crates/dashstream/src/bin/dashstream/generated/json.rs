// Generated from dashstream/v1/dashstream.proto by `cargo xtask proto`. Do not edit.

use dashstream_codec::v1;
use serde_json::{Map, Value, json};

use super::value::{bytes, entries, float, list, word};

pub(crate) fn message(message: &v1::dash_stream_message::Message) -> Value {
    let (name, value) = match message {
        v1::dash_stream_message::Message::Event(it) => ("event", event(it)),
        v1::dash_stream_message::Message::StateDiff(it) => ("state_diff", state_diff(it)),
        v1::dash_stream_message::Message::TokenChunk(it) => ("token_chunk", token_chunk(it)),
        v1::dash_stream_message::Message::ToolExecution(it) => {
            ("tool_execution", tool_execution(it))
        }
        v1::dash_stream_message::Message::Checkpoint(it) => ("checkpoint", checkpoint(it)),
        v1::dash_stream_message::Message::Metrics(it) => ("metrics", metrics(it)),
        v1::dash_stream_message::Message::Error(it) => ("error", error(it)),
        v1::dash_stream_message::Message::EventBatch(it) => ("event_batch", event_batch(it)),
        v1::dash_stream_message::Message::ExecutionTrace(it) => {
            ("execution_trace", execution_trace(it))
        }
    };
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn event(message: &v1::Event) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert(
        "event_type".to_owned(),
        word(
            message.event_type,
            v1::EventType::try_from(message.event_type).map(|it| it.as_str_name()),
        ),
    );
    out.insert("node_id".to_owned(), json!(&message.node_id));
    out.insert(
        "attributes".to_owned(),
        entries(&message.attributes, attribute_value),
    );
    out.insert("duration_us".to_owned(), json!(&message.duration_us));
    out.insert("llm_request_id".to_owned(), json!(&message.llm_request_id));
    Value::Object(out)
}

fn state_diff(message: &v1::StateDiff) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert(
        "base_checkpoint_id".to_owned(),
        bytes(&message.base_checkpoint_id),
    );
    out.insert(
        "operations".to_owned(),
        list(&message.operations, diff_operation),
    );
    out.insert("state_hash".to_owned(), bytes(&message.state_hash));
    out.insert("full_state".to_owned(), bytes(&message.full_state));
    Value::Object(out)
}

fn token_chunk(message: &v1::TokenChunk) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("request_id".to_owned(), json!(&message.request_id));
    out.insert("text".to_owned(), json!(&message.text));
    out.insert(
        "token_ids".to_owned(),
        list(&message.token_ids, |it| json!(it)),
    );
    out.insert(
        "logprobs".to_owned(),
        list(&message.logprobs, |it| float(*it)),
    );
    out.insert("chunk_index".to_owned(), json!(&message.chunk_index));
    out.insert("is_final".to_owned(), json!(&message.is_final));
    out.insert(
        "finish_reason".to_owned(),
        word(
            message.finish_reason,
            v1::FinishReason::try_from(message.finish_reason).map(|it| it.as_str_name()),
        ),
    );
    out.insert("model".to_owned(), json!(&message.model));
    out.insert(
        "stats".to_owned(),
        message.stats.as_ref().map_or(Value::Null, token_stats),
    );
    Value::Object(out)
}

fn tool_execution(message: &v1::ToolExecution) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("call_id".to_owned(), json!(&message.call_id));
    out.insert("tool_name".to_owned(), json!(&message.tool_name));
    out.insert(
        "stage".to_owned(),
        word(
            message.stage,
            v1::ExecutionStage::try_from(message.stage).map(|it| it.as_str_name()),
        ),
    );
    out.insert("arguments".to_owned(), bytes(&message.arguments));
    out.insert("result".to_owned(), bytes(&message.result));
    out.insert("error".to_owned(), json!(&message.error));
    out.insert(
        "error_details".to_owned(),
        message.error_details.as_ref().map_or(Value::Null, error),
    );
    out.insert("duration_us".to_owned(), json!(&message.duration_us));
    out.insert("retry_count".to_owned(), json!(&message.retry_count));
    Value::Object(out)
}

fn checkpoint(message: &v1::Checkpoint) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("checkpoint_id".to_owned(), bytes(&message.checkpoint_id));
    out.insert("state".to_owned(), bytes(&message.state));
    out.insert("state_type".to_owned(), json!(&message.state_type));
    out.insert("checksum".to_owned(), bytes(&message.checksum));
    out.insert("storage_uri".to_owned(), json!(&message.storage_uri));
    out.insert(
        "compression_info".to_owned(),
        message
            .compression_info
            .as_ref()
            .map_or(Value::Null, compression_info),
    );
    out.insert(
        "metadata".to_owned(),
        entries(&message.metadata, |it| json!(it)),
    );
    Value::Object(out)
}

fn metrics(message: &v1::Metrics) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("scope".to_owned(), json!(&message.scope));
    out.insert("scope_id".to_owned(), json!(&message.scope_id));
    out.insert(
        "metrics".to_owned(),
        entries(&message.metrics, metric_value),
    );
    out.insert("tags".to_owned(), entries(&message.tags, |it| json!(it)));
    Value::Object(out)
}

fn error(message: &v1::Error) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("error_code".to_owned(), json!(&message.error_code));
    out.insert("message".to_owned(), json!(&message.message));
    out.insert("stack_trace".to_owned(), json!(&message.stack_trace));
    out.insert(
        "context".to_owned(),
        entries(&message.context, |it| json!(it)),
    );
    out.insert(
        "severity".to_owned(),
        word(
            message.severity,
            v1::Severity::try_from(message.severity).map(|it| it.as_str_name()),
        ),
    );
    out.insert("exception_type".to_owned(), json!(&message.exception_type));
    out.insert(
        "suggestions".to_owned(),
        list(&message.suggestions, |it| json!(it)),
    );
    Value::Object(out)
}

fn event_batch(message: &v1::EventBatch) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("events".to_owned(), list(&message.events, event));
    Value::Object(out)
}

fn execution_trace(message: &v1::ExecutionTrace) -> Value {
    let mut out = Map::new();
    out.insert(
        "header".to_owned(),
        message.header.as_ref().map_or(Value::Null, header),
    );
    out.insert("thread_id".to_owned(), json!(&message.thread_id));
    out.insert("execution_id".to_owned(), json!(&message.execution_id));
    out.insert(
        "nodes_executed".to_owned(),
        list(&message.nodes_executed, node_execution_record),
    );
    out.insert(
        "total_duration_ms".to_owned(),
        json!(&message.total_duration_ms),
    );
    out.insert("total_tokens".to_owned(), json!(&message.total_tokens));
    out.insert("errors".to_owned(), list(&message.errors, error_record));
    out.insert("completed".to_owned(), json!(&message.completed));
    out.insert("started_at".to_owned(), json!(&message.started_at));
    out.insert("ended_at".to_owned(), json!(&message.ended_at));
    out.insert("final_state".to_owned(), bytes(&message.final_state));
    out.insert("metadata".to_owned(), entries(&message.metadata, bytes));
    Value::Object(out)
}

fn header(message: &v1::Header) -> Value {
    let mut out = Map::new();
    out.insert("message_id".to_owned(), bytes(&message.message_id));
    out.insert("timestamp_us".to_owned(), json!(&message.timestamp_us));
    out.insert("tenant_id".to_owned(), json!(&message.tenant_id));
    out.insert("thread_id".to_owned(), json!(&message.thread_id));
    out.insert("sequence".to_owned(), json!(&message.sequence));
    out.insert(
        "type".to_owned(),
        word(
            message.r#type,
            v1::MessageType::try_from(message.r#type).map(|it| it.as_str_name()),
        ),
    );
    out.insert("parent_id".to_owned(), bytes(&message.parent_id));
    out.insert(
        "compression".to_owned(),
        word(
            message.compression,
            v1::CompressionType::try_from(message.compression).map(|it| it.as_str_name()),
        ),
    );
    out.insert("schema_version".to_owned(), json!(&message.schema_version));
    Value::Object(out)
}

fn diff_operation(message: &v1::DiffOperation) -> Value {
    let mut out = Map::new();
    out.insert(
        "op".to_owned(),
        word(
            message.op,
            v1::diff_operation::OpType::try_from(message.op).map(|it| it.as_str_name()),
        ),
    );
    out.insert("path".to_owned(), json!(&message.path));
    out.insert("value".to_owned(), bytes(&message.value));
    out.insert("from".to_owned(), json!(&message.from));
    out.insert(
        "encoding".to_owned(),
        word(
            message.encoding,
            v1::ValueEncoding::try_from(message.encoding).map(|it| it.as_str_name()),
        ),
    );
    Value::Object(out)
}

fn token_stats(message: &v1::TokenStats) -> Value {
    let mut out = Map::new();
    out.insert("prompt_tokens".to_owned(), json!(&message.prompt_tokens));
    out.insert(
        "completion_tokens".to_owned(),
        json!(&message.completion_tokens),
    );
    out.insert("total_tokens".to_owned(), json!(&message.total_tokens));
    Value::Object(out)
}

fn compression_info(message: &v1::CompressionInfo) -> Value {
    let mut out = Map::new();
    out.insert(
        "type".to_owned(),
        word(
            message.r#type,
            v1::CompressionType::try_from(message.r#type).map(|it| it.as_str_name()),
        ),
    );
    out.insert(
        "compressed_size".to_owned(),
        json!(&message.compressed_size),
    );
    out.insert(
        "uncompressed_size".to_owned(),
        json!(&message.uncompressed_size),
    );
    out.insert(
        "compression_ratio".to_owned(),
        float(message.compression_ratio),
    );
    Value::Object(out)
}

fn node_execution_record(message: &v1::NodeExecutionRecord) -> Value {
    let mut out = Map::new();
    out.insert("node".to_owned(), json!(&message.node));
    out.insert("duration_ms".to_owned(), json!(&message.duration_ms));
    out.insert("prompt_tokens".to_owned(), json!(&message.prompt_tokens));
    out.insert(
        "completion_tokens".to_owned(),
        json!(&message.completion_tokens),
    );
    out.insert("total_tokens".to_owned(), json!(&message.total_tokens));
    out.insert("succeeded".to_owned(), json!(&message.succeeded));
    out.insert("started_at".to_owned(), json!(&message.started_at));
    out.insert("ended_at".to_owned(), json!(&message.ended_at));
    out.insert("input".to_owned(), bytes(&message.input));
    out.insert("output".to_owned(), bytes(&message.output));
    out.insert(
        "metadata".to_owned(),
        entries(&message.metadata, |it| json!(it)),
    );
    Value::Object(out)
}

fn error_record(message: &v1::ErrorRecord) -> Value {
    let mut out = Map::new();
    out.insert("node".to_owned(), json!(&message.node));
    out.insert("message".to_owned(), json!(&message.message));
    out.insert("error_code".to_owned(), json!(&message.error_code));
    out.insert("timestamp".to_owned(), json!(&message.timestamp));
    out.insert("recovered".to_owned(), json!(&message.recovered));
    out.insert("stack_trace".to_owned(), json!(&message.stack_trace));
    Value::Object(out)
}

fn attribute_value(message: &v1::AttributeValue) -> Value {
    let mut out = Map::new();
    if let Some(chosen) = &message.value {
        let (name, value) = match chosen {
            v1::attribute_value::Value::StringValue(it) => ("string_value", json!(it)),
            v1::attribute_value::Value::IntValue(it) => ("int_value", json!(it)),
            v1::attribute_value::Value::FloatValue(it) => ("float_value", float(*it)),
            v1::attribute_value::Value::BoolValue(it) => ("bool_value", json!(it)),
            v1::attribute_value::Value::BytesValue(it) => ("bytes_value", bytes(it)),
            v1::attribute_value::Value::ArrayValue(it) => ("array_value", attribute_array(it)),
            v1::attribute_value::Value::MapValue(it) => ("map_value", attribute_map(it)),
        };
        out.insert(name.to_owned(), value);
    }
    Value::Object(out)
}

fn metric_value(message: &v1::MetricValue) -> Value {
    let mut out = Map::new();
    out.insert("unit".to_owned(), json!(&message.unit));
    out.insert(
        "type".to_owned(),
        word(
            message.r#type,
            v1::MetricType::try_from(message.r#type).map(|it| it.as_str_name()),
        ),
    );
    if let Some(chosen) = &message.value {
        let (name, value) = match chosen {
            v1::metric_value::Value::IntValue(it) => ("int_value", json!(it)),
            v1::metric_value::Value::FloatValue(it) => ("float_value", float(*it)),
            v1::metric_value::Value::StringValue(it) => ("string_value", json!(it)),
            v1::metric_value::Value::BoolValue(it) => ("bool_value", json!(it)),
            v1::metric_value::Value::BytesValue(it) => ("bytes_value", bytes(it)),
        };
        out.insert(name.to_owned(), value);
    }
    Value::Object(out)
}

fn attribute_array(message: &v1::AttributeArray) -> Value {
    let mut out = Map::new();
    out.insert("values".to_owned(), list(&message.values, attribute_value));
    Value::Object(out)
}

fn attribute_map(message: &v1::AttributeMap) -> Value {
    let mut out = Map::new();
    out.insert(
        "values".to_owned(),
        entries(&message.values, attribute_value),
    );
    Value::Object(out)
}
