//! Every trace of a few events over three records and two assignments.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use dashstream_policy::{ArchiveFault, Archiving, Escalation, Mode, NullPayload, Scope};

use crate::{Answer, Failure, Log, Outcome, Plan, Rules, Step, World};

/// What was gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Traces carried out, prefixes included.
    pub traces: u64,
    /// States that were different, each of which was also brought to its end.
    pub states: u64,
}

/// Every event that can happen. Fetching offers at once: what lies in a hand is for the schedules.
const EVENTS: [Step; 20] = [
    Step::Assign(0),
    Step::Revoke(0, false),
    Step::Revoke(0, true),
    Step::Fetch(0),
    Step::Finish(0, Outcome::Done),
    Step::Finish(1, Outcome::Done),
    Step::Finish(0, Outcome::Unprocessable(1)),
    Step::Finish(1, Outcome::Unprocessable(4)),
    Step::Finish(0, Outcome::Failed(4)),
    Step::Answer(0, Answer::Ack),
    Step::Answer(0, Answer::Silent),
    Step::Answer(0, Answer::Fail(ArchiveFault::Broker)),
    Step::Answer(0, Answer::Fail(ArchiveFault::TooLarge)),
    Step::Answer(0, Answer::Fail(ArchiveFault::Refused)),
    Step::Pass(6_000),
    Step::Retry(0),
    Step::Skip(0),
    Step::DelaySeek,
    Step::Late,
    Step::Crash,
];

/// Carries out every trace of at most `depth` events that begins with an assignment, under every
/// mode and archive setting. A state that was met before is not gone on from.
///
/// # Errors
///
/// The first trace that breaks an invariant; none shorter does.
pub fn exhaustive(depth: usize) -> Result<Explored, Box<Failure>> {
    let mut explored = Explored::default();
    for mode in [Mode::Skip, Mode::Pause] {
        for archiving in [Archiving::Off, Archiving::BestEffort, Archiving::Required] {
            let rules = Rules {
                mode,
                scope: Scope::Partition,
                archiving,
                accept_reduced: true,
                null: NullPayload::Process,
                escalation: Escalation::Off,
                outstanding: 2,
                attempts: 2,
                in_flight: 1,
                evidence: 2,
            };
            let mut search = Search {
                plan: Plan {
                    seed: 0,
                    rules,
                    cause_shift: 0,
                    logs: vec![Log {
                        records: [(0, false), (1, false), (3, false)].into(),
                        bad: None,
                    }],
                    steps: vec![Step::Assign(0)],
                },
                depth,
                seen: BTreeSet::new(),
                explored: &mut explored,
            };
            search.go_on()?;
        }
    }
    Ok(explored)
}

struct Search<'a> {
    plan: Plan,
    depth: usize,
    seen: BTreeSet<(usize, u64)>,
    explored: &'a mut Explored,
}

impl Search<'_> {
    fn go_on(&mut self) -> Result<(), Box<Failure>> {
        self.explored.traces += 1;
        let mut world = World::new(&self.plan);
        let mut moved = true;
        for step in self.plan.steps.clone() {
            moved = self.happen(&mut world, step)?;
        }
        if !moved {
            return Ok(());
        }
        let mut hasher = DefaultHasher::new();
        format!("{world:?}").hash(&mut hasher);
        if !self.seen.insert((self.plan.steps.len(), hasher.finish())) {
            return Ok(());
        }
        self.explored.states += 1;
        let end = world.finish();
        self.judge(end)?;
        if self.plan.steps.len() >= self.depth {
            return Ok(());
        }
        for event in EVENTS {
            let assigned = self
                .plan
                .steps
                .iter()
                .filter(|step| **step == event)
                .count();
            if event == Step::Assign(0) && assigned >= 2 {
                continue;
            }
            self.plan.steps.push(event);
            self.go_on()?;
            self.plan.steps.pop();
        }
        Ok(())
    }

    fn happen(&self, world: &mut World, step: Step) -> Result<bool, Box<Failure>> {
        let happened = world.step(step);
        let mut happened = self.judge(happened)?;
        if matches!(step, Step::Fetch(_)) {
            let offered = world.step(Step::Offer(0));
            happened |= self.judge(offered)?;
        }
        Ok(happened)
    }

    fn judge<T>(&self, result: Result<T, crate::Violation>) -> Result<T, Box<Failure>> {
        result.map_err(|violation| {
            Box::new(Failure {
                plan: self.plan.clone(),
                violation,
            })
        })
    }
}
