//! The one handle: it exists only after every metric of the catalogue was registered.

use core::num::NonZeroUsize;
use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cells::{Cells, Histograms, Moment};
use crate::edges;
use crate::facts::Facts;
use crate::labels::{
    DeadLetterOutcome, DlqErrorType, DlqFailure, DropReason, Fault, InfrastructureError,
    LagSeverity, LatencyStage, PollStatus, RedisOperation, ReplayMode, ResyncReason, SendOutcome,
    WindowLength,
};
use crate::outcome::{Outcome, Recent};
use crate::registry::{RegisterError, Registry};
use crate::shard::{self, SHARDS_MAX};
use crate::snapshot::{Last, Snapshot, Totals, Windows};
use crate::window::{Counts, Shape, WindowSet};

/// How the counters are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Copies of the hot counters, one for about each thread that records: rounded up to a power of
    /// two, at most 256. The default is 1. A shard takes about 41 KiB.
    pub shards: NonZeroUsize,
    /// Copies that one [`Recorder`](crate::Recorder) each can own, at most 256. The default is none.
    /// They take as much memory as a shard.
    pub recorders: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            shards: NonZeroUsize::MIN,
            recorders: 0,
        }
    }
}

impl Options {
    /// The same options with `shards` copies of the hot counters.
    #[must_use]
    pub const fn with_shards(mut self, shards: NonZeroUsize) -> Self {
        self.shards = shards;
        self
    }

    /// The same options with room for `recorders` of [`Metrics::recorder`].
    #[must_use]
    pub const fn with_recorders(mut self, recorders: usize) -> Self {
        self.recorders = recorders;
        self
    }
}

/// Everything that is counted. Clones share the counters.
///
/// There is no public counter type: what can be recorded has a method here, every method feeds a
/// metric of the catalogue, and there is no value of this type before all of them are registered.
#[derive(Clone, Debug)]
pub struct Metrics {
    pub(crate) core: Arc<Core>,
    latest: Arc<Mutex<Arc<Snapshot>>>,
}

#[derive(Debug)]
pub(crate) struct Core {
    opened: Duration,
    shards: NonZeroUsize,
    /// Whether a recorder has them, for the copies behind the shards.
    pub(crate) owned: Box<[AtomicBool]>,
    hot: Box<[Hot]>,
    short: WindowSet<Recent>,
    long: WindowSet<Recent>,
    sends: WindowSet<SendOutcome>,
    drops: WindowSet<()>,
    dead_letters: WindowSet<DeadLetterOutcome>,
    cold: Cold,
}

/// What every record touches, one copy a shard.
#[repr(align(128))]
#[derive(Debug)]
struct Hot {
    outcomes: Cells<Outcome>,
    last_message: Moment,
}

#[derive(Debug)]
struct Cold {
    infrastructure: Cells<InfrastructureError>,
    last_infrastructure: Moment,
    last_decode_error: Moment,
    last_payload_missing: Moment,
    last_old_data_error: Moment,
    dlq_sends: Cells<DlqErrorType>,
    dlq_failures: Cells<DlqFailure>,
    last_archived: Moment,
    last_archive_failure: Moment,
    sends: Cells<SendOutcome>,
    drops: Cells<DropReason>,
    last_drop: Moment,
    lag_events: Cells<LagSeverity>,
    lag_messages: Cells<LagSeverity>,
    clients: Cells<ClientEvent>,
    sequence: Cells<SequenceKind>,
    gap_sizes: Histograms<()>,
    resyncs: Cells<ResyncReason>,
    latency: Histograms<LatencyStage>,
    clock_skew: Cells<()>,
    lag_poll_failures: Cells<()>,
    lag_polls: Histograms<PollStatus>,
    replay: Cells<ReplayEvent>,
    replay_by_mode: Cells<(ReplayMode, ReplayCount)>,
    replay_latency: Histograms<ReplayMode>,
    redis_errors: Cells<()>,
    redis_latency: Histograms<RedisOperation>,
    torn: Cells<WindowLength>,
}

