//! What a host under test has in place of the engine, its client, its archive and its handlers.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use super::Mistake;
use crate::{
    Action, Admission, ArchiveRequest, Assignment, Cause, Config, ConfigError, Delivered, Delivery,
    Engine, HeldBy, Input, Offset, PartitionState, Rejected, StoreOffset, TopicPartition,
};

/// The engine and its surroundings, as a host under test sees them.
#[derive(Debug)]
pub struct Testbed {
    pub(super) engine: Engine<i64>,
    pub(super) parts: BTreeMap<TopicPartition, Part>,
    /// Actions handed out and not yet carried out.
    pub(super) asked: VecDeque<String>,
    /// Actions carried out whose end the engine has not heard.
    pub(super) unanswered: VecDeque<String>,
    /// Whether the engine was called for the event that happens now.
    pub(super) told: bool,
    last: Duration,
    pub(super) sends: VecDeque<ArchiveRequest>,
    pub(super) tokens: Vec<Delivered>,
    pub(super) mistake: Option<Mistake>,
}

/// A partition's log, and the client's place in it.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) assignment: Option<Assignment>,
    pub(super) position: i64,
    pub(super) paused: bool,
    pub(super) stored: Option<i64>,
}

impl Testbed {
    pub(super) fn new(config: Config) -> Result<Self, ConfigError> {
        Ok(Self {
            engine: Engine::new(config)?,
            parts: BTreeMap::new(),
            asked: VecDeque::new(),
            unanswered: VecDeque::new(),
            told: false,
            last: Duration::ZERO,
            sends: VecDeque::new(),
            tokens: Vec::new(),
            mistake: None,
        })
    }

    /// As [`Engine::handle`].
    pub fn handle(&mut self, now: Duration, input: Input) {
        self.called(now);
        match &input {
            Input::Stored { partition, .. } => self.answered("store", *partition),
            Input::SeekCompleted { partition, .. } => self.answered("seek", *partition),
            Input::Revoked { partition, .. } => {
                // From here on a store for this assignment is a mistake.
                if let Some(part) = self.parts.get_mut(partition) {
                    part.assignment = None;
                }
            }
            Input::Assigned { .. }
            | Input::FetchFailed { .. }
            | Input::Log { .. }
            | Input::Archived { .. }
            | Input::Command(_)
            | Input::Breaker(_)
            | Input::Drain
            | Input::Tick => {}
        }
        self.engine.handle(now, input);
    }

    /// As [`Engine::delivered`].
    pub fn delivered(&mut self, now: Duration, delivery: Delivery) -> Admission {
        self.called(now);
        self.engine.delivered(now, delivery)
    }

    /// As [`Engine::accept`].
    pub fn accept(&mut self, now: Duration, record: Delivered) {
        self.called(now);
        self.engine.accept(now, record);
    }

    /// As [`Engine::reject`].
    pub fn reject(&mut self, now: Duration, record: Delivered, cause: Cause, payload: i64) {
        self.called(now);
        let bytes = size_of::<i64>();
        self.engine.reject(now, record, cause, payload, bytes);
    }

    /// As [`Engine::rejected`].
    pub fn rejected(&mut self, now: Duration, record: Rejected, payload: i64) {
        self.called(now);
        self.engine.rejected(now, record, payload, size_of::<i64>());
    }

    /// As [`Engine::queue`].
    pub fn queue(&mut self, now: Duration, record: Delivered, payload: i64) {
        self.called(now);
        self.engine.queue(now, record, payload);
    }

    /// As [`Engine::poll_action`].
    pub fn poll_action(&mut self) -> Option<Action<i64>> {
        let action = self.engine.poll_action()?;
        self.asked.extend(name(&action));
        Some(action)
    }

    /// The client's list call that stores an offset.
    pub fn store(&mut self, store: &StoreOffset) {
        let partition = store.partition();
        let part = self.parts.entry(partition).or_default();
        if part.assignment != Some(store.assignment()) {
            self.mistake(Mistake::StoreAfterRevoke);
            return;
        }
        part.stored = Some(store.next().get());
        self.done("store", partition);
        self.unanswered.push_back(told("store", partition));
    }

    /// The client's pause.
    pub fn pause(&mut self, partition: TopicPartition) {
        self.done("pause", partition);
        self.parts.entry(partition).or_default().paused = true;
    }

    /// The client's resume.
    pub fn resume(&mut self, partition: TopicPartition) {
        self.done("resume", partition);
        self.parts.entry(partition).or_default().paused = false;
    }

    /// The client's seek.
    pub fn seek(&mut self, partition: TopicPartition, to: Offset) {
        self.done("seek", partition);
        self.parts.entry(partition).or_default().position = to.get();
        self.unanswered.push_back(told("seek", partition));
    }

    /// The archive's send, which is answered by a later [`Event::Archived`](super::Event::Archived).
    pub fn archive(&mut self, send: ArchiveRequest) {
        self.done("archive", send.partition);
        self.sends.push_back(send);
    }

    /// A handler gets a record. It answers by a later event.
    pub fn hand_out(&mut self, record: Delivered) {
        let offset = record.offset().get();
        let held = self.held_at(record.partition());
        if let Some(held) = held.filter(|held| *held < offset) {
            self.mistake(Mistake::BehindHold { offset, held });
        }
        self.tokens.push(record);
    }

    fn called(&mut self, now: Duration) {
        self.told = true;
        if now < self.last {
            self.mistake(Mistake::TimeRanBack);
        }
        self.last = self.last.max(now);
    }

    fn done(&mut self, what: &str, partition: TopicPartition) {
        let done = told(what, partition);
        let asked = self
            .asked
            .pop_front()
            .unwrap_or_else(|| "nothing".to_owned());
        if asked != done {
            self.mistake(Mistake::OutOfOrder { asked, done });
        }
    }

    fn answered(&mut self, what: &str, partition: TopicPartition) {
        let answered = told(what, partition);
        // An answer that nobody waits for is no mistake: the engine fences it.
        if let Some(at) = self.unanswered.iter().position(|one| *one == answered) {
            self.unanswered.remove(at);
        }
    }

    /// The first counts: what follows is its consequence.
    pub(super) fn mistake(&mut self, mistake: Mistake) {
        self.mistake.get_or_insert(mistake);
    }

    pub(super) fn held_at(&self, partition: TopicPartition) -> Option<i64> {
        let status = self.engine.status();
        let mut parts = status.partitions.iter();
        let part = parts.find(|part| part.partition == partition)?;
        match part.state {
            PartitionState::Held {
                // The schedules give no cause for the others: nothing is deferred, deleted or paused by an
                // operator.
                by: HeldBy::Policy | HeldBy::Archive,
                offset,
                ..
            } => offset.map(Offset::get),
            PartitionState::Held { .. }
            | PartitionState::Running
            | PartitionState::Waiting
            | PartitionState::Seeking { .. }
            | PartitionState::Revoked { .. } => None,
        }
    }
}

/// What a host has to carry out of an action; nothing for what only informs it.
fn name(action: &Action<i64>) -> Option<String> {
    Some(match action {
        Action::Store(store) => told("store", store.partition()),
        Action::Archive(send) => told("archive", send.partition),
        Action::Pause { partition, .. } => told("pause", *partition),
        Action::Resume { partition, .. } => told("resume", *partition),
        Action::Seek { partition, .. } => told("seek", *partition),
        Action::StopPolling
        | Action::ResumePolling
        | Action::Deliver { .. }
        | Action::Count(_)
        | Action::Audit(_) => return None,
    })
}

fn told(what: &str, partition: TopicPartition) -> String {
    format!("{what} of partition {}", partition.partition())
}
