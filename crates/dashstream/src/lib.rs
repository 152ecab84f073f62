#![cfg_attr(any(not(doctest), feature = "kafka"), doc = include_str!("../README.md"))]
#![forbid(unsafe_code)]

mod catalogue;
#[cfg(feature = "kafka")]
mod consumer;
mod decoding;
mod fault;
mod handle;
mod health;
mod health_document;
mod labels;
mod lock;
mod monitor;
mod observation;
mod options;
mod outcome;
#[cfg(feature = "http")]
mod pages;
mod reason_code;
mod run_tracker;
mod snapshot;
mod variables;

pub use dashstream_codec as codec;
#[cfg(feature = "kafka")]
pub use dashstream_kafka as kafka;
pub use dashstream_metrics as metrics;
pub use dashstream_policy as policy;
pub use dashstream_reducer as reducer;

pub use catalogue::{Clients, OPTIONAL_GROUPS, Replay, Runs};
#[cfg(feature = "kafka")]
pub use consumer::{Builder, Consumer, Ended, Handler, HandlerVerdict, Message, RunError};
pub use decoding::decode_options;
pub use fault::cause_of;
pub use handle::{Metrics, Recorder};
pub use health::{Gates, HealthPolicy, Measured, Status, Verdict, alerts, judge, reads};
pub use health_document::health_document;
pub use labels::{
    ArchiveState, BREAKER, CAUSE, DISPOSITION, DLQ_FAILURE, DROP_REASON, ErrorType,
    InfrastructureError, LATENCY_STAGE, PartitionState, RESYNC_REASON, RedisOperation, ReplayMode,
    SendOutcome,
};
pub use monitor::Monitor;
pub use observation::{
    ArchiveObservation, BreakerObservation, BrokerRefusal, Observation, PartitionObservation,
    PolicyCounts, ReplayBufferObservation, RunCounts, UnownedPartitions,
};
pub use options::Options;
pub use outcome::Outcome;
#[cfg(all(feature = "http", feature = "kafka"))]
pub use pages::OperatorToken;
#[cfg(feature = "http")]
pub use pages::{Hosts, Pages, PagesError};
pub use reason_code::ReasonCode;

pub use run_tracker::RunTracker;
pub use snapshot::{Last, Snapshot, Totals, Windows};
pub use variables::{Given, VARIABLES, Values, Variable, VariableError};
