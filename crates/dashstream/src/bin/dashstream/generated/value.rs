//! How single values are shown: bytes in base64, enums by name, and numbers that JSON does not have as
//! text, as protobuf's own mapping to JSON has it. Whole numbers of 64 bits stay numbers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_codec::prost::bytes::Bytes;
use serde_json::{Map, Value, json};

pub(super) fn bytes(value: &Bytes) -> Value {
    Value::String(STANDARD.encode(value))
}

pub(super) fn float(value: impl Into<f64>) -> Value {
    let value = value.into();
    if value.is_finite() {
        json!(value)
    } else {
        json!(value.to_string())
    }
}

/// The name of an enum's number; the number itself where the schema has none.
pub(super) fn word<E>(number: i32, name: Result<&'static str, E>) -> Value {
    name.map_or_else(|_| json!(number), |name| json!(name))
}

pub(super) fn list<T>(items: &[T], one: impl Fn(&T) -> Value) -> Value {
    items.iter().map(one).collect()
}

pub(super) fn entries<T>(items: &BTreeMap<String, T>, one: impl Fn(&T) -> Value) -> Value {
    let entries = items.iter().map(|(name, item)| (name.clone(), one(item)));
    Value::Object(entries.collect::<Map<_, _>>())
}
