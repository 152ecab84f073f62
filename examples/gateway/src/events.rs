//! What the consumer's thread reports, turned into metrics, log lines, and the few numbers that a
//! status does not keep.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use dashstream::{DlqErrorType, InfrastructureError, Metrics, Outcome, PollStatus};
use dashstream_kafka::{ClientCode, ConsumerEvent, Handle};
use dashstream_policy::{Backlog, Cause, Count};

use crate::throttle::{Line, Throttle};

/// Takes the consumer's events, on the consumer's thread.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    metrics: Metrics,
    clock: Arc<OnceLock<Handle>>,
    totals: Arc<Mutex<EventTotals>>,
    rejected: Arc<Mutex<Vec<Rejected>>>,
    throttle: Arc<Throttle>,
}

/// What is kept of events that have passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventTotals {
    /// When each partition's offset was stored last.
    pub(crate) stored_at: BTreeMap<i32, Duration>,
    /// Records that the archive acknowledged.
    pub(crate) archived: u64,
}

/// A record that the policy found unprocessable before any handler saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejected {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) cause: Cause,
}

impl Events {
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self {
            metrics,
            clock: Arc::default(),
            totals: Arc::default(),
            rejected: Arc::default(),
            throttle: Arc::default(),
        }
    }

    pub(crate) fn throttle(&self) -> Arc<Throttle> {
        Arc::clone(&self.throttle)
    }

    /// Says how many lines were left out, of the windows that are over at `now`.
    pub(crate) fn left_out(&self, now: Duration) {
        for (line, left_out) in self.throttle.left_out(now) {
            tracing::warn!(left_out, "lines left out: {}", line.as_str());
        }
    }

    /// How many lines of its kind were left out before this one, if it is to be written.
    fn pass(&self, line: Line) -> Option<u64> {
        self.throttle.pass(line, self.now())
    }

    /// Sets the clock, which is the consumer's and known once it has started.
    pub(crate) fn started(&self, handle: Handle) {
        let _already = self.clock.set(handle);
    }

    pub(crate) fn totals(&self) -> EventTotals {
        lock(&self.totals).clone()
    }

    /// What was rejected since this was asked last.
    pub(crate) fn take_rejected(&self) -> Vec<Rejected> {
        core::mem::take(&mut lock(&self.rejected))
    }

    pub(crate) fn on_event(&self, event: &ConsumerEvent) {
        match *event {
            ConsumerEvent::Count(count) => self.count(count),
            ConsumerEvent::Audit(ref audit) => tracing::info!(?audit, "operator's order"),
            ConsumerEvent::Received { .. } => {}
            ConsumerEvent::Rejected {
                partition,
                offset,
                cause,
                backlog,
            } => {
                self.metrics.record(self.now(), outcome(cause, backlog));
                lock(&self.rejected).push(Rejected {
                    partition,
                    offset,
                    cause,
                });
            }
            ConsumerEvent::Ignored { partition, offset } => {
                tracing::debug!(partition, offset, "record without a value ignored");
            }
            ConsumerEvent::Archive(finding) => {
                tracing::warn!(code = finding.code(), "the archive topic {finding}");
            }
            ConsumerEvent::MarkerFailed(error) => {
                tracing::warn!(code = error.code(), "crash marker: {error}");
            }
            ConsumerEvent::TraceWritten { ok: true } => tracing::info!("policy trace written"),
            ConsumerEvent::TraceWritten { ok: false } => {
                tracing::warn!("policy trace was not written")
            }
            ConsumerEvent::Assigned {
                partition,
                committed,
            } => tracing::info!(partition, committed, "partition assigned"),
            ConsumerEvent::Revoked { partition, lost } => {
                tracing::info!(partition, lost, "partition revoked");
            }
            ConsumerEvent::Stored { partition, .. } => {
                lock(&self.totals).stored_at.insert(partition, self.now());
            }
            ConsumerEvent::Committed { ok: true } => tracing::debug!("offsets committed"),
            ConsumerEvent::Committed { ok: false } => {
                if let Some(left_out) = self.pass(Line::NotCommitted) {
                    tracing::warn!(left_out, "offsets were not committed");
                }
            }
            ConsumerEvent::WatermarksPolled { took, complete } => {
                let status = if complete {
                    PollStatus::Success
                } else {
                    PollStatus::Error
                };
                self.metrics.lag_polled(took, status);
            }
            ConsumerEvent::Stalled { partition } => tracing::warn!(partition, "partition stalled"),
            ConsumerEvent::Unstalled { partition } => {
                tracing::info!(partition, "partition moves again")
            }
            ConsumerEvent::Dropped { partition, offset } => {
                if let Some(left_out) = self.pass(Line::RecordDropped) {
                    tracing::warn!(partition, offset, left_out, "record dropped by its handler");
                }
            }
            ConsumerEvent::ClientError(code) => {
                if let Some(left_out) = self.pass(Line::ClientError) {
                    tracing::warn!(%code, left_out, "the Kafka client reports an error");
                }
                self.metrics
                    .infrastructure_error(self.now(), infrastructure(code));
            }
        }
    }

    fn count(&self, count: Count) {
        match count {
            Count::Unprocessable { cause, backlog } => self.unprocessable(cause, backlog),
            Count::ArchiveAcked { cause, .. } => {
                let error_type = DlqErrorType::of(cause);
                self.metrics
                    .dead_letter_acknowledged(self.now(), error_type);
                let mut totals = lock(&self.totals);
                totals.archived = totals.archived.saturating_add(1);
            }
            Count::ArchiveFailed { cause, reason } => {
                if let Some(left_out) = self.pass(Line::ArchiveRefused) {
                    let (cause, reason) = (cause.label(), reason.label());
                    tracing::warn!(cause, reason, left_out, "archive refused");
                }
                self.metrics.dead_letter_failed(self.now(), reason);
            }
            Count::Held { cause, by } => {
                if let Some(left_out) = self.pass(Line::PartitionHeld) {
                    let (cause, by) = (cause.label(), by.label());
                    tracing::warn!(cause, by, left_out, "partition held");
                }
            }
            Count::Settled { cause, disposition } => {
                let (cause, disposition) = (cause.label(), disposition.label());
                tracing::debug!(cause, disposition, "unprocessable record settled");
            }
            Count::Refused(refusal) => tracing::debug!(why = refusal.label(), "record not taken"),
            Count::Fenced | Count::Duplicate => tracing::debug!(?count, "record thrown away"),
        }
    }

    /// Counts what was no record at all. One that the policy rejected is counted when it says which,
    /// and what a decoder refused where it was refused, under a finer name.
    fn unprocessable(&self, cause: Cause, backlog: Backlog) {
        match cause {
            Cause::UndecodableBatch
            | Cause::RecordDeleted
            | Cause::Dropped
            | Cause::OffsetOutOfRange => {
                self.metrics.record(self.now(), outcome(cause, backlog));
            }
            Cause::NullPayload
            | Cause::Oversize
            | Cause::BadFrame
            | Cause::DecompressionRefused
            | Cause::DecodeError
            | Cause::HeapBudget
            | Cause::SchemaTooNew
            | Cause::HeaderMismatch
            | Cause::CrashLoop
            | Cause::HandlerRefused
            | Cause::Empty
            | Cause::Truncated => {}
        }
    }

    fn now(&self) -> Duration {
        self.clock.get().map_or(Duration::ZERO, Handle::now)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The outcome of a record that could not be processed.
pub(crate) const fn outcome(cause: Cause, backlog: Backlog) -> Outcome {
    match backlog {
        Backlog::Current => Outcome::Unprocessable(cause),
        Backlog::Old => Outcome::OldData(cause),
    }
}

/// librdkafka's own codes are negative, the protocol's positive.
const fn infrastructure(code: ClientCode) -> InfrastructureError {
    match code.number() {
        // _RESOLVE
        -193 => InfrastructureError::DnsFailure,
        // _TIMED_OUT, _MSG_TIMED_OUT, _TIMED_OUT_QUEUE, REQUEST_TIMED_OUT
        -185 | -192 | -166 | 7 => InfrastructureError::ConnectionTimeout,
        // _TRANSPORT, _ALL_BROKERS_DOWN, LEADER_NOT_AVAILABLE, NOT_LEADER, BROKER_NOT_AVAILABLE,
        // NETWORK_EXCEPTION, COORDINATOR_NOT_AVAILABLE
        -195 | -187 | 5 | 6 | 8 | 13 | 15 => InfrastructureError::BrokerDown,
        // _BAD_MSG, _BAD_COMPRESSION, INVALID_MSG
        -199 | -198 | 2 => InfrastructureError::DecodeError,
        _ => InfrastructureError::Unknown,
    }
}