crate::label::labels! {
    /// Events of the client connections that have no label of their own.
    ClientEvent ("event") {
        /// A client was disconnected because it lost too many messages.
        SlowDisconnect = "slow_disconnect",
        /// A connection was refused.
        Rejected = "rejected",
        /// A control message was too large.
        ControlOversized = "control_oversized",
        /// A control message could not be read.
        ControlParseFailure = "control_parse_failure",
        /// A batch with messages of several threads was sent.
        MultiThreadBatch = "multi_thread_batch",
    }

    /// Events of the replay buffer.
    ReplayEvent ("event") {
        /// A message was found in memory.
        MemoryHit = "memory_hit",
        /// A message was found in Redis.
        RedisHit = "redis_hit",
        /// A message was looked for in Redis and not found.
        RedisMiss = "redis_miss",
        /// A write to Redis was given up before it was tried.
        RedisWriteDropped = "redis_write_dropped",
        /// A write to Redis failed.
        RedisWriteFailure = "redis_write_failure",
    }

    /// What a replay counts by mode.
    ReplayCount ("count") {
        /// A client asked to resume.
        Request = "request",
        /// A message was sent again.
        Message = "message",
        /// A stretch that was asked for is no longer there.
        Gap = "gap",
        /// Messages in such stretches.
        GapMessage = "gap_message",
    }

    /// The kinds of disorder in a thread's sequence numbers.
    SequenceKind ("kind") {
        /// Numbers are missing.
        Gap = "gap",
        /// A number came again.
        Duplicate = "duplicate",
        /// A smaller number came after a larger one.
        Reorder = "reorder",
    }
}

impl Metrics {
    /// Registers the whole catalogue and returns the handle that records into it.
    ///
    /// `now` is the start: uptime and the coverage of the windows count from it.
    ///
    /// # Errors
    ///
    /// [`RegisterError::NameTaken`] when the registry already holds one of the names; it names both
    /// sides. Nothing is registered then, and no handle exists.
    pub fn register(
        registry: &mut Registry,
        options: Options,
        now: Duration,
    ) -> Result<Self, RegisterError> {
        registry.claim_catalogue()?;
        Ok(Self::open(options, now))
    }

    /// Records what became of one consumed message: its total, its bucket, and both windows.
    ///
    /// Lock-free, allocates nothing. Call it exactly once for each record that was delivered.
    pub fn record(&self, now: Duration, outcome: Outcome) {
        let (core, recent) = (&self.core, outcome.recent());
        let shard = shard::current(core.shards);
        if let Some(hot) = core.hot.get(shard) {
            hot.outcomes.add(outcome, 1);
            hot.last_message.note(now);
        }
        core.short
            .record_in(shard, Shape::SHORT.epoch(now), recent, 1);
        core.long
            .record_in(shard, Shape::LONG.epoch(now), recent, 1);
        core.note_fault(now, recent);
    }

    /// Records an error of the broker connection. It is no record's outcome.
    pub fn infrastructure_error(&self, now: Duration, kind: InfrastructureError) {
        self.core.cold.infrastructure.add(kind, 1);
        self.core.cold.last_infrastructure.note(now);
    }

    /// Records that the archive acknowledged a dead letter. Its type is that of its [`Fault`], or of
    /// its [`Cause`](crate::Cause) when that is all that is known.
    pub fn dead_letter_acknowledged(&self, now: Duration, error_type: DlqErrorType) {
        self.core.cold.dlq_sends.add(error_type, 1);
        self.core.cold.last_archived.note(now);
        let written = DeadLetterOutcome::Acknowledged;
        self.core.dead_letters.record(now, written, 1);
    }

    /// Records that a dead letter was not written.
    pub fn dead_letter_failed(&self, now: Duration, reason: DlqFailure) {
        self.core.cold.dlq_failures.add(reason, 1);
        self.core.cold.last_archive_failure.note(now);
        let failed = DeadLetterOutcome::Failed;
        self.core.dead_letters.record(now, failed, 1);
    }

    /// Records what happened to one message for one client.
    pub fn sent(&self, now: Duration, outcome: SendOutcome) {
        self.core.cold.sends.add(outcome, 1);
        self.core.sends.record(now, outcome, 1);
    }

    /// Records that one client lost `messages` at once, because it was too slow.
    pub fn client_lagged(&self, now: Duration, messages: u64) {
        let severity = LagSeverity::of(messages);
        self.core.cold.lag_events.add(severity, 1);
        self.core.cold.lag_messages.add(severity, messages);
        self.core
            .cold
            .drops
            .add(DropReason::LaggedReceiver, messages);
        self.core.cold.last_drop.note(now);
        self.core.drops.record(now, (), messages);
    }

    /// Records an event of the client connections.
    pub fn client_event(&self, event: ClientEvent) {
        self.core.cold.clients.add(event, 1);
    }

    /// Records that `missing` sequence numbers of a thread were skipped.
    pub fn sequence_gap(&self, missing: u64) {
        self.core.cold.sequence.add(SequenceKind::Gap, 1);
        self.core.cold.gap_sizes.observe((), missing);
    }

