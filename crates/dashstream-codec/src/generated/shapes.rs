// Generated from dashstream/v1/dashstream.proto by `cargo xtask proto`. Do not edit.

use super::v1;
use crate::shape::{Field, Shape, element, leaf};

/// `dashstream.v1.DashStreamMessage`
pub(crate) static DASH_STREAM_MESSAGE: Shape = Shape::new(
    "DashStreamMessage",
    &[
        "",
        "event",
        "state_diff",
        "token_chunk",
        "tool_execution",
        "checkpoint",
        "metrics",
        "error",
        "event_batch",
        "execution_trace",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&EVENT),
        Field::message(&STATE_DIFF),
        Field::message(&TOKEN_CHUNK),
        Field::message(&TOOL_EXECUTION),
        Field::message(&CHECKPOINT),
        Field::message(&METRICS),
        Field::message(&ERROR),
        Field::message(&EVENT_BATCH),
        Field::message(&EXECUTION_TRACE),
    ],
);

/// `dashstream.v1.Event`
pub(crate) static EVENT: Shape = Shape::new(
    "Event",
    &[
        "",
        "header",
        "event_type",
        "node_id",
        "attributes",
        "duration_us",
        "llm_request_id",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::VARINT,
        Field::STRING,
        Field::map(0, &EVENT_ATTRIBUTES_ENTRY, leaf::<v1::AttributeValue>()),
        Field::VARINT,
        Field::STRING,
    ],
);

/// `dashstream.v1.StateDiff`
pub(crate) static STATE_DIFF: Shape = Shape::new(
    "StateDiff",
    &[
        "",
        "header",
        "base_checkpoint_id",
        "operations",
        "state_hash",
        "full_state",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::BYTES,
        Field::messages(0, &DIFF_OPERATION, element::<v1::DiffOperation>()),
        Field::BYTES,
        Field::BYTES,
    ],
);

/// `dashstream.v1.TokenChunk`
pub(crate) static TOKEN_CHUNK: Shape = Shape::new(
    "TokenChunk",
    &[
        "",
        "header",
        "request_id",
        "text",
        "token_ids",
        "logprobs",
        "chunk_index",
        "is_final",
        "finish_reason",
        "model",
        "stats",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::STRING,
        Field::STRING,
        Field::varints(0, element::<u32>()),
        Field::fixed32s(1, element::<f32>()),
        Field::VARINT,
        Field::VARINT,
        Field::VARINT,
        Field::STRING,
        Field::message(&TOKEN_STATS),
    ],
);

/// `dashstream.v1.ToolExecution`
pub(crate) static TOOL_EXECUTION: Shape = Shape::new(
    "ToolExecution",
    &[
        "",
        "header",
        "call_id",
        "tool_name",
        "stage",
        "arguments",
        "result",
        "error",
        "error_details",
        "duration_us",
        "retry_count",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::STRING,
        Field::STRING,
        Field::VARINT,
        Field::BYTES,
        Field::BYTES,
        Field::STRING,
        Field::message(&ERROR),
        Field::VARINT,
        Field::VARINT,
    ],
);

/// `dashstream.v1.Checkpoint`
pub(crate) static CHECKPOINT: Shape = Shape::new(
    "Checkpoint",
    &[
        "",
        "header",
        "checkpoint_id",
        "state",
        "state_type",
        "checksum",
        "storage_uri",
        "compression_info",
        "metadata",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::BYTES,
        Field::BYTES,
        Field::STRING,
        Field::BYTES,
        Field::STRING,
        Field::message(&COMPRESSION_INFO),
        Field::map(
            0,
            &CHECKPOINT_METADATA_ENTRY,
            leaf::<alloc::string::String>(),
        ),
    ],
);

/// `dashstream.v1.Metrics`
pub(crate) static METRICS: Shape = Shape::new(
    "Metrics",
    &["", "header", "scope", "scope_id", "metrics", "tags"],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::STRING,
        Field::STRING,
        Field::map(0, &METRICS_METRICS_ENTRY, leaf::<v1::MetricValue>()),
        Field::map(1, &METRICS_TAGS_ENTRY, leaf::<alloc::string::String>()),
    ],
);

/// `dashstream.v1.Error`
pub(crate) static ERROR: Shape = Shape::new(
    "Error",
    &[
        "",
        "header",
        "error_code",
        "message",
        "stack_trace",
        "context",
        "severity",
        "exception_type",
        "suggestions",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::STRING,
        Field::STRING,
        Field::STRING,
        Field::map(0, &ERROR_CONTEXT_ENTRY, leaf::<alloc::string::String>()),
        Field::VARINT,
        Field::STRING,
        Field::strings(1, element::<alloc::string::String>()),
    ],
);

