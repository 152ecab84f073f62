//! The consumer's surroundings: client, handlers, archive and operator, with the checks.

mod checks;
mod perform;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dashstream_policy::{
    Action, Age, ArchiveFault, ArchiveId, ArchiveRequest, ArchiveResult, Archiving, Breaker, Cause,
    Command, Delivered, Delivery, Engine, Epoch, Fault, FetchFault, Input, Intake, NullPayload,
    Offset, Order, Signature, TopicId, TopicPartition,
};

use crate::truth::Truth;
use crate::{Answer, Log, Outcome, Plan, Rules, Step, Violation};

/// Everything around one engine, and the engine.
#[derive(Debug)]
pub struct World {
    pub(crate) engine: Engine<i64>,
    pub(crate) rules: Rules,
    cause_shift: usize,
    pub(crate) now: Duration,
    pub(crate) parts: Vec<Part>,
    pub(crate) tokens: Vec<Delivered>,
    pub(crate) sends: Vec<ArchiveRequest>,
    breaker: bool,
    taking: bool,
    stopped: Option<Duration>,
    next_epoch: u64,
    pub(crate) late: VecDeque<(usize, Epoch, i64)>,
    pub(crate) fail_store: bool,
    pub(crate) fail_seek: bool,
    pub(crate) delay_seek: bool,
    /// Attempts seen of each send, and the record it belongs to, since the process started.
    ids: BTreeMap<ArchiveId, (usize, i64, u32)>,
    /// Records by facts since the process started: found unprocessable, and ended.
    facts: (u64, u64),
    /// What the engine asked for, without causes.
    pub(crate) log: Option<Vec<String>>,
}

/// One partition at the broker, at the client, and in truth.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) records: BTreeMap<i64, bool>,
    pub(crate) bad: Option<(i64, i64)>,
    pub(crate) low: i64,
    pub(crate) committed: Option<i64>,
    pub(crate) epoch: Option<Epoch>,
    pub(crate) position: i64,
    pub(crate) paused: bool,
    pub(crate) stored: Option<i64>,
    pub(crate) hand: VecDeque<(Epoch, i64)>,
    pub(crate) truth: Truth,
    /// The record that an ordered retry has to meet first.
    must_meet: Option<i64>,
    /// An ordered skip that waits for the archive.
    awaited: BTreeSet<i64>,
    operator: bool,
}

type Checked = Result<(), Violation>;

