//! The consumer's surroundings: client, handlers, archive and operator, with the checks.

mod archive;
mod checks;
mod client;
mod group;
mod handlers;
mod operator;
mod part;
mod perform;

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use dashstream_policy::{
    Action, ArchiveId, ArchiveRequest, Assignment, Backlog, Breaker, Cause, Command, Delivered,
    Engine, Input, Offset, TopicPartition,
};

use crate::invariant::Checked;
use crate::{Plan, Rules, Step, Violation};

pub(crate) use part::Part;

/// Everything around one engine, and the engine.
#[derive(Debug)]
pub struct World {
    pub(crate) engine: Engine<i64>,
    pub(crate) rules: Rules,
    cause_shift: usize,
    age_shift: usize,
    pub(crate) now: Duration,
    pub(crate) parts: Vec<Part>,
    pub(crate) tokens: Vec<Delivered>,
    pub(crate) sends: Vec<ArchiveRequest>,
    /// Sends that failed and whose failure the host has not heard of yet.
    pub(crate) late_failures: Vec<(ArchiveId, u32)>,
    breaker: bool,
    taking: bool,
    /// Whether the host has been told to stop and the engine to drain.
    pub(crate) draining: bool,
    /// How often the process was drained and left.
    pub(crate) left: u64,
    stopped: Option<Duration>,
    next_epoch: u64,
    /// The highest serial handed out since the process started.
    last_serial: u64,
    pub(crate) late: VecDeque<(usize, Assignment, i64)>,
    pub(crate) fail_store: bool,
    pub(crate) fail_seek: bool,
    pub(crate) delay_seek: bool,
    /// Attempts seen of each send, and the record it belongs to, since the process started.
    ids: BTreeMap<ArchiveId, (usize, i64, u32)>,
    /// Records by facts since the process started: found unprocessable, and ended.
    facts: (u64, u64),
    /// What the engine asked for, without causes and ages.
    pub(crate) log: Option<Vec<String>>,
}

impl World {
    /// Sets a plan up; no step has happened.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            engine: engine(&plan.rules),
            rules: plan.rules,
            cause_shift: plan.cause_shift,
            age_shift: plan.age_shift,
            now: Duration::from_secs(100),
            parts: plan.logs.iter().map(Part::new).collect(),
            tokens: Vec::new(),
            sends: Vec::new(),
            late_failures: Vec::new(),
            breaker: false,
            taking: true,
            draining: false,
            left: 0,
            stopped: None,
            next_epoch: 0,
            last_serial: 0,
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
                let held = self.held_at(p).unwrap_or(self.parts[p].position);
                let from = if self.parts[p].recreated { 0 } else { held };
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
            Step::LateFailure => self.late_failure()?,
            Step::Retain(p, count) => self.retain(p, count),
            Step::Produce(p) => self.produce(p)?,
            Step::Recreate(p, records) => self.recreate(p, records),
            Step::Compact(p, pick) => self.compact(p, pick),
            Step::Stale(p) => self.stale(p)?,
            Step::Drain => self.order_to_drain()?,
            Step::Leave => self.leave()?,
        };
        Ok(happened)
    }

    /// Assignments so far.
    pub(crate) const fn assignments(&self) -> usize {
        self.next_epoch as usize
    }

    pub(crate) fn input(&mut self, input: Input) -> Checked {
        self.engine.handle(self.now, input);
        self.drain()
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(log) = &mut self.log {
            log.push(line());
        }
    }
}

fn engine(rules: &Rules) -> Engine<i64> {
    Engine::new(rules.config()).expect("a drawn configuration is in range")
}

pub(crate) fn at(offset: i64) -> Offset {
    Offset::new(offset).expect("offsets here are small")
}

pub(crate) fn place(p: usize) -> TopicPartition {
    TopicPartition::new(0, p as i32)
}

fn number(partition: TopicPartition) -> usize {
    partition.partition() as usize
}

/// An action without its labels, so that runs under other causes and ages can be compared.
fn mask(action: &Action<i64>) -> String {
    mask_labels(format!("{action:?}"))
}

fn mask_labels(mut text: String) -> String {
    for backlog in [Backlog::Current, Backlog::Old] {
        text = text.replace(&format!("backlog: {backlog:?}"), "backlog");
    }
    for cause in Cause::ALL {
        text = text.replace(&format!("cause: {cause:?}"), "cause");
    }
    text
}
