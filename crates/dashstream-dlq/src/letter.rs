//! A dead letter as a reader sees it, whichever consumer wrote it.

use core::fmt;
use core::time::Duration;

use dashstream_policy::{Backlog, Cause, Form, Offset};
use thiserror::Error;

use crate::{Disclosure, VERSION};

/// Largest value read by default: the 10 MiB that a message may have, in base64, and 2.7 MiB for
/// everything else. One of the older writers has no limit of its own.
pub const LETTER_BYTES_DEFAULT: usize = 16 * 1024 * 1024;

/// What a dead-letter topic holds of one record, read from any of the shapes that are written.
///
/// What the shape says twice has been compared: a payload that is here is of the size, the hash and
/// the ends that the letter names. Its debug form shows the place and sizes only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// Who wrote it.
    pub shape: Shape,
    /// The id under which it was filed, which is the record's key as well.
    pub trace_id: String,
    /// When the record was found unprocessable, since the Unix epoch.
    pub at: Duration,
    /// What was wrong, in the writer's words.
    pub error: String,
    /// The writer's class of errors.
    pub error_type: String,
    /// Where the record stood.
    pub source: Source,
    /// What there is of its value.
    pub payload: Payload,
    /// Bytes of its value.
    pub size: u64,
    /// The hash of its whole value.
    pub sha256: Option<[u8; 32]>,
    /// The first bytes of its value, at most [`crate::ENDS_BYTES`].
    pub first: Vec<u8>,
    /// The last bytes of its value, if it has that many.
    pub last: Vec<u8>,
    /// Who consumed it.
    pub consumer_id: Option<String>,
    /// Records that the consumer had received by then.
    pub message_count: Option<u64>,
    /// The thread that it belongs to.
    pub thread_id: Option<String>,
    /// The tenant that it belongs to.
    pub tenant_id: Option<String>,
    /// The graph's node that sent it.
    pub node_id: Option<String>,
    /// The trace around it.
    pub parent_trace_id: Option<String>,
    /// Its span.
    pub span_id: Option<String>,
    /// What only [`Shape::Versioned`] knows.
    pub provenance: Option<Provenance>,
}

/// Which of the shapes a letter has.
#[expect(
    clippy::exhaustive_enums,
    reason = "these are all that were ever written"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// The one with `source_topic` and the payload always in it, from producers and library
    /// consumers.
    Library,
    /// The one with `kafka_partition` and a hash, without its topic.
    Server,
    /// This crate's, in this version.
    Versioned(u32),
}

/// Where a record stood, as far as the letter says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The topic. [`Shape::Server`] does not say.
    pub topic: Option<String>,
    /// The partition. A producer that could not send has none.
    pub partition: Option<i32>,
    /// The offset. As with the partition.
    pub offset: Option<Offset>,
}

/// What there is of a value.
#[expect(
    clippy::exhaustive_enums,
    reason = "a tool that sends records again has to know which it can"
)]
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// The record had no value.
    Null,
    /// All of it.
    Whole(Vec<u8>),
    /// The beginning of it; the rest was cut off.
    Beginning(Vec<u8>),
    /// Nothing of it: it has to be read where the record stood.
    Withheld,
}

impl Payload {
    /// The value, if all of it is here: the only case in which it can be sent again from the letter.
    #[must_use]
    pub fn whole(&self) -> Option<&[u8]> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Null | Self::Beginning(_) | Self::Withheld => None,
        }
    }
}

/// Shows sizes only.
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Beginning(bytes) => write!(f, "Beginning({} bytes)", bytes.len()),
            Self::Withheld => f.write_str("Withheld"),
        }
    }
}

/// What only this crate's letters know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provenance {
    /// Why the record could not be processed.
    pub cause: Cause,
    /// Whether it was old.
    pub backlog: Backlog,
    /// Whether the letter is the full or the reduced one.
    pub form: Form,
    /// How much it was allowed to disclose.
    pub disclosure: Disclosure,
    /// How many attempts its handler had; none where it was never handed out.
    pub attempt: u32,
    /// The number of the assignment under which the record was read.
    pub assignment_epoch: u64,
    /// The record's own timestamp, in milliseconds since the Unix epoch.
    pub record_timestamp_ms: Option<i64>,
    /// The version of this crate that wrote it.
    pub engine_version: String,
}

impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter")
            .field("shape", &self.shape)
            .field("trace_id", &self.trace_id)
            .field("source", &self.source)
            .field("payload", &self.payload)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// A value that is no dead letter, or none that is read here. Keys are the format's own, never the
/// value's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LetterError {
    /// More bytes than asked for.
    #[error("{len} bytes, {limit} are read")]
    TooLarge {
        /// What was given, in bytes.
        len: usize,
        /// What was asked for, in bytes.
        limit: usize,
    },
    /// Not JSON.
    #[error("no JSON, at line {line}, column {column}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 at the end of a line.
        column: usize,
    },
    /// Not an object, or one without the keys that tell a shape.
    #[error("not a shape that is written")]
    UnknownShape,
    /// Written by another version of the format.
    #[error("version {found} of the letter, {VERSION} is read")]
    Version {
        /// The value's version.
        found: u32,
    },
    /// A key that the shape always has is not there.
    #[error("{key} is missing")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key is there more than once.
    #[error("{key} is there twice")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A key that neither older shape has. This crate's shape may grow keys within a version.
    #[error("a key that the shape does not have")]
    UnknownKey,
    /// Not of the type, or outside the range, that the key has.
    #[error("{key} has another type or range")]
    Kind {
        /// The key.
        key: &'static str,
    },
    /// Of the right type, and nothing that the key can say.
    #[error("{key} has no such value")]
    Value {
        /// The key.
        key: &'static str,
    },
    /// Says something other than another key does.
    #[error("{key} contradicts another key")]
    Contradiction {
        /// The key.
        key: &'static str,
    },
}

impl LetterError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "letter_too_large",
            Self::NotJson { .. } => "letter_not_json",
            Self::UnknownShape => "letter_unknown_shape",
            Self::Version { .. } => "letter_version",
            Self::Missing { .. } => "letter_key_missing",
            Self::Twice { .. } => "letter_key_twice",
            Self::UnknownKey => "letter_key_unknown",
            Self::Kind { .. } => "letter_key_kind",
            Self::Value { .. } => "letter_key_value",
            Self::Contradiction { .. } => "letter_contradiction",
        }
    }
}
