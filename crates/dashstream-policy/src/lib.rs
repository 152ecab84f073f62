#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[macro_use]
mod label;

mod action;
mod archive;
mod cause;
mod config;
mod counters;
mod engine;
mod input;
mod lanes;
mod offset;
mod options;
mod partition;
mod reason;
mod status;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod timers;
mod token;
#[cfg(feature = "trace")]
pub mod trace;
mod tracker;

pub use action::{
    Action, Admission, ArchiveId, ArchiveRequest, Audit, CommandOutcome, Count, Form, HeldBy,
    RefusalReason, StoreOffset, StoreReason,
};
pub use cause::{Backlog, Cause};
pub use config::{Backoff, Config, ConfigError};
pub use counters::Counters;
pub use engine::Engine;
pub use input::{
    ArchiveFault, Breaker, Command, Delivery, FetchFault, Input, InputError, Operator,
    OperatorCommand,
};
pub use offset::{Assignment, LogRange, NextOffset, Offset, TopicPartition};
pub use options::{Archiving, Escalation, Mode, NullPayload, Ordering, Scope};
pub use reason::FailureReason;
pub use status::{ArchiveStatus, PartitionState, PartitionStatus, Status, Taking};
pub use table::{Disposition, Grade};
pub use token::{Delivered, Rejected};
