//! Why records are refused, and what is in them.

use std::io;

use dashstream_codec::{DecodeOptions, Decoder, Diagnosis};
use dashstream_dlq::LetterPlace;
use serde_json::{Value, json};

use crate::args::{Args, From};
use crate::failure::{Failure, Found};
use crate::generated::json::message;
use crate::records::{Refusal, values};
use crate::text::place;

pub(crate) fn inspect(
    args: &Args,
    from: &From,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut found = Found::NothingWrong;
    for record in values(args, from)? {
        let (at, value) = record?;
        // Diagnosed and not decoded: the same records are refused, and the place of the fault is known.
        if let Some(why) = Refusal::of(&mut decoder, value.as_deref()) {
            found = Found::Faults;
            refused(args, at, &why, out)?;
            continue;
        }
        let bytes = value.map_or(0, |value| value.len());
        if args.json {
            line(at, json!({"accepted": true, "bytes": bytes}), out)?;
        } else {
            writeln!(out, "{}accepted, {bytes} bytes", before(at))?;
        }
    }
    Ok(found)
}

pub(crate) fn decode(args: &Args, from: &From, out: &mut impl io::Write) -> Result<Found, Failure> {
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut found = Found::NothingWrong;
    for record in values(args, from)? {
        let (at, value) = record?;
        let decoded = value.as_deref().map(|value| decoder.decode(value));
        if let Some(Ok(decoded)) = decoded {
            if args.json {
                line(at, message(&decoded.message), out)?;
            } else {
                // The debug form escapes what a stranger wrote.
                writeln!(out, "{}{:#?}", before(at), decoded.message)?;
            }
            continue;
        }
        found = Found::Faults;
        // What was refused once is refused again.
        let why = Refusal::of(&mut decoder, value.as_deref()).unwrap_or(Refusal::NoValue);
        refused(args, at, &why, out)?;
    }
    Ok(found)
}

fn refused(
    args: &Args,
    at: Option<LetterPlace>,
    why: &Refusal,
    out: &mut impl io::Write,
) -> io::Result<()> {
    match (why, args.json) {
        (Refusal::NoValue, true) => {
            let code = json!({"accepted": false, "code": "null_payload", "error": "no value"});
            line(at, code, out)
        }
        (Refusal::Of(why), true) => line(at, diagnosis_json(why), out),
        (why, false) => writeln!(out, "{}refused: {}", before(at), refusal(why)),
    }
}

/// The place of a record that is one of several, in front of what is said of it.
fn before(at: Option<LetterPlace>) -> String {
    at.map_or_else(String::new, |at| format!("{:<12} ", place(at)))
}

/// The same in JSON, where the place is within.
fn line(at: Option<LetterPlace>, mut line: Value, out: &mut impl io::Write) -> io::Result<()> {
    if let (Some(at), Some(fields)) = (at, line.as_object_mut()) {
        fields.insert("record".to_owned(), json!(place(at)));
    }
    writeln!(out, "{line}")
}

pub(crate) fn refusal(why: &Refusal) -> String {
    match why {
        Refusal::NoValue => "no value [null_payload]".to_owned(),
        Refusal::Of(why) => diagnosis(why),
    }
}

pub(crate) fn diagnosis(why: &Diagnosis) -> String {
    match why.hint() {
        Some(hint) => format!("{why} [{}, hint: {hint}]", why.error.code()),
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
        "hint": why.hint(),
    })
}
