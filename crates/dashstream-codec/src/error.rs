//! Why a record was not decoded.

use dashstream_zstd::DecompressError;

use crate::label::labels;
use crate::wire::WireError;

/// Why a record was not decoded. Nothing of the payload is in it.
///
/// Sizes are in bytes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The record has no bytes.
    #[error("empty record")]
    Empty,
    /// The first byte means nothing in this framing.
    #[error("first byte {byte:#04x} is no frame byte")]
    UnknownFrameByte {
        /// The byte.
        byte: u8,
    },
    /// The record is larger than the limit.
    #[error("record of {len} bytes, limit {limit}")]
    RecordTooLarge {
        /// The record's size.
        len: usize,
        /// The most bytes of a record, frame byte included.
        limit: usize,
    },
    /// A payload that is stored raw is larger than the limit.
    #[error("payload of {len} bytes, limit {limit}")]
    PayloadTooLarge {
        /// The payload's size.
        len: usize,
        /// The most bytes of a protobuf payload.
        limit: usize,
    },
    /// The compressed payload was refused, or is corrupt.
    #[error(transparent)]
    Decompression(#[from] DecompressError),
    /// The payload is not protobuf, or not of this schema.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The payload has none of the nine kinds of messages. An empty payload is one of these.
    #[error("no message in a payload of {len} bytes")]
    NoMessage {
        /// The payload's size.
        len: usize,
    },
    /// Decoding would allocate more than the limit.
    #[error("decoding takes more than {limit} bytes of heap")]
    HeapBudget {
        /// The most bytes of heap.
        limit: u64,
    },
    /// Messages are nested deeper than the limit.
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The most messages nested below the outermost one.
        limit: u32,
    },
    /// The payload has more elements of lists and maps than the limit.
    #[error("more than {limit} elements")]
    TooManyElements {
        /// The most elements of a payload.
        limit: u32,
    },
    /// The payload has more fields than the limit.
    #[error("more than {limit} fields")]
    TooManyFields {
        /// The most fields of a payload.
        limit: u32,
    },
    /// A header is of a schema version that is not accepted.
    #[error("schema version {version}, {supported} is supported")]
    SchemaVersion {
        /// The version in the header.
        version: u32,
        /// The version of this crate's types.
        supported: u32,
    },
    /// The message, or an event of the batch, has no header. Of a message that comes in several parts, which
    /// are merged, the first one has to have it.
    #[error("no header")]
    MissingHeader,
    /// The message names its kind or its header twice, and not with the same values: readers that look
    /// at the first one only would route it differently.
    #[error("two headers that differ")]
    HeaderMismatch,
    /// The decoder refused what the walk before it had admitted. This is a defect of this crate.
    #[error("walk and decoder disagree")]
    Disagreement,
}

impl DecodeError {
    /// A stable name for logs and labels.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_record",
            Self::UnknownFrameByte { .. } => "unknown_frame_byte",
            Self::RecordTooLarge { .. } => "record_too_large",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::Decompression(error) => error.code(),
            Self::Wire(error) => error.code(),
            Self::NoMessage { .. } => "no_message",
            Self::HeapBudget { .. } => "heap_budget",
            Self::TooDeep { .. } => "depth_exceeded",
            Self::TooManyElements { .. } => "element_count",
            Self::TooManyFields { .. } => "field_count",
            Self::SchemaVersion { .. } => "schema_version",
            Self::MissingHeader => "missing_header",
            Self::HeaderMismatch => "header_mismatch",
            Self::Disagreement => "disagreement",
        }
    }

    /// What a host has to tell apart.
    #[must_use]
    pub const fn fault(&self) -> FaultClass {
        match self {
            Self::Empty => FaultClass::Empty,
            Self::UnknownFrameByte { .. } => FaultClass::BadFrame,
            Self::RecordTooLarge { .. } | Self::PayloadTooLarge { .. } => FaultClass::Oversize,
            // Short memory says nothing about the record, which is deferred and not rejected.
            Self::Decompression(DecompressError::OutOfMemory { .. }) => FaultClass::Host,
            Self::Decompression(_) => FaultClass::Decompression,
            Self::Wire(WireError::Truncated { .. }) => FaultClass::Truncated,
            // Groups count as nesting: too many levels of them are the same fault as too many of messages.
            Self::HeapBudget { .. }
            | Self::TooDeep { .. }
            | Self::Wire(WireError::GroupDepth)
            | Self::TooManyElements { .. }
            | Self::TooManyFields { .. } => FaultClass::OverBudget,
            Self::Wire(_) | Self::NoMessage { .. } | Self::Disagreement => FaultClass::Malformed,
            Self::SchemaVersion { .. } => FaultClass::SchemaVersion,
            Self::MissingHeader | Self::HeaderMismatch => FaultClass::Header,
        }
    }
}

