//! The archive, the breakers, the runs and the replay buffer.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use crate::document::seconds_ago;
use crate::document::unprocessable::{by, by_counts};
use crate::facts::{BreakerFacts, ReplayBufferFacts};
use crate::labels::{BREAKER, DLQ_FAILURE, ErrorType, RESYNC_REASON};
use crate::snapshot::{Snapshot, Totals};
use dashstream_metrics::Age;

/// The archive for unprocessable records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArchivePart {
    /// What it is doing: [`ArchiveState`](crate::ArchiveState).
    pub state: String,
    /// Dead letters without an acknowledgement, those that hold a partition included.
    pub pending: u64,
    /// Seconds that the oldest of them waits; null for none.
    pub oldest_pending_seconds: Option<u64>,
    /// Acknowledged records by kind of error.
    pub acknowledged: BTreeMap<String, u64>,
    /// Records that were not written, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Seconds since an acknowledgement; null for never.
    pub last_acknowledged_ago_seconds: Option<u64>,
    /// Seconds since a failure; null for never.
    pub last_failure_ago_seconds: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// The circuit breaker on unprocessable records. Its numbers are those of the rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BreakerPart {
    /// closed or open: [`BREAKER`].
    pub state: String,
    /// For how long.
    pub state_seconds: f64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// The breaker of existing consumers, which restarts their process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartBreakerPart {
    /// healthy, degraded or will_restart_soon.
    pub state: String,
    /// For how long it has been degraded.
    pub degraded_duration_seconds: Option<u64>,
    /// When it means to restart.
    pub time_until_restart_seconds: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// The runs whose state is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsPart {
    /// Runs without a gap.
    pub synced: u64,
    /// Runs that lost their state and wait for a snapshot.
    pub needs_resync: u64,
    /// Runs of which no full state has been seen yet; 0 where a document does not say.
    #[serde(default)]
    pub not_yet_known: u64,
    /// Times that a run came to wait, by reason.
    pub resyncs: BTreeMap<String, u64>,
    /// Times that sequence numbers were missing.
    pub sequence_gaps: u64,
    /// Sequence numbers that came again.
    pub sequence_duplicates: u64,
    /// Sequence numbers that came too late.
    pub sequence_reorders: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

/// The replay buffer, as existing consumers describe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayBufferPart {
    /// Whether a Redis stands behind the memory.
    pub redis_enabled: bool,
    /// Messages found in memory.
    pub memory_hits: u64,
    /// Messages found in Redis.
    pub redis_hits: u64,
    /// Messages not found in Redis.
    pub redis_misses: u64,
    /// Writes given up before they were tried.
    pub redis_write_dropped: u64,
    /// Writes that failed.
    pub redis_write_failures: u64,
    /// Messages in memory.
    pub memory_buffer_size: u64,
    /// Most messages in memory.
    pub max_memory_size: u64,
    /// How long Redis keeps a message.
    pub redis_message_ttl_secs: u64,
    /// Most sequence numbers that Redis keeps for a thread.
    pub redis_max_sequences: u64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl ArchivePart {
    pub(super) fn new(now: Duration, snapshot: &Snapshot) -> Self {
        let archive = &snapshot.facts.archive;
        Self {
            state: archive.state.as_str().into(),
            pending: archive.pending,
            oldest_pending_seconds: seconds_ago(now, archive.oldest_pending_since),
            acknowledged: by_counts(ErrorType::LABEL, &snapshot.totals.dlq_sends),
            failures: by_counts(DLQ_FAILURE, &snapshot.totals.dlq_failures),
            last_acknowledged_ago_seconds: seconds_ago(now, snapshot.last.archived),
            last_failure_ago_seconds: seconds_ago(now, snapshot.last.archive_failure),
            other: Fields::new(),
        }
    }
}

impl BreakerPart {
    pub(super) fn new(now: Duration, facts: &BreakerFacts) -> Self {
        Self {
            state: (BREAKER.text)(facts.state).into(),
            state_seconds: Age::since(facts.since, now).seconds(),
            other: Fields::new(),
        }
    }
}

impl RunsPart {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let (runs, totals) = (&snapshot.facts.runs, &snapshot.totals);
        let [sequence_gaps, sequence_duplicates, sequence_reorders] = totals.sequence;
        Self {
            synced: runs.synced,
            needs_resync: runs.needs_resync,
            not_yet_known: runs.not_yet_known,
            resyncs: by(RESYNC_REASON, |reason| {
                let resyncs = totals.resyncs.as_ref();
                resyncs.map_or(0, |resyncs| resyncs.get(reason))
            }),
            sequence_gaps,
            sequence_duplicates,
            sequence_reorders,
            other: Fields::new(),
        }
    }
}

impl ReplayBufferPart {
    pub(super) fn new(facts: &ReplayBufferFacts, totals: &Totals) -> Self {
        let [
            memory_hits,
            redis_hits,
            redis_misses,
            redis_write_dropped,
            redis_write_failures,
        ] = totals.replay.unwrap_or_default();
        Self {
            redis_enabled: facts.redis_enabled,
            memory_hits,
            redis_hits,
            redis_misses,
            redis_write_dropped,
            redis_write_failures,
            memory_buffer_size: facts.memory_buffer_size,
            max_memory_size: facts.max_memory_size,
            redis_message_ttl_secs: facts.redis_message_ttl.as_secs(),
            redis_max_sequences: facts.redis_max_sequences,
            other: Fields::new(),
        }
    }
}
