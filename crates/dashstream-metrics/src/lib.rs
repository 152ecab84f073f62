//! Exact lock-free windows, one metric catalogue with its own exposition, and the health verdict.
//!
//! A consumer records what became of each record with [`Metrics::record`], and about once a second
//! takes a [`Snapshot`] with [`Metrics::observe`]. Everything that operators see is a function of
//! that snapshot: the Prometheus page ([`Snapshot::exposition`]), the health document (`Document`,
//! feature `serde`), and the [`Verdict`] of [`judge`] with the numbers behind each of its reasons.
//! So the pages cannot disagree.
//!
//! - **No ghost metrics.** There is no public counter type. [`Metrics`] exists only after the whole
//!   [`CATALOGUE`] was registered, and each of its methods feeds a metric of that table.
//! - **No overlapping buckets.** A record has exactly one [`Outcome`]; every total and every rate is
//!   a sum over outcomes, so that a rate cannot exceed one.
//! - **No lifetime rates.** Verdicts come from windows ([`WindowSet`]) of 120 seconds and an hour.
//!   Each event of a window is counted once or accounted for by name ([`Account`]).
//! - **No small-sample alarms, no blindness.** A rate is judged by its Wilson bounds ([`Wilson`]).
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
mod cells;
#[cfg(feature = "prometheus")]
mod collector;
#[cfg(feature = "serde")]
mod document;
mod edges;
mod exposition;
mod facts;
mod health;
mod label;
mod labels;
pub mod lint;
mod metrics;
mod outcome;
mod recorder;
mod registry;
mod scrape;
mod shard;
mod snapshot;
mod sync;
mod units;
mod window;

pub use catalogue::{CATALOGUE, Kind, LabelSpec, LabelValues, Metric, Watch, find};
#[cfg(feature = "serde")]
pub use document::{
    ArchivePart, BreakerPart, BrokerPart, Buckets, CountersPart, Document, Other, PartitionPart,
    RateNumbers, RatePart, ReasonPart, ReplayBufferPart, RestartBreakerPart, RunsPart,
    SelfScrapePart, UnprocessablePart, WindowPart, WindowsPart, Word,
};
pub use facts::{
    ArchiveFacts, BreakerFacts, BrokerFacts, Facts, Ledger, PartitionFacts, Refusal,
    ReplayBufferFacts, RunFacts, SelfScrape, UnownedFacts,
};
pub use health::{
    Evidence, Gates, HealthPolicy, Level, PolicyError, Probe, Rate, ReadyWhen, Reason, ReasonCode,
    Status, Threshold, Verdict, Wilson, judge, livez, readyz,
};
pub use label::{Key, Label};
pub use labels::{
    ArchiveState, BreakerState, Cause, DeadLetterOutcome, DecodeErrorType, Disposition,
    DlqErrorType, DlqFailure, DropReason, Fault, InfrastructureError, LagSeverity, LatencyStage,
    MessageStatus, PartitionState, PollStatus, RedisOperation, ReplayMode, ResyncReason, RunState,
    SendOutcome, WindowLength, WindowMisfit,
};
pub use metrics::{ClientEvent, Metrics, Options, ReplayCount, ReplayEvent, SequenceKind};
pub use outcome::{Outcome, Recent};
pub use recorder::Recorder;
pub use registry::{RegisterError, Registry};
pub use scrape::{ScrapeDifference, compare, self_scrape};
pub use snapshot::{Last, Snapshot, Totals, Windows};
pub use units::{Age, PerSecond, Share};
pub use window::{Account, Counts, Epoch, Readings, Shape, ShapeError, Window, WindowSet};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
