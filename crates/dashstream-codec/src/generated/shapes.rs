// Generated from dashstream/v1/dashstream.proto by `cargo xtask proto`. Do not edit.

use super::v1;
use crate::shape::{Field, Shape, element, leaf};

/// `dashstream.v1.DashStreamMessage`
pub(crate) static DASH_STREAM_MESSAGE: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&EVENT),           // event
    Field::message(&STATE_DIFF),      // state_diff
    Field::message(&TOKEN_CHUNK),     // token_chunk
    Field::message(&TOOL_EXECUTION),  // tool_execution
    Field::message(&CHECKPOINT),      // checkpoint
    Field::message(&METRICS),         // metrics
    Field::message(&ERROR),           // error
    Field::message(&EVENT_BATCH),     // event_batch
    Field::message(&EXECUTION_TRACE), // execution_trace
]);

/// `dashstream.v1.Event`
pub(crate) static EVENT: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER), // header
    Field::VARINT,           // event_type
    Field::STRING,           // node_id
    Field::map(0, &EVENT_ATTRIBUTES_ENTRY, leaf::<v1::AttributeValue>()), // attributes
    Field::VARINT,           // duration_us
    Field::STRING,           // llm_request_id
]);

/// `dashstream.v1.StateDiff`
pub(crate) static STATE_DIFF: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER), // header
    Field::BYTES,            // base_checkpoint_id
    Field::messages(0, &DIFF_OPERATION, element::<v1::DiffOperation>()), // operations
    Field::BYTES,            // state_hash
    Field::BYTES,            // full_state
]);

/// `dashstream.v1.TokenChunk`
pub(crate) static TOKEN_CHUNK: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER),              // header
    Field::STRING,                        // request_id
    Field::STRING,                        // text
    Field::varints(0, element::<u32>()),  // token_ids
    Field::fixed32s(1, element::<f32>()), // logprobs
    Field::VARINT,                        // chunk_index
    Field::VARINT,                        // is_final
    Field::VARINT,                        // finish_reason
    Field::STRING,                        // model
    Field::message(&TOKEN_STATS),         // stats
]);

/// `dashstream.v1.ToolExecution`
pub(crate) static TOOL_EXECUTION: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER), // header
    Field::STRING,           // call_id
    Field::STRING,           // tool_name
    Field::VARINT,           // stage
    Field::BYTES,            // arguments
    Field::BYTES,            // result
    Field::STRING,           // error
    Field::message(&ERROR),  // error_details
    Field::VARINT,           // duration_us
    Field::VARINT,           // retry_count
]);

/// `dashstream.v1.Checkpoint`
pub(crate) static CHECKPOINT: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER),           // header
    Field::BYTES,                      // checkpoint_id
    Field::BYTES,                      // state
    Field::STRING,                     // state_type
    Field::BYTES,                      // checksum
    Field::STRING,                     // storage_uri
    Field::message(&COMPRESSION_INFO), // compression_info
    Field::map(
        0,
        &CHECKPOINT_METADATA_ENTRY,
        leaf::<alloc::string::String>(),
    ), // metadata
]);

/// `dashstream.v1.Metrics`
pub(crate) static METRICS: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER), // header
    Field::STRING,           // scope
    Field::STRING,           // scope_id
    Field::map(0, &METRICS_METRICS_ENTRY, leaf::<v1::MetricValue>()), // metrics
    Field::map(1, &METRICS_TAGS_ENTRY, leaf::<alloc::string::String>()), // tags
]);

/// `dashstream.v1.Error`
pub(crate) static ERROR: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER), // header
    Field::STRING,           // error_code
    Field::STRING,           // message
    Field::STRING,           // stack_trace
    Field::map(0, &ERROR_CONTEXT_ENTRY, leaf::<alloc::string::String>()), // context
    Field::VARINT,           // severity
    Field::STRING,           // exception_type
    Field::strings(1, element::<alloc::string::String>()), // suggestions
]);

/// `dashstream.v1.EventBatch`
pub(crate) static EVENT_BATCH: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER),                            // header
    Field::messages(0, &EVENT, element::<v1::Event>()), // events
]);

/// `dashstream.v1.ExecutionTrace`
pub(crate) static EXECUTION_TRACE: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::message(&HEADER), // header
    Field::STRING,           // thread_id
    Field::STRING,           // execution_id
    Field::messages(
        0,
        &NODE_EXECUTION_RECORD,
        element::<v1::NodeExecutionRecord>(),
    ), // nodes_executed
    Field::VARINT,           // total_duration_ms
    Field::VARINT,           // total_tokens
    Field::messages(1, &ERROR_RECORD, element::<v1::ErrorRecord>()), // errors
    Field::VARINT,           // completed
    Field::STRING,           // started_at
    Field::STRING,           // ended_at
    Field::BYTES,            // final_state
    Field::map(2, &EXECUTION_TRACE_METADATA_ENTRY, leaf::<bytes::Bytes>()), // metadata
]);

