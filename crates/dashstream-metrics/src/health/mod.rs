//! Whether the system is healthy, said with the numbers that say so.

mod gate;
mod judge;
mod policy;
mod probe;
mod verdict;

pub use gate::{Rate, Wilson};
pub use judge::judge;
pub use policy::{HealthPolicy, PolicyError, Threshold};
pub use probe::{Probe, ReadyWhen, livez, readyz};
pub use verdict::{Evidence, Gates, Level, Reason, ReasonCode, Status, Verdict};
