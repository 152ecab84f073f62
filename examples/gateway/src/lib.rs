//! The whole path as a service: Kafka in; state, metrics and health out.
//!
//! Every record goes through the same four crates: the policy engine lets it in, the codec decodes it
//! within limits, the reducer applies it to its run, the metrics count what became of it. Which offset
//! may be stored is decided by the policy and done by the Kafka adapter; nothing here touches one.

#![forbid(unsafe_code)]

mod args;
mod causes;
mod clock;
mod events;
mod gateway;
mod log;
mod observe;
mod pipeline;
mod report;
mod server;
mod settings;
mod setup;
mod throttle;
mod unowned;
mod variables;
mod version;

pub use args::Report;
pub use gateway::run;
pub use log::start_log;
pub use report::{HealthReport, PartitionReport, RunLine, RunReport, RunsReport};
pub use settings::{Cluster, Env, Settings};
pub use variables::markdown as variables_table;
