//! The verdict: what it says, the thresholds, and the rules that find its reasons.

mod case;
mod judge;
mod policy;
mod rules;
mod verdict;

pub use judge::judge;
pub use policy::HealthPolicy;
pub use rules::{alerts, reads};
pub(crate) use verdict::Reason;
pub use verdict::{Gates, Measured, Status, Verdict};
