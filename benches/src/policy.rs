//! The policy engine's step for a record that was processed, and its simulation. The mutants and the
//! kills against a real broker have stages of their own.

use std::time::Instant;

use dashstream_benches::workloads::consumer::{Consumer, NOW};
use dashstream_sim::{Explored, Failure, Ran, exhaustive, schedules};
use dashstream_testkit::alloc::measure;

use crate::codec::token_by_prost;
use crate::measure::{Goal, Run, median};

pub fn run(run: &mut Run) {
    let mut consumer = Consumer::new();
    run.time(
        "policy/record/taken, done and stored",
        "three calls; the goal is on the step of `done`",
        || consumer.one(),
    );
    let mut refused = Consumer::new();
    run.time(
        "policy/record/refused as a duplicate",
        "no goal was set for it",
        || refused.duplicate(),
    );

    done(run);

    let ((), usage) = measure(|| (0..10_000).for_each(|_| consumer.one()));
    run.count(
        "policy/done/allocations in 10,000 steady steps",
        "allocations",
        "none",
        Goal::Exactly(0.0),
        usage.calls,
    );
    simulate(run);
}

/// `done` alone cannot be repeated without a record: a batch is taken first, untimed.
fn done(run: &mut Run) {
    let mut batches = Consumer::new();
    let mut decode = token_by_prost();
    run.ratio_by(
        "policy/done/step",
        "ratio",
        "prost 0.14 decoding `token`",
        Goal::AtMost(0.1),
        || {
            let mut ratios = Vec::new();
            for _ in 0..2_000 {
                let records = batches.batch();
                let count = records.len();
                let start = Instant::now();
                for record in records {
                    batches.engine.accept(NOW, record);
                }
                let ours = start.elapsed();
                batches.drain();
                let start = Instant::now();
                (0..count).for_each(|_| decode());
                ratios.push(ours.as_secs_f64() / start.elapsed().as_secs_f64());
            }
            median(&mut ratios)
        },
    );
}

/// Random schedules and every short trace. A quick run takes a fifth of the ones and traces of four
/// events.
fn simulate(run: &mut Run) {
    let (count, events) = if run.quick() { (2_000, 4) } else { (10_000, 6) };
    let ran = schedules(0, count);
    violations(
        run,
        &format!("policy/sim/violations in {count} schedules"),
        &ran,
    );
    let Ran {
        unprocessable,
        drained,
        ..
    } = ran.unwrap_or_default();
    for (what, records) in [
        ("records not processed", unprocessable),
        ("drained ends", drained),
    ] {
        let figure = format!("policy/sim/{what} in {count} schedules");
        run.count(
            &figure,
            "count",
            "none",
            Goal::AtLeast(count as f64 / 4.0),
            records,
        );
    }

    let explored = exhaustive(events);
    let figure = format!("policy/sim/violations in all traces of {events} events");
    violations(run, &figure, &explored);
    let Explored {
        traces,
        epochs,
        offsets,
        ..
    } = explored.unwrap_or_default();
    let figure = format!("policy/sim/traces of {events} events");
    run.count(
        &figure,
        "traces",
        "none",
        Goal::Report("all there are"),
        traces,
    );
    run.count(
        "policy/sim/offsets in a trace",
        "offsets",
        "none",
        Goal::Exactly(3.0),
        offsets as u64,
    );
    run.count(
        "policy/sim/epochs in a trace",
        "epochs",
        "none",
        Goal::Exactly(2.0),
        epochs as u64,
    );
}

fn violations<T>(run: &mut Run, figure: &str, result: &Result<T, Box<Failure>>) {
    if let Err(failure) = result {
        eprintln!("{failure}");
    }
    let found = u64::from(result.is_err());
    run.count(figure, "violations", "none", Goal::Exactly(0.0), found);
}
