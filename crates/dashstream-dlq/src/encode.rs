//! Writing a dead letter within its byte budget, and the JSON forms of it.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_policy::{Backlog, Cause, Form};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::date::rfc3339;
use crate::letter::LetterError;
use crate::record::Header;
use crate::shapes::{Library, Server, Versioned};
use crate::text::{cut, hex, hex_list};
use crate::{Disclosure, LetterFormat};

/// The version that [`crate::KEY_VERSION`] shows. A key that changes its meaning raises it; a new
/// key does not.
pub const VERSION: u32 = 1;

/// Default byte budget of a letter: a broker's default `message.max.bytes` of 1,048,588 less 64 KiB
/// for the key, the headers and the batch around it.
pub const ENCODED_BYTES_DEFAULT: usize = 1_048_588 - 65_536;

/// What a reduced letter never exceeds: 4 KiB, which holds every field and eight texts of
/// [`TEXT_BYTES_MAX`] bytes.
pub const REDUCED_BYTES_MAX: usize = 4 * 1024;

/// Longest text kept, in bytes as written; longer ones are cut. A Kafka topic name has at most 249.
pub const TEXT_BYTES_MAX: usize = 256;

/// Bytes shown of each end of a payload: what existing consumers show.
pub const ENDS_BYTES: usize = 16;

/// A rejected record, and what is known about its failure. Its debug form shows the place and the
/// size, so that a log line discloses nothing.
#[derive(Clone)]
#[non_exhaustive]
pub struct RejectedRecord<'a> {
    /// The topic it was read from.
    pub topic: &'a str,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its value, if it has one. An empty value is a value.
    pub payload: Option<&'a [u8]>,
    /// Its key, if it has one. Only [`LetterFormat::Record`] keeps it.
    pub key: Option<&'a [u8]>,
    /// Its headers, in order. Only [`LetterFormat::Record`] keeps them.
    pub headers: &'a [Header],
    /// The consumer group. Only [`LetterFormat::Record`] shows it.
    pub group: &'a str,
    /// Why it was rejected.
    pub cause: Cause,
    /// When that was found, since the Unix epoch.
    pub at: Duration,
    /// The id of the dead letter, which is the key of the JSON forms.
    pub trace_id: &'a str,
    /// How many attempts its handler had; none where it was never handed out.
    pub attempt: u32,
    /// The number of the assignment under which it was read.
    pub assignment: u64,
    /// Whether it is older than the consumer.
    pub backlog: Backlog,
    /// Who consumed it.
    pub consumer_id: &'a str,
    /// Records that the consumer had received by then.
    pub message_count: u64,
    /// The record's own timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
    /// The thread that it belongs to, as far as it could be read without decoding the message.
    pub thread_id: Option<&'a str>,
    /// The tenant that it belongs to, likewise.
    pub tenant_id: Option<&'a str>,
    /// The graph's node that sent it, likewise.
    pub node_id: Option<&'a str>,
    /// The trace around it, likewise.
    pub parent_trace_id: Option<&'a str>,
    /// Its span, likewise.
    pub span_id: Option<&'a str>,
    /// What exactly is wrong, where that is known: it follows the words for the cause in the letter's
    /// `error`. It is shown whatever the disclosure, so that nothing of the payload may be in it.
    pub detail: Option<&'a str>,
}

