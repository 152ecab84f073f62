//! A conformance test for hosts of the engine: code that carries out actions, tried out against a log and an
//! archive in memory that know what the contract says.
//!
//! A host implements [`Host`] over a [`Testbed`], which stands for the engine and for everything that the
//! host would call: its client, its archive, its handlers. [`conforms`] then drives it through random
//! schedules and returns the first [`Mistake`] that it makes. It is for logs with offsets (Kafka, Kinesis,
//! files): a queue that acknowledges message by message has no offset that could pass a record.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::{
    Action, Admission, ArchiveId, ArchiveRequest, ArchiveResult, Assignment, Command, Config,
    Delivered, Delivery, Engine, Fault, HeldBy, Input, Offset, Operator, OperatorCommand, Ordering,
    PartitionState, Rejected, StoreOffset, TopicId, TopicPartition,
};

/// A host's own code around the engine.
pub trait Host {
    /// Does what the host does when this happens. Everything that the engine asks for is carried out, in
    /// order, before this returns.
    fn on_event(&mut self, now: Duration, event: Event, bed: &mut Testbed);
}

/// Something that happens to a host.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a host that leaves one out does not conform"
)]
pub enum Event {
    /// The group gave it the partition.
    Assigned(TopicPartition, Assignment, Option<Offset>),
    /// The group takes the partition away.
    Revoked(TopicPartition, Assignment),
    /// Its client has a record, which a handler is to get if the engine takes it.
    Fetched(Delivery),
    /// A handler is done with a record.
    Accepted(Delivered),
    /// A handler says that a record cannot be processed.
    Rejected(Delivered, Fault<i64>),
    /// The archive has answered.
    Archived(ArchiveId, u32, ArchiveResult),
    /// An operator's command.
    Ordered(OperatorCommand),
    /// Time has passed.
    Tick,
}

/// What a host did that the contract does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// An action was not carried out before the next event.
    #[error("an action was left out: {0}")]
    LeftOut(String),
    /// Actions were carried out in another order than they were handed out, or one that nobody asked for.
    #[error("{done} was carried out where {asked} was asked for")]
    OutOfOrder {
        /// What the engine asked for next.
        asked: String,
        /// What the host did.
        done: String,
    },
    /// An offset was stored for an assignment that has ended.
    #[error("a store after its partition was revoked")]
    StoreAfterRevoke,
    /// A store or a seek was carried out and the engine was not told how it ended.
    #[error("no answer to {0}")]
    Unanswered(String),
    /// A handler got a record that lies behind a held one.
    #[error("offset {offset} was handed out behind the hold at {held}")]
    BehindHold {
        /// The record.
        offset: i64,
        /// The held one.
        held: i64,
    },
    /// The engine was given an earlier time than before.
    #[error("time ran back")]
    TimeRanBack,
    /// Something happened and the engine was not told.
    #[error("an event did not reach the engine: {0}")]
    NotTold(String),
    /// At the end, when all records had been offered and every hold was ended, an offset was missing.
    #[error("the log ends at {end} and the host stored {stored:?}")]
    NotStored {
        /// The end of the log.
        end: i64,
        /// The last offset stored.
        stored: Option<i64>,
    },
}

/// The engine and its surroundings, as a host under test sees them.
#[derive(Debug)]
pub struct Testbed {
    engine: Engine<i64>,
    parts: BTreeMap<TopicPartition, Part>,
    /// Actions handed out and not yet carried out.
    asked: VecDeque<String>,
    /// Actions carried out whose end the engine has not heard.
    unanswered: VecDeque<String>,
    /// Whether the engine was called for the event that happens now.
    told: bool,
    last: Duration,
    sends: VecDeque<ArchiveRequest>,
    tokens: Vec<Delivered>,
    mistake: Option<Mistake>,
}

/// A partition's log, and the client's place in it.
#[derive(Debug, Default)]
struct Part {
    assignment: Option<Assignment>,
    position: i64,
    paused: bool,
    stored: Option<i64>,
}

