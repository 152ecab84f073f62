//! Running plans, and making the trace of a failure short.

use core::fmt;

use crate::{Plan, Step, Violation, World};

/// A plan that broke an invariant.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The plan, with the steps that are needed.
    pub plan: Plan,
    /// What was broken.
    pub violation: Violation,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { invariant, seen } = &self.violation;
        writeln!(f, "violation: {invariant}: {seen}")?;
        writeln!(f, "seed {} under {:?}", self.plan.seed, self.plan.rules)?;
        for (number, log) in self.plan.logs.iter().enumerate() {
            writeln!(f, "partition {number}: {log:?}")?;
        }
        self.plan
            .steps
            .iter()
            .enumerate()
            .try_for_each(|(number, step)| writeln!(f, "{number:3} {step:?}"))
    }
}

/// What a number of schedules came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Schedules.
    pub schedules: u64,
    /// Steps that did something.
    pub steps: u64,
    /// Records found unprocessable.
    pub unprocessable: u64,
}

/// Runs a plan to its end and returns the steps that did something.
///
/// # Errors
///
/// The first invariant that did not hold.
pub fn run(plan: &Plan) -> Result<Ran, Violation> {
    let mut world = World::new(plan);
    drive(&mut world, plan)
}

/// Runs `count` seeds from `first` on. Every eighth runs three times: the second time must do
/// exactly the same, and the third, under other causes, the same but for the causes.
///
/// # Errors
///
/// The first failure, shrunk.
pub fn schedules(first: u64, count: u64) -> Result<Ran, Box<Failure>> {
    let mut total = Ran::default();
    for seed in first..first + count {
        let plan = Plan::draw(seed);
        let ran = run(&plan).map_err(|violation| Box::new(shrink(plan.clone(), violation)))?;
        if seed % 8 == 0 {
            twins(&plan).map_err(|violation| {
                Box::new(Failure {
                    plan: plan.clone(),
                    violation,
                })
            })?;
        }
        total.schedules += 1;
        total.steps += ran.steps;
        total.unprocessable += ran.unprocessable;
    }
    Ok(total)
}

fn drive(world: &mut World, plan: &Plan) -> Result<Ran, Violation> {
    let mut ran = Ran::default();
    for step in &plan.steps {
        ran.steps += u64::from(world.step(*step)?);
    }
    world.finish()?;
    let verdicts = world
        .parts
        .iter()
        .flat_map(|part| part.truth.verdicts.values());
    ran.unprocessable = verdicts.map(|times| *times as u64).sum();
    Ok(ran)
}

fn twins(plan: &Plan) -> Result<(), Violation> {
    let log = |shift| -> Result<Vec<String>, Violation> {
        let mut world = World::new(&Plan {
            cause_shift: shift,
            ..plan.clone()
        });
        world.log = Some(Vec::new());
        drive(&mut world, plan)?;
        Ok(world.log.unwrap_or_default())
    };
    let first = log(0)?;
    if first != log(0)? {
        return Err(Violation::new("I14 the same inputs, the same outputs", ""));
    }
    let other = log(3)?;
    let differs = first.iter().zip(&other).find(|(left, right)| left != right);
    if first.len() != other.len() || differs.is_some() {
        return Err(Violation::new(
            "I13 no cause decides",
            format!("{differs:?}"),
        ));
    }
    Ok(())
}

/// Takes steps out as long as the same invariant is broken.
fn shrink(mut plan: Plan, mut violation: Violation) -> Failure {
    let mut chunk = plan.steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut smaller = false;
        while from < plan.steps.len() {
            let mut steps: Vec<Step> = plan.steps.clone();
            steps.drain(from..(from + chunk).min(plan.steps.len()));
            let candidate = Plan {
                steps,
                ..plan.clone()
            };
            match run(&candidate) {
                Err(other) if other.invariant == violation.invariant => {
                    (plan, violation, smaller) = (candidate, other, true);
                }
                Ok(_) | Err(_) => from += chunk,
            }
        }
        if chunk == 1 && !smaller {
            return Failure { plan, violation };
        }
        chunk = (chunk / 2).max(1);
    }
}
