//! How a stream is read.

use crate::frame::Framing;
use crate::limits::DecodeLimits;
use crate::survey::Rules;
use crate::version::SchemaPolicy;

/// How a stream's records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct DecodeOptions {
    framing: Framing,
    limits: DecodeLimits,
    schema: SchemaPolicy,
    headers_optional: bool,
}

impl DecodeOptions {
    /// Strict framing, default limits, this schema version only, headers required.
    pub const fn new() -> Self {
        Self {
            framing: Framing::Strict,
            limits: DecodeLimits::new(),
            schema: SchemaPolicy::Exact,
            headers_optional: false,
        }
    }

    /// Sets how the stream is framed.
    pub const fn with_framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sets what a record may ask for.
    pub fn with_limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets which schema versions are accepted.
    pub const fn with_schema(mut self, policy: SchemaPolicy) -> Self {
        self.schema = policy;
        self
    }

    /// Accepts messages, and events of a batch, that have no header. They have no thread, no sequence and
    /// no version that could be checked.
    pub const fn with_optional_headers(mut self, optional: bool) -> Self {
        self.headers_optional = optional;
        self
    }

    /// How the stream is framed.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// What a record may ask for.
    pub const fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// Which schema versions are accepted.
    #[must_use]
    pub const fn schema(&self) -> SchemaPolicy {
        self.schema
    }

    /// Whether messages may come without header.
    #[must_use]
    pub const fn optional_headers(&self) -> bool {
        self.headers_optional
    }

    pub(crate) const fn rules(&self) -> Rules<'_> {
        Rules {
            limits: &self.limits,
            schema: self.schema,
            require_header: !self.headers_optional,
        }
    }
}
