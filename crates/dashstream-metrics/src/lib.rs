//! Exact lock-free windows, one metric catalogue with its own exposition, and the health verdict.
#![forbid(unsafe_code)]

mod catalogue;
mod cells;
#[cfg(feature = "serde")]
mod document;
mod edges;
mod exposition;
mod facts;
mod health;
mod label;
mod labels;
mod metrics;
mod outcome;
mod registry;
mod scrape;
mod shard;
mod snapshot;
mod sync;
mod window;

pub use catalogue::{CATALOGUE, Kind, LabelSpec, LabelValues, Metric, Watch, find};
#[cfg(feature = "serde")]
pub use document::{
    ArchivePart, BreakerPart, Buckets, CountersPart, Document, PartitionPart, RateNumbers,
    RatePart, ReasonPart, ReplayBufferPart, RestartBreakerPart, RunsPart, SelfScrapePart,
    UnprocessablePart, WindowPart, WindowsPart, Word,
};
pub use facts::{
    ArchiveFacts, BreakerFacts, Facts, Ledger, PartitionFacts, ReplayBufferFacts, RunFacts,
    SelfScrape,
};
pub use health::{
    Evidence, Gates, HealthPolicy, Level, PolicyError, Probe, Rate, ReadyWhen, Reason, ReasonCode,
    Status, Threshold, Verdict, Wilson, judge, livez, readyz,
};
pub use label::{Key, Label};
pub use labels::{
    ArchiveState, BreakerState, Cause, DecodeErrorType, Disposition, DlqErrorType, DlqFailure,
    DropReason, Fault, InfrastructureError, LagSeverity, LatencyStage, MessageStatus,
    PartitionState, PollStatus, ReplayMode, ResyncReason, RunState, SendOutcome, WindowLength,
    WindowMisfit,
};
pub use metrics::{ClientEvent, Metrics, Options, ReplayCount, ReplayEvent, SequenceKind};
pub use outcome::{Outcome, Recent};
pub use registry::{RegisterError, Registry};
pub use scrape::{ScrapeDifference, compare, self_scrape};
pub use snapshot::{Last, Snapshot, Totals, Windows};
pub use window::{Account, Counts, Epoch, Readings, Shape, ShapeError, Window, WindowSet};
