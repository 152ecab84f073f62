//! Rates that are judged by what a sample proves, and rules with their levels.

mod active;
mod gate;
mod rule;

pub use active::{ActiveReasons, KEEP_ACTIVE};
pub use gate::{Rate, Threshold, Wilson};
pub use rule::{Finding, Level, Reason, Rule, judge};