/// `dashstream.v1.EventBatch`
pub(crate) static EVENT_BATCH: Shape = Shape::new(
    "EventBatch",
    &["", "header", "events"],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::messages(0, &EVENT, element::<v1::Event>()),
    ],
);

/// `dashstream.v1.ExecutionTrace`
pub(crate) static EXECUTION_TRACE: Shape = Shape::new(
    "ExecutionTrace",
    &[
        "",
        "header",
        "thread_id",
        "execution_id",
        "nodes_executed",
        "total_duration_ms",
        "total_tokens",
        "errors",
        "completed",
        "started_at",
        "ended_at",
        "final_state",
        "metadata",
    ],
    &[
        Field::UNKNOWN,
        Field::message(&HEADER),
        Field::STRING,
        Field::STRING,
        Field::messages(
            0,
            &NODE_EXECUTION_RECORD,
            element::<v1::NodeExecutionRecord>(),
        ),
        Field::VARINT,
        Field::VARINT,
        Field::messages(1, &ERROR_RECORD, element::<v1::ErrorRecord>()),
        Field::VARINT,
        Field::STRING,
        Field::STRING,
        Field::BYTES,
        Field::map(2, &EXECUTION_TRACE_METADATA_ENTRY, leaf::<bytes::Bytes>()),
    ],
);

/// `dashstream.v1.Header`
pub(crate) static HEADER: Shape = Shape::new(
    "Header",
    &[
        "",
        "message_id",
        "timestamp_us",
        "tenant_id",
        "thread_id",
        "sequence",
        "type",
        "parent_id",
        "compression",
        "schema_version",
    ],
    &[
        Field::UNKNOWN,
        Field::BYTES,
        Field::VARINT,
        Field::STRING,
        Field::STRING,
        Field::VARINT,
        Field::VARINT,
        Field::BYTES,
        Field::VARINT,
        Field::VARINT,
    ],
);

/// `dashstream.v1.Event.AttributesEntry`
pub(crate) static EVENT_ATTRIBUTES_ENTRY: Shape = Shape::new(
    "AttributesEntry",
    &["", "key", "value"],
    &[
        Field::UNKNOWN,
        Field::STRING,
        Field::message(&ATTRIBUTE_VALUE),
    ],
);

/// `dashstream.v1.DiffOperation`
pub(crate) static DIFF_OPERATION: Shape = Shape::new(
    "DiffOperation",
    &["", "op", "path", "value", "from", "encoding"],
    &[
        Field::UNKNOWN,
        Field::VARINT,
        Field::STRING,
        Field::BYTES,
        Field::STRING,
        Field::VARINT,
    ],
);

/// `dashstream.v1.TokenStats`
pub(crate) static TOKEN_STATS: Shape = Shape::new(
    "TokenStats",
    &["", "prompt_tokens", "completion_tokens", "total_tokens"],
    &[Field::UNKNOWN, Field::VARINT, Field::VARINT, Field::VARINT],
);

/// `dashstream.v1.CompressionInfo`
pub(crate) static COMPRESSION_INFO: Shape = Shape::new(
    "CompressionInfo",
    &[
        "",
        "type",
        "compressed_size",
        "uncompressed_size",
        "compression_ratio",
    ],
    &[
        Field::UNKNOWN,
        Field::VARINT,
        Field::VARINT,
        Field::VARINT,
        Field::FIXED32,
    ],
);

/// `dashstream.v1.Checkpoint.MetadataEntry`
pub(crate) static CHECKPOINT_METADATA_ENTRY: Shape = Shape::new(
    "MetadataEntry",
    &["", "key", "value"],
    &[Field::UNKNOWN, Field::STRING, Field::STRING],
);

/// `dashstream.v1.Metrics.MetricsEntry`
pub(crate) static METRICS_METRICS_ENTRY: Shape = Shape::new(
    "MetricsEntry",
    &["", "key", "value"],
    &[Field::UNKNOWN, Field::STRING, Field::message(&METRIC_VALUE)],
);

/// `dashstream.v1.Metrics.TagsEntry`
pub(crate) static METRICS_TAGS_ENTRY: Shape = Shape::new(
    "TagsEntry",
    &["", "key", "value"],
    &[Field::UNKNOWN, Field::STRING, Field::STRING],
);

