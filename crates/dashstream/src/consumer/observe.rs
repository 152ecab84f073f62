//! The state of consumer, policy and runs, in the words of the metrics.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dashstream_kafka::{ClientRole, PartitionLag, StandingError, Status};
use dashstream_metrics::Process;
use dashstream_policy as policy;

use crate as metrics;
use crate::consumer::unowned::Known;

/// Remembers since when each partition has been in its state, which nobody else does.
#[derive(Debug)]
pub(crate) struct Observer {
    since: BTreeMap<i32, (metrics::PartitionState, Duration)>,
    /// When each partition was first seen here.
    first_seen: BTreeMap<i32, Duration>,
    /// Age at which a partition's watermarks say nothing any more.
    watermarks_stale: Duration,
}

/// What is said about the consumer at one moment.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) status: &'a Status,
    /// When each partition's offset was stored last.
    pub(crate) stored_at: &'a BTreeMap<i32, Duration>,
    /// Partitions whose last record was written before this session.
    pub(crate) catching_up: &'a BTreeSet<i32>,
    pub(crate) runs: metrics::RunCounts,
    pub(crate) archives: bool,
    /// Whether the last verdict found that dead letters fail.
    pub(crate) archive_failing: bool,
    pub(crate) group: Known,
}

impl Observer {
    /// For watermarks that are asked for every `interval`: six answers missing in a row say that the
    /// ends are not known.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            since: BTreeMap::new(),
            first_seen: BTreeMap::new(),
            watermarks_stale: interval.saturating_mul(6).max(WATERMARKS_STALE_MIN),
        }
    }

    /// Says in the metrics' words what the consumer and the rest say in their own.
    pub(crate) fn observe(&mut self, seen: Seen<'_>) -> metrics::Observation {
        let status = seen.status;
        let mut observed = metrics::Observation {
            runs: seen.runs,
            process: Process::read(),
            policy: metrics::PolicyCounts::of(&status.policy.counters),
            archive: archive(&status.policy, seen.archives, seen.archive_failing),
            broker_unreachable_since: unreachable(
                status,
                seen.group.answered,
                self.watermarks_stale,
            ),
            broker_refusal: refusal(status),
            unowned: seen.group.unowned,
            ..metrics::Observation::default()
        };
        let lags = status.partitions.iter().map(|lag| (lag.partition, lag));
        let lags: BTreeMap<_, _> = lags.collect();
        for partition in &status.policy.partitions {
            // The number alone names the partition: `Builder::start` refuses several topics.
            let id = partition.partition.partition();
            let lag = lags.get(&partition.partition).copied();
            // Before the first answer the partition itself is waited for as long as for an answer.
            let first_seen = *self.first_seen.entry(id).or_insert(status.at);
            let is_stale = |lag: &PartitionLag| {
                let answered = lag.watermarks_at.unwrap_or(first_seen);
                status.at.saturating_sub(answered) > self.watermarks_stale
            };
            let Some(state) = state(partition, lag, is_stale) else {
                // If it comes back it begins anew, also in the same state.
                self.since.remove(&id);
                self.first_seen.remove(&id);
                continue;
            };
            // An old answer makes the lag unknown, not what it was.
            let known = lag.filter(|lag| !is_stale(lag)).and_then(PartitionLag::lag);
            let since = self.since(id, state, status.at);
            let mut out = metrics::PartitionObservation::new(id, state, since);
            if let policy::PartitionState::Held {
                offset,
                cause,
                since,
                ..
            } = partition.state
            {
                out.held_at = offset.and_then(|offset| u64::try_from(offset.get()).ok());
                out.held_cause = cause;
                // The policy knows when the hold began; the observer only when it first saw it.
                out.since = since;
            }
            out.loss_in = lag.and_then(|lag| lag.loss_in);
            out.lag = known;
            out.offset_moved_at = seen.stored_at.get(&id).copied();
            // Without a record behind the last one, which may be old, nothing is left to catch up with.
            out.catching_up = seen.catching_up.contains(&id) && known != Some(0);
            observed.partitions.push(out);
        }
        observed
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
    partition: &policy::PartitionStatus,
    lag: Option<&PartitionLag>,
    is_stale: impl Fn(&PartitionLag) -> bool,
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
            policy::HeldBy::RecordDeleted => State::RecordDeleted,
            policy::HeldBy::HostResources => State::HostResources,
        },
        policy::PartitionState::Running => {
            let unknown = lag.is_some_and(is_stale);
            // A stall that was found lasts until the partition moves, also while its end is not known.
            match lag.and_then(|lag| lag.stalled_since) {
                Some(_) => State::Stalled,
                None if unknown => State::Unknown,
                None => State::Running,
            }
        }
    })
}