    /// Records that a sequence number of a thread came again.
    pub fn sequence_duplicate(&self) {
        self.core.cold.sequence.add(SequenceKind::Duplicate, 1);
    }

    /// Records that a smaller sequence number of a thread came after a larger one.
    pub fn sequence_reorder(&self) {
        self.core.cold.sequence.add(SequenceKind::Reorder, 1);
    }

    /// Records that a run's state can no longer be trusted.
    pub fn resync_needed(&self, reason: ResyncReason) {
        self.core.cold.resyncs.add(reason, 1);
    }

    /// Records the time from the producer's stamp to the end of processing, in milliseconds.
    ///
    /// Less than nothing, or more than a minute, is a clock that differs and no latency: it is
    /// counted as skew and kept out of the histogram.
    pub fn latency(&self, stage: LatencyStage, millis: i64) {
        match u64::try_from(millis) {
            Ok(millis) if millis <= edges::LATENCY_PLAUSIBLE_MS => {
                self.core.cold.latency.observe(stage, millis);
            }
            _ => self.core.cold.clock_skew.add((), 1),
        }
    }

    /// Records how long an attempt to learn the partitions' ends took.
    pub fn lag_polled(&self, took: Duration, status: PollStatus) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.core.cold.lag_polls.observe(status, micros);
        match status {
            PollStatus::Success => {}
            PollStatus::Error => self.core.cold.lag_poll_failures.add((), 1),
        }
    }

    /// Records `n` events of the replay buffer.
    pub fn replay_event(&self, event: ReplayEvent, n: u64) {
        self.core.cold.replay.add(event, n);
    }

    /// Records `n` of what a replay counts by mode.
    pub fn replay(&self, mode: ReplayMode, count: ReplayCount, n: u64) {
        self.core.cold.replay_by_mode.add((mode, count), n);
    }

    /// Records how long a replay took.
    pub fn replay_took(&self, mode: ReplayMode, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.core.cold.replay_latency.observe(mode, millis);
    }

    /// Records that an operation on the replay buffer's Redis failed.
    pub fn redis_failed(&self) {
        self.core.cold.redis_errors.add((), 1);
    }

    /// Records how long an operation on the replay buffer's Redis took.
    pub fn redis_took(&self, operation: RedisOperation, took: Duration) {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.core.cold.redis_latency.observe(operation, millis);
    }

    /// Takes a snapshot of everything, with what the host says about itself, and publishes it.
    ///
    /// Call it about once a second, and at least every eight: it is also what tells the windows the
    /// time. `/metrics`, `/health` and the verdict are functions of the snapshot, so that they agree.
    pub fn observe(&self, now: Duration, facts: Facts) -> Arc<Snapshot> {
        let snapshot = Arc::new(self.core.snapshot(now, facts));
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&snapshot);
        snapshot
    }

    /// The snapshot that was published last. Its [`Snapshot::taken_at`] says how old it is.
    #[must_use]
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.latest.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn open(options: Options, now: Duration) -> Self {
        let shards = shard::rounded(options.shards);
        let owned = options.recorders.min(SHARDS_MAX);
        let copies = shards.get().saturating_add(owned);
        let core = Core {
            opened: now,
            shards,
            owned: (0..owned).map(|_| AtomicBool::new(false)).collect(),
            hot: (0..copies).map(|_| Hot::new()).collect(),
            short: WindowSet::with_owned(Shape::SHORT, shards, owned, now),
            long: WindowSet::with_owned(Shape::LONG, shards, owned, now),
            sends: WindowSet::new(Shape::SHORT, now),
            drops: WindowSet::new(Shape::SHORT, now),
            dead_letters: WindowSet::new(Shape::SHORT, now),
            cold: Cold::new(),
        };
        let first = core.snapshot(now, Facts::default());
        Self {
            core: Arc::new(core),
            latest: Arc::new(Mutex::new(Arc::new(first))),
        }
    }
}

impl Core {
    /// Records in a copy that the calling thread owns.
    pub(crate) fn record_alone(&self, owned: usize, now: Duration, outcome: Outcome) {
        let recent = outcome.recent();
        let shard = self.shards.get().saturating_add(owned);
        if let Some(hot) = self.hot.get(shard) {
            hot.outcomes.add_alone(outcome, 1);
            hot.last_message.note(now);
        }
        self.short
            .record_alone_in(shard, Shape::SHORT.epoch(now), recent, 1);
        self.long
            .record_alone_in(shard, Shape::LONG.epoch(now), recent, 1);
        self.note_fault(now, recent);
    }

