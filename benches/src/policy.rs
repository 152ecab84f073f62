//! The policy engine's step for a record that was processed, and its simulation. The mutants and the
//! kills against a real broker have stages of their own.

use std::time::{Duration, Instant};

use dashstream_policy::{
    Action, Config, Delivered, Delivery, Engine, Epoch, Input, Intake, Offset, TopicId,
    TopicPartition,
};
use dashstream_sim::{Explored, Failure, Ran, exhaustive, schedules};
use dashstream_testkit::alloc::measure;

use crate::codec::token_by_prost;
use crate::measure::{Goal, Run, median};

/// Partitions of the consumer; the engine finds each by its name.
const PARTITIONS: i32 = 16;
const EPOCH: Epoch = Epoch::new(1);
const NOW: Duration = Duration::from_secs(1);

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

    // `done` alone cannot be repeated without a record: a batch is taken first, untimed.
    let mut batches = Consumer::new();
    let mut decode = token_by_prost();
    let rounds = if run.quick() { 200 } else { 2_000 };
    run.ratio_by(
        "policy/done/step",
        "ratio",
        "prost 0.14 decoding `token`",
        Goal::AtMost(0.1),
        || {
            let mut ratios = Vec::new();
            for _ in 0..rounds {
                let records = batches.batch();
                let count = records.len();
                let start = Instant::now();
                for record in records {
                    batches.engine.done(NOW, record);
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

struct Consumer {
    engine: Engine<()>,
    next: i64,
    stores: u64,
}

impl Consumer {
    fn new() -> Self {
        let mut engine = Engine::new(Config::default()).expect("the default is in range");
        for number in 0..PARTITIONS {
            engine.handle(
                NOW,
                Input::Assigned {
                    partition: partition(number),
                    epoch: EPOCH,
                    committed: Some(Offset::ZERO),
                    low: Some(Offset::ZERO),
                },
            );
        }
        let mut consumer = Self {
            engine,
            next: 0,
            stores: 0,
        };
        consumer.drain();
        (0..1_000).for_each(|_| consumer.one());
        let before = consumer.stores;
        consumer.one();
        assert_eq!(
            consumer.stores,
            before + 1,
            "a record that is done is stored"
        );
        consumer
    }

    fn take(&mut self) -> Delivered {
        let number = self.next % i64::from(PARTITIONS);
        let offset = Offset::new(self.next / i64::from(PARTITIONS)).expect("an offset");
        self.next += 1;
        let delivery = Delivery::new(partition(number as i32), EPOCH, offset);
        match self.engine.delivered(NOW, delivery) {
            Intake::Take(record) => record,
            other => panic!("not taken: {other:?}"),
        }
    }

    fn one(&mut self) {
        let record = self.take();
        self.engine.done(NOW, record);
        self.drain();
    }

    fn duplicate(&mut self) {
        let delivery = Delivery::new(partition(0), EPOCH, Offset::ZERO);
        let intake = self.engine.delivered(NOW, delivery);
        assert_eq!(intake, Intake::Duplicate);
        self.drain();
    }

    fn batch(&mut self) -> Vec<Delivered> {
        (0..500).map(|_| self.take()).collect()
    }

    fn drain(&mut self) {
        while let Some(action) = self.engine.poll_action() {
            if let Action::Store(_) = action {
                self.stores += 1;
            }
        }
    }
}

fn partition(number: i32) -> TopicPartition {
    TopicPartition::new(TopicId::new(0), number)
}