impl Testbed {
    fn new(config: Config) -> Result<Self, crate::ConfigError> {
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
    pub fn reject(&mut self, now: Duration, record: Delivered, fault: Fault<i64>) {
        self.called(now);
        self.engine.reject(now, record, fault);
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

    /// The archive's send, which is answered by a later [`Event::Archived`].
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
        if let Some(at) = self.unanswered.iter().position(|one| *one == answered) {
            self.unanswered.remove(at);
        }
    }

    /// The first counts: what follows is its consequence.
    fn mistake(&mut self, mistake: Mistake) {
        self.mistake.get_or_insert(mistake);
    }

    fn held_at(&self, partition: TopicPartition) -> Option<i64> {
        let status = self.engine.status();
        let mut parts = status.partitions.iter();
        let part = parts.find(|part| part.partition == partition)?;
        match part.state {
            PartitionState::Held {
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

/// Drives a host through one random schedule over two partitions of twelve records: fetches, verdicts,
/// answers of the archive, rebalances and an operator, and at the end everything that is left. The same seed
/// gives the same schedule. Hundreds of them take less than a second. Records are
/// [`Ordering::Unordered`]: in which order handlers get them is not looked at.
///
/// # Errors
///
/// The first [`Mistake`].
///
/// # Panics
///
/// When `config` is refused by [`Engine::new`].
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
pub fn conforms(host: &mut impl Host, config: &Config, seed: u64) -> Result<(), Mistake> {
    let bed = Testbed::new(config.clone().ordering(Ordering::Unordered))
        .expect("the engine refuses the configuration");
    let mut run = Run {
        bed,
        now: Duration::ZERO,
        random: seed,
        assigned: 0,
        poison: BTreeSet::new(),
    };
    for partition in 0..PARTITIONS {
        run.bed.parts.insert(place(partition), Part::default());
        for offset in 0..RECORDS {
            if run.below(4) == 0 {
                run.poison.insert((partition, offset));
            }
        }
    }
    for _ in 0..STEPS {
        if let Some(event) = run.choose() {
            run.tell(host, event)?;
        }
    }
    run.finish(host)
}

/// A schedule under way.
struct Run {
    bed: Testbed,
    now: Duration,
    random: u64,
    /// Assignments so far.
    assigned: u64,
    poison: BTreeSet<(i32, i64)>,
}

impl Run {
    /// The next event, if the one that was drawn can happen now.
    fn choose(&mut self) -> Option<Event> {
        let partition = place(i32::try_from(self.below(2)).unwrap_or(0));
        match self.below(16) {
            0..=6 => self.fetch(partition),
            7..=10 => self.verdict(),
            11 | 12 => self.answer(),
            13 => {
                let command = [Command::Retry, Command::SkipOne];
                let at = usize::try_from(self.below(2)).unwrap_or(0);
                self.order(partition, *command.get(at)?)
            }
            14 => match self.below(4) {
                0 => self.revoke(partition),
                _ => self.assign(partition),
            },
            _ => Some(Event::Tick),
        }
    }

    /// Lets one event happen, and looks at what the host made of it.
    fn tell(&mut self, host: &mut impl Host, event: Event) -> Result<(), Mistake> {
        self.now = self.now.saturating_add(Duration::from_millis(7));
        let shown = format!("{event:?}");
        self.bed.told = false;
        host.on_event(self.now, event, &mut self.bed);
        let bed = &mut self.bed;
        if !bed.told {
            bed.mistake(Mistake::NotTold(shown));
        }
        // What the host has not even asked for is left out as well.
        while bed.poll_action().is_some() {}
        if let Some(asked) = bed.asked.pop_front() {
            bed.mistake(Mistake::LeftOut(asked));
        }
        if let Some(done) = bed.unanswered.pop_front() {
            bed.mistake(Mistake::Unanswered(done));
        }
        bed.mistake.take().map_or(Ok(()), Err)
    }

    /// Everything that is left: no more faults, and an operator who skips what is held.
    fn finish(&mut self, host: &mut impl Host) -> Result<(), Mistake> {
        for _ in 0..STEPS {
            for partition in (0..PARTITIONS).map(place) {
                let events = [
                    self.assign(partition),
                    self.fetch(partition),
                    self.verdict(),
                    self.answer(),
                ];
                for event in events.into_iter().flatten() {
                    self.tell(host, event)?;
                }
                if let Some(order) = self.order(partition, Command::SkipOne) {
                    self.tell(host, order)?;
                }
            }
            let due = self.bed.engine.poll_timeout().unwrap_or(self.now);
            self.now = self.now.max(due);
            self.tell(host, Event::Tick)?;
        }
        let missing = |part: &&Part| part.stored != Some(RECORDS);
        match self.bed.parts.values().find(missing) {
            None => Ok(()),
            Some(part) => Err(Mistake::NotStored {
                end: RECORDS,
                stored: part.stored,
            }),
        }
    }

    fn assign(&mut self, partition: TopicPartition) -> Option<Event> {
        let part = self.bed.parts.get_mut(&partition)?;
        if part.assignment.is_some() {
            return None;
        }
        self.assigned = self.assigned.saturating_add(1);
        let assignment = Assignment::new(self.assigned);
        part.assignment = Some(assignment);
        part.position = part.stored.unwrap_or(0);
        part.paused = false;
        let committed = part.stored.and_then(|next| Offset::new(next).ok());
        Some(Event::Assigned(partition, assignment, committed))
    }

    fn revoke(&self, partition: TopicPartition) -> Option<Event> {
        let assignment = self.bed.parts.get(&partition)?.assignment?;
        Some(Event::Revoked(partition, assignment))
    }

    fn fetch(&mut self, partition: TopicPartition) -> Option<Event> {
        let part = self.bed.parts.get_mut(&partition)?;
        let assignment = part.assignment?;
        if part.paused || part.position >= RECORDS {
            return None;
        }
        let offset = Offset::new(part.position).ok()?;
        part.position = part.position.saturating_add(1);
        let delivery = Delivery::new(partition, assignment, offset);
        Some(Event::Fetched(delivery))
    }

    fn verdict(&mut self) -> Option<Event> {
        let count = u64::try_from(self.bed.tokens.len()).unwrap_or(0);
        let at = usize::try_from(self.below(count.max(1))).unwrap_or(0);
        if at >= self.bed.tokens.len() {
            return None;
        }
        let record = self.bed.tokens.swap_remove(at);
        let offset = record.offset().get();
        let is_poison = self
            .poison
            .contains(&(record.partition().partition(), offset));
        Some(if is_poison {
            let fault = Fault::new(crate::Cause::DecodeError, offset, size_of::<i64>());
            Event::Rejected(record, fault)
        } else {
            Event::Accepted(record)
        })
    }

    fn answer(&mut self) -> Option<Event> {
        let send = self.bed.sends.pop_front()?;
        let result = ArchiveResult::Acked(send.form);
        Some(Event::Archived(send.id, send.attempt, result))
    }

    fn order(&self, partition: TopicPartition, command: Command) -> Option<Event> {
        self.bed.held_at(partition)?;
        let operator = Operator::new("conformance test", "ends what it held").ok()?;
        let order = OperatorCommand::new(partition, command, operator);
        Some(Event::Ordered(order))
    }

    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = self.random ^ (self.random >> 30);
        let mixed = mixed.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)).checked_rem(bound).unwrap_or(0)
    }
}

const fn place(partition: i32) -> TopicPartition {
    TopicPartition::new(TopicId::new(0), partition)
}

const PARTITIONS: i32 = 2;
const RECORDS: i64 = 12;

/// Enough for each record to be met, refused and met again several times.
const STEPS: usize = 200;
