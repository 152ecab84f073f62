//! Rates that are judged by what a sample proves, and rules with their levels.

mod gate;
mod rule;
mod standing;

pub use gate::{GateError, Rate, Threshold, Wilson};
pub use rule::{Finding, Level, Reason, Rule, judge};
pub use standing::{STAYS, Standing};
