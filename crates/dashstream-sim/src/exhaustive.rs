//! Every trace of a few events over three records and two assignments.

use core::fmt::{self, Write};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};

use dashstream_policy::{ArchiveFault, Archiving, Escalation, Mode, NullPayload, Ordering, Scope};

use crate::invariant::Checked;
use crate::{Answer, Failure, Log, Outcome, Plan, Rules, Step, Violation, World};

/// What was gone through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Events of the longest traces.
    pub events: usize,
    /// Traces of at most that many events, each of which did something. All of them are covered.
    pub traces: u64,
    /// Traces that were carried out. The others begin as one that had led to the same state.
    pub runs: u64,
    /// Different states after so many events. From each the world was also brought to its end twice,
    /// once after a drain.
    pub states: u64,
    /// Assignments in the trace that has most.
    pub epochs: usize,
    /// Different records taken in the trace that has most.
    pub offsets: usize,
}

/// Offsets of the records; there is a gap in them.
const OFFSETS: [i64; 3] = [0, 1, 3];

/// Assignments in one trace.
const EPOCHS: usize = 2;

/// Every event that can happen. Fetching offers at once: what lies in a hand is for the schedules.
const EVENTS: [Step; 37] = [
    Step::Assign(0),
    Step::Revoke(0, false),
    Step::Revoke(0, true),
    Step::Elsewhere(0, 1),
    Step::Fetch(0),
    Step::Finish(0, Outcome::Done),
    Step::Finish(1, Outcome::Done),
    Step::Finish(0, Outcome::Unprocessable(1)),
    Step::Finish(1, Outcome::Unprocessable(4)),
    Step::Finish(0, Outcome::Failed(4)),
    Step::Finish(0, Outcome::Defer),
    Step::Answer(0, Answer::Ack),
    Step::Answer(0, Answer::AckTwice),
    Step::Answer(0, Answer::LateAck),
    Step::Answer(0, Answer::Silent),
    Step::Answer(0, Answer::Fail(ArchiveFault::Broker)),
    Step::Answer(0, Answer::Fail(ArchiveFault::TooLarge)),
    Step::Answer(0, Answer::Fail(ArchiveFault::Refused)),
    Step::Pass(6_000),
    Step::Backwards(500),
    Step::Retry(0),
    Step::Skip(0),
    Step::SkipTo(0, 2),
    Step::Pause(0),
    Step::Breaker(true),
    Step::Commit,
    Step::FailStore,
    Step::FailSeek,
    Step::DelaySeek,
    Step::Late,
    Step::Retain(0, 1),
    Step::Compact(0, 0),
    Step::Produce(0),
    Step::Recreate(0, 0),
    Step::Drain,
    Step::Leave,
    Step::Crash,
];

/// Carries out every trace of at most `events` events that begins with an assignment, under every
/// mode, archive setting and order, with room for one record and for all.
///
/// # Errors
///
/// The first trace that breaks an invariant; none shorter does.
pub fn exhaustive(events: usize) -> Result<Explored, Box<Failure>> {
    let mut explored = Explored {
        events,
        ..Explored::default()
    };
    for mode in Mode::ALL {
        for archiving in Archiving::ALL {
            let all = Ordering::ALL.map(|ordering| (ordering, OFFSETS.len()));
            for (ordering, outstanding) in [(Ordering::Partition, 1)].into_iter().chain(all) {
                search(&plan(mode, archiving, ordering, outstanding), &mut explored)?;
            }
        }
    }
    Ok(explored)
}

fn plan(mode: Mode, archiving: Archiving, ordering: Ordering, outstanding: usize) -> Plan {
    Plan {
        seed: 0,
        rules: Rules {
            mode,
            scope: Scope::Partition,
            archiving,
            accept_reduced: true,
            null: NullPayload::Process,
            escalation: Escalation::Pause,
            ordering,
            outstanding,
            share: None,
            bytes: 100,
            attempts: 2,
            in_flight: 1,
            payload: 2,
        },
        cause_shift: 0,
        age_shift: 0,
        logs: vec![Log {
            records: OFFSETS.map(|offset| (offset, false)).into(),
            bad: None,
        }],
        steps: vec![Step::Assign(0)],
        leaves: false,
    }
}

/// Goes on from every state of one length before any of the next. A state that two traces of one
/// length lead to is gone on from once, and counts for both.
fn search(plan: &Plan, explored: &mut Explored) -> Result<(), Box<Failure>> {
    let mut reached = vec![(plan.steps.clone(), 1)];
    explored.traces += 1;
    for _ in plan.steps.len()..explored.events {
        let mut states: HashMap<u64, (Vec<Step>, u64)> = HashMap::new();
        for (trace, times) in reached {
            for event in EVENTS {
                let mut steps = trace.clone();
                steps.push(event);
                if steps.iter().filter(|s| **s == Step::Assign(0)).count() > EPOCHS {
                    continue;
                }
                explored.runs += 1;
                let Some(state) = carry_out(plan, &steps, explored)? else {
                    continue;
                };
                explored.traces += times;
                let (_, all) = states.entry(state).or_insert((steps, 0));
                *all += times;
            }
        }
        explored.states += states.len() as u64;
        reached = states.into_values().collect();
        for (steps, _) in &reached {
            end(plan, steps, World::finish)?;
            end(plan, steps, |world| {
                world.leave_well()?;
                world.finish()
            })?;
        }
    }
    Ok(())
}

/// The state that a trace leads to; none if its last event did nothing.
fn carry_out(
    plan: &Plan,
    steps: &[Step],
    explored: &mut Explored,
) -> Result<Option<u64>, Box<Failure>> {
    let mut moved = false;
    let world = world_after(plan, steps, |happened| moved = happened)?;
    if !moved {
        return Ok(None);
    }
    explored.epochs = explored.epochs.max(world.assignments());
    explored.offsets = explored.offsets.max(world.parts[0].truth.taken.len());
    let mut state = Digest(DefaultHasher::new());
    // Writing to a digest cannot fail.
    let _ = write!(state, "{world:?}");
    Ok(Some(state.0.finish()))
}

/// Hashes what is written. Two states of 300,000 share a hash of 64 bits once in 10^8 searches.
struct Digest(DefaultHasher);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

fn end(
    plan: &Plan,
    steps: &[Step],
    end: impl FnOnce(&mut World) -> Checked,
) -> Result<(), Box<Failure>> {
    let mut world = world_after(plan, steps, drop)?;
    end(&mut world).map_err(|violation| failure(plan, steps, violation))
}

fn world_after(
    plan: &Plan,
    steps: &[Step],
    mut happened: impl FnMut(bool),
) -> Result<World, Box<Failure>> {
    let mut world = World::new(plan);
    for step in steps {
        let mut moved = world
            .step(*step)
            .map_err(|violation| failure(plan, steps, violation))?;
        if matches!(step, Step::Fetch(_)) {
            moved |= world
                .step(Step::Offer(0))
                .map_err(|violation| failure(plan, steps, violation))?;
        }
        happened(moved);
    }
    Ok(world)
}

fn failure(plan: &Plan, steps: &[Step], violation: Violation) -> Box<Failure> {
    Box::new(Failure {
        plan: Plan {
            steps: steps.to_vec(),
            ..plan.clone()
        },
        drawn: steps.len(),
        violation,
    })
}
