//! Why a record is refused, and what is in it.

use std::io;

use dashstream_codec::{DecodeOptions, Decoder, Diagnosis};
use dashstream_kafka::TopicReader;
use serde_json::{Value, json};

use crate::args::{Args, From, read};
use crate::failure::{Failure, Found};

pub(crate) fn inspect(
    args: &Args,
    from: &From,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let value = value(args, from)?;
    let why = Decoder::new(DecodeOptions::new()).diagnose(&value);
    match (&why, args.json) {
        (None, true) => writeln!(out, "{}", json!({"accepted": true, "bytes": value.len()}))?,
        (None, false) => writeln!(out, "accepted, {} bytes", value.len())?,
        (Some(why), true) => writeln!(out, "{}", diagnosis_json(why))?,
        (Some(why), false) => writeln!(out, "refused: {}", diagnosis(why))?,
    }
    Ok(match why {
        None => Found::NothingWrong,
        Some(_) => Found::Faults,
    })
}

pub(crate) fn decode(args: &Args, from: &From, out: &mut impl io::Write) -> Result<Found, Failure> {
    let value = value(args, from)?;
    match Decoder::new(DecodeOptions::new()).decode(&value) {
        // The debug form escapes what a stranger wrote.
        Ok(decoded) if args.json => {
            let message = format!("{:?}", decoded.message);
            writeln!(out, "{}", json!({"message": message}))?;
            Ok(Found::NothingWrong)
        }
        Ok(decoded) => {
            writeln!(out, "{:#?}", decoded.message)?;
            Ok(Found::NothingWrong)
        }
        Err(_) => inspect(args, from, out),
    }
}

/// The record's value; of one without a value no bytes.
fn value(args: &Args, from: &From) -> Result<Vec<u8>, Failure> {
    match (&from.file, &from.topic, from.place) {
        (Some(path), _, _) => read(path),
        (None, Some(topic), Some(at)) => {
            let config = args.config("_-dlq")?;
            let record = TopicReader::one(&config, topic, at)?.ok_or(Failure::NoRecord(at))?;
            Ok(record.value.unwrap_or_default().to_vec())
        }
        // The arguments leave no other way.
        (None, _, _) => Ok(Vec::new()),
    }
}

pub(crate) fn diagnosis(why: &Diagnosis) -> String {
    match why.hint {
        Some(hint) => format!("{why} [{}, hint: {}]", why.error.code(), hint.code()),
        None => format!("{why} [{}]", why.error.code()),
    }
}

pub(crate) fn diagnosis_json(why: &Diagnosis) -> Value {
    json!({
        "accepted": false,
        "code": why.error.code(),
        "error": why.error.to_string(),
        "offset": why.offset,
        "decompressed": why.decompressed,
        "field": why.path,
        "event": why.event,
        "expected": why.expected,
        "found": why.found,
        "hint": why.hint.map(|hint| hint.code()),
    })
}
