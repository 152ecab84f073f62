//! A capture: the records of a stream as a file of JSON lines.
//!
//! Each line is one object, in the order in which the records were read:
//!
//! ```json
//! {"partition":0,"offset":41,"timestamp_ms":1760000000000,"key":"dGhyZWFkLTE=","value":"AAo="}
//! ```
//!
//! * `partition` and `offset` are the record's coordinates.
//! * `timestamp_ms` is Kafka's record timestamp in milliseconds since the Unix epoch, or null.
//! * `key` and `value` are standard base64 with padding. Null means that there was none, which is
//!   not the same as the empty string: a record without a value cannot be processed.
//! * `headers` is there for a record that has any: a list of pairs, each a name and base64 or null, in the
//!   record's order. A name may come more than once.
//!
//! The topic's name is not in the file: a capture can be replayed under any.

use std::io::{self, BufRead, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_dlq::{KafkaRecord, LetterPlace};
use serde_json::{Value, json};

/// Writes the record at a place as one line.
pub(crate) fn write(
    (partition, offset): LetterPlace,
    record: &KafkaRecord,
    out: &mut impl Write,
) -> io::Result<()> {
    let encode = |bytes: Option<&[u8]>| bytes.map(|bytes| STANDARD.encode(bytes));
    let mut line = json!({
        "partition": partition,
        "offset": offset,
        "timestamp_ms": record.timestamp_ms,
        "key": encode(record.key.as_deref()),
        "value": encode(record.value.as_deref()),
    });
    if let Some(line) = line.as_object_mut().filter(|_| !record.headers.is_empty()) {
        let headers = record.headers.iter();
        let pairs = headers.map(|(name, value)| json!([name, encode(value.as_deref())]));
        line.insert("headers".to_owned(), pairs.collect());
    }
    writeln!(out, "{line}")
}

/// Reads every record of a capture with its place, line by line.
pub(crate) fn read(
    input: impl BufRead,
) -> impl Iterator<Item = io::Result<(LetterPlace, KafkaRecord)>> {
    let lines = input.lines().zip(1_usize..);
    lines.map(|(line, number)| {
        let damaged = || format!("line {number} is no record");
        parse(&line?).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, damaged()))
    })
}

fn parse(line: &str) -> Option<(LetterPlace, KafkaRecord)> {
    let object: Value = serde_json::from_str(line).ok()?;
    let decode = |value: &Value| match value {
        Value::Null => Some(None),
        Value::String(text) => STANDARD.decode(text).ok().map(|bytes| Some(bytes.into())),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let bytes = |name: &str| decode(object.get(name)?);
    let header = |pair: &Value| match pair.as_array()?.as_slice() {
        [Value::String(name), value] => Some((name.as_str().into(), decode(value)?)),
        _ => None,
    };
    let record = KafkaRecord {
        // A field that is missing is an error and not null: the line may be cut, or no record at all.
        key: bytes("key")?,
        value: bytes("value")?,
        headers: match object.get("headers") {
            Some(pairs) => pairs
                .as_array()?
                .iter()
                .map(header)
                .collect::<Option<_>>()?,
            None => Vec::new(),
        },
        timestamp_ms: match object.get("timestamp_ms")? {
            timestamp if timestamp.is_null() => None,
            timestamp => Some(timestamp.as_i64()?),
        },
    };
    let partition = object.get("partition")?.as_i64()?.try_into().ok()?;
    Some(((partition, object.get("offset")?.as_i64()?), record))
}

#[cfg(test)]
mod tests;