impl<'a> RejectedRecord<'a> {
    /// A record of which no more is known: read at its first attempt, while it was current.
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
            key: None,
            headers: &[],
            group: "",
            cause,
            at,
            trace_id,
            attempt: 1,
            assignment: 0,
            backlog: Backlog::Current,
            consumer_id: "",
            message_count: 0,
            timestamp_ms: None,
            thread_id: None,
            tenant_id: None,
            node_id: None,
            parent_trace_id: None,
            span_id: None,
            detail: None,
        }
    }

    /// Writes the dead letter within `bytes_max`, or within the lesser of that and
    /// [`REDUCED_BYTES_MAX`] when it is reduced. Reads the whole payload if its hash is shown.
    ///
    /// [`LetterFormat::Record`] has the whole record or none of it: what may not be shown or does not
    /// fit is left out, and the letter is [`Form::Reduced`]. It copies neither key nor payload. In the
    /// JSON formats a payload that is shown and does not fit is cut, and [`EncodedRecord::form`] says
    /// so: in base64 it takes four bytes for three, beside at most 3 KiB of other fields.
    ///
    /// # Errors
    ///
    /// [`LetterError::Budget`] when not even the letter without a payload fits,
    /// [`LetterError::Disclosure`] for a disclosure that the format
    /// [cannot show](LetterFormat::can_show).
    pub fn encode(
        &self,
        format: LetterFormat,
        disclosure: Disclosure,
        form: Form,
        bytes_max: usize,
    ) -> Result<EncodedRecord<'a>, LetterError> {
        if !format.can_show(disclosure) {
            return Err(LetterError::Disclosure { format, disclosure });
        }
        // For the JSON formats alone. `encode_record` may change the form and takes the limits itself.
        let limit = match form {
            Form::Full => bytes_max,
            Form::Reduced => bytes_max.min(REDUCED_BYTES_MAX),
        };
        if format == LetterFormat::Record {
            return self.encode_record(disclosure, form, bytes_max);
        }
        let mut keys = self.keys(disclosure);
        let shown = self
            .payload
            .filter(|_| disclosure == Disclosure::Full && form == Form::Full);
        // Before the payload is fitted in: `base64_within` writes the keys to count them.
        keys.form = form.label().into();
        let is_whole = match shown.and_then(|payload| base64_within(&keys, payload, limit)) {
            Some((text, included)) => {
                keys.original_payload_base64 = Some(text.into());
                let is_whole = shown.is_some_and(|payload| payload.len() == included);
                if !is_whole {
                    note_cut(&mut keys, included as u64);
                }
                is_whole
            }
            None => {
                // What the disclosure does not show is no loss of this letter, and does not make it reduced.
                keys.payload_truncation_note = Some(NOTE_WITHHELD.into());
                shown.is_none()
            }
        };
        // The older shapes cannot tell a value of no bytes from none.
        let is_whole = is_whole && (format == LetterFormat::Versioned || self.payload.is_some());
        let form = if is_whole { form } else { Form::Reduced };
        // The other word may be three bytes longer. `NOTES_OF_A_CUT_BYTES` has room for that.
        keys.form = form.label().into();
        let value = match format {
            LetterFormat::Record | LetterFormat::Versioned => json(&keys),
            LetterFormat::Library => json(&Library::of(&keys)),
            LetterFormat::Server => json(&Server::of(&keys)),
        };
        // Checked on the finished text, so that the budget holds whatever was counted before.
        if value.len() > limit {
            return Err(LetterError::Budget {
                needed: value.len(),
                limit,
            });
        }
        Ok(EncodedRecord {
            key: Some(keys.trace_id.into_owned().into_bytes().into()),
            value: Some(value.into()),
            source_headers: &[],
            own_headers: Vec::new(),
            timestamp_ms: None,
            form,
        })
    }

    /// The cause in words, and the detail behind it.
    pub(crate) fn error(&self) -> Cow<'a, str> {
        // Cut on its own, so that a long detail leaves the words for the cause whole.
        let words = self.cause.sentence();
        match self.detail {
            Some(detail) => format!("{words}: {}", cut(detail, TEXT_BYTES_MAX)).into(),
            None => words.into(),
        }
    }

    /// Everything but the payload, as far as it may be disclosed.
    fn keys(&self, disclosure: Disclosure) -> Versioned<'a> {
        let text = |text: &'a str| Cow::from(cut(text, TEXT_BYTES_MAX));
        let shows_ends = disclosure >= Disclosure::Truncated;
        let id = |id: Option<&'a str>| id.filter(|_| shows_ends).map(text);
        let hashed = self.payload.filter(|_| disclosure >= Disclosure::Hashed);
        let ends = self.payload.filter(|_| shows_ends);
        // Out of range for a short payload: then its first end is all of it, and it has no last one.
        let first = ends.map(|bytes| bytes.get(..ENDS_BYTES).unwrap_or(bytes));
        let last = ends.map(|bytes| match bytes.len().checked_sub(ENDS_BYTES) {
            Some(at) => bytes.get(at..).unwrap_or_default(),
            None => &[],
        });
        // The older shape has an empty text for a payload shorter than its end.
        let last_listed = last.filter(|bytes| !bytes.is_empty());
        Versioned {
            envelope_version: VERSION,
            trace_id: text(self.trace_id),
            timestamp: rfc3339(self.at).into(),
            error: self.error(),
            error_type: self.cause.error_type().into(),
            source_topic: text(self.topic),
            source_partition: self.partition,
            source_offset: self.offset,
            consumer_id: text(self.consumer_id),
            kafka_partition: self.partition,
            kafka_offset: self.offset,
            message_count: self.message_count,
            message_size: self.payload.map_or(0, <[u8]>::len) as u64,
            payload_sha256: hashed.map(|bytes| hex(&Sha256::digest(bytes)).into()),
            payload_truncation_note: None,
            first_bytes_hex: first.map(hex_list).unwrap_or_default().into(),
            last_bytes_hex: last_listed.map(hex_list).unwrap_or_default().into(),
            thread_id: id(self.thread_id),
            tenant_id: id(self.tenant_id),
            node_id: id(self.node_id),
            parent_trace_id: id(self.parent_trace_id),
            span_id: id(self.span_id),
            original_payload_base64: None,
            original_payload_truncated: None,
            original_payload_size_bytes: None,
            original_payload_included_bytes: None,
            original_payload_sha256: None,
            // The same ends once more: the lists in brackets above are the older shape's spelling.
            payload_first_hex: first.map(|bytes| hex(bytes).into()),
            payload_last_hex: last.map(|bytes| hex(bytes).into()),
            payload_is_null: self.payload.is_none(),
            cause: self.cause.label().into(),
            age: self.backlog.label().into(),
            form: Cow::default(),
            disclosure: disclosure.label().into(),
            attempt: self.attempt,
            assignment_epoch: self.assignment,
            record_timestamp_ms: self.timestamp_ms,
            engine_version: env!("CARGO_PKG_VERSION").into(),
        }
    }
}

