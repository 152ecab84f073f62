//! What a topic holds, read by a program that is in no group.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::log::Place;
use crate::group::number;
use crate::sh;

/// A record. Its bytes stay in base64 as the capture has them: equal texts are equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
    pub(super) headers: Vec<Header>,
}

/// A header's name, and its value if it has one.
pub(super) type Header = (String, Option<String>);

impl Record {
    /// The text of the last header of this name: whoever copies a record adds his own behind those that
    /// were there.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.iter().rev();
        let (_, value) = headers.find(|(own, _)| own == name)?;
        String::from_utf8(STANDARD.decode(value.as_ref()?).ok()?).ok()
    }

    /// How many bytes its value has, if it has one.
    pub(super) fn bytes(&self) -> Option<usize> {
        let value = self.value.as_ref()?;
        Some(STANDARD.decode(value).map_or(0, |value| value.len()))
    }
}

/// All that `topic` holds.
pub(super) fn held(reader: &Path, brokers: &str, topic: &str) -> Result<Vec<(Place, Record)>> {
    let capture = sh::output(Command::new(reader).args(["--brokers", brokers, "record", topic]))?;
    let records = capture.lines().map(|line| {
        let line: Value = serde_json::from_str(line)?;
        record(&line).with_context(|| format!("no record: {line}"))
    });
    records.collect()
}

fn record(line: &Value) -> Option<(Place, Record)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let headers = line.get("headers").and_then(Value::as_array);
    let headers = headers.into_iter().flatten().map(|pair| {
        let [name, value] = pair.as_array()?.as_slice() else {
            return None;
        };
        Some((text(name)?, text(value)))
    });
    let record = Record {
        key: text(line.get("key")?),
        value: text(line.get("value")?),
        headers: headers.collect::<Option<_>>()?,
    };
    let place = (number(line, "partition")?, number(line, "offset")?);
    Some((place, record))
}
