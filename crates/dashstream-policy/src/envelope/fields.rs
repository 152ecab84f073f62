//! The keys of the JSON object, in order.

use serde::Serialize;

/// The key whose presence tells this shape from the two that existed before.
pub const KEY_VERSION: &str = "envelope_version";

/// One field a key. What only one of the older shapes has is always here; what one of them leaves
/// out when there is nothing to say is left out here too, or null where the other has null.
#[derive(Debug, Serialize)]
pub(super) struct Fields<'a> {
    pub(super) envelope_version: u32,
    pub(super) trace_id: &'a str,
    pub(super) timestamp: &'a str,
    pub(super) error: &'static str,
    pub(super) error_type: &'static str,

    pub(super) source_topic: &'a str,
    pub(super) source_partition: i32,
    pub(super) source_offset: i64,
    pub(super) consumer_id: &'a str,

    pub(super) kafka_partition: i32,
    pub(super) kafka_offset: i64,
    pub(super) message_count: u64,
    pub(super) message_size: u64,
    pub(super) payload_sha256: Option<&'a str>,
    pub(super) payload_truncation_note: Option<&'static str>,
    /// The older shape's own spelling, as a list in brackets.
    pub(super) first_bytes_hex: &'a str,
    pub(super) last_bytes_hex: &'a str,
    pub(super) thread_id: Option<&'a str>,
    pub(super) tenant_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent_trace_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) span_id: Option<&'a str>,

    pub(super) original_payload_base64: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original_payload_truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original_payload_size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original_payload_included_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) original_payload_sha256: Option<&'a str>,

    pub(super) payload_first_hex: Option<&'a str>,
    pub(super) payload_last_hex: Option<&'a str>,
    pub(super) payload_is_null: bool,
    pub(super) cause: &'static str,
    pub(super) age: &'static str,
    pub(super) form: &'static str,
    pub(super) disclosure: &'static str,
    pub(super) attempt: u32,
    pub(super) assignment_epoch: u64,
    pub(super) record_timestamp_ms: Option<i64>,
    pub(super) engine_version: &'static str,
}
