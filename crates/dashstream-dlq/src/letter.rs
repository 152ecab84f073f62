//! A dead letter as a reader sees it, whichever consumer wrote it.

use core::fmt;
use core::time::Duration;

use bytes::Bytes;
use dashstream_policy::{Backlog, Cause, Form, Offset};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::record::{Header, KafkaRecord};
use crate::{Disclosure, LetterFormat, VERSION};

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
    pub shape: LetterShape,
    /// The id under which it was filed, which is the key of the JSON shapes as well; empty where the
    /// writer has none.
    pub trace_id: String,
    /// When the record was found unprocessable, since the Unix epoch. Of a writer that does not say, the
    /// letter's own timestamp.
    pub at: Duration,
    /// What was wrong, in the writer's words.
    pub error: String,
    /// The writer's class of errors; `unknown` where it has none.
    pub error_type: String,
    /// What exactly is wrong, such as the path of a field.
    pub detail: Option<String>,
    /// Where the record stood.
    pub source: Source,
    /// The group, or the connector, that rejected it.
    pub group: Option<String>,
    /// Its key, where the letter has it.
    pub key: Option<Bytes>,
    /// Its headers as they came, where the letter has them.
    pub headers: Vec<Header>,
    /// Its own timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
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
    /// What only this crate's letters know.
    pub provenance: Option<Provenance>,
    /// Whether key, headers and value are the record's, all of them.
    pub(crate) has_record: bool,
}

impl DeadLetter {
    /// A letter of which nothing is known but who wrote it.
    pub(crate) const fn blank(shape: LetterShape) -> Self {
        Self {
            shape,
            trace_id: String::new(),
            at: Duration::ZERO,
            error: String::new(),
            error_type: String::new(),
            detail: None,
            source: Source {
                topic: None,
                partition: None,
                offset: None,
            },
            group: None,
            key: None,
            headers: Vec::new(),
            timestamp_ms: None,
            payload: Payload::Withheld,
            size: 0,
            sha256: None,
            first: Vec::new(),
            last: Vec::new(),
            consumer_id: None,
            message_count: None,
            thread_id: None,
            tenant_id: None,
            node_id: None,
            parent_trace_id: None,
            span_id: None,
            provenance: None,
            has_record: false,
        }
    }

    /// The record as it came, where all of it is in the letter. Otherwise it has to be read where it
    /// stood; [`DeadLetter::is_of`] says whether what was read there is it.
    #[must_use]
    pub fn record(&self) -> Option<KafkaRecord> {
        // `Bytes` share their memory: the copy takes as much as the headers' names.
        let value = match &self.payload {
            Payload::Whole(bytes) => Some(bytes.clone()),
            Payload::Null => None,
            Payload::Beginning(_) | Payload::Withheld => return None,
        };
        self.has_record.then(|| KafkaRecord {
            key: self.key.clone(),
            value,
            headers: self.headers.clone(),
            timestamp_ms: self.timestamp_ms,
        })
    }

    /// Whether `record`, which was read where the letter says that it stood, is the one that the letter
    /// is about. A topic that was created again has others at the same offsets. Compares what the
    /// letter knows: timestamp, and the value, or its size, hash and ends.
    #[must_use]
    pub fn is_of(&self, record: &KafkaRecord) -> bool {
        if self.timestamp_ms.is_some() && self.timestamp_ms != record.timestamp_ms {
            return false;
        }
        let value = record.value.as_ref();
        match &self.payload {
            Payload::Null => value.is_none(),
            Payload::Whole(own) => match value {
                Some(bytes) => bytes == own,
                None => own.is_empty() && !self.tells_null(),
            },
            // A broker's letter without a copy of the record names the place alone.
            Payload::Withheld if self.shape == LetterShape::ShareGroup => true,
            // The hash last: it reads the whole value, and the rest refuses most others before.
            Payload::Beginning(_) | Payload::Withheld => match value {
                Some(bytes) => {
                    self.size == bytes.len() as u64
                        && bytes.starts_with(&self.first)
                        && bytes.ends_with(&self.last)
                        && self
                            .sha256
                            .is_none_or(|hash| hash.as_slice() == Sha256::digest(bytes).as_slice())
                }
                None => self.size == 0 && !self.tells_null(),
            },
        }
    }

    /// Whether the shape tells a record without a value from one whose value is empty.
    const fn tells_null(&self) -> bool {
        !matches!(self.shape, LetterShape::Library | LetterShape::Server)
    }

