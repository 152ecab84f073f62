//! The whole path as a service: Kafka in; state, metrics and health out.
//!
//! What happens to a record is the library's business (`dashstream::Consumer`, `dashstream::Pages`); here
//! are flags, and the in-process Kafka with its demo.

#![forbid(unsafe_code)]

mod args;
mod clock;
mod flags;
mod gateway;
mod log;
mod server;
mod settings;
mod setup;
mod version;

pub use args::Report;
pub use flags::variables_table;
pub use gateway::run;
pub use log::start_log;
pub use settings::{Cluster, Env, Settings};
