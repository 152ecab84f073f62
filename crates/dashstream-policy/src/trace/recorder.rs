//! An engine that keeps what it is told.

use core::time::Duration;
use std::io;

use crate::{
    Action, ArchiveId, Condemned, Config, ConfigError, Delivered, Delivery, Engine, Fault, Input,
    Intake,
};

use super::Trace;
use super::call::Call;
use super::text::{END, Head, Line};

/// An engine whose calls are recorded. Its methods are the engine's own.
#[derive(Debug)]
pub struct Recorder<E, T = Kept> {
    engine: Engine<E>,
    tape: T,
}

/// Where a recording goes: to memory ([`Kept`]) or to a writer ([`Written`]). There are no others.
pub trait Tape: sealed::Sealed {}

/// A recording in memory, up to a number of calls.
#[derive(Debug)]
pub struct Kept {
    trace: Trace,
    calls_max: usize,
}

/// A recording in its text form, as long as its writer takes it.
#[derive(Debug)]
pub struct Written<W> {
    out: W,
    failure: Option<io::Error>,
}

mod sealed {
    use core::time::Duration;

    use super::Call;

    #[expect(
        unnameable_types,
        reason = "a sealed trait is one that cannot be named outside"
    )]
    pub trait Sealed {
        fn record(&mut self, now: Duration, call: impl FnOnce() -> Call);
    }
}

impl<E> Recorder<E, Kept> {
    /// Makes an engine and keeps up to `calls_max` calls in memory, from its first one on.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn new(config: Config, calls_max: usize) -> Result<Self, ConfigError> {
        Ok(Self {
            engine: Engine::new(config.clone())?,
            tape: Kept {
                trace: Trace {
                    config,
                    calls: Vec::new(),
                    is_cut: false,
                },
                calls_max,
            },
        })
    }

    /// What was recorded so far.
    #[must_use]
    pub const fn trace(&self) -> &Trace {
        &self.tape.trace
    }
}

impl<E, W: io::Write> Recorder<E, Written<W>> {
    /// Makes an engine and writes every call to `out`, a line of some 30 bytes each; give it a
    /// buffered writer. When a write fails the recording ends there and the engine goes on; see
    /// [`Recorder::failure`].
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn writing(config: Config, mut out: W) -> Result<Self, ConfigError> {
        let engine = Engine::new(config)?;
        let failure = write!(out, "{}", Head(engine.config())).err();
        Ok(Self {
            engine,
            tape: Written { out, failure },
        })
    }

    /// Why nothing more is written, if a write has failed.
    #[must_use]
    pub const fn failure(&self) -> Option<&io::Error> {
        self.tape.failure.as_ref()
    }

    /// Flushes the writer, so that what was recorded outlives the process. A failure ends the
    /// recording like one of a write.
    pub fn flush(&mut self) {
        if self.tape.failure.is_none() {
            self.tape.failure = self.tape.out.flush().err();
        }
    }

    /// Writes the last line and gives the writer back.
    ///
    /// # Errors
    ///
    /// The first write that failed, now or earlier.
    pub fn finish(self) -> io::Result<W> {
        let Written { mut out, failure } = self.tape;
        if let Some(failure) = failure {
            return Err(failure);
        }
        writeln!(out, "{END}")?;
        out.flush()?;
        Ok(out)
    }
}

impl<E, T: Tape> Recorder<E, T> {
    /// The engine, for everything that changes nothing.
    #[must_use]
    pub const fn engine(&self) -> &Engine<E> {
        &self.engine
    }

    /// As [`Engine::handle`].
    pub fn handle(&mut self, now: Duration, input: Input) {
        self.tape.record(now, || Call::Handle(input.clone()));
        self.engine.handle(now, input);
    }

    /// As [`Engine::delivered`].
    pub fn delivered(&mut self, now: Duration, delivery: Delivery) -> Intake {
        self.tape.record(now, || Call::Delivered(delivery));
        self.engine.delivered(now, delivery)
    }

    /// As [`Engine::done`].
    pub fn done(&mut self, now: Duration, record: Delivered) {
        self.tape.record(now, || Call::Done(record.serial));
        self.engine.done(now, record);
    }

    /// As [`Engine::unprocessable`].
    pub fn unprocessable(&mut self, now: Duration, record: Delivered, fault: Fault<E>) {
        self.tape.record(now, || {
            Call::Unprocessable(record.serial, fault.cause, fault.bytes)
        });
        self.engine.unprocessable(now, record, fault);
    }

    /// As [`Engine::failed`].
    pub fn failed(&mut self, now: Duration, record: Delivered, fault: Fault<E>) {
        self.tape.record(now, || {
            Call::Failed(record.serial, fault.cause, fault.bytes)
        });
        self.engine.failed(now, record, fault);
    }

    /// As [`Engine::condemn`].
    pub fn condemn(&mut self, now: Duration, record: Condemned, evidence: E, bytes: usize) {
        self.tape
            .record(now, || Call::Condemn(record.delivered.serial, bytes));
        self.engine.condemn(now, record, evidence, bytes);
    }

    /// As [`Engine::defer`].
    pub fn defer(&mut self, now: Duration, record: Delivered, evidence: E) {
        self.tape.record(now, || Call::Defer(record.serial));
        self.engine.defer(now, record, evidence);
    }

    /// As [`Engine::poll_action`].
    pub fn poll_action(&mut self) -> Option<Action<E>> {
        let action = self.engine.poll_action()?;
        self.tape.record(Duration::ZERO, || Call::Poll);
        Some(action)
    }

    /// As [`Engine::evidence`].
    #[must_use]
    pub fn evidence(&self, id: ArchiveId) -> Option<&E> {
        self.engine.evidence(id)
    }
}

impl Tape for Kept {}

impl sealed::Sealed for Kept {
    fn record(&mut self, now: Duration, call: impl FnOnce() -> Call) {
        if self.trace.calls.len() < self.calls_max {
            self.trace.calls.push((now, call()));
        } else {
            self.trace.is_cut = true;
        }
    }
}

impl<W: io::Write> Tape for Written<W> {}

impl<W: io::Write> sealed::Sealed for Written<W> {
    fn record(&mut self, now: Duration, call: impl FnOnce() -> Call) {
        if self.failure.is_none() {
            self.failure = writeln!(self.out, "{}", Line(now, &call())).err();
        }
    }
}
