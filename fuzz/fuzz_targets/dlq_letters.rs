//! Dead letters: any bytes are read or refused, and what is written is read.
#![no_main]

#[path = "../../crates/dashstream-dlq/tests/props/letters.rs"]
mod letters;

use core::time::Duration;

use arbitrary::{Result, Unstructured};
use dashstream_dlq::Disclosure;
use dashstream_policy::{Cause, Form};
use letters::Record;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    letters::any_bytes_are_read_or_refused(bytes);
    if let Ok(record) = record(&mut Unstructured::new(bytes)) {
        letters::what_is_written_is_read(&record);
    }
});

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
