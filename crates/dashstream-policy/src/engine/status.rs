//! The engine's state as a health page shows it.

use crate::archive::{Stage, Waits};
use crate::partition::{Partition, Seek};
use crate::{
    ArchiveStatus, Archiving, Breaker, Grade, HeldBy, PartitionState, PartitionStatus, Status,
    Taking, TopicPartition,
};

use super::Engine;

impl<P> Engine<P> {
    /// The state of everything, for a health page. Allocates one entry for each partition.
    #[must_use]
    pub fn status(&self) -> Status {
        let limits = self.limits();
        let everywhere = self.consumer_held() || self.pauses_for_room();
        let partitions: Vec<_> = self
            .partitions
            .iter()
            .map(|(&partition, state)| {
                let waits = everywhere || state.is_full || !limits.is_within_share(state);
                describe(partition, state, waits)
            })
            .collect();
        let taking = self.taking();
        let archive = self.describe_archive();
        let held = self.holds > 0;
        #[cfg(mutant = "held_is_healthy")] // the consumer has stopped and health says up
        let held = false;
        let deferred = self.partitions.values().any(|of| of.deferral.is_some());
        // `failing` counts a record also while its next attempt is under way: only an acknowledgement shows
        // that the archive works again.
        let behind = self.config.archiving == Archiving::Required && archive.failing > 0;
        #[cfg(mutant = "under_way_is_healthy")] // a send that is repeated is taken for a success
        let behind = archive.again > 0;
        let grade = if held {
            Grade::Fail
        } else if deferred
            || behind
            || self.breaker == Breaker::Open
            || matches!(taking, Taking::Full { .. })
        {
            Grade::Warn
        } else {
            Grade::Pass
        };
        Status {
            at: self.now,
            mode: self.mode(),
            breaker: self.breaker,
            taking,
            grade,
            partitions,
            archive,
            counters: self.counters.clone(),
        }
    }

    /// Whether nothing is under way any more: no record with a handler, none waiting for another
    /// attempt or for the archive. Held records do not count; they stay where they are.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let idle = self
            .partitions
            .values()
            .all(|state| !state.tracker.is_busy());
        let mut jobs = self.archive.jobs.values();
        // What a hold waits for may need an operator; the next consumer meets the record and sends it anew.
        let unsent = jobs.any(|job| job.waits != Waits::Hold);
        #[cfg(mutant = "drain_drops_sends")] // queued is taken for sent
        let unsent = false;
        idle && !unsent
    }

    fn describe_archive(&self) -> ArchiveStatus {
        let mut status = ArchiveStatus {
            in_flight: self.archive.in_flight,
            bytes: self.archive.bytes,
            failed_in_a_row: self.archive.failures.map_or(0, |(times, _)| times),
            failing_since: self.archive.failures.map(|(_, since)| since),
            ..ArchiveStatus::default()
        };
        for job in self.archive.jobs.values() {
            match job.stage {
                Stage::Ready => status.waiting = status.waiting.saturating_add(1),
                Stage::Waiting(_) => status.again = status.again.saturating_add(1),
                Stage::Parked => status.refused = status.refused.saturating_add(1),
                Stage::InFlight(_) => {}
            }
            status.failing = status.failing.saturating_add(usize::from(job.is_failing()));
            status.oldest_since = Some(status.oldest_since.map_or(job.since, |s| s.min(job.since)));
        }
        status
    }
}

fn describe(partition: TopicPartition, state: &Partition, waits: bool) -> PartitionStatus {
    let (with_host, oldest_with_host) = state.tracker.with_host();
    PartitionStatus {
        partition,
        assignment: state.assignment,
        state: describe_state(state, waits),
        stored: state.handed,
        position: state.position,
        outstanding: state.tracker.len(),
        bytes: state.tracker.bytes(),
        queued: state.lanes.queued(),
        oldest_since: state.tracker.front().map(|entry| entry.since),
        with_host,
        oldest_with_host,
    }
}

fn describe_state(state: &Partition, waits: bool) -> PartitionState {
    if let Some(since) = state.revoked {
        return PartitionState::Revoked { since };
    }
    let held = |by, cause, offset, since| PartitionState::Held {
        by,
        cause,
        offset,
        since,
    };
    if let Some(hold) = &state.hold {
        return held(hold.by, Some(hold.cause), hold.offset, hold.since);
    }
    if let Some(since) = state.operator {
        return held(HeldBy::Operator, None, state.position, since);
    }
    let deferral = &state.deferral;
    if deferral.is_some() {
        let first = state.tracker.first_deferred(deferral.probe);
        return held(HeldBy::HostResources, None, first, deferral.since);
    }
    if waits {
        return PartitionState::Waiting;
    }
    match (state.back_to, state.seek) {
        // `back_to` is where the client will stand; the seek under way may be one that it replaces.
        (Some(to), _) | (None, Seek::Asked { to, .. }) => PartitionState::Seeking { to },
        (None, Seek::Idle | Seek::Waiting { .. } | Seek::Ready { .. }) => PartitionState::Running,
    }
}
