//! The engine: its state, its public calls, and the order in which actions are handed out.

mod admission;
mod archiving;
mod assignment;
mod commands;
mod control;
mod deferral;
mod hold;
mod ordering;
mod room;
mod status;
mod verdict;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::archive::Archive;
use crate::counters::Counters;
use crate::offset::OwnedPartition;
use crate::partition::{Partition, Passed};
use crate::timers::{Due, Timer, Timers};
use crate::{
    Action, Admission, ArchiveId, Breaker, Cause, Config, ConfigError, Count, Delivered, Delivery,
    Input, Mode, Rejected, Taking, TopicPartition,
};

use verdict::{Fault, Verdict};

/// Decides what happens to records that cannot be processed, and when an offset may move.
///
/// One engine serves one consumer with all its partitions. `P` is what the host keeps of a record
/// for the archive or for another attempt: the record itself, or its dead letter. The engine stores it,
/// lends it and gives it back; since it knows nothing of the type, no decision can depend on it.
///
/// Memory is bounded by [`Config::outstanding_max`] records, by [`Config::outstanding_bytes_max`] bytes
/// of their payload and one record a partition, by [`Config::archive_bytes_max`] bytes beyond, and by
/// the number of partitions ever assigned.
///
/// The same calls with the same arguments always give the same actions.
#[derive(Debug)]
pub struct Engine<P> {
    config: Config,
    /// Largest `now` passed so far; time never goes back.
    now: Duration,
    breaker: Breaker,
    partitions: BTreeMap<TopicPartition, Partition>,
    archive: Archive<P>,
    /// Records that were given back and are to be handed out again, by serial.
    retries: BTreeMap<u64, Attempted<P>>,
    timers: Timers,
    counters: Counters,
    next_serial: u64,
    /// Records in all trackers.
    tracked: usize,
    /// Bytes of those that are not settled.
    bytes: usize,
    /// Partitions that are ours.
    assigned: usize,
    /// Records and bytes that one partition may take.
    share: (usize, usize),
    /// Partitions with a hold.
    holds: usize,
    stop: Stop,
    draining: bool,
    /// What the host was last told about taking records.
    told_taking: bool,
    /// Facts and retries, in the order in which they came about.
    facts: VecDeque<Action<P>>,
    /// Partitions whose offset moved since it was last handed out.
    stores: VecDeque<TopicPartition>,
    /// Whether a partition may need a pause, a seek or a resume.
    control: bool,
}

/// Whether records are taken, and how long they have not been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Open,
    /// The host does not poll.
    Closed {
        since: Duration,
        due: Due,
    },
    /// Every partition is paused instead, and the host polls.
    Paused {
        since: Duration,
    },
}

/// A record that is to be handed out again.
#[derive(Debug)]
struct Attempted<P> {
    /// Its token, with the attempt that this will be.
    record: Delivered,
    /// When it was given back, or began to wait for a record before it.
    at: Duration,
    payload: P,
}

