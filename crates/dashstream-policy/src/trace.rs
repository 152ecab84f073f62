//! Recording what an engine was told, and telling it again.

use core::time::Duration;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::{
    Action, ArchiveId, Cause, Condemned, Config, ConfigError, Delivered, Delivery, Engine, Fault,
    Input, Intake,
};

/// Everything an engine was told, in order, with its configuration.
///
/// It holds offsets, causes, sizes and operators' signatures, never evidence: no decision depends on
/// that. [`Trace::replay`] does it all again, so that an incident becomes a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    config: Config,
    calls: Vec<(Duration, Call)>,
    calls_max: usize,
    is_cut: bool,
}

/// One call of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Handle(Input),
    Delivered(Delivery),
    Done(u64),
    Unprocessable(u64, Cause, usize),
    Failed(u64, Cause, usize),
    Condemn(u64, usize),
    Poll,
}

impl Trace {
    /// Calls kept by default, at about 150 bytes each: some 15 MB, an hour of trouble in a quiet
    /// topic.
    pub const CALLS_DEFAULT: usize = 100_000;

    /// How many calls there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether the recording stopped at its limit. What there is, is the beginning.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Makes a new engine, tells it the same, and returns the actions it handed out.
    ///
    /// # Errors
    ///
    /// [`ReplayError`] when the trace does not fit the engine: it was recorded by another version.
    pub fn replay(&self) -> Result<Vec<Action<()>>, ReplayError> {
        let mut engine = Engine::<()>::new(self.config.clone())?;
        let mut held = Held::default();
        let mut actions = Vec::new();
        for (at, (now, call)) in self.calls.iter().enumerate() {
            let gone = ReplayError::NoSuchRecord { call: at };
            match call {
                Call::Handle(input) => engine.handle(*now, input.clone()),
                Call::Delivered(delivery) => held.keep(engine.delivered(*now, *delivery)),
                Call::Done(serial) => {
                    engine.done(*now, held.records.remove(serial).ok_or(gone)?);
                }
                Call::Unprocessable(serial, cause, bytes) => {
                    let record = held.records.remove(serial).ok_or(gone)?;
                    engine.unprocessable(*now, record, Fault::new(*cause, (), *bytes));
                }
                Call::Failed(serial, cause, bytes) => {
                    let record = held.records.remove(serial).ok_or(gone)?;
                    engine.failed(*now, record, Fault::new(*cause, (), *bytes));
                }
                Call::Condemn(serial, bytes) => {
                    let record = held.condemned.remove(serial).ok_or(gone)?;
                    engine.condemn(*now, record, (), *bytes);
                }
                Call::Poll => match engine.poll_action() {
                    Some(Action::Retry { delivered, .. }) => {
                        actions.push(Action::Retry {
                            delivered: delivered.twin(),
                            evidence: (),
                        });
                        held.records.insert(delivered.serial, delivered);
                    }
                    Some(action) => actions.push(action),
                    None => return Err(ReplayError::NoSuchAction { call: at }),
                },
            }
        }
        Ok(actions)
    }
}

/// The tokens that a replayed host has in its hands.
#[derive(Default)]
struct Held {
    records: BTreeMap<u64, Delivered>,
    condemned: BTreeMap<u64, Condemned>,
}

impl Held {
    fn keep(&mut self, intake: Intake) {
        match intake {
            Intake::Take(record) => {
                self.records.insert(record.serial, record);
            }
            Intake::Condemned(record) => {
                self.condemned.insert(record.delivered.serial, record);
            }
            Intake::Ignored | Intake::Duplicate | Intake::Fenced | Intake::Refused(_) => {}
        }
    }
}

/// A trace that does not fit the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The configuration is out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A record was given back that this engine never let in.
    #[error("call {call} gives back a record that was not taken")]
    NoSuchRecord {
        /// Which call.
        call: usize,
    },
    /// An action was handed out that this engine does not ask for.
    #[error("call {call} had an action where there is none")]
    NoSuchAction {
        /// Which call.
        call: usize,
    },
}

impl ReplayError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::NoSuchRecord { .. } => "replay_no_such_record",
            Self::NoSuchAction { .. } => "replay_no_such_action",
        }
    }
}

/// An engine whose calls are recorded. Its methods are the engine's own.
#[derive(Debug)]
pub struct Recorder<E> {
    engine: Engine<E>,
    trace: Trace,
}

impl<E> Recorder<E> {
    /// Makes an engine and records up to `calls_max` calls from its first one on.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn new(config: Config, calls_max: usize) -> Result<Self, ConfigError> {
        Ok(Self {
            engine: Engine::new(config.clone())?,
            trace: Trace {
                config,
                calls: Vec::new(),
                calls_max,
                is_cut: false,
            },
        })
    }

    /// What was recorded so far.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The engine, for everything that changes nothing.
    #[must_use]
    pub const fn engine(&self) -> &Engine<E> {
        &self.engine
    }

    /// As [`Engine::handle`].
    pub fn handle(&mut self, now: Duration, input: Input) {
        self.record(now, || Call::Handle(input.clone()));
        self.engine.handle(now, input);
    }

    /// As [`Engine::delivered`].
    pub fn delivered(&mut self, now: Duration, delivery: Delivery) -> Intake {
        self.record(now, || Call::Delivered(delivery));
        self.engine.delivered(now, delivery)
    }

    /// As [`Engine::done`].
    pub fn done(&mut self, now: Duration, record: Delivered) {
        self.record(now, || Call::Done(record.serial));
        self.engine.done(now, record);
    }

    /// As [`Engine::unprocessable`].
    pub fn unprocessable(&mut self, now: Duration, record: Delivered, fault: Fault<E>) {
        self.record(now, || {
            Call::Unprocessable(record.serial, fault.cause, fault.bytes)
        });
        self.engine.unprocessable(now, record, fault);
    }

    /// As [`Engine::failed`].
    pub fn failed(&mut self, now: Duration, record: Delivered, fault: Fault<E>) {
        self.record(now, || {
            Call::Failed(record.serial, fault.cause, fault.bytes)
        });
        self.engine.failed(now, record, fault);
    }

    /// As [`Engine::condemn`].
    pub fn condemn(&mut self, now: Duration, record: Condemned, evidence: E, bytes: usize) {
        self.record(now, || Call::Condemn(record.delivered.serial, bytes));
        self.engine.condemn(now, record, evidence, bytes);
    }

    /// As [`Engine::poll_action`].
    pub fn poll_action(&mut self) -> Option<Action<E>> {
        let action = self.engine.poll_action()?;
        self.record(Duration::ZERO, || Call::Poll);
        Some(action)
    }

    /// As [`Engine::evidence`].
    #[must_use]
    pub fn evidence(&self, id: ArchiveId) -> Option<&E> {
        self.engine.evidence(id)
    }

    fn record(&mut self, now: Duration, call: impl FnOnce() -> Call) {
        if self.trace.calls.len() < self.trace.calls_max {
            self.trace.calls.push((now, call()));
        } else {
            self.trace.is_cut = true;
        }
    }
}
