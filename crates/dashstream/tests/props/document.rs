//! What holds for any text that is read as a health document: of what was read, nothing is lost.

use dashstream::Document;
use serde_json::Value;

/// Reads `text`, and if it is a document writes it and reads it again.
pub(crate) fn nothing_is_lost(text: &str) {
    let Ok(document) = serde_json::from_str::<Document>(text) else {
        return;
    };
    let Ok(read) = serde_json::from_str::<Value>(text) else {
        return;
    };
    // A rate is all of its numbers, each once. Less is no rate, and may be lost.
    let reasons = document.reasons.iter().flatten();
    let texts = read.get("reasons").and_then(Value::as_array).into_iter();
    let has_numbers = |reason: &Value| NUMBERS.iter().any(|name| reason.get(*name).is_some());
    if reasons
        .zip(texts.flatten())
        .any(|(reason, text)| reason.rate.is_none() && has_numbers(text))
    {
        return;
    }
    let written = serde_json::to_value(&document).unwrap_or_default();
    let again = serde_json::from_value::<Document>(written.clone());
    assert_eq!(again.as_ref().ok(), Some(&document));
    contains(&written, &read, "");
}

const NUMBERS: [&str; 7] = [
    "k",
    "n",
    "lower",
    "upper",
    "threshold",
    "window_seconds",
    "covered_seconds",
];

/// Everything in `read` is in `written`; what was null may be absent.
fn contains(written: &Value, read: &Value, path: &str) {
    match (written, read) {
        (_, Value::Null) => {}
        (Value::Object(written), Value::Object(read)) => {
            for (name, value) in read {
                let path = format!("{path}.{name}");
                match written.get(name) {
                    Some(there) => contains(there, value, &path),
                    None => assert!(value.is_null(), "{path}"),
                }
            }
        }
        (Value::Array(written), Value::Array(read)) => {
            assert_eq!(written.len(), read.len(), "{path}");
            for (written, read) in written.iter().zip(read) {
                contains(written, read, path);
            }
        }
        (Value::Number(written), Value::Number(read)) => {
            assert_eq!(written.as_f64(), read.as_f64(), "{path}");
        }
        (written, read) => assert_eq!(written, read, "{path}"),
    }
}
