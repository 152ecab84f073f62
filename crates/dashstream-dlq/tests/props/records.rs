//! Letters that are the record: read back as they were written, and never for another record.

use core::time::Duration;

use bytes::Bytes;
use dashstream_dlq::{
    DeadLetter, Disclosure, EncodedRecord, Header, KafkaRecord, LetterFormat, LetterShape, Payload,
    REDUCED_BYTES_MAX, RejectedRecord, VERSION,
};
use dashstream_policy::{Cause, Form};

/// What a letter is written of.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) record: KafkaRecord,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) cause: Cause,
    pub(crate) text: String,
    pub(crate) disclosure: Disclosure,
    pub(crate) budget: usize,
}

const AT: Duration = Duration::from_micros(1_700_000_000_123_456);

/// The letter as a consumer of the archive topic gets it.
pub(crate) fn delivered(letter: &EncodedRecord<'_>) -> KafkaRecord {
    let own = |(name, value): (&str, Option<&[u8]>)| -> Header {
        (name.into(), value.map(Bytes::copy_from_slice))
    };
    KafkaRecord {
        key: letter.key().map(Bytes::copy_from_slice),
        value: letter.value().map(Bytes::copy_from_slice),
        headers: letter.headers().map(own).collect(),
        timestamp_ms: letter.timestamp_ms(),
    }
}

/// Writes the record's letter, reads it, and gets the record or only its place. The letter that is
/// written of a letter gives back the letter.
pub(crate) fn the_record_is_in_the_letter_or_only_its_place(
    source: &Source,
) -> Option<KafkaRecord> {
    let record = &source.record;
    let mut rejected = RejectedRecord::new(
        "topic",
        source.partition,
        source.offset,
        record.value.as_deref(),
        source.cause,
        AT,
        &source.text,
    );
    (rejected.key, rejected.headers) = (record.key.as_deref(), &record.headers);
    (rejected.group, rejected.consumer_id) = (&source.text, &source.text);
    (rejected.timestamp_ms, rejected.detail) = (record.timestamp_ms, Some(&*source.text));
    let encode = rejected.encode(
        LetterFormat::Record,
        source.disclosure,
        Form::Full,
        source.budget,
    );
    let Ok(encoded) = encode else {
        return None;
    };
    let bytes = delivered(&encoded);
    assert!(bytes.bytes() <= source.budget);
    let letter = DeadLetter::read(&bytes, source.budget).expect("it was written so");
    assert_eq!(letter.shape, LetterShape::Record(VERSION));
    assert_eq!(letter.source.topic.as_deref(), Some("topic"));
    assert_eq!(letter.source.partition, Some(source.partition));
    assert_eq!(letter.source.offset.map(|at| at.get()), Some(source.offset));
    assert_eq!((letter.at, letter.cause()), (AT, source.cause.label()));
    assert_eq!(letter.timestamp_ms, record.timestamp_ms);
    assert!(letter.is_of(record), "its own record is recognised");
    match encoded.form() {
        Form::Full => {
            assert_eq!(letter.record().as_ref(), Some(record));
            assert_eq!(source.disclosure, Disclosure::Full);
        }
        Form::Reduced => {
            assert_eq!(letter.record(), None);
            assert_eq!((bytes.key.as_ref(), bytes.value.as_ref()), (None, None));
            assert!(bytes.bytes() <= REDUCED_BYTES_MAX);
            let expected = record
                .value
                .as_ref()
                .map_or(Payload::Null, |_| Payload::Withheld);
            assert_eq!(letter.payload, expected);
            let is_hashed = source.disclosure >= Disclosure::Hashed && record.value.is_some();
            assert_eq!(letter.sha256.is_some(), is_hashed);
        }
    }
    Some(bytes)
}

/// A letter that was changed on its way is refused, or is still about the record that it was written
/// of, unless what names the place was changed; and what is read can be written down again.
pub(crate) fn any_record_is_read_or_refused(record: &KafkaRecord) {
    if let Ok(letter) = DeadLetter::read(record, usize::MAX) {
        if let Some(own) = letter.record() {
            assert!(own.bytes() <= record.bytes());
            assert_eq!(
                own.value, record.value,
                "what is sent again is what was there"
            );
            assert!(letter.is_of(&own));
        }
        assert_eq!(letter.identity(), letter.clone().identity());
    }
}