impl World {
    /// Sets a plan up; no step has happened.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            engine: engine(&plan.rules),
            rules: plan.rules,
            cause_shift: plan.cause_shift,
            now: Duration::from_secs(100),
            parts: plan.logs.iter().map(Part::new).collect(),
            tokens: Vec::new(),
            sends: Vec::new(),
            breaker: false,
            taking: true,
            stopped: None,
            next_epoch: 0,
            late: VecDeque::new(),
            fail_store: false,
            fail_seek: false,
            delay_seek: false,
            ids: BTreeMap::new(),
            facts: (0, 0),
            log: None,
        }
    }

    /// Lets one step happen and checks what came of it. `false`: there was nothing to do.
    ///
    /// # Errors
    ///
    /// The first invariant that did not hold.
    pub fn step(&mut self, step: Step) -> Result<bool, Violation> {
        let happened = match step {
            Step::Assign(p) => self.assign(p)?,
            Step::Revoke(p, commits) => self.revoke(p, commits)?,
            Step::Elsewhere(p, count) => self.elsewhere(p, count),
            Step::Fetch(p) => self.fetch(p)?,
            Step::Offer(p) => self.offer(p)?,
            Step::Finish(pick, outcome) => self.finish_one(pick, outcome)?,
            Step::Answer(pick, answer) => self.answer(pick, answer)?,
            Step::Pass(ms) => self.pass(Duration::from_millis(ms))?,
            Step::Backwards(ms) => {
                let earlier = self.now.saturating_sub(Duration::from_millis(ms));
                self.engine.handle(earlier, Input::Tick);
                self.drain()?;
                true
            }
            Step::Retry(p) => self.order(p, Command::Retry)?,
            Step::Skip(p) => self.order(p, Command::SkipOne)?,
            Step::SkipTo(p, further) => {
                let from = self.held_at(p).unwrap_or(self.parts[p].position);
                self.order(p, Command::SkipTo(at(from + i64::from(further))))?
            }
            Step::Pause(p) => self.order(p, Command::Pause)?,
            Step::Breaker(open) => {
                self.breaker = open;
                let breaker = if open { Breaker::Open } else { Breaker::Closed };
                self.input(Input::Breaker(breaker))?;
                true
            }
            Step::Commit => self.commit()?,
            Step::Crash => self.crash(),
            Step::FailStore => !core::mem::replace(&mut self.fail_store, true),
            Step::FailSeek => !core::mem::replace(&mut self.fail_seek, true),
            Step::DelaySeek => !core::mem::replace(&mut self.delay_seek, true),
            Step::Late => self.late()?,
            Step::Retain(p, count) => self.retain(p, count),
            Step::Compact(p, pick) => self.compact(p, pick),
            Step::Stale(p) => self.stale(p)?,
        };
        Ok(happened)
    }

    pub(crate) fn input(&mut self, input: Input) -> Checked {
        self.engine.handle(self.now, input);
        self.drain()
    }

    pub(crate) fn assign(&mut self, p: usize) -> Result<bool, Violation> {
        self.next_epoch += 1;
        let epoch = Epoch::new(self.next_epoch);
        self.parts[p].end_assignment();
        let part = &mut self.parts[p];
        part.epoch = Some(epoch);
        part.stored = None;
        part.position = part.committed.unwrap_or(part.low);
        if part.committed.is_none() {
            part.truth.give_up(0, part.low);
        }
        let (committed, low) = (part.committed.map(at), Some(at(part.low)));
        self.input(Input::Assigned {
            partition: place(p),
            epoch,
            committed,
            low,
        })?;
        Ok(true)
    }

    fn revoke(&mut self, p: usize, commits: bool) -> Result<bool, Violation> {
        let Some(epoch) = self.parts[p].epoch else {
            return Ok(false);
        };
        if commits {
            self.parts[p].commit();
        }
        self.parts[p].end_assignment();
        self.parts[p].epoch = None;
        self.parts[p].stored = None;
        self.input(Input::Revoked {
            partition: place(p),
            epoch,
        })?;
        Ok(true)
    }

    fn elsewhere(&mut self, p: usize, count: u32) -> bool {
        let part = &mut self.parts[p];
        if part.epoch.is_some() {
            return false;
        }
        let from = part.committed.unwrap_or(part.low);
        let done: Vec<_> = part
            .records
            .range(from..)
            .take(count as usize)
            .map(|(o, _)| *o)
            .collect();
        if let Some(last) = done.last() {
            part.committed = Some(last + 1);
            part.truth.give_up(0, last + 1);
        }
        !done.is_empty()
    }

    pub(crate) fn fetch(&mut self, p: usize) -> Result<bool, Violation> {
        let part = &mut self.parts[p];
        let Some(epoch) = part.epoch else {
            return Ok(false);
        };
        if part.paused || !self.taking || part.hand.len() > 3 {
            return Ok(false);
        }
        let next = part.records.range(part.position..).next().map(|(o, _)| *o);
        let bad = part
            .bad
            .filter(|(start, end)| part.position < *end && next.is_none_or(|next| next >= *start));
        let fault = if part.position < part.low {
            FetchFault::OutOfRange {
                low: Some(at(part.low)),
            }
        } else if bad.is_some() {
            FetchFault::Undecodable
        } else {
            let Some(next) = next else {
                return Ok(false);
            };
            part.hand.push_back((epoch, next));
            part.position = next + 1;
            return Ok(true);
        };
        // The client repeats itself; what was fetched before is offered first, as clients do.
        if !part.hand.is_empty() {
            return Ok(false);
        }
        self.input(Input::FetchFailed {
            partition: place(p),
            epoch,
            fault,
        })?;
        Ok(true)
    }

    pub(crate) fn offer(&mut self, p: usize) -> Result<bool, Violation> {
        let Some((epoch, offset)) = self.parts[p].hand.pop_front() else {
            return Ok(false);
        };
        let null = self.parts[p].records.get(&offset).copied().unwrap_or(false);
        let held = self.is_held(p);
        let age = if offset % 5 == 0 {
            Age::Old
        } else {
            Age::Current
        };
        let delivery = Delivery::new(place(p), epoch, at(offset))
            .null(null)
            .age(age);
        let intake = self.engine.delivered(self.now, delivery);
        self.note(|| format!("{intake:?}").replace("NullPayload", ""));
        let taken = matches!(
            intake,
            Intake::Take(_) | Intake::Condemned(_) | Intake::Ignored
        );
        if taken {
            if held {
                return Err(Violation::new(
                    "I6 held takes nothing",
                    format!("{p}/{offset}"),
                ));
            }
            if let Some(expected) = self.parts[p].must_meet.take()
                && expected != offset
            {
                let seen = format!("{p}: {offset} instead of {expected}");
                return Err(Violation::new("I6 first after resume is the poison", seen));
            }
        }
        match intake {
            Intake::Take(token) => self.tokens.push(token),
            Intake::Ignored => {
                // Only where the rule says so may an offset pass it.
                if null && self.rules.null == NullPayload::Ignore {
                    self.parts[p].truth.accounted.insert(offset);
                }
            }
            Intake::Condemned(condemned) => {
                self.judged(p, offset, |world| {
                    world.engine.condemn(world.now, condemned, offset, 1);
                })?;
            }
            Intake::Duplicate | Intake::Fenced | Intake::Refused(_) => {}
        }
        self.drain()?;
        Ok(true)
    }

    pub(crate) fn finish_one(&mut self, pick: u32, outcome: Outcome) -> Result<bool, Violation> {
        if self.tokens.is_empty() {
            return Ok(false);
        }
        let token = self.tokens.remove(pick as usize % self.tokens.len());
        let (p, offset) = (number(token.partition()), token.offset().get());
        match outcome {
            Outcome::Done => {
                self.parts[p].truth.accounted.insert(offset);
                self.engine.done(self.now, token);
            }
            Outcome::Unprocessable(cause) => {
                let fault = self.fault(cause, offset);
                self.judged(p, offset, |world| {
                    world.engine.unprocessable(world.now, token, fault);
                })?;
            }
            Outcome::Failed(cause) => {
                let fault = self.fault(cause, offset);
                self.judged(p, offset, |world| {
                    world.engine.failed(world.now, token, fault);
                })?;
            }
        }
        self.drain()?;
        Ok(true)
    }

    fn fault(&self, cause: usize, offset: i64) -> Fault<i64> {
        let cause = Cause::ALL[(cause + self.cause_shift) % 10];
        Fault::new(cause, offset, 1)
    }

    /// Lets the engine judge a record, and writes down what the policy allows for it.
    fn judged(&mut self, p: usize, offset: i64, call: impl FnOnce(&mut Self)) -> Checked {
        let met = |world: &Self| -> u64 {
            let tally = world.engine.tally();
            let ages = [Age::Current, Age::Old];
            let of = |cause| {
                ages.map(|age| tally.unprocessable(cause, age))
                    .iter()
                    .sum::<u64>()
            };
            Cause::ALL.into_iter().map(of).sum()
        };
        let before = met(self);
        call(self);
        if met(self) == before {
            return Ok(());
        }
        let pauses = self.pauses();
        let archiving = self.rules.archiving;
        let truth = &mut self.parts[p].truth;
        *truth.verdicts.entry(offset).or_default() += 1;
        if pauses {
            truth.must_stop_at(offset);
            truth.stopped_at = Some(truth.stopped_at.map_or(offset, |other| other.min(offset)));
        } else if archiving == Archiving::Required {
            truth.accounted.remove(&offset);
            truth.if_archived.insert(offset);
        } else {
            truth.accounted.insert(offset);
        }
        Ok(())
    }

    pub(crate) fn answer(&mut self, pick: u32, answer: Answer) -> Result<bool, Violation> {
        if self.sends.is_empty() {
            return Ok(false);
        }
        let send = self.sends.remove(pick as usize % self.sends.len());
        let (p, offset) = (number(send.partition), send.offset.get());
        let written = match answer {
            Answer::Ack | Answer::AckTwice | Answer::Silent | Answer::LateAck => true,
            Answer::Fail(_) | Answer::Vanish => false,
        };
        if written {
            self.parts[p].truth.archived.insert((offset, send.form));
        }
        let acked = ArchiveResult::Acked;
        let results = match answer {
            Answer::Ack => vec![acked],
            Answer::AckTwice => vec![acked, acked],
            Answer::LateAck => vec![ArchiveResult::Failed(ArchiveFault::TimedOut), acked],
            Answer::Fail(fault) => vec![ArchiveResult::Failed(fault)],
            Answer::Silent | Answer::Vanish => vec![],
        };
        for result in results {
            self.input(Input::Archived {
                id: send.id,
                result,
            })?;
        }
        Ok(true)
    }

    pub(crate) fn pass(&mut self, time: Duration) -> Result<bool, Violation> {
        let until = self.now + time;
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.input(Input::Tick)?;
            if let Some(since) = self.stopped
                && self.now.saturating_sub(since) > Duration::from_millis(20_000)
            {
                return Err(Violation::new(
                    "I8 keep polling",
                    format!("stopped since {since:?}"),
                ));
            }
        }
        self.now = until;
        self.input(Input::Tick)?;
        Ok(true)
    }

    pub(crate) fn order(&mut self, p: usize, command: Command) -> Result<bool, Violation> {
        if self.parts[p].epoch.is_none() {
            return Ok(false);
        }
        let signature = Signature::new("sim", "because").expect("a short signature");
        self.input(Input::Order(Order::new(place(p), command, signature)))?;
        Ok(true)
    }

    pub(crate) fn commit(&mut self) -> Result<bool, Violation> {
        let mut moved = false;
        for part in &mut self.parts {
            moved |= part.commit();
        }
        Ok(moved)
    }

    fn crash(&mut self) -> bool {
        for (at, send) in self.sends.drain(..).enumerate() {
            if at % 2 == 0 {
                let truth = &mut self.parts[number(send.partition)].truth;
                truth.archived.insert((send.offset.get(), send.form));
            }
        }
        self.engine = engine(&self.rules);
        self.tokens.clear();
        self.late.clear();
        self.ids.clear();
        self.facts = (0, 0);
        (self.breaker, self.taking, self.stopped) = (false, true, None);
        for part in &mut self.parts {
            part.end_assignment();
            part.epoch = None;
            part.stored = None;
            part.paused = false;
            part.hand.clear();
        }
        true
    }

    pub(crate) fn late(&mut self) -> Result<bool, Violation> {
        let Some((p, epoch, to)) = self.late.pop_front() else {
            return Ok(false);
        };
        if self.parts[p].epoch == Some(epoch) {
            self.parts[p].hand.clear();
            self.parts[p].position = to;
        }
        self.input(Input::Sought {
            partition: place(p),
            epoch,
            to: at(to),
            ok: true,
        })?;
        Ok(true)
    }

    fn retain(&mut self, p: usize, count: u32) -> bool {
        let part = &mut self.parts[p];
        let Some(low) = part.records.keys().nth(count as usize).copied() else {
            return false;
        };
        part.records = part.records.split_off(&low);
        part.low = low;
        true
    }

    fn compact(&mut self, p: usize, pick: u32) -> bool {
        let part = &mut self.parts[p];
        let Some(offset) = part.records.keys().nth(pick as usize % 12).copied() else {
            return false;
        };
        let known = part.truth.verdicts.contains_key(&offset);
        if known && part.truth.stopped_at != Some(offset) {
            return false;
        }
        part.records.remove(&offset);
        part.hand.retain(|(_, at)| *at != offset);
        part.truth.compacted.insert(offset);
        true
    }

    fn stale(&mut self, p: usize) -> Result<bool, Violation> {
        let epoch = Epoch::new(0);
        let partition = place(p);
        let offset = at(self.parts[p].position);
        self.input(Input::Revoked { partition, epoch })?;
        self.input(Input::Sought {
            partition,
            epoch,
            to: offset,
            ok: true,
        })?;
        let intake = self
            .engine
            .delivered(self.now, Delivery::new(partition, epoch, offset));
        if intake != Intake::Fenced {
            return Err(Violation::new("I7 fenced", format!("{intake:?}")));
        }
        self.drain()?;
        Ok(true)
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(line());
        }
    }
}

