//! The adapter that moves Kafka offsets only for the reasons the policy engine gives.
#![forbid(unsafe_code)]

mod config;
mod embedded;
mod error;
mod observer;
mod settings;
mod vars;

pub use config::{Config, OldData, Start};
pub use embedded::{Embedded, EmbeddedError};
pub use error::{Asked, ClientCode, ConfigError, StartError};
pub use observer::{Observer, Watermarks};