    fn note_fault(&self, now: Duration, recent: Recent) {
        match recent {
            Recent::Processed | Recent::OldProcessed | Recent::Ignored => {}
            Recent::OldData => self.cold.last_old_data_error.note(now),
            Recent::Unprocessable(fault) => self.cold.note_fault(now, fault),
        }
    }

    fn snapshot(&self, now: Duration, facts: Facts) -> Snapshot {
        let cold = &self.cold;
        let (short, long) = (self.short.read(now), self.long.read(now));
        for (window, reading) in [(WindowLength::Short, &short), (WindowLength::Long, &long)] {
            if reading.torn {
                cold.torn.add(window, 1);
            }
        }
        Snapshot {
            taken_at: now,
            opened_at: self.opened,
            totals: cold.totals(self.outcomes()),
            last: Last {
                message: self
                    .hot
                    .iter()
                    .filter_map(|hot| hot.last_message.get())
                    .max(),
                decode_error: cold.last_decode_error.get(),
                payload_missing: cold.last_payload_missing.get(),
                old_data_error: cold.last_old_data_error.get(),
                infrastructure_error: cold.last_infrastructure.get(),
                drop: cold.last_drop.get(),
                archived: cold.last_archived.get(),
                archive_failure: cold.last_archive_failure.get(),
            },
            windows: Windows {
                accounts: [self.short.account(now), self.long.account(now)],
                short,
                long,
                sends: self.sends.read(now),
                drops: self.drops.read(now),
                dead_letters: self.dead_letters.read(now),
                torn: cold.torn.read(),
            },
            facts,
        }
    }

    fn outcomes(&self) -> Counts<Outcome> {
        Counts::from_fn(|outcome| {
            self.hot
                .iter()
                .fold(0, |sum, hot| hot.outcomes.get(outcome).saturating_add(sum))
        })
    }
}

impl Hot {
    fn new() -> Self {
        Self {
            outcomes: Cells::zero(),
            last_message: Moment::never(),
        }
    }
}

impl Cold {
    fn new() -> Self {
        Self {
            infrastructure: Cells::zero(),
            last_infrastructure: Moment::never(),
            last_decode_error: Moment::never(),
            last_payload_missing: Moment::never(),
            last_old_data_error: Moment::never(),
            dlq_sends: Cells::zero(),
            dlq_failures: Cells::zero(),
            last_archived: Moment::never(),
            last_archive_failure: Moment::never(),
            sends: Cells::zero(),
            drops: Cells::zero(),
            last_drop: Moment::never(),
            lag_events: Cells::zero(),
            lag_messages: Cells::zero(),
            clients: Cells::zero(),
            sequence: Cells::zero(),
            gap_sizes: Histograms::zero(edges::GAP_SIZE),
            resyncs: Cells::zero(),
            latency: Histograms::zero(edges::LATENCY_MS),
            clock_skew: Cells::zero(),
            lag_poll_failures: Cells::zero(),
            lag_polls: Histograms::zero(edges::LAG_POLL),
            replay: Cells::zero(),
            replay_by_mode: Cells::zero(),
            replay_latency: Histograms::zero(edges::REPLAY_MS),
            redis_errors: Cells::zero(),
            redis_latency: Histograms::zero(edges::REDIS_MS),
            torn: Cells::zero(),
        }
    }

    #[cold]
    fn note_fault(&self, now: Duration, fault: Fault) {
        match fault.error_type() {
            Some(_) => self.last_decode_error.note(now),
            None => self.last_payload_missing.note(now),
        }
    }

    fn totals(&self, outcomes: Counts<Outcome>) -> Totals {
        Totals {
            outcomes,
            infrastructure: self.infrastructure.read(),
            dlq_sends: self.dlq_sends.read(),
            dlq_failures: self.dlq_failures.read(),
            sends: self.sends.read(),
            drops: self.drops.read(),
            lag_events: self.lag_events.read(),
            lag_messages: self.lag_messages.read(),
            clients: self.clients.read(),
            sequence: self.sequence.read(),
            resyncs: self.resyncs.read(),
            clock_skew: self.clock_skew.read(),
            lag_poll_failures: self.lag_poll_failures.read(),
            replay: self.replay.read(),
            replay_by_mode: self.replay_by_mode.read(),
            gap_sizes: self.gap_sizes.read_all(),
            latency: self.latency.read_all(),
            lag_polls: self.lag_polls.read_all(),
            replay_latency: self.replay_latency.read_all(),
            redis_errors: self.redis_errors.read(),
            redis_latency: self.redis_latency.read_all(),
        }
    }
}