impl Part {
    fn new(log: &Log) -> Self {
        let truth = Truth {
            existed: log.records.keys().copied().collect(),
            ..Truth::default()
        };
        Self {
            records: log.records.clone(),
            bad: log.bad,
            low: 0,
            committed: None,
            epoch: None,
            position: 0,
            paused: false,
            stored: None,
            hand: VecDeque::new(),
            truth,
            must_meet: None,
            awaited: BTreeSet::new(),
            operator: false,
        }
    }

    /// Commits as the client does: only forwards.
    fn commit(&mut self) -> bool {
        let moves = self
            .stored
            .is_some_and(|stored| self.committed.is_none_or(|at| at < stored));
        if moves {
            self.committed = self.stored;
        }
        moves
    }

    fn end_assignment(&mut self) {
        self.must_meet = None;
        self.awaited.clear();
        self.operator = false;
        self.truth.stopped_at = None;
    }
}

fn engine(rules: &Rules) -> Engine<i64> {
    Engine::new(rules.config()).expect("a drawn configuration is in range")
}

pub(crate) fn at(offset: i64) -> Offset {
    Offset::new(offset).expect("offsets here are small")
}

pub(crate) fn place(p: usize) -> TopicPartition {
    TopicPartition::new(TopicId::new(0), p as i32)
}

fn number(partition: TopicPartition) -> usize {
    partition.partition() as usize
}

/// An action without its cause, so that runs under other causes can be compared.
fn mask(action: &Action<i64>) -> String {
    let mut text = format!("{action:?}");
    for cause in Cause::ALL {
        text = text.replace(&format!("cause: {cause:?}"), "cause");
    }
    text
}
