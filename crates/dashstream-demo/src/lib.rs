//! A producer of agent runs with hostile records among them, and the ledger of what it wrote.
//!
//! For trying a consumer out: [`produce`] writes, the consumer says what it made of each offset
//! ([`Ledger::decided`]), and [`Ledger::compare`] says where the two differ; a [`RunReport`] holds it
//! against offsets and states as well. It is not published.
#![forbid(unsafe_code)]

mod agent;
mod backlog;
mod decisions;
mod hostile;
mod ledger;
mod producer;
mod report;
mod rng;
mod script;
mod target;
mod wire;

pub use decisions::{Counted, Decisions};
pub use hostile::Hostile;
pub use ledger::{Comparison, Decision, Ledger};
pub use producer::produce;
pub use report::{Ending, HealthReport, PartitionReport, RunLine, RunReport, RunsReport};
pub use rng::Rng;
pub use script::Demo;
pub use target::Target;
