//! The three shapes of a dead letter, one struct each: a field a key.
//!
//! The two that existed before are frozen.

use std::borrow::Cow;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::hex;

/// The key whose presence tells this crate's shape from the two that existed before.
pub const KEY_VERSION: &str = "envelope_version";

/// The keys that tell one shape from another.
#[derive(Debug, Deserialize)]
pub(crate) struct Marks {
    // `present`, so that a null counts as the key: its shape is then known and refuses it by name.
    #[serde(default, deserialize_with = "present::deserialize")]
    pub(crate) envelope_version: Option<u32>,
    #[serde(default, deserialize_with = "present::deserialize")]
    pub(crate) source_topic: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present::deserialize")]
    pub(crate) kafka_partition: Option<IgnoredAny>,
}

/// This crate's own. What only one of the older shapes has is always here; what one of them leaves
/// out when there is nothing to say is left out here too, or null where the other has null. Keys that
/// are not here are passed over: the shape may grow within its version.
// `Option::deserialize` makes a key needed that may be null: serde alone reads a missing key as none.
// The `Cow`s spare the writer copies; serde reads each as owned text, as it does without `borrow`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Versioned<'a> {
    pub(crate) envelope_version: u32,
    pub(crate) trace_id: Cow<'a, str>,
    pub(crate) timestamp: Cow<'a, str>,
    pub(crate) error: Cow<'a, str>,
    pub(crate) error_type: Cow<'a, str>,

    pub(crate) source_topic: Cow<'a, str>,
    pub(crate) source_partition: i32,
    pub(crate) source_offset: i64,
    pub(crate) consumer_id: Cow<'a, str>,

    pub(crate) kafka_partition: i32,
    pub(crate) kafka_offset: i64,
    pub(crate) message_count: u64,
    pub(crate) message_size: u64,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) payload_sha256: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) payload_truncation_note: Option<Cow<'a, str>>,
    /// The older shape's own spelling, as a list in brackets.
    pub(crate) first_bytes_hex: Cow<'a, str>,
    pub(crate) last_bytes_hex: Cow<'a, str>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) thread_id: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) tenant_id: Option<Cow<'a, str>>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) node_id: Option<Cow<'a, str>>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) parent_trace_id: Option<Cow<'a, str>>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) span_id: Option<Cow<'a, str>>,

    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) original_payload_base64: Option<Cow<'a, str>>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_truncated: Option<bool>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_size_bytes: Option<u64>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_included_bytes: Option<u64>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_sha256: Option<Cow<'a, str>>,

    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) payload_first_hex: Option<Cow<'a, str>>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) payload_last_hex: Option<Cow<'a, str>>,
    pub(crate) payload_is_null: bool,
    pub(crate) cause: Cow<'a, str>,
    pub(crate) age: Cow<'a, str>,
    pub(crate) form: Cow<'a, str>,
    pub(crate) disclosure: Cow<'a, str>,
    pub(crate) attempt: u32,
    pub(crate) assignment_epoch: u64,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) record_timestamp_ms: Option<i64>,
    pub(crate) engine_version: Cow<'a, str>,
}

/// The one with `source_topic` and the payload always in it, from producers and library consumers.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Library {
    pub(crate) trace_id: String,
    pub(crate) timestamp: String,
    pub(crate) error: String,
    pub(crate) error_type: String,
    pub(crate) source_topic: String,
    pub(crate) source_partition: i32,
    pub(crate) source_offset: i64,
    pub(crate) consumer_id: String,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) thread_id: Option<String>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) tenant_id: Option<String>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) node_id: Option<String>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) parent_trace_id: Option<String>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) span_id: Option<String>,
    pub(crate) original_payload_base64: String,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_truncated: Option<bool>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_size_bytes: Option<u64>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_included_bytes: Option<u64>,
    #[serde(default, with = "present", skip_serializing_if = "Option::is_none")]
    pub(crate) original_payload_sha256: Option<String>,
}

