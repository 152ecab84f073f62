//! Writing an envelope within its byte budget.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{Age, Cause, Form};

use super::dates::rfc3339;
use super::fields::Fields;
use super::text::{cut, hex, hex_list};
use super::{Disclosure, Full, Hashed, Nothing, Privacy, Truncated};

/// The version that [`super::KEY_VERSION`] shows. A key that changes its meaning raises it; a new
/// key does not.
pub const VERSION: u32 = 1;

/// Default byte budget of an envelope: a broker's default `message.max.bytes` of 1,048,588 less
/// 64 KiB for the key, the headers and the batch around it.
pub const ENVELOPE_BYTES_DEFAULT: usize = 1_048_588 - 65_536;

/// What a reduced envelope never exceeds: 4 KiB, which holds every field and eight texts of
/// [`TEXT_BYTES_MAX`] bytes.
pub const REDUCED_BYTES_MAX: usize = 4 * 1024;

/// Longest text kept, in bytes as written; longer ones are cut. A Kafka topic name has at most 249.
pub const TEXT_BYTES_MAX: usize = 256;

/// Bytes shown of each end of a payload: what existing consumers show.
pub const ENDS_BYTES: usize = 16;

/// The record that an envelope is about.
#[derive(Clone)]
pub struct Subject<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    payload: Option<&'a [u8]>,
    trace_id: &'a str,
    cause: Cause,
    at: Duration,
    attempt: u32,
    epoch: u64,
    age: Age,
    consumer_id: &'a str,
    message_count: u64,
    record_timestamp_ms: Option<i64>,
    thread_id: Option<&'a str>,
    tenant_id: Option<&'a str>,
    node_id: Option<&'a str>,
    parent_trace_id: Option<&'a str>,
    span_id: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// Names the record at `offset` of a partition, why it could not be processed, when that was
    /// found (`at`, since the Unix epoch), and the trace id under which the archive keeps it.
    #[must_use]
    pub const fn new(
        topic: &'a str,
        partition: i32,
        offset: i64,
        payload: Option<&'a [u8]>,
        cause: Cause,
        at: Duration,
        trace_id: &'a str,
    ) -> Self {
        Self {
            topic,
            partition,
            offset,
            payload,
            trace_id,
            cause,
            at,
            attempt: 1,
            epoch: 0,
            age: Age::Current,
            consumer_id: "",
            message_count: 0,
            record_timestamp_ms: None,
            thread_id: None,
            tenant_id: None,
            node_id: None,
            parent_trace_id: None,
            span_id: None,
        }
    }

    /// How many attempts its handler had, which is none for a record that was never handed out; the
    /// assignment it was read under; and whether it is old.
    #[must_use]
    pub const fn read_under(mut self, attempt: u32, epoch: u64, age: Age) -> Self {
        self.attempt = attempt;
        self.epoch = epoch;
        self.age = age;
        self
    }

    /// Who consumed it, and how many records that consumer had received.
    #[must_use]
    pub const fn consumed_by(mut self, consumer_id: &'a str, message_count: u64) -> Self {
        self.consumer_id = consumer_id;
        self.message_count = message_count;
        self
    }

    /// The record's own timestamp, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn record_timestamp_ms(mut self, timestamp: Option<i64>) -> Self {
        self.record_timestamp_ms = timestamp;
        self
    }

    /// The thread and tenant, where they could be read without decoding the message.
    #[must_use]
    pub const fn routed(mut self, thread_id: Option<&'a str>, tenant_id: Option<&'a str>) -> Self {
        self.thread_id = thread_id;
        self.tenant_id = tenant_id;
        self
    }

    /// The graph's node, the trace around the record and its span, where they could be read
    /// likewise.
    #[must_use]
    pub const fn sent_by(
        mut self,
        node_id: Option<&'a str>,
        parent_trace_id: Option<&'a str>,
        span_id: Option<&'a str>,
    ) -> Self {
        self.node_id = node_id;
        self.parent_trace_id = parent_trace_id;
        self.span_id = span_id;
        self
    }
}