/// `dashstream.v1.Header`
pub(crate) static HEADER: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::BYTES,  // message_id
    Field::VARINT, // timestamp_us
    Field::STRING, // tenant_id
    Field::STRING, // thread_id
    Field::VARINT, // sequence
    Field::VARINT, // type
    Field::BYTES,  // parent_id
    Field::VARINT, // compression
    Field::VARINT, // schema_version
]);

/// `dashstream.v1.Event.AttributesEntry`
pub(crate) static EVENT_ATTRIBUTES_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING,                    // key
    Field::message(&ATTRIBUTE_VALUE), // value
]);

/// `dashstream.v1.DiffOperation`
pub(crate) static DIFF_OPERATION: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::VARINT, // op
    Field::STRING, // path
    Field::BYTES,  // value
    Field::STRING, // from
    Field::VARINT, // encoding
]);

/// `dashstream.v1.TokenStats`
pub(crate) static TOKEN_STATS: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::VARINT, // prompt_tokens
    Field::VARINT, // completion_tokens
    Field::VARINT, // total_tokens
]);

/// `dashstream.v1.CompressionInfo`
pub(crate) static COMPRESSION_INFO: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::VARINT,  // type
    Field::VARINT,  // compressed_size
    Field::VARINT,  // uncompressed_size
    Field::FIXED32, // compression_ratio
]);

/// `dashstream.v1.Checkpoint.MetadataEntry`
pub(crate) static CHECKPOINT_METADATA_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // key
    Field::STRING, // value
]);

/// `dashstream.v1.Metrics.MetricsEntry`
pub(crate) static METRICS_METRICS_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING,                 // key
    Field::message(&METRIC_VALUE), // value
]);

/// `dashstream.v1.Metrics.TagsEntry`
pub(crate) static METRICS_TAGS_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // key
    Field::STRING, // value
]);

/// `dashstream.v1.Error.ContextEntry`
pub(crate) static ERROR_CONTEXT_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // key
    Field::STRING, // value
]);

/// `dashstream.v1.NodeExecutionRecord`
pub(crate) static NODE_EXECUTION_RECORD: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // node
    Field::VARINT, // duration_ms
    Field::VARINT, // prompt_tokens
    Field::VARINT, // completion_tokens
    Field::VARINT, // total_tokens
    Field::VARINT, // succeeded
    Field::STRING, // started_at
    Field::STRING, // ended_at
    Field::BYTES,  // input
    Field::BYTES,  // output
    Field::map(
        0,
        &NODE_EXECUTION_RECORD_METADATA_ENTRY,
        leaf::<alloc::string::String>(),
    ), // metadata
]);

/// `dashstream.v1.ErrorRecord`
pub(crate) static ERROR_RECORD: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // node
    Field::STRING, // message
    Field::STRING, // error_code
    Field::STRING, // timestamp
    Field::VARINT, // recovered
    Field::STRING, // stack_trace
]);

/// `dashstream.v1.ExecutionTrace.MetadataEntry`
pub(crate) static EXECUTION_TRACE_METADATA_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // key
    Field::BYTES,  // value
]);

/// `dashstream.v1.AttributeValue`
pub(crate) static ATTRIBUTE_VALUE: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING,                    // string_value
    Field::VARINT,                    // int_value
    Field::FIXED64,                   // float_value
    Field::VARINT,                    // bool_value
    Field::BYTES,                     // bytes_value
    Field::message(&ATTRIBUTE_ARRAY), // array_value
    Field::message(&ATTRIBUTE_MAP),   // map_value
]);

/// `dashstream.v1.MetricValue`
pub(crate) static METRIC_VALUE: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::VARINT,  // int_value
    Field::FIXED64, // float_value
    Field::STRING,  // string_value
    Field::VARINT,  // bool_value
    Field::BYTES,   // bytes_value
    Field::STRING,  // unit
    Field::VARINT,  // type
]);

/// `dashstream.v1.NodeExecutionRecord.MetadataEntry`
pub(crate) static NODE_EXECUTION_RECORD_METADATA_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING, // key
    Field::STRING, // value
]);

/// `dashstream.v1.AttributeArray`
pub(crate) static ATTRIBUTE_ARRAY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::messages(0, &ATTRIBUTE_VALUE, element::<v1::AttributeValue>()), // values
]);

/// `dashstream.v1.AttributeMap`
pub(crate) static ATTRIBUTE_MAP: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::map(0, &ATTRIBUTE_MAP_VALUES_ENTRY, leaf::<v1::AttributeValue>()), // values
]);

/// `dashstream.v1.AttributeMap.ValuesEntry`
pub(crate) static ATTRIBUTE_MAP_VALUES_ENTRY: Shape = Shape::new(&[
    Field::UNKNOWN,
    Field::STRING,                    // key
    Field::message(&ATTRIBUTE_VALUE), // value
]);
