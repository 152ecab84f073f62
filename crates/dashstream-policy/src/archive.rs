//! Records on their way to the archive.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::timers::Due;
use crate::tracker::Slot;
use crate::{ArchiveId, Assignment, Backlog, Cause, Form, Offset, TopicPartition};

/// Every record that waits for the archive's word, with its payload.
#[derive(Debug)]
pub(crate) struct Archive<P> {
    pub(crate) jobs: BTreeMap<ArchiveId, Job<P>>,
    /// To be sent as soon as a send is free, in order.
    pub(crate) ready: VecDeque<ArchiveId>,
    pub(crate) in_flight: usize,
    pub(crate) bytes: usize,
    /// Sends that failed since the last acknowledgement, and when the first of them did.
    pub(crate) failures: Option<(u64, Duration)>,
    next_id: u64,
}

/// One record's way to the archive.
#[derive(Debug)]
pub(crate) struct Job<P> {
    pub(crate) partition: TopicPartition,
    pub(crate) assignment: Assignment,
    pub(crate) offset: Offset,
    pub(crate) cause: Cause,
    pub(crate) backlog: Backlog,
    pub(crate) payload: P,
    pub(crate) bytes: usize,
    pub(crate) since: Duration,
    pub(crate) attempt: u32,
    pub(crate) form: Form,
    pub(crate) stage: Stage,
    pub(crate) waits: Waits,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// In the queue of sends.
    Ready,
    /// Sent; the timer ends the wait for an answer.
    InFlight(Due),
    /// Failed; the timer starts the next attempt.
    Waiting(Due),
    /// Refused for good; only an operator starts another attempt.
    Parked,
}

/// What waits for the job's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Nothing: the record is settled.
    Nobody,
    /// The offset of a record that is not settled: it may pass once the archive has the letter.
    Record(Slot),
    /// A held record, which may be skipped once it is archived.
    Hold,
}

impl<P> Job<P> {
    /// Whether its last send failed and none has succeeded since.
    pub(crate) const fn is_failing(&self) -> bool {
        match self.stage {
            // An attempt is counted when it is handed out, so one that is under way is counted and has not
            // failed.
            Stage::Ready | Stage::Waiting(_) => self.attempt > 0,
            Stage::InFlight(_) => self.attempt > 1,
            Stage::Parked => true,
        }
    }
}

impl<P> Archive<P> {
    pub(crate) const fn new() -> Self {
        Self {
            jobs: BTreeMap::new(),
            ready: VecDeque::new(),
            in_flight: 0,
            bytes: 0,
            failures: None,
            next_id: 0,
        }
    }

    /// Queues a new record's payload.
    pub(crate) fn add(&mut self, job: Job<P>) -> ArchiveId {
        self.next_id = self.next_id.saturating_add(1);
        let id = ArchiveId(self.next_id);
        self.bytes = self.bytes.saturating_add(job.bytes);
        self.jobs.insert(id, job);
        self.ready.push_back(id);
        id
    }

    /// Forgets a record. Its timer, if it has one, no longer finds it.
    pub(crate) fn remove(&mut self, id: ArchiveId) -> Option<Job<P>> {
        let job = self.jobs.remove(&id)?;
        self.bytes = self.bytes.saturating_sub(job.bytes);
        self.leave(&job.stage);
        Some(job)
    }

    /// Puts a job at another stage.
    pub(crate) fn set(&mut self, id: ArchiveId, stage: Stage) {
        let Some(job) = self.jobs.get_mut(&id) else {
            return;
        };
        // Every change of stage goes through here or `remove`, so that `in_flight` counts the jobs in that
        // stage.
        let before = core::mem::replace(&mut job.stage, stage);
        self.leave(&before);
        match stage {
            Stage::Ready => self.ready.push_back(id),
            Stage::InFlight(_) => self.in_flight = self.in_flight.saturating_add(1),
            Stage::Waiting(_) | Stage::Parked => {}
        }
    }

    /// The next job to send, if a send is free. Entries of jobs that are gone or no longer ready
    /// are dropped on the way.
    pub(crate) fn next_ready(&mut self, in_flight_max: usize) -> Option<ArchiveId> {
        if self.in_flight >= in_flight_max {
            return None;
        }
        let is_ready = |job: &Job<P>| job.stage == Stage::Ready;
        // A job that is dropped is not searched for in the queue; its entry is skipped here.
        let mut queued = core::iter::from_fn(|| self.ready.pop_front());
        queued.find(|id| self.jobs.get(id).is_some_and(is_ready))
    }

    pub(crate) fn failed(&mut self, now: Duration) {
        let (times, since) = self.failures.unwrap_or((0, now));
        self.failures = Some((times.saturating_add(1), since));
    }

    fn leave(&mut self, stage: &Stage) {
        if let Stage::InFlight(_) = stage {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }
}
