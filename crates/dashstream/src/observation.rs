//! What only the host knows: the state of its partitions, archive, breaker, runs and clients.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use dashstream_metrics::{ActiveReasons, Counts, Process};
use dashstream_policy::{Breaker, Cause, Counters, Disposition};

use crate::labels::{ArchiveState, CAUSE, PartitionState, RunState};
use crate::reason_code::ReasonCode;

/// What a host tells about itself each time it takes a snapshot.
///
/// All moments are since the same origin as the `now` of the other calls. Start from
/// [`Observation::default`] and set what applies.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Observation {
    /// Clients connected now.
    pub connected_clients: u64,
    /// The partitions assigned to this consumer now. A revoked one is left out, not zeroed.
    pub partitions: Vec<PartitionObservation>,
    /// What the policy has decided so far.
    pub policy: PolicyCounts,
    /// The archive for unprocessable records.
    pub archive: ArchiveObservation,
    /// Since when no broker answers.
    pub broker_unreachable_since: Option<Duration>,
    /// What the brokers refuse and cannot grant by themselves; `None` while they refuse nothing.
    pub broker_refusal: Option<BrokerRefusal>,
    /// Partitions that no member of the group owns while records wait in them; `None` when there are
    /// none, or when it cannot be learned. A consumer without partitions is a standby otherwise.
    pub unowned: Option<UnownedPartitions>,
    /// The circuit breaker on unprocessable records; `None` when there is none.
    pub breaker: Option<BreakerObservation>,
    /// Runs whose state is followed.
    pub runs: RunCounts,
    /// The replay buffer's configuration and fill; `None` when the host has none.
    pub replay_buffer: Option<ReplayBufferObservation>,
    /// By how many series the own exposition differed from the catalogue when it was compared last:
    /// missing, unknown or double; `None` before the first time.
    pub self_scrape: Option<u32>,
    /// Which reasons are active: [`Gates::active_reasons`](crate::Gates::active_reasons) of the verdict before.
    pub active_reasons: ActiveReasons<ReasonCode>,
    /// What the operating system says about the process: [`Process::read`].
    pub process: Process,
}

// Not derived: `active_reasons` has no default, since it needs the label whose values it keeps.
impl Default for Observation {
    fn default() -> Self {
        Self {
            connected_clients: 0,
            partitions: Vec::new(),
            policy: PolicyCounts::default(),
            archive: ArchiveObservation::default(),
            broker_unreachable_since: None,
            broker_refusal: None,
            unowned: None,
            breaker: None,
            runs: RunCounts::default(),
            replay_buffer: None,
            self_scrape: None,
            active_reasons: ActiveReasons::new(ReasonCode::LABEL),
            process: Process::default(),
        }
    }
}

/// What the brokers refuse until somebody changes a right, a secret or a name: authorization,
/// authentication, fencing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerRefusal {
    /// Since when.
    pub since: Duration,
    /// The broker's own words.
    pub words: Arc<str>,
}

impl BrokerRefusal {
    /// A refusal in these words since `since`.
    pub fn new(since: Duration, words: impl Into<Arc<str>>) -> Self {
        Self {
            since,
            words: words.into(),
        }
    }
}

/// Partitions that no member of the group owns, with records that wait in them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnownedPartitions {
    /// Since when.
    pub since: Duration,
    /// How many partitions.
    pub partitions: u64,
    /// Records between what the group committed and the ends of the logs.
    pub records: u64,
    /// Which partitions, where that is known.
    pub numbers: Vec<i32>,
}

impl UnownedPartitions {
    /// `records` in `partitions` that nobody owns since `since`.
    #[must_use]
    pub const fn new(since: Duration, partitions: u64, records: u64) -> Self {
        Self {
            since,
            partitions,
            records,
            numbers: Vec::new(),
        }
    }

    /// Says which partitions they are.
    #[must_use]
    pub fn numbers(mut self, numbers: Vec<i32>) -> Self {
        self.numbers = numbers;
        self
    }
}