/// `dashstream.v1.Error.ContextEntry`
pub(crate) static ERROR_CONTEXT_ENTRY: Shape = Shape::new(
    "ContextEntry",
    &["", "key", "value"],
    &[Field::UNKNOWN, Field::STRING, Field::STRING],
);

/// `dashstream.v1.NodeExecutionRecord`
pub(crate) static NODE_EXECUTION_RECORD: Shape = Shape::new(
    "NodeExecutionRecord",
    &[
        "",
        "node",
        "duration_ms",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "succeeded",
        "started_at",
        "ended_at",
        "input",
        "output",
        "metadata",
    ],
    &[
        Field::UNKNOWN,
        Field::STRING,
        Field::VARINT,
        Field::VARINT,
        Field::VARINT,
        Field::VARINT,
        Field::VARINT,
        Field::STRING,
        Field::STRING,
        Field::BYTES,
        Field::BYTES,
        Field::map(
            0,
            &NODE_EXECUTION_RECORD_METADATA_ENTRY,
            leaf::<alloc::string::String>(),
        ),
    ],
);

/// `dashstream.v1.ErrorRecord`
pub(crate) static ERROR_RECORD: Shape = Shape::new(
    "ErrorRecord",
    &[
        "",
        "node",
        "message",
        "error_code",
        "timestamp",
        "recovered",
        "stack_trace",
    ],
    &[
        Field::UNKNOWN,
        Field::STRING,
        Field::STRING,
        Field::STRING,
        Field::STRING,
        Field::VARINT,
        Field::STRING,
    ],
);

/// `dashstream.v1.ExecutionTrace.MetadataEntry`
pub(crate) static EXECUTION_TRACE_METADATA_ENTRY: Shape = Shape::new(
    "MetadataEntry",
    &["", "key", "value"],
    &[Field::UNKNOWN, Field::STRING, Field::BYTES],
);

/// `dashstream.v1.AttributeValue`
pub(crate) static ATTRIBUTE_VALUE: Shape = Shape::new(
    "AttributeValue",
    &[
        "",
        "string_value",
        "int_value",
        "float_value",
        "bool_value",
        "bytes_value",
        "array_value",
        "map_value",
    ],
    &[
        Field::UNKNOWN,
        Field::STRING,
        Field::VARINT,
        Field::FIXED64,
        Field::VARINT,
        Field::BYTES,
        Field::message(&ATTRIBUTE_ARRAY),
        Field::message(&ATTRIBUTE_MAP),
    ],
);

/// `dashstream.v1.MetricValue`
pub(crate) static METRIC_VALUE: Shape = Shape::new(
    "MetricValue",
    &[
        "",
        "int_value",
        "float_value",
        "string_value",
        "bool_value",
        "bytes_value",
        "unit",
        "type",
    ],
    &[
        Field::UNKNOWN,
        Field::VARINT,
        Field::FIXED64,
        Field::STRING,
        Field::VARINT,
        Field::BYTES,
        Field::STRING,
        Field::VARINT,
    ],
);

/// `dashstream.v1.NodeExecutionRecord.MetadataEntry`
pub(crate) static NODE_EXECUTION_RECORD_METADATA_ENTRY: Shape = Shape::new(
    "MetadataEntry",
    &["", "key", "value"],
    &[Field::UNKNOWN, Field::STRING, Field::STRING],
);

/// `dashstream.v1.AttributeArray`
pub(crate) static ATTRIBUTE_ARRAY: Shape = Shape::new(
    "AttributeArray",
    &["", "values"],
    &[
        Field::UNKNOWN,
        Field::messages(0, &ATTRIBUTE_VALUE, element::<v1::AttributeValue>()),
    ],
);

/// `dashstream.v1.AttributeMap`
pub(crate) static ATTRIBUTE_MAP: Shape = Shape::new(
    "AttributeMap",
    &["", "values"],
    &[
        Field::UNKNOWN,
        Field::map(0, &ATTRIBUTE_MAP_VALUES_ENTRY, leaf::<v1::AttributeValue>()),
    ],
);

/// `dashstream.v1.AttributeMap.ValuesEntry`
pub(crate) static ATTRIBUTE_MAP_VALUES_ENTRY: Shape = Shape::new(
    "ValuesEntry",
    &["", "key", "value"],
    &[
        Field::UNKNOWN,
        Field::STRING,
        Field::message(&ATTRIBUTE_VALUE),
    ],
);
