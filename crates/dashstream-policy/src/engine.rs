//! The engine.

use core::time::Duration;

use crate::{
    Action, ArchiveId, Condemned, Config, ConfigError, Delivered, Delivery, Fault, Input, Intake,
    Status, Tally,
};

/// Decides what happens to records that cannot be processed, and when an offset may move.
///
/// One engine serves one consumer with all its partitions. `E` is what the host keeps of a record
/// for the archive or for another attempt.
#[derive(Debug)]
pub struct Engine<E> {
    config: Config,
    evidence: Option<E>,
    tally: Tally,
}

impl<E> Engine<E> {
    /// Makes an engine that has no partition yet.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a setting outside its range.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config,
            evidence: None,
            tally: Tally::default(),
        })
    }

    /// The configuration that the engine was made with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Takes note of something that happened outside. Poll the actions afterwards.
    pub fn handle(&mut self, now: Duration, input: Input) {
        let _ = (now, input);
    }

    /// Decides whether a delivered record is to be processed. Poll the actions afterwards.
    pub fn delivered(&mut self, now: Duration, delivery: Delivery) -> Intake {
        let _ = (now, delivery);
        Intake::Fenced
    }

    /// Takes a record back that the handler was done with. Poll the actions afterwards.
    pub fn done(&mut self, now: Duration, record: Delivered) {
        let _ = (now, record);
    }

    /// Takes a record back that cannot be processed. Poll the actions afterwards.
    pub fn unprocessable(&mut self, now: Duration, record: Delivered, fault: Fault<E>) {
        let _ = (now, record, fault);
    }

    /// Takes a record back that failed for a reason that may pass. While its attempts last it comes
    /// back by [`Action::Retry`]; after that it is unprocessable. Poll the actions afterwards.
    pub fn failed(&mut self, now: Duration, record: Delivered, fault: Fault<E>) {
        let _ = (now, record, fault);
    }

    /// Takes the evidence of a record that the configuration condemned, which takes `bytes` of
    /// memory. Poll the actions afterwards.
    pub fn condemn(&mut self, now: Duration, record: Condemned, evidence: E, bytes: usize) {
        let _ = (now, record, evidence, bytes);
    }

    /// The next thing to do, or nothing until the next input or [`Engine::poll_timeout`].
    pub fn poll_action(&mut self) -> Option<Action<E>> {
        None
    }

    /// When [`Input::Tick`] is due, if nothing else happens before.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    /// What the host gave for the record that is on its way to the archive, while it is.
    #[must_use]
    pub fn evidence(&self, id: ArchiveId) -> Option<&E> {
        let _ = id;
        self.evidence.as_ref()
    }

    /// Whether nothing is under way any more: no record with a handler, none waiting for another
    /// attempt or for the archive. Held records do not count; they stay where they are.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        true
    }

    /// The counts so far.
    #[must_use]
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The state of everything, for a health page.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            at: Duration::ZERO,
            mode: self.config.mode,
            breaker: crate::Breaker::Closed,
            taking: crate::Taking::Open,
            grade: crate::Grade::Pass,
            partitions: Vec::new(),
            archive: crate::ArchiveStatus::default(),
            tally: self.tally.clone(),
        }
    }
}
