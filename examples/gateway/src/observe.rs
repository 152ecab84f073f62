//! The state of consumer, policy and runs, in the words of the metrics.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dashstream_kafka::{PartitionLag, Status};
use dashstream_metrics as metrics;
use dashstream_policy as policy;

use crate::causes;
use crate::notes::Kept;

/// Remembers since when each partition has been in its state, which nobody else does.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    since: BTreeMap<i32, (metrics::PartitionState, Duration)>,
}

impl Observation {
    /// Says in the metrics' words what `status` and the rest say in their own.
    pub(crate) fn facts(
        &mut self,
        status: &Status,
        kept: &Kept,
        catching_up: &BTreeSet<i32>,
        runs: metrics::RunFacts,
        archived: bool,
    ) -> metrics::Facts {
        let mut facts = metrics::Facts::default();
        facts.runs = runs;
        facts.ledger = ledger(&status.policy.tally);
        facts.archive = archive(&status.policy, kept, archived);
        for partition in &status.policy.partitions {
            let id = partition.partition.partition();
            let lag = status.partitions.iter().find(|lag| lag.partition == id);
            let Some(state) = state(status.at, partition, lag) else {
                self.since.remove(&id);
                continue;
            };
            let since = self.since(id, state, status.at);
            let mut out = metrics::PartitionFacts::new(id, state, since);
            if let policy::PartitionState::Held {
                offset,
                cause,
                since,
                ..
            } = partition.state
            {
                out.held_at = offset.and_then(|offset| u64::try_from(offset.get()).ok());
                out.held_cause = cause.map(causes::label);
                out.since = since;
            }
            out.lag = lag.and_then(PartitionLag::lag);
            out.offset_moved_at = kept.stored_at.get(&id).copied();
            out.catching_up = catching_up.contains(&id);
            facts.partitions.push(out);
        }
        facts
    }

    fn since(&mut self, id: i32, state: metrics::PartitionState, now: Duration) -> Duration {
        let known = self.since.entry(id).or_insert((state, now));
        if known.0 != state {
            *known = (state, now);
        }
        known.1
    }
}

/// What a partition is doing; nothing for one that belongs to somebody else now.
fn state(
    now: Duration,
    partition: &policy::PartitionStatus,
    lag: Option<&PartitionLag>,
) -> Option<metrics::PartitionState> {
    use metrics::PartitionState as State;
    Some(match partition.state {
        policy::PartitionState::Revoked { .. } => return None,
        policy::PartitionState::Seeking { .. } => State::Seeking,
        policy::PartitionState::Waiting => match lag.and_then(|lag| lag.stalled_since) {
            Some(_) => State::Stalled,
            None => State::Waiting,
        },
        policy::PartitionState::Held { by, .. } => match by {
            policy::HeldBy::Policy => State::PausedByPolicy,
            policy::HeldBy::Archive => State::BlockedByArchive,
            policy::HeldBy::Operator => State::PausedByOperator,
            policy::HeldBy::Unfetchable => State::Unfetchable,
            policy::HeldBy::EvidenceLost => State::EvidenceLost,
            policy::HeldBy::HostResources => State::HostResources,
        },
        policy::PartitionState::Running => {
            let unknown = lag
                .and_then(|lag| lag.watermarks_at)
                .is_some_and(|at| now.saturating_sub(at) > WATERMARKS_STALE);
            match lag.and_then(|lag| lag.stalled_since) {
                Some(_) => State::Stalled,
                None if unknown => State::Unknown,
                None => State::Running,
            }
        }
    })
}

fn archive(status: &policy::Status, kept: &Kept, on: bool) -> metrics::ArchiveFacts {
    let blocked = status.partitions.iter().any(|partition| {
        matches!(
            partition.state,
            policy::PartitionState::Held {
                by: policy::HeldBy::Archive,
                ..
            }
        )
    });
    let mut facts = metrics::ArchiveFacts::default();
    facts.state = match (on, blocked, kept.archive_failing) {
        (false, ..) => metrics::ArchiveState::Off,
        (true, true, _) => metrics::ArchiveState::Blocked,
        (true, false, true) => metrics::ArchiveState::Failing,
        (true, false, false) => metrics::ArchiveState::Healthy,
    };
    let pending = status
        .archive
        .in_flight
        .saturating_add(status.archive.waiting);
    facts.pending = u64::try_from(pending).unwrap_or(u64::MAX);
    facts.oldest_pending_since = status.archive.oldest_since;
    facts
}

/// The policy's accounts under the metrics' names. The names are the same on both sides, and both
/// lists are matched without a rest, so that neither can grow alone.
fn ledger(tally: &policy::Tally) -> metrics::Ledger {
    let by_cause = |cause: metrics::Cause, read: &dyn Fn(policy::Cause) -> u64| {
        policy::Cause::ALL
            .into_iter()
            .filter(|ours| causes::label(*ours) == cause)
            .fold(0_u64, |sum, ours| sum.saturating_add(read(ours)))
    };
    let mut ledger = metrics::Ledger::default();
    ledger.settled = metrics::Counts::from_fn(|(disposition, cause)| {
        let disposition = ours(disposition);
        by_cause(cause, &|cause| tally.settled(cause, disposition))
    });
    ledger.pending =
        metrics::Counts::from_fn(|cause| by_cause(cause, &|cause| tally.pending(cause)));
    ledger.blocked =
        metrics::Counts::from_fn(|cause| by_cause(cause, &|cause| tally.blocked(cause)));
    ledger
}

const fn ours(disposition: metrics::Disposition) -> policy::Disposition {
    match disposition {
        metrics::Disposition::Dropped => policy::Disposition::Dropped,
        metrics::Disposition::BestEffort => policy::Disposition::BestEffort,
        metrics::Disposition::Archived => policy::Disposition::Archived,
        metrics::Disposition::ArchivedReduced => policy::Disposition::ArchivedReduced,
        metrics::Disposition::OperatorSkip => policy::Disposition::OperatorSkip,
        metrics::Disposition::OperatorRetry => policy::Disposition::OperatorRetry,
        metrics::Disposition::AbandonedOnRevoke => policy::Disposition::AbandonedOnRevoke,
        metrics::Disposition::AbandonedOnSeek => policy::Disposition::AbandonedOnSeek,
    }
}

/// Watermarks are asked for every ten seconds; six answers missing in a row say that the lag is not
/// known.
const WATERMARKS_STALE: Duration = Duration::from_secs(60);
