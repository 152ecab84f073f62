//! The words of a run, and the small pieces its messages are made of.

use std::collections::BTreeMap;

use bytes::Bytes;
use dashstream_codec::v1::diff_operation::OpType;
use dashstream_codec::v1::{AttributeValue, DiffOperation, attribute_value};
use serde_json::Value;

use crate::rng::Rng;

pub(super) const MODEL: &str = "demo-large-1";
pub(super) const NODES: &[&str] = &["planner", "researcher", "tools", "writer"];
pub(super) const SOURCES: &[&str] = &["timetable", "archive", "map"];
pub(super) const QUESTIONS: &[&str] = &[
    "Which night trains reach Lyon before nine?",
    "Summarise last week's incidents for the weekly note.",
    "Find three suppliers of oak boards and compare their prices.",
];
pub(super) const PIECES: &[&str] = &[
    "The first source agrees with the plan, ",
    "but two figures differ from last week's note. ",
    "A second look at the timetable settles it: ",
    "the early connection runs on weekdays only. ",
    "What remains is to compare the prices. ",
];

pub(super) fn operation(op: OpType, path: &str, value: Option<&Value>) -> DiffOperation {
    DiffOperation {
        op: op.into(),
        path: path.to_owned(),
        value: value.map_or_else(Bytes::new, |value| value.to_string().into()),
        ..DiffOperation::default()
    }
}

pub(super) fn attributes(
    named: &[(&str, attribute_value::Value)],
) -> BTreeMap<String, AttributeValue> {
    named
        .iter()
        .map(|(name, value)| {
            (
                (*name).to_owned(),
                AttributeValue {
                    value: Some(value.clone()),
                },
            )
        })
        .collect()
}

pub(super) fn text(value: &str) -> attribute_value::Value {
    attribute_value::Value::StringValue(value.to_owned())
}

pub(super) const fn number(value: i64) -> attribute_value::Value {
    attribute_value::Value::IntValue(value)
}

pub(super) const fn flag(value: bool) -> attribute_value::Value {
    attribute_value::Value::BoolValue(value)
}

/// Sixteen random bytes marked as a UUID of version 4.
pub(super) fn uuid(rng: &mut Rng) -> [u8; 16] {
    let mut id: [u8; 16] = rng.bytes();
    if let Some(byte) = id.get_mut(6) {
        *byte = (*byte & 0x0f) | 0x40;
    }
    if let Some(byte) = id.get_mut(8) {
        *byte = (*byte & 0x3f) | 0x80;
    }
    id
}
