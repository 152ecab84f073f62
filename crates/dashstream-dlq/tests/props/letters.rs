//! Reading dead letters: what was written is read back, and nothing else is taken for it.

use core::time::Duration;

use dashstream_dlq::{
    DeadLetter, Disclosure, ENDS_BYTES, LetterError, LetterFormat, LetterShape, Payload,
    RejectedRecord, VERSION,
};
use dashstream_policy::{Backlog, Cause, Form, Offset};

/// The last moment that a letter can name: 9999-12-30T22:00:00 less a microsecond, which is still in
/// the year 9999 in every zone.
pub(crate) const LAST: Duration = Duration::new(253_402_207_200, 999_999_000);

/// What a letter is written of.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) cause: Cause,
    pub(crate) at: Duration,
    pub(crate) attempt: u32,
    pub(crate) assignment: u64,
    pub(crate) timestamp: Option<i64>,
    pub(crate) text: String,
    pub(crate) disclosure: Disclosure,
    pub(crate) form: Form,
    pub(crate) budget: usize,
}

/// Writes the record's letter and reads it: everything is there that may be disclosed, and a
/// payload is whole or the beginning of what it was.
pub(crate) fn what_is_written_is_read(record: &Record) {
    let payload = record.payload.as_deref();
    let text = record.text.as_str();
    let mut rejected = RejectedRecord::new(
        text,
        record.partition,
        record.offset,
        payload,
        record.cause,
        record.at,
        text,
    );
    (rejected.attempt, rejected.assignment) = (record.attempt, record.assignment);
    (rejected.backlog, rejected.timestamp_ms) = (Backlog::Old, record.timestamp);
    (rejected.consumer_id, rejected.message_count) = (text, record.assignment);
    (rejected.thread_id, rejected.parent_trace_id) = (Some(text), Some(text));
    rejected.span_id = Some("span");
    let Ok(encoded) = rejected.encode(
        LetterFormat::Versioned,
        record.disclosure,
        record.form,
        record.budget,
    ) else {
        return;
    };
    let letter = DeadLetter::read_json(encoded.value().expect("JSON"), usize::MAX)
        .expect("it was written so");

    let bytes = payload.unwrap_or_default();
    let shows = |disclosure| record.disclosure >= disclosure && payload.is_some();
    assert_eq!(letter.shape, LetterShape::Versioned(VERSION));
    assert_eq!(Some(letter.trace_id.as_bytes()), encoded.key());
    assert!(text.starts_with(&letter.trace_id));
    let micros = record.at - Duration::from_nanos(u64::from(record.at.subsec_nanos() % 1_000));
    assert_eq!(letter.at, micros.min(LAST));
    assert_eq!(
        letter.source.topic.as_deref(),
        Some(letter.trace_id.as_str())
    );
    assert_eq!(letter.source.partition, Some(record.partition));
    assert_eq!(letter.source.offset, Offset::new(record.offset).ok());
    assert_eq!(letter.size, bytes.len() as u64);
    assert_eq!(letter.sha256.is_some(), shows(Disclosure::Hashed));
    let ends = if shows(Disclosure::Truncated) {
        bytes
    } else {
        &[]
    };
    assert_eq!(letter.first, &ends[..ends.len().min(ENDS_BYTES)]);
    let last = ends
        .len()
        .checked_sub(ENDS_BYTES)
        .map_or(&[][..], |at| &ends[at..]);
    assert_eq!(letter.last, last);
    let ids = record.disclosure >= Disclosure::Truncated;
    assert_eq!(letter.thread_id.is_some(), ids);
    assert_eq!(letter.parent_trace_id, letter.thread_id);
    assert_eq!(letter.span_id.as_deref(), ids.then_some("span"));
    assert_eq!((&letter.tenant_id, &letter.node_id), (&None, &None));
    match &letter.payload {
        Payload::Null => assert_eq!(payload, None),
        Payload::Whole(read) => assert_eq!(Some(&read[..]), payload),
        Payload::Beginning(read) => {
            assert!(bytes.starts_with(&read[..]) && read.len() < bytes.len())
        }
        Payload::Withheld => assert!(payload.is_some()),
    }
    let body = shows(Disclosure::Full) && record.form == Form::Full;
    let read = matches!(letter.payload, Payload::Whole(_) | Payload::Beginning(_));
    assert!(body || !read, "nothing is disclosed that may not be");
    let read_whole = letter.payload.whole().is_some();
    let letter_timestamp = letter.timestamp_ms;
    let provenance = letter.provenance.expect("ours has one");
    assert_eq!(provenance.cause, record.cause);
    assert_eq!(provenance.backlog, Backlog::Old);
    assert_eq!(provenance.form, encoded.form());
    let is_whole = !shows(Disclosure::Full) || read_whole;
    let is_full = record.form == Form::Full && is_whole;
    assert_eq!(provenance.form == Form::Full, is_full);
    assert_eq!(provenance.disclosure, record.disclosure);
    assert_eq!(provenance.attempt, record.attempt);
    assert_eq!(provenance.assignment_epoch, record.assignment);
    assert_eq!(letter_timestamp, record.timestamp);
}

/// Any bytes are read or refused; what is read is no larger than what it was read from.
pub(crate) fn any_bytes_are_read_or_refused(bytes: &[u8]) {
    match DeadLetter::read_json(bytes, bytes.len()) {
        Ok(letter) => {
            let held = letter.payload.whole().map_or(0, <[u8]>::len) + letter.trace_id.len();
            assert!(held <= bytes.len());
        }
        Err(error) => assert!(!matches!(error, LetterError::TooLarge { .. })),
    }
}
