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
use serde_json::{Value, json};

/// One record of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The partition it was read from.
    pub(crate) partition: i32,
    /// Its offset there.
    pub(crate) offset: i64,
    /// Kafka's timestamp, in milliseconds since the Unix epoch.
    pub(crate) timestamp_ms: Option<i64>,
    /// The key's bytes.
    pub(crate) key: Option<Vec<u8>>,
    /// The value's bytes.
    pub(crate) value: Option<Vec<u8>>,
    /// The headers, in order.
    pub(crate) headers: Vec<Header>,
}

/// A header's name, and its value if it has one.
pub(crate) type Header = (String, Option<Vec<u8>>);

impl Record {
    /// A record at `offset` of `partition`.
    pub(crate) const fn new(partition: i32, offset: i64, timestamp_ms: Option<i64>) -> Self {
        Self {
            partition,
            offset,
            timestamp_ms,
            key: None,
            value: None,
            headers: Vec::new(),
        }
    }

    /// The same record with this key and value.
    pub(crate) fn with_bytes(mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Self {
        self.key = key.map(<[u8]>::to_vec);
        self.value = value.map(<[u8]>::to_vec);
        self
    }

    /// The same record with these headers.
    pub(crate) fn with_headers(mut self, headers: impl IntoIterator<Item = Header>) -> Self {
        self.headers = headers.into_iter().collect();
        self
    }

    /// Writes the record as one line.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let encode = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
        let mut line = json!({
            "partition": self.partition,
            "offset": self.offset,
            "timestamp_ms": self.timestamp_ms,
            "key": encode(&self.key),
            "value": encode(&self.value),
        });
        if let Some(line) = line.as_object_mut().filter(|_| !self.headers.is_empty()) {
            let headers = self.headers.iter();
            let pairs = headers.map(|(name, value)| json!([name, encode(value)]));
            line.insert("headers".to_owned(), pairs.collect());
        }
        writeln!(out, "{line}")
    }

    /// Reads every record of a capture, line by line.
    pub(crate) fn read(input: impl BufRead) -> impl Iterator<Item = io::Result<Self>> {
        let lines = input.lines().zip(1_usize..);
        lines.map(|(line, number)| {
            let line = line?;
            Self::parse(&line).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    format!("line {number} is no record"),
                )
            })
        })
    }

    fn parse(line: &str) -> Option<Self> {
        let object: Value = serde_json::from_str(line).ok()?;
        let decode = |value: &Value| match value {
            Value::Null => Some(None),
            Value::String(text) => STANDARD.decode(text).ok().map(Some),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        let bytes = |name: &str| decode(object.get(name)?);
        let header = |pair: &Value| match pair.as_array()?.as_slice() {
            [Value::String(name), value] => Some((name.clone(), decode(value)?)),
            _ => None,
        };
        let headers = match object.get("headers") {
            Some(pairs) => pairs
                .as_array()?
                .iter()
                .map(header)
                .collect::<Option<_>>()?,
            None => Vec::new(),
        };
        let timestamp = object.get("timestamp_ms")?;
        let timestamp_ms = if timestamp.is_null() {
            None
        } else {
            Some(timestamp.as_i64()?)
        };
        Some(Self {
            partition: object.get("partition")?.as_i64()?.try_into().ok()?,
            offset: object.get("offset")?.as_i64()?,
            timestamp_ms,
            key: bytes("key")?,
            value: bytes("value")?,
            headers,
        })
    }
}

#[cfg(test)]
mod tests;
