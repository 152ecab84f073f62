//! Values for people, in bounded space.

use core::fmt::{self, Display, Formatter, Write};

use crate::v1::{AttributeValue, MetricValue, attribute_value, metric_value};

/// Shows a value in at most so many bytes, and says when that was not all.
struct Bounded<'a, T> {
    value: &'a T,
    show: fn(&mut Room<'_, '_>, &T) -> fmt::Result,
    bytes: usize,
}

impl AttributeValue {
    /// Shows the value in at most `bytes` bytes, and ` [truncated]` behind them when that was not all.
    ///
    /// Strings are escaped as in Rust source, so that a value cannot break out of a line of a log. Bytes
    /// are shown by their count and the first 16 of them; lists and maps within more than seven others as
    /// `...`.
    pub const fn bounded(&self, bytes: usize) -> impl Display {
        Bounded {
            value: self,
            show: |room, value| attribute(room, value, DEPTH_MAX),
            bytes,
        }
    }
}

impl MetricValue {
    /// Shows the value and its unit in at most `bytes` bytes, and ` [truncated]` behind them when that
    /// was not all; see [`AttributeValue::bounded`].
    pub const fn bounded(&self, bytes: usize) -> impl Display {
        Bounded {
            value: self,
            show: metric,
            bytes,
        }
    }
}

impl<T> Display for Bounded<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut room = Room {
            out: f,
            left: self.bytes,
            full: false,
        };
        let shown = (self.show)(&mut room, self.value);
        if room.full {
            f.write_str(" [truncated]")
        } else {
            shown
        }
    }
}

fn attribute(out: &mut Room<'_, '_>, value: &AttributeValue, depth: u32) -> fmt::Result {
    match &value.value {
        None => out.write_str("none"),
        Some(attribute_value::Value::StringValue(text)) => string(out, text),
        Some(attribute_value::Value::IntValue(whole)) => write!(out, "{whole}"),
        Some(attribute_value::Value::FloatValue(float)) => write!(out, "{float:?}"),
        Some(attribute_value::Value::BoolValue(truth)) => write!(out, "{truth}"),
        Some(attribute_value::Value::BytesValue(value)) => bytes(out, value),
        Some(attribute_value::Value::ArrayValue(array)) => {
            let Some(depth) = depth.checked_sub(1) else {
                return out.write_str("...");
            };
            out.write_str("[")?;
            for (at, value) in array.values.iter().enumerate() {
                separator(out, at)?;
                attribute(out, value, depth)?;
            }
            out.write_str("]")
        }
        Some(attribute_value::Value::MapValue(map)) => {
            let Some(depth) = depth.checked_sub(1) else {
                return out.write_str("...");
            };
            out.write_str("{")?;
            for (at, (key, value)) in map.values.iter().enumerate() {
                separator(out, at)?;
                string(out, key)?;
                out.write_str(": ")?;
                attribute(out, value, depth)?;
            }
            out.write_str("}")
        }
    }
}

fn metric(out: &mut Room<'_, '_>, value: &MetricValue) -> fmt::Result {
    match &value.value {
        None => out.write_str("none")?,
        Some(metric_value::Value::StringValue(text)) => string(out, text)?,
        Some(metric_value::Value::IntValue(whole)) => write!(out, "{whole}")?,
        Some(metric_value::Value::FloatValue(float)) => write!(out, "{float:?}")?,
        Some(metric_value::Value::BoolValue(truth)) => write!(out, "{truth}")?,
        Some(metric_value::Value::BytesValue(value)) => bytes(out, value)?,
    }
    if value.unit.is_empty() {
        return Ok(());
    }
    out.write_str(" ")?;
    escaped(out, &value.unit)
}

fn separator(out: &mut Room<'_, '_>, at: usize) -> fmt::Result {
    if at > 0 { out.write_str(", ") } else { Ok(()) }
}

fn string(out: &mut Room<'_, '_>, text: &str) -> fmt::Result {
    out.write_str("\"")?;
    escaped(out, text)?;
    out.write_str("\"")
}

/// Escapes character by character, so that the work ends where the room does.
fn escaped(out: &mut Room<'_, '_>, text: &str) -> fmt::Result {
    text.chars()
        .flat_map(char::escape_debug)
        .try_for_each(|char| out.write_char(char))
}

fn bytes(out: &mut Room<'_, '_>, value: &[u8]) -> fmt::Result {
    write!(out, "{} bytes", value.len())?;
    let mut separator = ": ";
    for byte in value.iter().take(BYTES_SHOWN) {
        write!(out, "{separator}{byte:02x}")?;
        separator = "";
    }
    if value.len() > BYTES_SHOWN {
        out.write_str("...")
    } else {
        Ok(())
    }
}

/// A writer that ends, at a character, where its room does.
struct Room<'f, 'b> {
    out: &'f mut Formatter<'b>,
    left: usize,
    full: bool,
}

impl Write for Room<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(left) = self.left.checked_sub(text.len()) {
            self.left = left;
            return self.out.write_str(text);
        }
        self.full = true;
        let fits = (0..=self.left)
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0);
        self.left = 0;
        let (head, _) = text.split_at_checked(fits).unwrap_or_default();
        self.out.write_str(head)?;
        Err(fmt::Error)
    }
}

/// As many as existing viewers show of an id that is too long.
const BYTES_SHOWN: usize = 16;

/// How many lists and maps are shown in one another.
const DEPTH_MAX: u32 = 8;