impl<P> Engine<P> {
    /// Makes an engine that has no partition yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a setting outside its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            share: config.share(1),
            config,
            now: Duration::ZERO,
            breaker: Breaker::Closed,
            partitions: BTreeMap::new(),
            archive: Archive::new(),
            retries: BTreeMap::new(),
            timers: Timers::default(),
            counters: Counters::default(),
            next_serial: 0,
            tracked: 0,
            bytes: 0,
            assigned: 0,
            holds: 0,
            stop: Stop::Open,
            draining: false,
            // A host takes records until it is told otherwise.
            told_taking: true,
            facts: VecDeque::new(),
            stores: VecDeque::new(),
            control: false,
        })
    }

    /// The configuration that the engine was made with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Applies an input from the host. Call [`Engine::poll_action`] until it returns `None` afterwards.
    pub fn handle(&mut self, now: Duration, input: Input) {
        // Timers first: the input then meets the state of its own time. An answer that comes at its deadline
        // finds a send that has timed out.
        self.advance(now);
        match input {
            Input::Assigned {
                partition,
                assignment,
                committed,
                low,
            } => self.assigned((partition, assignment), committed, low),
            Input::Revoked {
                partition,
                assignment,
            } => self.revoked((partition, assignment)),
            Input::FetchFailed {
                partition,
                assignment,
                fault,
            } => self.fetch_failed((partition, assignment), fault),
            Input::Log {
                partition,
                assignment,
                log,
            } => self.log_is((partition, assignment), log),
            Input::Archived {
                id,
                attempt,
                result,
            } => self.archived(id, attempt, result),
            Input::Stored {
                partition,
                assignment,
                next,
                ok,
            } => self.stored((partition, assignment), next, ok),
            Input::SeekCompleted {
                partition,
                assignment,
                to,
                ok,
            } => self.sought((partition, assignment), to, ok),
            Input::Command(order) => self.commanded(order),
            Input::Breaker(breaker) => self.breaker = breaker,
            Input::Drain => self.drain(),
            // `advance` has done what was due.
            Input::Tick => {}
        }
        // Any input may have freed room, or used the last of it.
        self.make_room();
    }

    /// Decides whether a delivered record is to be processed. Poll the actions afterwards.
    ///
    /// Every record that the client delivers is offered here, in the client's order, also while its
    /// partition is paused: a record that the engine does not know of cannot be fetched again.
    pub fn delivered(&mut self, now: Duration, delivery: Delivery) -> Admission {
        self.advance(now);
        let admission = self.admit(delivery);
        self.make_room();
        admission
    }

    /// Takes a record back that the handler has processed. Poll the actions afterwards.
    ///
    /// Where the record's place is gone, since its assignment ended or an earlier record was put on
    /// hold, this is counted and changes nothing: the record will be delivered again.
    pub fn accept(&mut self, now: Duration, record: Delivered) {
        self.give_back(now, record, Verdict::Accept);
    }

    /// Takes a record back that cannot be processed. `payload` is what is worth keeping of it and takes
    /// `bytes` of memory. Poll the actions afterwards.
    pub fn reject(
        &mut self,
        now: Duration,
        record: Delivered,
        cause: Cause,
        payload: P,
        bytes: usize,
    ) {
        let fault = Fault {
            cause,
            payload,
            bytes,
        };
        self.give_back(now, record, Verdict::Reject(fault));
    }

    /// Takes a record back that failed for a reason that may pass. While its attempts last it comes
    /// back by [`Action::Deliver`]; after that it is rejected for `cause`. Poll the actions afterwards.
    pub fn release(
        &mut self,
        now: Duration,
        record: Delivered,
        cause: Cause,
        payload: P,
        bytes: usize,
    ) {
        let fault = Fault {
            cause,
            payload,
            bytes,
        };
        self.give_back(now, record, Verdict::Release(fault));
    }

    /// Takes a record back that the host cannot process now, for want of memory, say, or because
    /// something it needs is down. `payload` is what the host needs to have it again.
    ///
    /// No attempt is counted and no verdict is given, however long it lasts. The partition is paused
    /// and its deferred records come back by [`Action::Deliver`], one at a time and in order, after
    /// waits of [`Config::retry_backoff`]; a record that is then processed brings the next at once.
    /// [`Engine::status`] shows [`crate::HeldBy::HostResources`] meanwhile, and
    /// [`crate::Command::Retry`] ends the wait.
    /// Poll the actions afterwards.
    pub fn defer(&mut self, now: Duration, record: Delivered, payload: P) {
        self.give_back(now, record, Verdict::Defer(payload));
    }

    /// Takes a record back that nobody has begun to process, since a record before it that it is
    /// ordered with was not accepted. It comes again by [`Action::Deliver`] when that is settled;
    /// while the host is about to stop it does not, and the next consumer reads it.
    /// Poll the actions afterwards.
    pub fn queue(&mut self, now: Duration, record: Delivered, payload: P) {
        self.give_back(now, record, Verdict::Queue(payload));
    }

    /// Takes the payload of a record that the configuration rejected, which takes `bytes` of memory.
    /// Poll the actions afterwards.
    pub fn rejected(&mut self, now: Duration, record: Rejected, payload: P, bytes: usize) {
        let Rejected { delivered, cause } = record;
        self.reject(now, delivered, cause, payload, bytes);
    }

    /// The next thing to do, or nothing until the next input or [`Engine::poll_timeout`].
    ///
    /// Facts and records to be processed come first, in the order in which they came about; then stores, so that
    /// what is settled is safe; then pauses, seeks and resumes, then whether to take records, then
    /// sends to the archive.
    pub fn poll_action(&mut self) -> Option<Action<P>> {
        let fact = self.facts.pop_front();
        fact.or_else(|| self.next_store().map(Action::Store))
            .or_else(|| self.next_control())
            // After the pauses: a host that is to poll again (`poll_due`) needs every partition paused first.
            .or_else(|| self.next_polling())
            .or_else(|| self.next_send().map(Action::Archive))
    }

    /// When [`Input::Tick`] is due, if nothing else happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// What the host gave for the record that is on its way to the archive, while it is.
    #[must_use]
    pub fn payload(&self, id: ArchiveId) -> Option<&P> {
        self.archive.jobs.get(&id).map(|job| &job.payload)
    }

    /// Whether a record of this partition would find room. A host that can leave one partition alone
    /// and read the others asks before it does; to refuse a record means that it is fetched again.
    #[must_use]
    pub fn has_room(&self, partition: TopicPartition) -> bool {
        let (records, bytes) = self.room(partition);
        records > 0 && bytes > 0
    }

    /// How many records of this partition would find room, for a host that reads several at once: so
    /// many, and none behind the one with which their bytes ([`Delivery::bytes`]) come to the second
    /// number. Where either is zero, none.
    #[must_use]
    pub fn room(&self, partition: TopicPartition) -> (usize, usize) {
        let state = self.partitions.get(&partition);
        state.map_or((0, 0), |state| self.limits().room_of(state))
    }

    /// The counts so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether records may be taken.
    #[must_use]
    pub const fn taking(&self) -> Taking {
        match (self.draining, self.stop) {
            // First, since a drain closes the engine as a lack of room does.
            (true, _) => Taking::Draining,
            (false, Stop::Open) => Taking::Open,
            (false, Stop::Closed { since, .. } | Stop::Paused { since }) => Taking::Full { since },
        }
    }

    /// The mode in force.
    const fn mode(&self) -> Mode {
        self.config.mode_under(self.breaker)
    }

    /// Moves the engine's time on and does what was due meanwhile.
    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        // This ends: what a timer sets in its turn is due later, as no wait is zero (`Config::check`).
        while let Some((due, timer)) = self.timers.fire(self.now) {
            match timer {
                Timer::Archive(id) => self.archive_due(id, due),
                Timer::Retry(serial) => self.retry_due(serial),
                Timer::Defer(of) => self.probe_due(of, due),
                Timer::Seek(of) => self.seek_due(of),
                Timer::Store(of) => self.store_due(of),
                Timer::Poll => self.poll_due(due),
            }
        }
    }

    /// The partition, if it is ours under this assignment; otherwise counts the input as fenced.
    fn current(&mut self, (partition, assignment): OwnedPartition) -> Option<&mut Partition> {
        let found = self
            .partitions
            .get_mut(&partition)
            .filter(|state| state.is_current(assignment));
        // Not `count`, which borrows all of `self`: `found` still borrows the partitions.
        if found.is_none() {
            self.counters.add(Count::Fenced);
            self.facts.push_back(Action::Count(Count::Fenced));
        }
        found
    }

    /// Counts an input that belonged to something that is over.
    fn fenced(&mut self) {
        self.count(Count::Fenced);
    }

    /// Counts a fact, and announces it.
    fn count(&mut self, fact: Count) {
        self.counters.add(fact);
        self.facts.push_back(Action::Count(fact));
    }

    /// Takes the settled records off the front of a partition and queues the store.
    fn pass_settled(&mut self, partition: TopicPartition) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            let passed = state.pass_settled();
            self.passed(partition, passed);
        }
    }

    /// Accounts for the records that were taken off the front of a partition.
    fn passed(&mut self, partition: TopicPartition, passed: Passed) {
        // Only settled records are in this number: `forget` has taken off those whose places are vacant.
        self.tracked = self.tracked.saturating_sub(passed.records);
        if passed.is_first_to_store {
            self.stores.push_back(partition);
        }
    }
}
