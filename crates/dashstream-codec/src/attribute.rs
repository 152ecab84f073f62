//! Typed access to what events and metrics carry.

use core::time::Duration;

use crate::label::labels;
use crate::v1::{AttributeValue, Event, MetricValue, Metrics, attribute_value, metric_value};

/// What attributes and measurements have in common, of which each schema has a message of its own.
macro_rules! typed {
    ($message:ident, $value:path) => {
        impl $message {
            /// The value as text, when it is a string.
            #[must_use]
            pub const fn text(&self) -> Option<&str> {
                use $value as Value;
                match &self.value {
                    Some(Value::StringValue(text)) => Some(text.as_str()),
                    _ => None,
                }
            }

            /// The value as a number: an integer, a finite float, or a string that is a number as a
            /// whole, see [`Number::parse`].
            #[must_use]
            pub fn number(&self) -> Option<Number> {
                use $value as Value;
                match &self.value {
                    Some(Value::IntValue(whole)) => Some(Number::Int(*whole)),
                    Some(Value::FloatValue(float)) => Number::finite(*float),
                    Some(Value::StringValue(text)) => Number::parse(text),
                    _ => None,
                }
            }

            /// The value as a truth value, when it is one.
            #[must_use]
            pub const fn truth(&self) -> Option<bool> {
                use $value as Value;
                match self.value {
                    Some(Value::BoolValue(truth)) => Some(truth),
                    _ => None,
                }
            }
        }
    };
}

typed!(AttributeValue, attribute_value::Value);
typed!(MetricValue, metric_value::Value);

impl Metrics {
    /// The measurement of this name, when it is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Number> {
        self.metrics.get(name)?.number()
    }
}

impl Event {
    /// The attribute of this name, when it is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.text()
    }

    /// The attribute of this name, when it is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<Number> {
        self.attributes.get(name)?.number()
    }

    /// The attribute of this name, when it is a truth value.
    #[must_use]
    pub fn truth(&self, name: &str) -> Option<bool> {
        self.attributes.get(name)?.truth()
    }

    /// How long the thing that ended took, from the event's own field. An attribute of that name is
    /// something else.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        match u64::try_from(self.duration_us) {
            // proto3 reads 0 where the field is missing, and a negative duration is none.
            Ok(0) | Err(_) => None,
            Ok(micros) => Some(Duration::from_micros(micros)),
        }
    }

    /// The run's state among the attributes: the first that is there of `initial_state_json`,
    /// `state_json` and `state`, and its text, to be read as JSON within limits. Without text the attribute
    /// is no string: a state was sent, and it cannot be had.
    #[must_use]
    pub fn state(&self) -> Option<(StateKey, Option<&str>)> {
        StateKey::ALL.into_iter().find_map(|key| {
            let value = self.attributes.get(key.as_str())?;
            Some((key, value.text()))
        })
    }
}

labels! {
    /// An attribute that holds a run's state, by its name.
    #[non_exhaustive]
    StateKey {
        /// `initial_state_json`
        InitialStateJson = "initial_state_json",
        /// `state_json`
        StateJson = "state_json",
        /// `state`
        State = "state",
    }
}

/// A number without loss: whole numbers keep all of their 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "these are the numbers that the wire and JSON share"
)]
pub enum Number {
    /// A whole number in the range of `i64`.
    Int(i64),
    /// A whole number above that range.
    Unsigned(u64),
    /// Any other finite number.
    Float(f64),
}

impl Number {
    /// Reads a number from text, which has to be a number as a whole, white space around it aside.
    ///
    /// The grammar is that of existing viewers: an optional minus, then digits with an optional fraction,
    /// where either the digits before the point or those after it may be missing, then an optional
    /// exponent. There is no plus in front, no hexadecimal, no underscore, no infinity. Text that is no
    /// number is `None`, as is a number beyond the range of `f64`; text that merely begins with a number
    /// is no number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // The standard library's grammars are this one, but for a plus in front and the words for infinity
        // and NaN: the plus is refused here, the others by `finite`.
        if text.starts_with('+') {
            return None;
        }
        // Whole numbers first: `f64` would round those beyond 2^53.
        if let Ok(whole) = text.parse() {
            return Some(Self::Int(whole));
        }
        if let Ok(whole) = text.parse() {
            return Some(Self::Unsigned(whole));
        }
        Self::finite(text.parse().ok()?)
    }

    const fn finite(float: f64) -> Option<Self> {
        if float.is_finite() {
            Some(Self::Float(float))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