    /// The word by which letters are counted and chosen: the cause, or where the writer has none its
    /// class of errors.
    #[must_use]
    pub fn cause(&self) -> &str {
        self.provenance
            .as_ref()
            .map_or(&self.error_type, |known| known.cause.label())
    }

    /// What tells this letter's record from every other: a hash of group, place, timestamp, size and hash. The
    /// same for two letters of one record, unless disclosure or format were configured otherwise in between.
    #[must_use]
    pub fn identity(&self) -> [u8; 32] {
        identity(
            self.group.as_deref().unwrap_or_default(),
            &self.source,
            // A record that a producer could not send has no offset; only its id tells it from others.
            self.source.offset.map_or(&self.trace_id, |_| ""),
            self.timestamp_ms,
            self.size,
            self.sha256.as_ref(),
        )
    }
}

/// See [`DeadLetter::identity`].
pub(crate) fn identity(
    group: &str,
    source: &Source,
    id: &str,
    timestamp_ms: Option<i64>,
    size: u64,
    sha256: Option<&[u8; 32]>,
) -> [u8; 32] {
    // Hosts store this hash to remember what was sent, and letters carry it. Another order or width
    // of the parts would make every stored one that of no record.
    let mut hash = Sha256::new();
    for text in [group, source.topic.as_deref().unwrap_or_default(), id] {
        // With its length, so that no two lists of texts run together into the same bytes.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    // Kafka numbers both from 0, so that -1 stands for none without a flag. A timestamp may be
    // any number and has one.
    hash.update(source.partition.unwrap_or(-1).to_be_bytes());
    hash.update(source.offset.map_or(-1, Offset::get).to_be_bytes());
    hash.update([u8::from(timestamp_ms.is_some())]);
    hash.update(timestamp_ms.unwrap_or(0).to_be_bytes());
    hash.update(size.to_be_bytes());
    hash.update(sha256.unwrap_or(&[0; 32]));
    hash.finalize().into()
}

/// Which of the shapes a letter has.
#[expect(clippy::exhaustive_enums, reason = "no others were ever written")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LetterShape {
    /// The one with `source_topic` and the payload always in it, from producers and library
    /// consumers.
    Library,
    /// The one with `kafka_partition` and a hash, without its topic.
    Server,
    /// This crate's JSON object, in this version.
    Versioned(u32),
    /// This crate's letter that is the record, in this version.
    Record(u32),
    /// A share group's broker's, KIP-1191.
    ShareGroup,
    /// Spring Kafka's.
    Spring,
    /// Kafka Connect's, KIP-298.
    Connect,
}

/// Where a record stood, as far as the letter says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The topic. [`LetterShape::Server`] does not say.
    pub topic: Option<String>,
    /// The partition; none for a record that a producer could not send.
    pub partition: Option<i32>,
    /// The offset; none for a record that a producer could not send.
    pub offset: Option<Offset>,
}

/// What there is of a value.
#[expect(clippy::exhaustive_enums, reason = "a tool has to know each")]
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// The record had no value.
    Null,
    /// All of it.
    Whole(Bytes),
    /// The beginning of it; the rest was cut off.
    Beginning(Bytes),
    /// Nothing of it: it has to be read where the record stood.
    Withheld,
}

impl Payload {
    /// The value, if all of it is here. [`DeadLetter::record`] says whether the letter can be sent from it.
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

/// A value that is no dead letter, or none that is read here; or a letter that cannot be written. Keys are the
/// format's own, never the value's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LetterError {
    /// More bytes than the caller allows.
    #[error("{len} bytes, at most {limit} are read")]
    TooLarge {
        /// What the record or the value has, in bytes.
        len: usize,
        /// The most that is read, in bytes.
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
    #[error("not a known shape of a dead letter")]
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
    #[error("{key} has the wrong type or is out of range")]
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
    /// To be written: not even the letter without a payload fits.
    #[error("a letter needs {needed} bytes and may take {limit}")]
    Budget {
        /// What it takes without a payload, in bytes.
        needed: usize,
        /// The budget, in bytes.
        limit: usize,
    },
    /// To be written: the format cannot show just this much.
    #[error("a letter of format {} cannot show {}", format.label(), disclosure.label())]
    Disclosure {
        /// The format.
        format: LetterFormat,
        /// How much it was to show.
        disclosure: Disclosure,
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
            Self::Budget { .. } => "envelope_over_budget",
            Self::Disclosure { .. } => "envelope_disclosure",
        }
    }
}
