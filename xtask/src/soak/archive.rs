//! What an archive topic holds, read by a program that is in no group.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::group::number;
use crate::sh;

/// The places, by partition and offset, of the records whose letters stand in `topic`.
///
/// A record may be archived twice, when its consumer is killed between the acknowledgement and the
/// commit; its place is the same.
pub(super) fn places(reader: &Path, brokers: &str, topic: &str) -> Result<BTreeSet<(i64, i64)>> {
    let capture = sh::output(Command::new(reader).args(["--brokers", brokers, "record", topic]))?;
    capture.lines().map(place).collect()
}

fn place(line: &str) -> Result<(i64, i64)> {
    let record: Value = serde_json::from_str(line)?;
    let value = record.get("value").and_then(Value::as_str);
    let letter = STANDARD.decode(value.context("a letter")?)?;
    let letter: Value = serde_json::from_slice(&letter)?;
    let field = |name| number(&letter, name).with_context(|| format!("no {name}"));
    Ok((field("source_partition")?, field("source_offset")?))
}
