//! The verdict: what it says, the thresholds, and the rules that find its reasons.

mod case;
mod judge;
mod policy;
mod probe;
mod rules;
mod verdict;

pub use judge::judge;
pub use policy::HealthPolicy;
pub use probe::{Probe, ReadyWhen, livez, readyz};
pub use rules::{alerts, reads};
pub use verdict::{Evidence, Gates, Reason, Status, Verdict};
