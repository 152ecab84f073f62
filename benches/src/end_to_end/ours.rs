//! The stream through these crates: what a host writes around them, without a broker.

use std::time::Duration;

use dashstream::{self as metrics, Metrics, Options};
use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_policy::{
    Action, Admission, Assignment, Cause, Config, Delivery, Engine, Input, Offset,
    TopicPartition,
};
use dashstream_reducer::{Runs, RunsLimits};

use super::Outcome;

pub struct Ours {
    engine: Engine<()>,
    decoder: Decoder,
    runs: Runs,
    metrics: Metrics,
    next: i64,
    stored: i64,
    outcome: Outcome,
}

impl Ours {
    pub fn new() -> Self {
        let mut engine = Engine::new(Config::default()).expect("the default is in range");
        let (committed, low) = (Some(Offset::ZERO), Some(Offset::ZERO));
        let assigned = Input::Assigned {
            partition: partition(),
            assignment: EPOCH,
            committed,
            low,
        };
        engine.handle(Duration::ZERO, assigned);
        let metrics = Metrics::register(Options::default(), Duration::ZERO);
        Self {
            engine,
            decoder: Decoder::new(DecodeOptions::new()),
            runs: Runs::new(RunsLimits::default()),
            metrics: metrics.expect("an empty registry"),
            next: 0,
            stored: 0,
            outcome: Outcome::default(),
        }
    }

    /// The next record of all, a millisecond after the one before.
    pub fn take(&mut self, record: &[u8]) {
        self.take_at(Duration::from_millis(self.next as u64), record);
    }

    pub fn take_at(&mut self, now: Duration, record: &[u8]) {
        let offset = Offset::new(self.next).expect("an offset");
        self.next += 1;
        let delivery = Delivery::new(partition(), EPOCH, offset);
        let Admission::Take(delivered) = self.engine.delivered(now, delivery) else {
            panic!("record {offset:?} is new and nothing is held");
        };
        match self.decoder.decode_borrowed(record) {
            Ok(decoded) => {
                let tally = self.runs.apply_borrowed(now, None, &decoded);
                self.outcome.verified += tally.verified;
                self.outcome.processed += 1;
                self.metrics.record(now, metrics::Outcome::Processed);
                self.engine.accept(now, delivered);
            }
            Err(_) => {
                self.outcome.refused += 1;
                let fault = metrics::policy::Cause::DecodeError;
                self.metrics
                    .record(now, metrics::Outcome::Unprocessable(fault));
                self.engine.reject(now, delivered, Cause::DecodeError, (), record.len());
            }
        }
        while let Some(action) = self.engine.poll_action() {
            match action {
                Action::Store(store) => {
                    self.stored = store.next().get();
                    let (partition, assignment, next) =
                        (store.partition(), store.assignment(), store.next());
                    self.engine.handle(
                        now,
                        Input::Stored {
                            partition,
                            assignment,
                            next,
                            ok: true,
                        },
                    );
                }
                Action::Archive(request) => {
                    let (id, attempt) = (request.id, request.attempt);
                    let result = Ok(request.form);
                    self.engine.handle(
                        now,
                        Input::Archived {
                            id,
                            attempt,
                            result,
                        },
                    );
                }
                _ => {}
            }
        }
    }

    /// What has come of it. Everything that was taken is settled, and its offset stored.
    pub fn outcome(&mut self) -> Outcome {
        assert_eq!(self.stored, self.next, "every offset is passed");
        let states = self.runs.iter().map(|(thread, run)| {
            let mut text = Vec::new();
            run.state().expect("in step").to_canonical(&mut text);
            (thread.to_string(), String::from_utf8(text).expect("text"))
        });
        let states = states.collect();
        let Outcome {
            processed,
            refused,
            verified,
            ..
        } = self.outcome;
        Outcome {
            processed,
            refused,
            verified,
            states,
        }
    }
}

fn partition() -> TopicPartition {
    TopicPartition::new(0, 0)
}

const EPOCH: Assignment = Assignment::new(1);
