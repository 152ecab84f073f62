//! A consumer of DashStream telemetry: decoding, runs, policy, metrics, health rules and pages.
//!
//! `Consumer` (feature `kafka`) reads a topic, decodes each record within limits, applies it to its run,
//! shows it to a `Handler` and gives it back to the policy. Everything that operators see is a function of
//! the [`Snapshot`] that is taken once a second: the Prometheus page ([`Metrics::page`]), the health document
//! (`Document`, feature `serde`), and the [`Verdict`] of [`judge`] with the numbers behind each of its
//! reasons. So the pages (`Pages`, feature `http`) cannot disagree.
//!
//! A host of its own uses the parts: [`cause_of`] for what a decoder refuses, [`RunTracker`] for runs,
//! [`Metrics::record`] for what became of each record, and [`Monitor::observe`] once a second.
//!
//! - **One cause.** Why a record could not be processed is [`policy::Cause`], in dead letters, on the page
//!   and in the log; both `error_type` spellings of existing consumers follow from it.
//! - **No overlapping buckets.** A record has exactly one [`Outcome`]; every total and every rate is
//!   a sum over outcomes, so that a rate cannot exceed one.
//! - **Groups.** A host without clients or without a replay buffer exports neither's families
//!   ([`Options`]).
//!
//! Nothing but `Consumer` reads a clock: `now` is the time since an origin that the caller picks, the same for
//! all calls. Nothing allocates on the recording path, and memory does not depend on the traffic.
//! A thread with much to record takes a [`Recorder`], whose counters nobody else writes to.
//!
//! # Features
//!
//! - `kafka` (default): the consumer. Without it and without `http` neither rdkafka nor tokio is built.
//! - `http`: the pages, and with `kafka` an operator's orders.
//! - `serde`: the health document as types, for servers and clients.
//! - `prometheus`: the catalogue as one collector in a caller's registry (`Metrics::register_in`).
#![forbid(unsafe_code)]

mod catalogue;
#[cfg(feature = "kafka")]
mod consumer;
mod decoding;
mod facts;
mod fault;
mod handle;
mod health;
mod health_document;
mod labels;
mod monitor;
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
pub use facts::{
    ArchiveFacts, BreakerFacts, Facts, Ledger, PartitionFacts, Refusal, ReplayBufferFacts,
    RunFacts, UnownedFacts,
};
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

#[cfg(all(doctest, feature = "kafka"))]
#[doc = include_str!("../README.md")]
struct Readme;
