//! Recording what an engine was told, keeping it in a file, and telling it again.
//!
//! A [`TracedEngine`] stands in an engine's place and keeps every call. [`Trace::replay`] tells a new
//! engine the same and returns the same actions, bit for bit: what went wrong at night is a test in
//! the morning.
//!
//! # The text form
//!
//! Version 5: lines of JSON, written by a [`Trace`]'s `Display`, read by [`Trace::parse`].
//!
//! | line | meaning |
//! |---|---|
//! | `{"dashstream_policy_trace":5,"config":{…}}` | the first line: the version, and every setting of the configuration by its name |
//! | `[{"secs":1,"nanos":0},{"handle":{"assigned":{…}}}]` | one call, and the time that it was given; inputs and their fields have the names of [`crate::Input`] |
//! | `[…,{"delivered":{…}}]` | a record that was offered |
//! | `[…,{"accept":1}]` | the record with this serial given back; so are `reject` and `release` with cause and bytes, `rejected` with bytes, `defer` and `queue` |
//! | `[…,"poll"]` | one action was handed out |
//! | `[…,"idle"]` | there was none to hand out, which lets partitions go on that have room again |
//! | `"end"` | the last line of a recording that was finished |
//!
//! A text without its last line is the beginning of a recording: the process died, or a limit was
//! reached. It is read as far as its lines are whole, and [`Trace::is_cut`] says so.
//!
//! There is no payload in it: offsets, causes and sizes, and what operators wrote
//! as their names and reasons.
//!
//! ```
//! use core::time::Duration;
//! use dashstream_policy::trace::{Trace, TracedEngine};
//! use dashstream_policy::{Config, Input};
//!
//! let mut engine = TracedEngine::<Vec<u8>>::new(Config::default(), Trace::CALLS_DEFAULT)?;
//! engine.handle(Duration::from_secs(1), Input::Drain);
//! let mut actions = Vec::new();
//! while let Some(action) = engine.poll_action() {
//!     actions.push(format!("{action:?}"));
//! }
//! let file = engine.trace().to_string();
//!
//! let trace = Trace::parse(&file, Trace::CALLS_DEFAULT)?;
//! assert_eq!(&trace, engine.trace());
//! let again: Vec<_> = trace.replay()?.iter().map(|action| format!("{action:?}")).collect();
//! assert_eq!(again, actions);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod engine;
mod json;

pub use engine::TracedEngine;
pub(crate) use json::{ArchiveResult, next_offset, offset, signed};
pub use json::{TraceError, VERSION};

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Action, Admission, Cause, Config, Delivered, Delivery, Engine, Input, Rejected};

/// Everything an engine was told, in order, with its configuration.
///
/// It holds offsets, causes, sizes and operators' names, never payload: no decision depends on
/// that. [`Trace::replay`] does it all again, so that an incident becomes a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    config: Config,
    calls: Vec<(Duration, Call)>,
    is_cut: bool,
}

/// One call of the engine. Records are named by their serials.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Call {
    Handle(Input),
    Delivered(Delivery),
    Accept(u64),
    Reject(u64, Cause, usize),
    Release(u64, Cause, usize),
    Rejected(u64, usize),
    Defer(u64),
    Queue(u64),
    Poll,
    Idle,
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

    /// The configuration of the engine that was recorded.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the recording stopped at its limit, or was never finished. What there is, is the
    /// beginning.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Makes a new engine, tells it the same, and returns the actions it handed out.
    ///
    /// # Errors
    ///
    /// [`TraceError::Config`], [`TraceError::NoSuchRecord`] or [`TraceError::NoSuchAction`] when the trace does not
    /// fit the engine: it was recorded by another version.
    pub fn replay(&self) -> Result<Vec<Action<()>>, TraceError> {
        let mut engine = Engine::<()>::new(self.config.clone())?;
        let mut held = Held::default();
        let mut actions = Vec::new();
        for (at, (now, call)) in self.calls.iter().enumerate() {
            let now = *now;
            let gone = TraceError::NoSuchRecord { call: at };
            match *call {
                Call::Handle(ref input) => engine.handle(now, input.clone()),
                Call::Delivered(delivery) => held.keep(engine.delivered(now, delivery)),
                Call::Accept(serial) => engine.accept(now, held.take(serial).ok_or(gone)?),
                Call::Reject(serial, cause, bytes) => {
                    engine.reject(now, held.take(serial).ok_or(gone)?, cause, (), bytes);
                }
                Call::Release(serial, cause, bytes) => {
                    engine.release(now, held.take(serial).ok_or(gone)?, cause, (), bytes);
                }
                Call::Rejected(serial, bytes) => {
                    let record = held.rejected.remove(&serial).ok_or(gone)?;
                    engine.rejected(now, record, (), bytes);
                }
                Call::Defer(serial) => engine.defer(now, held.take(serial).ok_or(gone)?, ()),
                Call::Queue(serial) => engine.queue(now, held.take(serial).ok_or(gone)?, ()),
                Call::Idle => {
                    // A call without an action changes the engine, too: it lets full partitions go on
                    // (`reopen`).
                    if engine.poll_action().is_some() {
                        return Err(TraceError::NoSuchAction { call: at });
                    }
                }
                Call::Poll => match engine.poll_action() {
                    Some(Action::Deliver { delivered, .. }) => {
                        // The token is needed twice: in the result, and for the later call that gives it
                        // back.
                        actions.push(Action::Deliver {
                            delivered: delivered.twin(),
                            payload: (),
                        });
                        held.records.insert(delivered.serial(), delivered);
                    }
                    Some(action) => actions.push(action),
                    None => return Err(TraceError::NoSuchAction { call: at }),
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
    rejected: BTreeMap<u64, Rejected>,
}

impl Held {
    fn take(&mut self, serial: u64) -> Option<Delivered> {
        // What the configuration rejected may be given back by any call (`Rejected::into_record`).
        let rejected = || self.rejected.remove(&serial).map(Rejected::into_record);
        self.records.remove(&serial).or_else(rejected)
    }

    fn keep(&mut self, intake: Admission) {
        match intake {
            Admission::Take(record) | Admission::Queue(record) => {
                self.records.insert(record.serial(), record);
            }
            Admission::Rejected(record) => {
                self.rejected.insert(record.delivered.serial(), record);
            }
            Admission::Ignored
            | Admission::Duplicate
            | Admission::Fenced
            | Admission::Refused(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