impl Library {
    /// The keys that this shape has. It always has a payload: one that is withheld is written as cut to
    /// no bytes.
    pub(crate) fn of(keys: &Versioned<'_>) -> Self {
        let own = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        // An empty text is all of an empty payload. The reader would refuse it as a cut of no bytes, since
        // a cut has to be shorter than the whole.
        let is_empty = keys.message_size == 0;
        let body = own(&keys.original_payload_base64);
        let withheld = (body.is_none() && !is_empty).then_some(true);
        Self {
            trace_id: keys.trace_id.to_string(),
            timestamp: keys.timestamp.to_string(),
            error: keys.error.to_string(),
            error_type: keys.error_type.to_string(),
            source_topic: keys.source_topic.to_string(),
            source_partition: keys.source_partition,
            source_offset: keys.source_offset,
            consumer_id: keys.consumer_id.to_string(),
            thread_id: own(&keys.thread_id),
            tenant_id: own(&keys.tenant_id),
            node_id: own(&keys.node_id),
            parent_trace_id: own(&keys.parent_trace_id),
            span_id: own(&keys.span_id),
            original_payload_base64: body.unwrap_or_default(),
            original_payload_truncated: keys.original_payload_truncated.or(withheld),
            original_payload_size_bytes: keys
                .original_payload_size_bytes
                .or_else(|| withheld.map(|_| keys.message_size)),
            original_payload_included_bytes: keys
                .original_payload_included_bytes
                .or_else(|| withheld.map(|_| 0)),
            original_payload_sha256: own(&keys.original_payload_sha256)
                .or_else(|| own(&keys.payload_sha256).filter(|_| withheld.is_some())),
        }
    }
}

/// The one with `kafka_partition` and a hash, without its topic.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) trace_id: String,
    pub(crate) timestamp: String,
    pub(crate) error: String,
    pub(crate) error_type: String,
    pub(crate) payload_sha256: String,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) original_payload_base64: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) payload_truncation_note: Option<String>,
    pub(crate) message_size: u64,
    pub(crate) first_bytes_hex: String,
    pub(crate) last_bytes_hex: String,
    pub(crate) kafka_partition: i32,
    pub(crate) kafka_offset: i64,
    pub(crate) message_count: u64,
    pub(crate) thread_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
}

impl Server {
    /// The keys that this shape has. It cannot say that a payload was cut, so that a cut one is left out.
    /// For a record without a value it has the hash of no bytes.
    pub(crate) fn of(keys: &Versioned<'_>) -> Self {
        let own = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        // A beginning without the mark of a cut would be read as the whole payload.
        let is_cut = keys.original_payload_truncated.is_some();
        let body = own(&keys.original_payload_base64).filter(|_| !is_cut);
        Self {
            trace_id: keys.trace_id.to_string(),
            timestamp: keys.timestamp.to_string(),
            error: keys.error.to_string(),
            error_type: keys.error_type.to_string(),
            // The key is needed. Only a record without a value has no hash, see `LetterFormat::can_show`.
            payload_sha256: own(&keys.payload_sha256).unwrap_or_else(|| hex(&Sha256::digest([]))),
            payload_truncation_note: own(&keys.payload_truncation_note),
            original_payload_base64: body,
            message_size: keys.message_size,
            first_bytes_hex: keys.first_bytes_hex.to_string(),
            last_bytes_hex: keys.last_bytes_hex.to_string(),
            kafka_partition: keys.kafka_partition,
            kafka_offset: keys.kafka_offset,
            message_count: keys.message_count,
            thread_id: own(&keys.thread_id),
            tenant_id: own(&keys.tenant_id),
        }
    }
}

/// For a key that may be left out and is never null. `Option` alone would read null as a missing key.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<T>, D::Error> {
        T::deserialize(from).map(Some)
    }

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(to)
    }
}
