//! An engine that keeps what it is told.

use core::time::Duration;

use crate::{
    Action, Admission, Cause, Config, ConfigError, Delivered, Delivery, Engine, Input, Rejected,
};

use super::{Call, Trace};

/// An engine whose calls are recorded. Its methods are the engine's own.
#[derive(Debug)]
pub struct TracedEngine<P> {
    engine: Engine<P>,
    trace: Trace,
    calls_max: usize,
}

impl<P> TracedEngine<P> {
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
    pub const fn engine(&self) -> &Engine<P> {
        &self.engine
    }

    /// As [`Engine::handle`].
    pub fn handle(&mut self, now: Duration, input: Input) {
        // Before the call, here and below: if it panics, the trace has it.
        self.record(now, || Call::Handle(input.clone()));
        self.engine.handle(now, input);
    }

    /// As [`Engine::delivered`].
    pub fn delivered(&mut self, now: Duration, delivery: Delivery) -> Admission {
        self.record(now, || Call::Delivered(delivery));
        self.engine.delivered(now, delivery)
    }

    /// As [`Engine::accept`].
    pub fn accept(&mut self, now: Duration, record: Delivered) {
        self.record(now, || Call::Accept(record.serial()));
        self.engine.accept(now, record);
    }

    /// As [`Engine::reject`].
    pub fn reject(
        &mut self,
        now: Duration,
        record: Delivered,
        cause: Cause,
        payload: P,
        bytes: usize,
    ) {
        self.record(now, || Call::Reject(record.serial(), cause, bytes));
        self.engine.reject(now, record, cause, payload, bytes);
    }

    /// As [`Engine::release`].
    pub fn release(
        &mut self,
        now: Duration,
        record: Delivered,
        cause: Cause,
        payload: P,
        bytes: usize,
    ) {
        self.record(now, || Call::Release(record.serial(), cause, bytes));
        self.engine.release(now, record, cause, payload, bytes);
    }

    /// As [`Engine::rejected`].
    pub fn rejected(&mut self, now: Duration, record: Rejected, payload: P, bytes: usize) {
        self.record(now, || Call::Rejected(record.delivered.serial(), bytes));
        self.engine.rejected(now, record, payload, bytes);
    }

    /// As [`Engine::defer`].
    pub fn defer(&mut self, now: Duration, record: Delivered, payload: P) {
        self.record(now, || Call::Defer(record.serial()));
        self.engine.defer(now, record, payload);
    }

    /// As [`Engine::queue`].
    pub fn queue(&mut self, now: Duration, record: Delivered, payload: P) {
        self.record(now, || Call::Queue(record.serial()));
        self.engine.queue(now, record, payload);
    }

    /// As [`Engine::poll_action`].
    pub fn poll_action(&mut self) -> Option<Action<P>> {
        // After the call: which of the two lines it is shows only then. It takes no time.
        let action = self.engine.poll_action();
        if action.is_some() {
            self.record(Duration::ZERO, || Call::Poll);
        } else if !matches!(self.trace.calls.last(), Some((_, Call::Idle))) {
            // One line for the first call without an action, which may change the engine (`reopen`). Further
            // ones change nothing, and a host that polls in a loop would fill the trace with them.
            self.record(Duration::ZERO, || Call::Idle);
        }
        action
    }

    fn record(&mut self, now: Duration, call: impl FnOnce() -> Call) {
        if self.trace.calls.len() < self.calls_max {
            self.trace.calls.push((now, call()));
        } else {
            self.trace.is_cut = true;
        }
    }
}