/// Why a message was not written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The message, or an event of the batch, has no header.
    #[error("no header")]
    MissingHeader,
    /// The header's thread id is empty or all white space: the record would have no key.
    #[error("blank thread id")]
    BlankThreadId,
    /// A string or byte string among an event's attributes is over the limit.
    #[error("attribute value of {len} bytes, limit {limit}")]
    AttributeTooLarge {
        /// The value's size.
        len: usize,
        /// The most bytes of a string or byte string.
        limit: usize,
    },
    /// Attributes are nested deeper than a decoder accepts.
    #[error("nested deeper than {limit}")]
    TooDeep {
        /// The most messages nested below the outermost one.
        limit: u32,
    },
    /// The payload is over the limit.
    #[error("payload of {len} bytes, limit {limit}")]
    PayloadTooLarge {
        /// The payload's size.
        len: usize,
        /// The most bytes of a payload before compression.
        limit: usize,
    },
    /// The [reader](crate::EncodeOptions::with_reader) would refuse the record.
    #[error("the configured reader would refuse it: {0}")]
    Unreadable(#[from] DecodeError),
}

impl EncodeError {
    /// A stable name for logs and labels.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingHeader => "missing_header",
            Self::BlankThreadId => "blank_thread_id",
            Self::AttributeTooLarge { .. } => "attribute_too_large",
            Self::TooDeep { .. } => "depth_exceeded",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::Unreadable(error) => error.code(),
        }
    }
}

labels! {
    /// What a host has to tell apart when a record was not decoded.
    #[expect(
        clippy::exhaustive_enums,
        reason = "a host has to label every class; a new one is a new major release"
    )]
    FaultClass {
        /// The record has no bytes.
        Empty = "empty",
        /// The record, or its raw payload, is larger than the limit.
        Oversize = "oversize",
        /// The first byte is no frame byte.
        BadFrame = "bad_frame",
        /// The compressed payload is a bomb, of a form that is refused, or corrupt.
        Decompression = "decompression",
        /// The protobuf ends early.
        Truncated = "truncated",
        /// The payload is not protobuf, not of this schema, or holds no message.
        Malformed = "malformed",
        /// Heap, nesting, or counts are over their limits.
        OverBudget = "over_budget",
        /// A schema version that is not accepted.
        SchemaVersion = "schema_version",
        /// A header is missing, or there are two that differ.
        Header = "header",
        /// Memory was short: nothing is known to be wrong with the record. Try it again later; do not
        /// reject it, and do not count an attempt.
        Host = "host",
    }
}

impl FaultClass {
    /// The value that existing consumers give their metrics' label `error_type`, which has five.
    #[must_use]
    pub const fn error_type(self) -> &'static str {
        match self {
            Self::Oversize | Self::OverBudget => "payload_too_large",
            Self::Empty | Self::Truncated => "buffer_underflow",
            Self::SchemaVersion => "schema_version_mismatch",
            Self::BadFrame | Self::Malformed | Self::Header => "invalid_protobuf",
            Self::Decompression | Self::Host => "unknown_decode_error",
        }
    }
}
