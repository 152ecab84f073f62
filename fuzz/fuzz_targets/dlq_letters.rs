//! Dead letters: any bytes and any headers are read or refused, and what is written is read.
#![no_main]

#[path = "../../crates/dashstream-dlq/tests/props/letters.rs"]
mod letters;
#[path = "../../crates/dashstream-dlq/tests/props/records.rs"]
mod records;

use core::time::Duration;

use arbitrary::{Result, Unstructured};
use dashstream_dlq::{Disclosure, KafkaRecord};
use dashstream_policy::{Cause, Form};
use letters::Record;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    letters::any_bytes_are_read_or_refused(bytes);
    if let Ok(record) = record(&mut Unstructured::new(bytes)) {
        letters::what_is_written_is_read(&record);
    }
    if let Ok((source, damage)) = source(&mut Unstructured::new(bytes)) {
        // With the headers of other writers it may be a letter of theirs.
        records::any_record_is_read_or_refused(&source.record);
        if let Some(mut letter) = records::the_record_is_in_the_letter_or_only_its_place(&source) {
            if let Some((at, value)) = damage
                && let Some(header) = letter.headers.get_mut(at)
            {
                header.1 = Some(value.into());
            }
            records::any_record_is_read_or_refused(&letter);
        }
    }
});

type Damage = Option<(usize, Vec<u8>)>;

fn source(u: &mut Unstructured<'_>) -> Result<(records::Source, Damage)> {
    const NAMES: [&str; 14] = [
        "x",
        "dashstream.dlq.version",
        "__dlq.errors.topic",
        "__dlq.errors.partition",
        "__dlq.errors.offset",
        "kafka_dlt-original-topic",
        "kafka_dlt-original-partition",
        "kafka_dlt-original-offset",
        "kafka_dlt-original-timestamp",
        "kafka_dlt-exception-fqcn",
        "__connect.errors.topic",
        "__connect.errors.partition",
        "__connect.errors.offset",
        "__connect.errors.exception.class.name",
    ];
    let bytes = |bytes: Option<Vec<u8>>| bytes.map(Into::into);
    let mut headers = Vec::new();
    for _ in 0..u.int_in_range(0..=8)? {
        headers.push(((*u.choose(&NAMES)?).into(), bytes(u.arbitrary()?)));
    }
    let source = records::Source {
        record: KafkaRecord {
            key: bytes(u.arbitrary()?),
            value: bytes(u.arbitrary()?),
            headers,
            timestamp_ms: u.arbitrary()?,
        },
        partition: u.int_in_range(0..=i32::MAX)?,
        offset: u.int_in_range(0..=i64::MAX - 1)?,
        cause: *u.choose(&Cause::ALL)?,
        text: u.arbitrary()?,
        disclosure: *u.choose(&Disclosure::ALL)?,
        budget: u.int_in_range(0..=100_000)?,
    };
    Ok((source, u.arbitrary()?))
}

fn record(u: &mut Unstructured<'_>) -> Result<Record> {
    Ok(Record {
        partition: u.int_in_range(0..=i32::MAX)?,
        offset: u.int_in_range(0..=i64::MAX - 1)?,
        cause: *u.choose(&Cause::ALL)?,
        at: Duration::new(u.int_in_range(0..=1 << 40)?, u.int_in_range(0..=999_999_999)?),
        attempt: u.arbitrary()?,
        assignment: u.arbitrary()?,
        timestamp: u.arbitrary()?,
        disclosure: *u.choose(&Disclosure::ALL)?,
        form: *u.choose(&Form::ALL)?,
        budget: u.int_in_range(0..=100_000)?,
        text: u.arbitrary()?,
        payload: u.arbitrary()?,
    })
}
