//! Partitions: held, far behind, or nobody's.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::facts::PartitionFacts;
use crate::health::judge::Bench;
use crate::health::verdict::{Evidence, Level, Low, ReasonCode};
use crate::labels::PartitionState;
use crate::units::Age;

impl Bench<'_> {
    pub(super) fn partitions(&mut self) {
        let snapshot = self.snapshot;
        for partition in &snapshot.facts.partitions {
            let lasts = Age::since(partition.since, snapshot.taken_at);
            let (code, level) = match partition.state {
                PartitionState::Running | PartitionState::Seeking | PartitionState::Waiting => {
                    continue;
                }
                PartitionState::PausedByPolicy => (ReasonCode::PartitionHeld, self.policy.held),
                PartitionState::PausedByOperator => (ReasonCode::PartitionPaused, Level::Warn),
                PartitionState::BlockedByArchive => (ReasonCode::PartitionBlocked, Level::Fail),
                PartitionState::Unfetchable => (ReasonCode::PartitionUnfetchable, Level::Fail),
                PartitionState::Stalled => (ReasonCode::PartitionStalled, Level::Fail),
                PartitionState::Unknown => (
                    ReasonCode::PartitionUnknown,
                    self.level_at(lasts, self.policy.partition_unknown),
                ),
                PartitionState::EvidenceLost => (ReasonCode::EvidenceLost, Level::Fail),
                PartitionState::HostResources => (
                    ReasonCode::HostResources,
                    self.level_at(lasts, self.policy.host_resources),
                ),
            };
            self.reason(code, level, self.held(partition));
        }
    }

    fn held(&self, partition: &PartitionFacts) -> Evidence {
        Evidence::Partition {
            id: partition.id,
            offset: partition.held_at,
            held: Age::since(partition.since, self.snapshot.taken_at),
        }
    }

    /// Judges how far partitions are behind; returns what the next verdict must know of them. One
    /// reason is given, for the worst of them.
    ///
    /// A lag beyond the limit is no failure while it shrinks: that is what catching up looks like.
    /// Whether it shrinks is seen by new lows, which neither a burst of producers nor the interval
    /// between two looks at the log's end can hide for long.
    pub(super) fn lag(&mut self, mut previous: BTreeMap<i32, Low>) -> BTreeMap<i32, Low> {
        let at = self.snapshot.taken_at;
        let limit = self.policy.lag;
        let mut now = BTreeMap::new();
        let mut worst: Option<(Level, u64, i32, Age)> = None;
        for partition in &self.snapshot.facts.partitions {
            let id = partition.id;
            let before = previous.remove(&id);
            let Some(records) = partition.lag else {
                // Not known is neither more nor less than before.
                now.extend(before.map(|low| (id, low)));
                continue;
            };
            if records <= limit {
                continue;
            }
            let low = before
                .filter(|low| low.records <= records)
                .unwrap_or(Low { records, at });
            now.insert(id, low);
            let lowest = Age::since(low.at, at);
            let level = if lowest.exceeds(self.policy.lag_growing) {
                Level::Fail
            } else {
                Level::Warn
            };
            worst = worst.max(Some((level, records, id, lowest)));
        }
        if let Some((level, records, id, lowest)) = worst {
            let evidence = Evidence::Lag {
                id,
                records,
                limit,
                lowest,
            };
            self.reason(ReasonCode::LagHigh, level, evidence);
        }
        now
    }

    pub(super) fn unowned(&mut self, now: Duration) {
        let Some(unowned) = self.snapshot.facts.unowned else {
            return;
        };
        let age = Age::since(unowned.since, now);
        let level = self.level_at(age, self.policy.unowned);
        let evidence = Evidence::Unowned {
            partitions: unowned.partitions,
            records: unowned.records,
            age,
            limit: self.policy.unowned,
        };
        self.reason(ReasonCode::PartitionsUnowned, level, evidence);
    }
}
