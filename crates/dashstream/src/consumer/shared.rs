//! What the parts of a consumer tell each other while it runs.

use core::sync::atomic::AtomicBool;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dashstream_policy::{Backlog, Cause};

use crate::consumer::throttle::Throttle;
use crate::lock::lock;
use crate::observation::RunCounts;

/// What is told of each record that is decided: partition, offset, and why it was rejected, if it was.
pub(crate) type OnDecided = Arc<dyn Fn(i32, i64, Option<Cause>) + Send + Sync>;

/// What is shared by the workers, the consumer's thread and the task between them.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) decided: Option<OnDecided>,
    /// What each worker said last of itself.
    pub(crate) reports: Arc<Mutex<Vec<WorkerReport>>>,
    /// Whether the consumer is leaving the group: the workers then keep the runs of partitions that are
    /// revoked, for `Ended::runs`.
    pub(crate) leaving: Arc<AtomicBool>,
}

/// What a worker says of itself once a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkerReport {
    pub(crate) runs: RunCounts,
    /// The last record of each partition, and whether it was there before this session.
    pub(crate) last: BTreeMap<i32, (i64, Backlog)>,
}

impl WorkerReport {
    /// Partitions whose last record was written before this session.
    pub(crate) fn catching_up(&self) -> impl Iterator<Item = i32> {
        let old = self.last.iter().filter(|(_, (_, backlog))| match backlog {
            Backlog::Old => true,
            Backlog::Current => false,
        });
        old.map(|(partition, _)| *partition)
    }
}

impl Shared {
    pub(crate) fn new(workers: usize, decided: Option<OnDecided>) -> Self {
        Self {
            throttle: Arc::default(),
            decided,
            leaving: Arc::default(),
            reports: Arc::new(Mutex::new(vec![WorkerReport::default(); workers])),
        }
    }

    pub(crate) fn decide(&self, partition: i32, offset: i64, cause: Option<Cause>) {
        tracing::trace!(
            partition,
            offset,
            cause = cause.map(Cause::label),
            "record decided"
        );
        if let Some(decided) = &self.decided {
            decided(partition, offset, cause);
        }
    }

    pub(crate) fn report(&self, worker: usize, report: WorkerReport) {
        let mut reports = lock(&self.reports);
        if let Some(slot) = reports.get_mut(worker) {
            *slot = report;
        }
    }

    /// All workers as one.
    pub(crate) fn sum(&self) -> WorkerReport {
        let reports = lock(&self.reports);
        reports
            .iter()
            .fold(WorkerReport::default(), |mut sum, one| {
                let add = |a: u64, b: u64| a.saturating_add(b);
                // Where a key belongs to a worker, several workers read one partition.
                for (partition, at) in &one.last {
                    let last = sum.last.entry(*partition).or_insert(*at);
                    if at.0 > last.0 {
                        *last = *at;
                    }
                }
                WorkerReport {
                    runs: RunCounts {
                        synced: add(sum.runs.synced, one.runs.synced),
                        needs_resync: add(sum.runs.needs_resync, one.runs.needs_resync),
                        not_yet_known: add(sum.runs.not_yet_known, one.runs.not_yet_known),
                        refused: add(sum.runs.refused, one.runs.refused),
                    },
                    last: sum.last,
                }
            })
    }
}

#[cfg(test)]
mod tests;
