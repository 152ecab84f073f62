//! An engine that keeps what it is told.

use core::time::Duration;

use crate::{
    Action, ArchiveId, Condemned, Config, ConfigError, Delivered, Delivery, Engine, Fault, Input,
    Intake,
};

use super::{Call, Trace};

/// An engine whose calls are recorded. Its methods are the engine's own.
#[derive(Debug)]
pub struct TracedEngine<E> {
    engine: Engine<E>,
    trace: Trace,
    calls_max: usize,
}

impl<E> TracedEngine<E> {
    /// Makes an engine and keeps up to `calls_max` calls in memory, from its first one on.
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
                is_cut: false,
            },
            calls_max,
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

    /// As [`Engine::defer`].
    pub fn defer(&mut self, now: Duration, record: Delivered, evidence: E) {
        self.record(now, || Call::Defer(record.serial));
        self.engine.defer(now, record, evidence);
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
        if self.trace.calls.len() < self.calls_max {
            self.trace.calls.push((now, call()));
        } else {
            self.trace.is_cut = true;
        }
    }
}
