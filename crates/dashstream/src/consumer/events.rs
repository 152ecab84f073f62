//! What the consumer's thread reports, turned into metrics, log lines, and the few numbers that a
//! status does not keep.

use core::sync::atomic::Ordering::Relaxed;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use dashstream_kafka::{ClientCode, ConsumerEvent, Handle};
use dashstream_policy::{Backlog, Cause, Count};
use tokio::sync::mpsc::UnboundedSender;

use crate::consumer::shared::Shared;
use crate::consumer::throttle::Line;
use crate::consumer::work::Work;
use crate::handle::Metrics;
use crate::labels::{ErrorType, InfrastructureError};
use crate::lock::lock;
use crate::outcome::Outcome;

/// Takes the consumer's events, on the consumer's thread.
#[derive(Clone)]
pub(crate) struct Events {
    metrics: Metrics,
    shared: Shared,
    workers: Vec<UnboundedSender<Work>>,
    clock: Arc<OnceLock<Handle>>,
    /// When each partition's offset was stored last.
    stored_at: Arc<Mutex<BTreeMap<i32, Duration>>>,
}

impl Events {
    pub(crate) fn new(
        metrics: Metrics,
        shared: Shared,
        workers: Vec<UnboundedSender<Work>>,
    ) -> Self {
        Self {
            metrics,
            shared,
            workers,
            clock: Arc::default(),
            stored_at: Arc::default(),
        }
    }

    /// Says how many lines were left out, of the windows that are over at `now`.
    pub(crate) fn left_out(&self, now: Duration) {
        for (line, left_out) in self.shared.throttle.left_out(now) {
            tracing::warn!(left_out, "lines left out: {}", line.as_str());
        }
    }

    /// How many lines of its kind were left out before this one, if it is to be written.
    fn pass(&self, line: Line) -> Option<u64> {
        self.shared.throttle.pass(line, self.now())
    }

    /// Sets the clock, which is the consumer's and known once it has started.
    pub(crate) fn started(&self, handle: Handle) {
        let _already = self.clock.set(handle);
    }

    pub(crate) fn stored_at(&self) -> BTreeMap<i32, Duration> {
        lock(&self.stored_at).clone()
    }

    pub(crate) fn on_event(&self, event: &ConsumerEvent) {
        match *event {
            ConsumerEvent::Count(count) => self.count(count),
            ConsumerEvent::Audit(ref audit) => tracing::info!(?audit, "operator's order"),
            ConsumerEvent::Received {
                partition,
                offset,
                bytes,
            } => {
                let partition = partition.partition();
                tracing::trace!(partition, offset, bytes, "record received");
            }
            // Counted where the engine counts it.
            ConsumerEvent::Rejected {
                partition,
                offset,
                cause,
                ..
            } => self
                .shared
                .decide(partition.partition(), offset, Some(cause)),
            ConsumerEvent::Ignored { partition, offset } => {
                let partition = partition.partition();
                // No worker sees it, so that it is counted here.
                tracing::debug!(partition, offset, "record without a value ignored");
                self.metrics.record(self.now(), Outcome::Ignored);
                self.shared.decide(partition, offset, None);
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
                is_known,
            } => {
                let partition = partition.partition();
                tracing::info!(partition, committed, is_known, "partition assigned");
                // Before any record of it: those come by way of another task.
                // To all workers: each knows whether it may have runs of the partition.
                if let Some(next) = committed {
                    self.tell(|| Work::Assigned(partition, next));
                }
            }
            ConsumerEvent::Revoked { partition, lost } => {
                let partition = partition.partition();
                tracing::info!(partition, lost, "partition revoked");
                // If it comes back, its offset has not moved yet.
                lock(&self.stored_at).remove(&partition);
                // While the consumer leaves, the workers keep their runs for `Ended::runs`.
                if !self.shared.leaving.load(Relaxed) {
                    self.tell(|| Work::Revoked(partition));
                }
            }
            ConsumerEvent::Stored { partition, .. } => {
                lock(&self.stored_at).insert(partition.partition(), self.now());
            }
            ConsumerEvent::Committed { ok: true } => tracing::debug!("offsets committed"),
            ConsumerEvent::Committed { ok: false } => {
                if let Some(left_out) = self.pass(Line::NotCommitted) {
                    tracing::warn!(left_out, "offsets were not committed");
                }
            }
            ConsumerEvent::WatermarksPolled { took, complete } => {
                self.metrics.lag_polled(took, complete);
            }
            ConsumerEvent::Stalled { partition } => {
                tracing::warn!(partition = partition.partition(), "partition stalled");
            }
            ConsumerEvent::Unstalled { partition } => {
                tracing::info!(partition = partition.partition(), "partition moves again")
            }
            ConsumerEvent::Dropped { partition, offset } => {
                if let Some(left_out) = self.pass(Line::RecordDropped) {
                    let partition = partition.partition();
                    tracing::warn!(partition, offset, left_out, "record dropped by its handler");
                }
            }
            // What pages and metrics say of the client comes from its status.
            ConsumerEvent::Statistics(_) => {}
            ConsumerEvent::ClientError(code) => {
                if let Some(left_out) = self.pass(Line::ClientError) {
                    tracing::warn!(%code, left_out, "the Kafka client reports an error");
                }
                self.metrics
                    .infrastructure_error(self.now(), infrastructure(code));
            }
        }
    }

    fn tell(&self, work: impl Fn() -> Work) {
        for worker in &self.workers {
            let _gone = worker.send(work());
        }
    }

    fn count(&self, count: Count) {
        match count {
            // Every rejection is counted here, whether a worker or the engine found the fault, and again each
            // time that the record comes.
            Count::Unprocessable { cause, backlog } => {
                self.metrics.record(self.now(), outcome(cause, backlog));
            }
            Count::ArchiveAcked { cause, .. } => {
                let error_type = ErrorType::of(cause);
                self.metrics
                    .dead_letter_acknowledged(self.now(), error_type);
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

    fn now(&self) -> Duration {
        // Not set while the consumer starts, when its first events come.
        self.clock.get().map_or(Duration::ZERO, Handle::now)
    }
}

/// The outcome of a record that could not be processed.
const fn outcome(cause: Cause, backlog: Backlog) -> Outcome {
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

#[cfg(test)]
mod tests;
