//! The length of a value's JSON text, without writing it.

use serde_json::Value;

use crate::document::{DEPTH_MAX, NumberText, decimal_len, escape_extra};
use crate::hash::Dialect;

/// The length of the text that [`serde_json::to_vec`] would write for `value`, or `None` once it
/// exceeds `cap`.
///
/// Allocates nothing, stops at the value that crosses `cap`, and never answers less than the text
/// would take. A value that is nested deeper than serde_json reads, 127, has no length either.
///
/// # Examples
///
/// ```
/// let value = serde_json::json!({"a": [1, 2.5, "x\n"]});
/// assert_eq!(dashstream_reducer::json_len(&value, 100), Some(19));
/// assert_eq!(dashstream_reducer::json_len(&value, 18), None);
/// ```
#[must_use]
pub fn json_len(value: &Value, cap: u64) -> Option<u64> {
    let mut left = cap;
    spend(value, 0, &mut left)?;
    cap.checked_sub(left)
}

fn spend(value: &Value, depth: u16, left: &mut u64) -> Option<()> {
    match value {
        Value::Null => take(left, 4),
        Value::Bool(value) => take(left, if *value { 4 } else { 5 }),
        Value::Number(number) => take(left, number_len(number)),
        Value::String(text) => take_text(left, text),
        Value::Array(values) => {
            let depth = enter(depth)?;
            // Brackets and commas first: a container of too many entries is refused before any is visited.
            take(left, punctuation(values.len()))?;
            values
                .iter()
                .try_for_each(|value| spend(value, depth, left))
        }
        Value::Object(members) => {
            let depth = enter(depth)?;
            take(left, punctuation(members.len()))?;
            members.iter().try_for_each(|(name, value)| {
                take_text(left, name)?;
                // The colon.
                take(left, 1)?;
                spend(value, depth, left)
            })
        }
    }
}

fn enter(depth: u16) -> Option<u16> {
    // Bounds the recursion: a value that was built in memory may be nested deeper than one that was read.
    (depth < DEPTH_MAX).then(|| depth.saturating_add(1))
}

fn take(left: &mut u64, bytes: u64) -> Option<()> {
    *left = left.checked_sub(bytes)?;
    Some(())
}

/// Quotes and content. The unescaped length is taken first: a string that is too long by itself is
/// not scanned.
fn take_text(left: &mut u64, text: &str) -> Option<()> {
    take(left, (text.len() as u64).saturating_add(2))?;
    take(left, escape_extra(text.as_bytes()))
}

/// Two brackets and a comma between each two of `entries`.
const fn punctuation(entries: usize) -> u64 {
    (entries as u64).saturating_sub(1).saturating_add(2)
}

fn number_len(number: &serde_json::Number) -> u64 {
    if let Some(value) = number.as_u64() {
        decimal_len(value)
    } else if let Some(value) = number.as_i64() {
        decimal_len(value.unsigned_abs()).saturating_add(1)
    } else {
        let value = number.as_f64().unwrap_or_default();
        NumberText::of_f64(value, Dialect::Current).as_bytes().len() as u64
    }
}
