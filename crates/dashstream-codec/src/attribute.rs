//! Typed access to what events and metrics carry.

use core::time::Duration;

use crate::number::Number;
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

/// An attribute that holds a run's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateKey {
    /// `initial_state_json`
    InitialStateJson,
    /// `state_json`
    StateJson,
    /// `state`
    State,
}

impl StateKey {
    const ALL: [Self; 3] = [Self::InitialStateJson, Self::StateJson, Self::State];

    /// The attribute's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InitialStateJson => "initial_state_json",
            Self::StateJson => "state_json",
            Self::State => "state",
        }
    }
}