/// What the brokers refuse for as long as nobody changes a right, a secret or a name.
fn refusal(status: &Status) -> Option<metrics::BrokerRefusal> {
    let mut errors = status.standing_errors.iter();
    // They are in the order in which they began, so that the oldest is shown.
    let refusal = errors.find(|error| error.code.is_permanent())?;
    let words = format!("{}: {}", refusal.client.label(), refusal.code);
    Some(metrics::BrokerRefusal::new(refusal.since, words))
}

/// Since when no broker answers: an error says so, or silence, since brokers that are cut off without a
/// word report nothing.
fn unreachable(
    status: &Status,
    answered: Option<Duration>,
    watermarks_stale: Duration,
) -> Option<Duration> {
    let errors = status.standing_errors.iter();
    let down = errors.filter(|error| is_down(error, answered));
    let partitions = status.partitions.iter();
    // Where one partition answers there is a broker that does.
    let newest = partitions.filter_map(|lag| lag.watermarks_at).max();
    let silent = newest.filter(|at| status.at.saturating_sub(*at) > watermarks_stale);
    down.map(|error| error.since).chain(silent).min()
}

/// Whether the error says that no broker can be reached, and nothing has been heard since: a standby
/// hears nothing but the answers to its questions about the group.
fn is_down(error: &StandingError, answered: Option<Duration>) -> bool {
    let own = matches!(error.client, ClientRole::Consumer | ClientRole::Admin);
    let since = error.last.saturating_add(ANSWER_AFTER);
    own && error.code.number() == ALL_BROKERS_DOWN && answered.is_none_or(|at| at < since)
}

/// `failing` is what the last verdict made of the windows. A required letter that failed and is sent
/// again is in none of them until it fails again.
fn archive(status: &policy::Status, on: bool, failing: bool) -> metrics::ArchiveObservation {
    let failing = failing || status.archive.failing > 0;
    let blocked = status.partitions.iter().any(|partition| {
        matches!(
            partition.state,
            policy::PartitionState::Held {
                by: policy::HeldBy::Archive,
                ..
            }
        )
    });
    let state = match (on, blocked, failing) {
        (false, ..) => metrics::ArchiveState::Off,
        (true, true, _) => metrics::ArchiveState::Blocked,
        (true, false, true) => metrics::ArchiveState::Failing,
        (true, false, false) => metrics::ArchiveState::Healthy,
    };
    // All the letters that `oldest_since` may be about, so that there is no oldest one while 0 are pending.
    let waits = [
        status.archive.in_flight,
        status.archive.waiting,
        status.archive.again,
        status.archive.refused,
    ];
    metrics::ArchiveObservation {
        state,
        pending: waits.into_iter().fold(0, |sum, part| {
            sum.saturating_add(u64::try_from(part).unwrap_or(u64::MAX))
        }),
        oldest_pending_since: status.archive.oldest_since,
    }
}

/// However often watermarks are asked for, a minute without them is nothing that an operator must know.
const WATERMARKS_STALE_MIN: Duration = Duration::from_secs(60);

/// librdkafka's `_ALL_BROKERS_DOWN`.
const ALL_BROKERS_DOWN: i32 = -187;

// As long as `dashstream-kafka` wants an error to be quiet before an answer of the broker ends it.
/// An answer that comes so long after the last report of an outage says that it is over.
const ANSWER_AFTER: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