/// Shows the place and the size, so that a log line discloses nothing.
impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("cause", &self.cause)
            .field("bytes", &self.payload.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

/// An envelope that discloses what its type says and no more.
///
/// What is fit for an archive that strangers read can be demanded by type:
///
/// ```compile_fail,E0308
/// use dashstream_policy::envelope::{Envelope, Full, Hashed};
/// fn publish(_: Envelope<Hashed>) {}
/// fn leak(envelope: Envelope<Full>) { publish(envelope) }
/// ```
///
/// ```
/// use dashstream_policy::envelope::{Envelope, Hashed};
/// fn publish(_: Envelope<Hashed>) {}
/// fn keep(envelope: Envelope<Hashed>) { publish(envelope) }
/// # let _ = keep;
/// ```
#[derive(Clone, Debug)]
pub struct Envelope<P: Privacy> {
    sealed: Sealed,
    privacy: PhantomData<P>,
}

impl<P: Privacy> Envelope<P> {
    /// Writes the envelope of `subject` within `bytes_max`, or within the lesser of that and
    /// [`REDUCED_BYTES_MAX`] when it is reduced. A payload that is shown and does not fit is cut, and
    /// [`Sealed::form`] says so: in base64 it takes four bytes for three, beside at most 3 KiB of other
    /// fields. Reads the whole payload if its hash is shown.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::Budget`] when not even the envelope without a payload fits.
    pub fn new(subject: &Subject<'_>, form: Form, bytes_max: usize) -> Result<Self, EnvelopeError> {
        let sealed = write(subject, form, P::DISCLOSURE, bytes_max)?;
        Ok(Self {
            sealed,
            privacy: PhantomData,
        })
    }

    /// The key and the value to send.
    #[must_use]
    pub fn seal(self) -> Sealed {
        self.sealed
    }
}

impl Disclosure {
    /// Writes the envelope of `subject` within `bytes_max`, disclosing what this value says.
    ///
    /// # Errors
    ///
    /// As [`Envelope::new`].
    pub fn seal(
        self,
        subject: &Subject<'_>,
        form: Form,
        bytes_max: usize,
    ) -> Result<Sealed, EnvelopeError> {
        match self {
            Self::Full => Envelope::<Full>::new(subject, form, bytes_max).map(Envelope::seal),
            Self::Truncated => {
                Envelope::<Truncated>::new(subject, form, bytes_max).map(Envelope::seal)
            }
            Self::Hashed => Envelope::<Hashed>::new(subject, form, bytes_max).map(Envelope::seal),
            Self::Nothing => Envelope::<Nothing>::new(subject, form, bytes_max).map(Envelope::seal),
        }
    }
}

/// What is sent to the archive. Its debug form shows sizes only.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    key: String,
    value: Vec<u8>,
    form: Form,
}

impl Sealed {
    /// The record key: the trace id.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The record value: JSON.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// What it is: [`Form::Reduced`] also where a full one was asked for and the payload did not fit
    /// whole.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("key", &self.key)
            .field("bytes", &self.value.len())
            .field("form", &self.form)
            .finish()
    }
}

/// An envelope that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not even the envelope without a payload fits.
    #[error("an envelope needs {needed} bytes and may take {limit}")]
    Budget {
        /// What it takes without a payload, in bytes.
        needed: usize,
        /// The budget, in bytes.
        limit: usize,
    },
}

impl EnvelopeError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Budget { .. } => "envelope_over_budget",
        }
    }
}

fn write<'a>(
    subject: &Subject<'a>,
    form: Form,
    disclosure: Disclosure,
    bytes_max: usize,
) -> Result<Sealed, EnvelopeError> {
    let payload = subject.payload.unwrap_or_default();
    let size = payload.len() as u64;
    let shows_ends = disclosure >= Disclosure::Truncated && subject.payload.is_some();
    let shows_body =
        disclosure == Disclosure::Full && form == Form::Full && subject.payload.is_some();

    let sha256 = (disclosure >= Disclosure::Hashed && subject.payload.is_some())
        .then(|| hex(&Sha256::digest(payload)));
    let ends = if shows_ends { payload } else { &[] };
    let first = ends.get(..ENDS_BYTES).unwrap_or(ends);
    let last = match ends.len().checked_sub(ENDS_BYTES) {
        Some(at) => ends.get(at..).unwrap_or_default(),
        None => &[],
    };
    let (first_hex, last_hex) = (hex(first), hex(last));
    let first_list = if shows_ends {
        hex_list(first)
    } else {
        String::new()
    };
    // The older shape has an empty text for a payload shorter than its end.
    let last_list = if last.is_empty() {
        String::new()
    } else {
        hex_list(last)
    };
    let timestamp = rfc3339(subject.at);
    let routing = |id: Option<&'a str>| {
        id.filter(|_| disclosure >= Disclosure::Truncated)
            .map(|id| cut(id, TEXT_BYTES_MAX))
    };

    let mut fields = Fields {
        envelope_version: VERSION,
        trace_id: cut(subject.trace_id, TEXT_BYTES_MAX),
        timestamp: &timestamp,
        error: words(subject.cause),
        error_type: error_type(subject.cause),
        source_topic: cut(subject.topic, TEXT_BYTES_MAX),
        source_partition: subject.partition,
        source_offset: subject.offset,
        consumer_id: cut(subject.consumer_id, TEXT_BYTES_MAX),
        kafka_partition: subject.partition,
        kafka_offset: subject.offset,
        message_count: subject.message_count,
        message_size: size,
        payload_sha256: sha256.as_deref(),
        payload_truncation_note: None,
        first_bytes_hex: &first_list,
        last_bytes_hex: &last_list,
        thread_id: routing(subject.thread_id),
        tenant_id: routing(subject.tenant_id),
        node_id: routing(subject.node_id),
        parent_trace_id: routing(subject.parent_trace_id),
        span_id: routing(subject.span_id),
        original_payload_base64: None,
        original_payload_truncated: None,
        original_payload_size_bytes: None,
        original_payload_included_bytes: None,
        original_payload_sha256: None,
        payload_first_hex: shows_ends.then_some(&first_hex),
        payload_last_hex: shows_ends.then_some(&last_hex),
        payload_is_null: subject.payload.is_none(),
        cause: subject.cause.label(),
        age: subject.age.label(),
        form: form.label(),
        disclosure: disclosure.label(),
        attempt: subject.attempt,
        assignment_epoch: subject.epoch,
        record_timestamp_ms: subject.record_timestamp_ms,
        engine_version: env!("CARGO_PKG_VERSION"),
    };
    let limit = match form {
        Form::Full => bytes_max,
        Form::Reduced => bytes_max.min(REDUCED_BYTES_MAX),
    };
    let body = shows_body
        .then(|| base64_within(&fields, payload, limit))
        .flatten();
    let is_whole = match &body {
        Some((text, included)) => {
            fields.original_payload_base64 = Some(text);
            let is_whole = *included == payload.len();
            if !is_whole {
                note_cut(&mut fields, size, *included as u64, sha256.as_deref());
            }
            is_whole
        }
        None => {
            fields.payload_truncation_note = Some(NOTE_WITHHELD);
            !shows_body
        }
    };
    let form = if is_whole { form } else { Form::Reduced };
    fields.form = form.label();
    let value = serialize(&fields);
    if value.len() > limit {
        return Err(EnvelopeError::Budget {
            needed: value.len(),
            limit,
        });
    }
    Ok(Sealed {
        key: fields.trace_id.to_owned(),
        value,
        form,
    })
}