impl fmt::Debug for RejectedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedRecord")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("cause", &self.cause)
            .field("bytes", &self.payload.map(<[u8]>::len))
            .finish_non_exhaustive()
    }
}

/// A dead letter to be produced. Its debug form shows sizes only.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedRecord<'a> {
    pub(crate) key: Option<Cow<'a, [u8]>>,
    pub(crate) value: Option<Cow<'a, [u8]>>,
    pub(crate) source_headers: &'a [Header],
    pub(crate) own_headers: Vec<(&'static str, String)>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) form: Form,
}

impl EncodedRecord<'_> {
    /// The record key: the source's own, or of the JSON forms the trace id.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    /// The record value: the source's own, or JSON.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    /// The record headers: the source's own, and behind them those about the failure.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let source = self.source_headers.iter();
        let source = source.map(|(name, value)| (&**name, value.as_deref()));
        let own = self.own_headers.iter();
        source.chain(own.map(|(name, value)| (*name, Some(value.as_bytes()))))
    }

    /// The timestamp to produce it with: the source's own, unless that is unknown or ahead of the time
    /// of the failure.
    #[must_use]
    pub const fn timestamp_ms(&self) -> Option<i64> {
        self.timestamp_ms
    }

    /// What it is: [`Form::Reduced`] also where a full one was asked for and the payload did not fit
    /// whole.
    #[must_use]
    pub const fn form(&self) -> Form {
        self.form
    }
}

impl fmt::Debug for EncodedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncodedRecord")
            .field("key_bytes", &self.key.as_ref().map(|key| key.len()))
            .field("bytes", &self.value.as_ref().map(|value| value.len()))
            .field("headers", &self.headers().count())
            .field("form", &self.form)
            .finish()
    }
}

/// The longest beginning of `payload` whose base64 fits beside the other fields, and its length; none
/// where not even the notes of a cut fit.
fn base64_within(keys: &Versioned<'_>, payload: &[u8], limit: usize) -> Option<(String, usize)> {
    // `null` becomes two quotes: two bytes less. The notes of a cut are counted at their largest.
    let others = json(keys).len().saturating_sub(2);
    // Saturates, so that a sum too large to count is one that does not fit.
    let whole = payload.len().div_ceil(3).saturating_mul(4);
    if others.saturating_add(whole) <= limit {
        return Some((STANDARD.encode(payload), payload.len()));
    }
    // Measured in the versioned form, which has every key of the older two: they fit as well.
    let room = limit.checked_sub(others.saturating_add(NOTES_OF_A_CUT_BYTES))?;
    // Whole groups of three bytes, which take four characters each and no padding. At least
    // `NOTES_OF_A_CUT_BYTES` less than the whole, so that what is cut is never all of it.
    let fits = (room / 4).saturating_mul(3);
    let beginning = payload.get(..fits).unwrap_or(payload);
    Some((STANDARD.encode(beginning), beginning.len()))
}

fn note_cut(keys: &mut Versioned<'_>, included: u64) {
    keys.payload_truncation_note = Some(NOTE_CUT.into());
    keys.original_payload_truncated = Some(true);
    keys.original_payload_size_bytes = Some(keys.message_size);
    keys.original_payload_included_bytes = Some(included);
    keys.original_payload_sha256
        .clone_from(&keys.payload_sha256);
}

fn json(keys: &impl Serialize) -> Vec<u8> {
    // Texts, numbers and options: there is nothing here that could fail to be written.
    serde_json::to_vec(keys).unwrap_or_default()
}

const NOTE_WITHHELD: &str = "payload withheld; see disclosure and form";
const NOTE_CUT: &str = "payload cut to the byte budget";

/// The keys and values that [`note_cut`] adds, with two numbers of 20 digits and a hash, and the
/// other word for the form.
const NOTES_OF_A_CUT_BYTES: usize = 320;
