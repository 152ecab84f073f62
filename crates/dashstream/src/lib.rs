//! The DashStream catalogue of metrics, its health rules, and the health document.
//!
//! A consumer records what became of each record with [`Metrics::record`], and about once a second
//! takes a [`Snapshot`] with [`Metrics::observe`]. Everything that operators see is a function of
//! that snapshot: the Prometheus page ([`Metrics::page`]), the health document (`Document`,
//! feature `serde`), and the [`Verdict`] of [`judge`] with the numbers behind each of its reasons.
//! So the pages cannot disagree.
//!
//! - **One cause.** Why a record could not be processed is [`policy::Cause`], in dead letters, on the page
//!   and in the log; both `error_type` spellings of existing consumers follow from it.
//! - **No overlapping buckets.** A record has exactly one [`Outcome`]; every total and every rate is
//!   a sum over outcomes, so that a rate cannot exceed one.
//! - **Groups.** A host without clients or without a replay buffer exports neither's families
//!   ([`Options`]).
//!
//! No function reads a clock: `now` is the time since an origin that the caller picks, the same for
//! all calls. Nothing allocates on the recording path, and memory does not depend on the traffic.
//! A thread with much to record takes a [`Recorder`], whose counters nobody else writes to.
//!
//! # Features
//!
//! - `serde`: the health document as types, for servers and clients.
//! - `prometheus`: the catalogue as one collector in a caller's registry (`Metrics::register_in`).
#![forbid(unsafe_code)]

mod catalogue;
#[cfg(feature = "serde")]
mod document;
mod facts;
mod handle;
mod health;
mod labels;
mod outcome;
mod recorder;
mod snapshot;

pub use dashstream_metrics as metrics;
pub use dashstream_policy as policy;

pub use catalogue::{Clients, OPTIONAL_GROUPS, Replay, Runs};
#[cfg(feature = "serde")]
pub use document::{
    ArchivePart, BreakerPart, BrokerPart, Buckets, CountersPart, Document, Other, PartitionPart,
    RateNumbers, RatePart, ReasonPart, ReplayBufferPart, RestartBreakerPart, RunsPart,
    SelfScrapePart, UnprocessablePart, WindowPart, WindowsPart, Word, Worded,
};
pub use facts::{
    ArchiveFacts, BreakerFacts, BrokerFacts, Facts, Ledger, PartitionFacts, Refusal,
    ReplayBufferFacts, RunFacts, SelfScrape, UnownedFacts,
};
pub use handle::{Metrics, Options};
pub use health::{
    Evidence, Gates, HealthPolicy, Probe, ReadyWhen, Reason, ReasonCode, Status, Verdict, alerts,
    judge, livez, reads, readyz,
};
pub use labels::{
    ArchiveState, BreakerState, CAUSE, DISPOSITION, DLQ_FAILURE, DeadLetterOutcome,
    DecodeErrorType, DlqErrorType, DropReason, InfrastructureError, LagSeverity, LatencyStage,
    MessageStatus, PartitionState, PollStatus, RedisOperation, ReplayMode, ResyncReason, RunState,
    SendOutcome, WindowLength, WindowMisfit,
};
pub use outcome::{Outcome, Recent};
pub use recorder::Recorder;
pub use snapshot::{Last, Snapshot, Totals, Windows};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