/// The longest beginning of `payload` whose base64 fits beside the other fields, and its length; none
/// where not even the notes of a cut fit.
fn base64_within(fields: &Fields<'_>, payload: &[u8], limit: usize) -> Option<(String, usize)> {
    // `null` becomes two quotes: two bytes less. The notes of a cut are counted at their largest.
    let others = serialize(fields).len().saturating_sub(2);
    let whole = payload.len().div_ceil(3).saturating_mul(4);
    if others.saturating_add(whole) <= limit {
        return Some((STANDARD.encode(payload), payload.len()));
    }
    let room = limit.checked_sub(others.saturating_add(NOTES_OF_A_CUT_BYTES))?;
    let fits = (room / 4).saturating_mul(3);
    let beginning = payload.get(..fits).unwrap_or(payload);
    Some((STANDARD.encode(beginning), beginning.len()))
}

fn note_cut<'a>(fields: &mut Fields<'a>, size: u64, included: u64, sha256: Option<&'a str>) {
    fields.payload_truncation_note = Some(NOTE_CUT);
    fields.original_payload_truncated = Some(true);
    fields.original_payload_size_bytes = Some(size);
    fields.original_payload_included_bytes = Some(included);
    fields.original_payload_sha256 = sha256;
}

fn serialize(fields: &Fields<'_>) -> Vec<u8> {
    // Texts, numbers and options: there is nothing here that could fail to be written.
    serde_json::to_vec(fields).unwrap_or_default()
}

/// The error types that readers of the older shapes know.
const fn error_type(cause: Cause) -> &'static str {
    match cause {
        Cause::Oversize | Cause::HeapBudget => "payload_too_large",
        Cause::BadFrame | Cause::HeaderMismatch => "invalid_format",
        Cause::DecompressionRefused => "decompression_error",
        Cause::DecodeError => "decode_error",
        Cause::SchemaTooNew => "schema_error",
        Cause::NullPayload
        | Cause::CrashLoop
        | Cause::HandlerRefused
        | Cause::UndecodableBatch
        | Cause::EvidenceLost
        | Cause::Dropped
        | Cause::OffsetOutOfRange => "processing_error",
    }
}

const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::NullPayload => "the record has no value",
        Cause::Oversize => "the value exceeds maximum message size",
        Cause::BadFrame => "the transport frame is not known",
        Cause::DecompressionRefused => "the value was not decompressed",
        Cause::DecodeError => "the value is no message",
        Cause::HeapBudget => "the message would take more memory than its budget",
        Cause::SchemaTooNew => "the schema version is newer than supported",
        Cause::HeaderMismatch => "the header contradicts the message",
        Cause::CrashLoop => "the process died on this record too often",
        Cause::HandlerRefused => "the handler gave the record up",
        Cause::UndecodableBatch => "the batch cannot be decoded",
        Cause::EvidenceLost => "the record was deleted before it was settled",
        Cause::Dropped => "the handler dropped the record at its last attempt",
        Cause::OffsetOutOfRange => "the position lies beyond the end of the log",
    }
}

const NOTE_WITHHELD: &str = "payload withheld; see disclosure and form";
const NOTE_CUT: &str = "payload cut to the byte budget";

/// The keys and values that [`note_cut`] adds, with two numbers of 20 digits and a hash, and the
/// other word for the form.
const NOTES_OF_A_CUT_BYTES: usize = 320;
