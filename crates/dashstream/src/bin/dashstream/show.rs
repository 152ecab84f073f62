//! One letter, as it is shown.

use std::fs;
use std::io;

use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_dlq::{DeadLetter, Payload, rfc3339};
use dashstream_kafka::TopicReader;
use serde_json::json;

use crate::args::{Args, Show};
use crate::failure::{Failure, Found};
use crate::inspect::{diagnosis, diagnosis_json};
use crate::records::LETTER_BYTES_MAX;
use crate::text::{letter_json, place, say, shown, source};

pub(crate) fn letter(args: &Args, show: &Show, out: &mut impl io::Write) -> Result<Found, Failure> {
    let config = args.config(&show.topic)?;
    let record = TopicReader::one(&config, &show.topic, show.place)?;
    let record = record.ok_or(Failure::NoRecord(show.place))?;
    let letter = match DeadLetter::read(&record, LETTER_BYTES_MAX) {
        Ok(letter) => letter,
        Err(error) => {
            let at = place(show.place);
            say!(args, out, {"letter": at, "error": error.code()}, "{at}: no letter: {error}")?;
            return Ok(Found::Faults);
        }
    };
    let value = letter.payload.whole();
    if let Some(path) = &show.value_to {
        let value = value.ok_or(Failure::NoValue(show.place))?;
        fs::write(path, value).map_err(|error| Failure::File(path.clone(), error))?;
    }
    // Of whole values only: the beginning of one would be refused for being cut.
    let why = value.and_then(|value| Decoder::new(DecodeOptions::new()).diagnose(value));
    if args.json {
        // Lossy, since JSON holds text only. `--value-to` writes the bytes of the value as they are.
        let headers = letter.headers.iter().map(|(name, value)| {
            let value = value.as_deref().map(String::from_utf8_lossy);
            json!({"name": name, "value": value})
        });
        let more = json!({
            "error": letter.error,
            "group": letter.group,
            "timestamp_ms": letter.timestamp_ms,
            "key": letter.key.as_deref().map(String::from_utf8_lossy),
            "headers": headers.collect::<Vec<_>>(),
            "diagnosis": why.as_ref().map(diagnosis_json),
        });
        writeln!(out, "{}", letter_json(show.place, &letter, more))?;
        return Ok(Found::NothingWrong);
    }
    let value = match &letter.payload {
        Payload::Null => "none".to_owned(),
        Payload::Whole(bytes) => format!("{} bytes", bytes.len()),
        Payload::Beginning(bytes) => format!("the first {} of {} bytes", bytes.len(), letter.size),
        Payload::Withheld => format!("{} bytes, to be read where it stood", letter.size),
    };
    writeln!(out, "letter       {}", place(show.place))?;
    writeln!(out, "source       {}", source(&letter))?;
    writeln!(out, "rejected at  {}", rfc3339(letter.at))?;
    writeln!(out, "cause        {}", shown(letter.cause()))?;
    writeln!(out, "error        {}", shown(&letter.error))?;
    let group = shown(letter.group.as_deref().unwrap_or("unknown"));
    writeln!(out, "group        {group}")?;
    let bytes = |bytes: Option<&[u8]>| {
        let text = bytes.map(String::from_utf8_lossy);
        text.map_or_else(|| "none".to_owned(), |text| shown(&text))
    };
    writeln!(out, "key          {}", bytes(letter.key.as_deref()))?;
    writeln!(out, "value        {value}")?;
    for (name, value) in &letter.headers {
        let (name, value) = (shown(name), bytes(value.as_deref()));
        writeln!(out, "header       {name} = {value}")?;
    }
    if let Some(why) = why {
        writeln!(out, "diagnosis    {}", diagnosis(&why))?;
    }
    Ok(Found::NothingWrong)
}
