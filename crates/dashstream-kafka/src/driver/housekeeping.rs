//! Periodic work between polls: watermarks, stall detection, publishing the status.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use dashstream_policy::{
    Grade, Offset, PartitionState, PartitionStatus, Scope, Taking, TopicPartition,
};

use crate::consumer_event::ConsumerEvent;
use crate::driver::{Driver, PUBLISH_INTERVAL, Phase, UNDECODABLE_PATIENCE};
use crate::mutex::lock;
use crate::stall_detector::Change;
use crate::status::{PartitionLag, Status};
use crate::time_to_loss::HeldRecord;

impl Driver {
    pub(super) fn check_partitions(&mut self, now: Duration) {
        let asked = now.saturating_sub(self.watermarks_asked);
        let trouble = self.trouble.undecodable.or(self.trouble.out_of_range);
        // An error that names no partition, or a doubted end of a log, does not wait for the usual interval.
        let hurry = (trouble.is_some() || self.doubted) && asked >= UNDECODABLE_PATIENCE;
        if hurry || asked >= self.config.watermark_interval {
            self.ask_watermarks(now);
        }
        // Two intervals, so that one answer may be lost before watermarks count as old.
        let fresh_for = self.config.watermark_interval.saturating_mul(2);
        let kept_by_host = self.kept_by_host();
        let mut changes = Vec::new();
        for (&at, partition) in &mut self.partitions {
            let fresh = partition
                .watermarks
                .filter(|(at, _)| now.saturating_sub(*at) <= fresh_for);
            let rests = partition.paused || !self.taking || !self.engine.engine().has_room(at);
            // A partition without room is at rest, unless the host just keeps its records: that is a stall.
            let at_rest = rests && !kept_by_host.contains(&at);
            let high = fresh.map(|(_, marks)| marks.high);
            let change = partition
                .progress
                .judge(now, at_rest, high, self.config.stall_after);
            changes.extend(change.map(|change| (at, change)));
        }
        for (partition, change) in changes {
            self.report(&match change {
                Change::Stalled => ConsumerEvent::Stalled { partition },
                Change::Unstalled => ConsumerEvent::Unstalled { partition },
            });
            self.published = None;
        }
    }

    /// Partitions that stand still for no reason but the host's: it has all the records of them that
    /// may be out, and has given none back since it was last looked.
    fn kept_by_host(&mut self) -> Vec<TopicPartition> {
        let engine = self.engine.engine();
        let mut kept = Vec::new();
        for (&at, partition) in &mut self.partitions {
            // This is reset for each partition at each check, so that it covers the time since the last one.
            let returned = core::mem::take(&mut partition.returned);
            if !returned && !engine.has_room(at) {
                kept.push(at);
            }
        }
        if kept.is_empty() || self.with_host == 0 || engine.taking() == Taking::Draining {
            return Vec::new();
        }
        let status = engine.status();
        let is_held = |of: &PartitionStatus| matches!(of.state, PartitionState::Held { .. });
        // One hold stops every partition then, so that none stands still for the host's sake alone.
        if engine.config().scope == Scope::Consumer && status.grade == Grade::Fail {
            return Vec::new();
        }
        let free = status.partitions.iter().filter(|of| !is_held(of));
        let free = free.map(|of| of.partition);
        free.filter(|at| kept.contains(at)).collect()
    }

    pub(super) fn ask_watermarks(&mut self, now: Duration) {
        self.watermarks_asked = now;
        let partitions: Vec<_> = self.partitions.keys().copied().collect();
        if !partitions.is_empty() {
            let status = self.engine.engine().status();
            let held = status.partitions.iter().any(|of| held(of).is_some());
            self.poller.ask(now, partitions, held);
        }
    }

    pub(super) fn publish(&mut self, now: Duration) {
        let due = self
            .published
            .is_none_or(|at| now.saturating_sub(at) >= PUBLISH_INTERVAL);
        if !due {
            return;
        }
        self.published = Some(now);
        let policy = self.engine.engine().status();
        let is_held = policy.partitions.iter();
        let is_held = is_held.filter_map(|of| Some((of.partition, held(of)?)));
        let is_held: BTreeMap<TopicPartition, i64> = is_held.collect();
        let unix = self.wiring.clock.unix(now);
        let retention = &self.retention;
        let partitions = self.partitions.iter_mut().map(|(at, partition)| {
            let marks = partition.watermarks;
            let low = marks.map(|(asked, marks)| (asked, marks.low));
            // This ends with the hold, so that the next hold measures the speed of the log's start anew.
            partition.low_before = match is_held.get(at) {
                Some(_) => partition.low_before.or(low),
                None => None,
            };
            let held = is_held.get(at).map(|offset| HeldRecord {
                offset: *offset,
                age: partition.judged.get(offset).map(|ms| {
                    // The age saturates at zero where a producer's clock runs ahead.
                    unix.saturating_sub(Duration::from_millis(u64::try_from(*ms).unwrap_or(0)))
                }),
                low_before: partition.low_before,
                low,
            });
            PartitionLag {
                partition: *at,
                next: partition.progress.next(),
                low: marks.map(|(_, marks)| marks.low),
                high: marks.map(|(_, marks)| marks.high),
                watermarks_at: marks.map(|(asked, _)| asked),
                paused: partition.paused,
                stalled_since: partition.progress.stalled_since(),
                loss_in: held
                    .and_then(|held| held.loss_in(now, retention.get(&at.topic()).copied())),
            }
        });
        let status = Status {
            at: now,
            closed: self.phase == Phase::Closed,
            partitions: partitions.collect(),
            policy,
            archive_partitions: self.archive_partitions,
            archive_findings: self.archive_findings.clone(),
            received: self.received,
            client_errors: self.client_errors,
            last_client_error: self.last_client_error,
            standing_errors: self.standing.list().to_vec(),
        };
        // Readers clone the `Arc`, so that neither they nor this thread wait for a copy of the status.
        *lock(&self.wiring.status) = Some(Arc::new(status));
    }
}

/// The offset of what is held in a partition, where something is.
fn held(of: &PartitionStatus) -> Option<i64> {
    let PartitionState::Held { offset, .. } = of.state else {
        return None;
    };
    offset.map(Offset::get)
}
