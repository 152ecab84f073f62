//! Running plans, and making the trace of a failure short.

use core::fmt;

use crate::invariant::{Checked, Invariant};
use crate::{Plan, Violation, World};

/// A plan that broke an invariant.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The plan, with the steps that are needed.
    pub plan: Plan,
    /// How many steps there were before the others were taken out.
    pub drawn: usize,
    /// What was broken.
    pub violation: Violation,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { invariant, seen } = &self.violation;
        let Plan {
            seed,
            rules,
            logs,
            steps,
            ..
        } = &self.plan;
        writeln!(f, "violation: {}: {seen}", invariant.label())?;
        writeln!(f, "seed {seed} under {rules:?}")?;
        for (number, log) in logs.iter().enumerate() {
            writeln!(f, "partition {number}: {log:?}")?;
        }
        writeln!(
            f,
            "trace of {} steps, shrunk from {}:",
            steps.len(),
            self.drawn
        )?;
        for (number, step) in steps.iter().enumerate() {
            writeln!(f, "{number:3} {step:?}")?;
        }
        write!(f, "again: dashstream-sim schedules 1 {seed}")
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
    /// Processes that were drained and left.
    pub drained: u64,
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

/// Runs `count` seeds from `first` on. Every eighth runs four times: the second time must do
/// exactly the same; the third and the fourth, under other causes and ages, the same but for those.
///
/// # Errors
///
/// The first failure, shrunk.
pub fn schedules(first: u64, count: u64) -> Result<Ran, Box<Failure>> {
    let mut total = Ran::default();
    for seed in first..first + count {
        let plan = Plan::draw(seed);
        let ran = check(&plan, run)?;
        if seed % 8 == 0 {
            check(&plan, twins)?;
        }
        total.schedules += 1;
        total.steps += ran.steps;
        total.unprocessable += ran.unprocessable;
        total.drained += ran.drained;
    }
    Ok(total)
}

/// Runs a plan; where it fails, takes steps out as long as the same invariant is broken.
fn check<T>(plan: &Plan, run: impl Fn(&Plan) -> Result<T, Violation>) -> Result<T, Box<Failure>> {
    run(plan).map_err(|violation| {
        let drawn = plan.steps.len();
        let (plan, violation) = shrink(plan.clone(), violation, |plan| run(plan).map(drop));
        Box::new(Failure {
            plan,
            drawn,
            violation,
        })
    })
}

fn drive(world: &mut World, plan: &Plan) -> Result<Ran, Violation> {
    let mut ran = Ran::default();
    for step in &plan.steps {
        ran.steps += u64::from(world.step(*step)?);
    }
    if plan.leaves {
        world.leave_well()?;
    }
    world.finish()?;
    let verdicts = world
        .parts
        .iter()
        .flat_map(|part| part.truth.verdicts.values());
    ran.unprocessable = verdicts.map(|times| *times as u64).sum();
    ran.drained = world.left;
    Ok(ran)
}

fn twins(plan: &Plan) -> Checked {
    let log = |cause_shift, age_shift| -> Result<Vec<String>, Violation> {
        let mut world = World::new(&Plan {
            cause_shift,
            age_shift,
            ..plan.clone()
        });
        world.log = Some(Vec::new());
        drive(&mut world, plan)?;
        Ok(world.log.unwrap_or_default())
    };
    let first = log(0, 0)?;
    if let Some(difference) = difference(&first, &log(0, 0)?) {
        return Err(Invariant::SameInputsSameOutputs.broken(difference));
    }
    for (cause_shift, age_shift) in [(3, 0), (0, 1)] {
        if let Some(difference) = difference(&first, &log(cause_shift, age_shift)?) {
            return Err(Invariant::NoLabelDecides.broken(difference));
        }
    }
    Ok(())
}

/// The first line in which two logs differ.
fn difference<'a>(
    left: &'a [String],
    right: &'a [String],
) -> Option<(Option<&'a String>, Option<&'a String>)> {
    (0..left.len().max(right.len()))
        .map(|at| (left.get(at), right.get(at)))
        .find(|(left, right)| left != right)
}

fn shrink(
    mut plan: Plan,
    mut violation: Violation,
    check: impl Fn(&Plan) -> Checked,
) -> (Plan, Violation) {
    let mut chunk = plan.steps.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut smaller = false;
        while from < plan.steps.len() {
            let mut candidate = plan.clone();
            let to = (from + chunk).min(plan.steps.len());
            candidate.steps.drain(from..to);
            match check(&candidate) {
                Err(other) if other.invariant == violation.invariant => {
                    (plan, violation, smaller) = (candidate, other, true);
                }
                Ok(()) | Err(_) => from += chunk,
            }
        }
        if chunk == 1 && !smaller {
            return (plan, violation);
        }
        chunk = (chunk / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Step;

    /// Breaks when a crash follows a commit, whatever stands between.
    fn broken(plan: &Plan) -> Checked {
        let at = |step| plan.steps.iter().position(|other| *other == step);
        match (at(Step::Commit), at(Step::Crash)) {
            (Some(commit), Some(crash)) if commit < crash => Err(Invariant::HoldsLast.broken("")),
            (_, _) => Ok(()),
        }
    }

    #[test]
    fn a_trace_is_shrunk_to_the_steps_that_are_needed_and_the_report_names_the_seed() {
        let mut plan = Plan::draw(11);
        plan.steps.insert(7, Step::Commit);
        plan.steps.push(Step::Crash);
        let drawn = plan.steps.len();
        let failure = check(&plan, broken).expect_err("a commit and a crash");
        assert_eq!(failure.plan.steps, [Step::Commit, Step::Crash]);
        let report = failure.to_string();
        for line in [
            "violation: a hold lasts until an order",
            "seed 11 under Rules",
            &format!("trace of 2 steps, shrunk from {drawn}:"),
            "again: dashstream-sim schedules 1 11",
        ] {
            assert!(report.contains(line), "{report}");
        }
    }
}