/// One assigned partition.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PartitionObservation {
    /// The partition's number.
    pub id: i32,
    /// What it is doing.
    pub state: PartitionState,
    /// The offset it is held at; `None` while it is not held.
    pub held_at: Option<u64>,
    /// What made the record at that offset unprocessable.
    pub held_cause: Option<Cause>,
    /// The least time until retention removes the record at that offset; `None` while it is not held,
    /// where records are kept for ever, and where it is not known.
    pub loss_in: Option<Duration>,
    /// Since when it is in its state.
    pub since: Duration,
    /// Records between the position and the end of the log; `None` when the end is not known.
    pub lag: Option<u64>,
    /// When the stored offset moved last; `None` for never.
    pub offset_moved_at: Option<Duration>,
    /// Still reading what was written before the session.
    pub catching_up: bool,
}

impl PartitionObservation {
    /// A partition in `state` since `since`, with nothing else known.
    #[must_use]
    pub const fn new(id: i32, state: PartitionState, since: Duration) -> Self {
        Self {
            id,
            state,
            held_at: None,
            held_cause: None,
            loss_in: None,
            since,
            lag: None,
            offset_moved_at: None,
            catching_up: false,
        }
    }
}

/// What the policy has decided about unprocessable records so far: its own counts, not copies.
///
/// For every cause, `unprocessable = the sum over all dispositions + pending + blocked`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PolicyCounts {
    /// Records that were settled, by how and why.
    pub settled: BTreeMap<(Disposition, Cause), u64>,
    /// Records that wait for the archive now.
    pub pending: Counts<Cause>,
    /// Records that hold their partition now.
    pub blocked: Counts<Cause>,
}

impl Default for PolicyCounts {
    fn default() -> Self {
        Self::from_fn(|_, _| 0, |_| 0, |_| 0)
    }
}

impl PolicyCounts {
    /// What a policy engine has counted.
    #[must_use]
    pub fn of(counters: &Counters) -> Self {
        Self::from_fn(
            |how, why| counters.settled(why, how),
            |cause| counters.pending(cause),
            |cause| counters.blocked(cause),
        )
    }

    /// As the functions say: settled by disposition and cause, pending and blocked by cause.
    pub fn from_fn(
        settled: impl Fn(Disposition, Cause) -> u64,
        pending: impl Fn(Cause) -> u64,
        blocked: impl Fn(Cause) -> u64,
    ) -> Self {
        Self {
            // Also the pairs that never occurred: each has its series on the page from the start, at 0.
            settled: Disposition::ALL
                .into_iter()
                .flat_map(|how| Cause::ALL.map(|why| (how, why)))
                .map(|(how, why)| ((how, why), settled(how, why)))
                .collect(),
            pending: Counts::from_fn(CAUSE, pending),
            blocked: Counts::from_fn(CAUSE, blocked),
        }
    }
}

/// The archive for unprocessable records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveObservation {
    /// What it is doing.
    pub state: ArchiveState,
    /// Dead letters without an acknowledgement, those that were refused and hold a partition included.
    pub pending: u64,
    /// Since when the oldest of them waits.
    pub oldest_pending_since: Option<Duration>,
}

/// The circuit breaker on unprocessable records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerObservation {
    /// Whether it is open.
    pub state: Breaker,
    /// Since when.
    pub since: Duration,
}

impl BreakerObservation {
    /// A breaker in `state` since `since`.
    #[must_use]
    pub const fn new(state: Breaker, since: Duration) -> Self {
        Self { state, since }
    }
}

/// Runs whose state is followed now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunCounts {
    /// Runs that follow the stream without a gap.
    pub synced: u64,
    /// Runs that lost their state and wait for a snapshot.
    pub needs_resync: u64,
    /// Runs of which no full state has been seen yet, after a restart or a rebalance as a rule.
    pub not_yet_known: u64,
    /// Texts of states that were refused for their length so far, unread.
    pub refused: u64,
}

impl RunCounts {
    /// The runs in one state.
    pub(crate) const fn of(&self, state: RunState) -> u64 {
        match state {
            RunState::Synced => self.synced,
            RunState::NeedsResync => self.needs_resync,
            RunState::NotYetKnown => self.not_yet_known,
        }
    }
}

/// The replay buffer's configuration and fill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplayBufferObservation {
    /// Whether a Redis stands behind the memory.
    pub redis_enabled: bool,
    /// Messages in memory.
    pub memory_buffer_size: u64,
    /// Most messages in memory.
    pub max_memory_size: u64,
    /// How long Redis keeps a message.
    pub redis_message_ttl: Duration,
    /// Most sequence numbers that Redis keeps for a thread.
    pub redis_max_sequences: u64,
}
