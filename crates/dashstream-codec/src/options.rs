//! How a stream is read, and how messages are written.

use crate::error::DecodeError;
use crate::limits::DecodeLimits;

/// The schema version that this crate's types are of. Headers without a version are read as 1.
pub const SCHEMA_VERSION: u32 = 1;

/// How a stream's records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct DecodeOptions {
    pub(crate) compatible_framing: bool,
    pub(crate) limits: DecodeLimits,
    newer_schemas: bool,
    pub(crate) headers_optional: bool,
}

impl DecodeOptions {
    /// Strict framing, default limits, this schema version only, headers required.
    pub const fn new() -> Self {
        Self {
            compatible_framing: false,
            limits: DecodeLimits::new(),
            newer_schemas: false,
            headers_optional: false,
        }
    }

    /// Sets whether a record may also come without frame byte, as older producers wrote it: as plain
    /// protobuf, known by the key of one of the nine kinds, or as zstd, known by its magic number.
    ///
    /// No serialised message begins with a frame byte, and none with zstd's magic number, so that each first
    /// byte has one meaning; nothing is tried twice.
    pub const fn with_compatible_framing(mut self, compatible: bool) -> Self {
        self.compatible_framing = compatible;
        self
    }

    /// Sets what a record may ask for.
    pub fn with_limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether schema versions above [`SCHEMA_VERSION`] are accepted, whose new fields are lost in
    /// decoding. The header of a message decides, and in a batch each event's header as well.
    pub const fn with_newer_schemas(mut self, newer: bool) -> Self {
        self.newer_schemas = newer;
        self
    }

    /// Accepts messages, and events of a batch, that have no header. They have no thread, no sequence and
    /// no version that could be checked.
    pub const fn with_optional_headers(mut self, optional: bool) -> Self {
        self.headers_optional = optional;
        self
    }

    /// What a record may ask for.
    pub const fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// Holds the version that a header says against what is accepted; 0 is how a header without one reads.
    #[inline(always)]
    pub(crate) const fn schema(&self, version: u32) -> Result<(), DecodeError> {
        match version {
            0 | SCHEMA_VERSION => Ok(()),
            SCHEMA_VERSION.. if self.newer_schemas => Ok(()),
            _ => Err(DecodeError::SchemaVersion {
                version,
                supported: SCHEMA_VERSION,
            }),
        }
    }
}

/// How messages are written.
///
/// | setting | default | source |
/// |---|---|---|
/// | threshold | 512 bytes | existing producers; below it a frame's overhead eats the gain |
/// | payload | 1 MiB | existing producers: what a broker takes by default |
/// | attribute | 500 KiB | existing producers leave larger attributes out |
/// | reader | the decoder's defaults | what is written has to be read |
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct EncodeOptions {
    pub(crate) compress: bool,
    pub(crate) threshold_bytes: usize,
    pub(crate) payload_bytes: usize,
    pub(crate) attribute_bytes: usize,
    pub(crate) reader: DecodeOptions,
}

impl EncodeOptions {
    /// The defaults of the table above.
    pub const fn new() -> Self {
        Self {
            compress: true,
            threshold_bytes: THRESHOLD_BYTES,
            payload_bytes: PAYLOAD_BYTES,
            attribute_bytes: ATTRIBUTE_BYTES,
            reader: DecodeOptions::new(),
        }
    }

    /// Sets whether payloads are compressed at all.
    pub const fn with_compression(mut self, compress: bool) -> Self {
        self.compress = compress;
        self
    }

    /// Sets the largest payload in bytes that is not worth compressing.
    pub const fn with_threshold_bytes(mut self, bytes: usize) -> Self {
        self.threshold_bytes = bytes;
        self
    }

    /// Sets the largest payload in bytes, before compression.
    pub const fn with_payload_bytes(mut self, bytes: usize) -> Self {
        self.payload_bytes = bytes;
        self
    }

    /// Sets the largest string or byte string, in bytes, among the values of an event's attributes.
    pub const fn with_attribute_bytes(mut self, bytes: usize) -> Self {
        self.attribute_bytes = bytes;
        self
    }

    /// Sets how records are read: a message that a decoder with these options would refuse is not written.
    pub fn with_reader(mut self, reader: DecodeOptions) -> Self {
        self.reader = reader;
        self
    }
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Existing producers compress what is larger than this.
const THRESHOLD_BYTES: usize = 512;

/// Existing producers refuse larger messages, as a broker does by default.
const PAYLOAD_BYTES: usize = 1024 * 1024;

/// Existing producers leave larger attributes out of an event.
const ATTRIBUTE_BYTES: usize = 500 * 1024;
