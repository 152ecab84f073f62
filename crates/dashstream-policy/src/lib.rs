//! Sans-IO engine that decides what happens to a record that cannot be processed, and to its offset.
//!
//! The engine performs nothing and reads no clock. The host tells it what happened
//! ([`Engine::handle`], [`Engine::delivered`], [`Engine::accept`], [`Engine::reject`],
//! [`Engine::release`], [`Engine::defer`], [`Engine::queue`]) and does what it asks ([`Engine::poll_action`]).
//!
//! # The drain contract
//!
//! After *every* call that takes `&mut self` and a `now`, the host carries out every action that
//! [`Engine::poll_action`] hands out, in order, until it returns `None`. Answers that an action
//! asks for may come at once or later. When [`Engine::poll_timeout`] is reached, the host gives
//! [`Input::Tick`]. A host that is slow loses time, never a record; a host that leaves an action out
//! breaks the contract.
//!
//! 1. **Before giving [`Input::Revoked`], drain.** What is settled is stored; afterwards nothing of
//!    that assignment is.
//! 2. **[`Action::Seek`] throws away** everything of that partition which the client or the host
//!    had fetched and not yet offered. [`Input::SeekCompleted`] says that this is so.
//! 3. **[`Action::StopPolling`]** lets the host leave the client alone. It never lasts longer than
//!    [`Config::keep_polling`]: then every partition is paused and [`Action::ResumePolling`] follows.
//! 4. **[`Action::Store`]** goes to the client's list call as it is. Where
//!    [`StoreOffset::commit_now`] says so, an explicit commit follows: a client that commits by
//!    itself does so later, and never to a lower offset.
//! 5. **`now` never runs backwards**; if it does, the engine takes the latest it has seen.
//! 6. **Before a command to skip, ask the broker** what the log has ([`OperatorCommand::within`]), and say after
//!    each assignment and from time to time what it has ([`Input::Log`]).
//! 7. **Records that are ordered with each other** ([`Config::ordering`]) are processed one after another.
//!    When one gets another verdict than [`Engine::accept`], those behind it that nobody has begun go to
//!    [`Engine::queue`], as does what [`Admission::Queue`] says.
//! 8. **To stop, give [`Input::Drain`]** and go on as before. Nothing more is taken; what is with a
//!    handler, between two attempts or on its way to the archive comes to its end. When
//!    [`Engine::is_idle`] says so, commit and leave: what is held, deferred or queued waits for the
//!    next consumer.
//!
//! ```
//! use core::time::Duration;
//! use dashstream_policy::{
//!     Action, ArchiveResult, Config, Delivered, Delivery, Engine, Assignment, Input, Admission, Offset,
//!     StoreOffset, TopicPartition,
//! };
//!
//! /// A host whose client and archive answer at once.
//! struct Host {
//!     engine: Engine<Vec<u8>>,
//!     stored: Vec<StoreOffset>,
//!     handlers: Vec<Delivered>,
//! }
//!
//! impl Host {
//!     /// The loop: every action, in order, until there is none.
//!     fn drain(&mut self, now: Duration) {
//!         while let Some(action) = self.engine.poll_action() {
//!             if let Some(answer) = self.perform(action) {
//!                 self.engine.handle(now, answer);
//!             }
//!         }
//!     }
//!
//!     fn perform(&mut self, action: Action<Vec<u8>>) -> Option<Input> {
//!         match action {
//!             Action::Store(store) => {
//!                 self.stored.push(store); // the client's list call
//!                 let (partition, assignment, next) = (store.partition(), store.assignment(), store.next());
//!                 Some(Input::Stored { partition, assignment, next, ok: true })
//!             }
//!             Action::Seek { partition, assignment, to } => {
//!                 // the client seeks, and what was fetched before is thrown away
//!                 Some(Input::SeekCompleted { partition, assignment, to, ok: true })
//!             }
//!             Action::Archive(send) => {
//!                 let payload = self.engine.payload(send.id)?; // to be sent
//!                 # let _ = payload;
//!                 let (id, attempt) = (send.id, send.attempt);
//!                 let result = ArchiveResult::Acked(send.form);
//!                 Some(Input::Archived { id, attempt, result })
//!             }
//!             Action::Deliver { delivered, .. } => {
//!                 self.handlers.push(delivered);
//!                 None
//!             }
//!             Action::Pause { .. } | Action::Resume { .. } => None, // the client's calls
//!             Action::StopPolling | Action::ResumePolling => None,            // whether to poll the client
//!             Action::Count(_) | Action::Audit(_) => None,          // metrics and the audit log
//!         }
//!     }
//!
//!     /// Stops as rule 8 says.
//!     fn stop(&mut self, now: Duration) {
//!         self.engine.handle(now, Input::Drain);
//!         self.drain(now);
//!         while !self.engine.is_idle() {
//!             // handlers come to their end, answers arrive, and time passes
//!             while let Some(record) = self.handlers.pop() {
//!                 self.engine.accept(now, record);
//!                 self.drain(now);
//!             }
//!             let next = self.engine.poll_timeout().unwrap_or(now);
//!             self.engine.handle(next, Input::Tick);
//!             self.drain(next);
//!         }
//!     }
//! }
//!
//! let engine = Engine::new(Config::default())?;
//! let mut host = Host { engine, stored: Vec::new(), handlers: Vec::new() };
//! let (now, partition, assignment) = (Duration::ZERO, TopicPartition::new(0, 0), Assignment::new(1));
//! let (committed, low) = (Some(Offset::ZERO), None);
//! host.engine.handle(now, Input::Assigned { partition, assignment, committed, low });
//! host.drain(now);
//! if let Admission::Take(record) = host.engine.delivered(now, Delivery::new(partition, assignment, Offset::ZERO)) {
//!     host.handlers.push(record);
//! }
//! host.drain(now);
//! host.stop(now);
//! assert_eq!(host.stored.last().map(|store| store.next().get()), Some(1));
//! # Ok::<(), dashstream_policy::ConfigError>(())
//! ```
//!
//! # What holds
//!
//! Over any inputs in any order, however often the process dies. The simulator beside this crate
//! checks each after every step of random schedules, and after every short trace; I11 concerns
//! windows of counts, and there are none in here.
//!
//! | | invariant |
//! |---|---|
//! | I1 | under one assignment, stored offsets never go back, but by a command to where the log begins again |
//! | I2 | no stored offset passes a delivered record that was not settled |
//! | I3 | where the archive is required, none passes a record that the archive has not acknowledged |
//! | I4 | a record that cannot be processed ends in exactly one [`Disposition`], or is pending or held |
//! | I5 | for each [`Cause`] these sum to the total: [`Counters::closes`] |
//! | I6 | while a hold lasts nothing is taken, and the first unsettled record after it is the held one |
//! | I7 | nothing is stored, paused or sought for an assignment that has ended |
//! | I8 | the host is told to poll before the group takes it for dead |
//! | I9 | the archive gets every attempt at one record under one [`ArchiveId`] |
//! | I10 | no more is kept than configured, and what was taken is never thrown out |
//! | I12 | [`Status::grade`] is not pass while a partition is held or the archive is behind |
//! | I13 | causes and ages are labels: runs that differ in them alone do the same |
//! | I14 | the same calls give the same actions |
//! | | nothing is handed out behind a record that it is ordered with and that is in trouble |
//! | | a partition within its share of the room is taken from |
//!
//! # What cannot be fetched
//!
//! A batch that does not decode, a position that the broker no longer has, or one beyond the end of
//! the log is held whatever the mode, and reported ([`HeldBy::Unfetchable`],
//! [`HeldBy::RecordDeleted`], [`Cause::OffsetOutOfRange`]). The engine does not probe
//! behind it. A fetch returns whole batches, and their ends cannot be read from one that does not
//! decode; a probe would have to guess, and every good record that a guess passes is an offset that
//! moved without a reason. Nothing of them could be archived either. [`Command::SkipTo`] is the way
//! on: an operator names the position, and who and why are in the audit. It has to lie within the log;
//! beyond its end it would pass records that are yet to be produced.
//!
//! A position beyond the end says that the log was truncated, or its topic deleted and created again.
//! Offsets alone cannot tell those apart, nor a log that has grown beyond the position meanwhile from
//! the one that was read.
#![forbid(unsafe_code)]

#[macro_use]
mod label;

mod action;
mod archive;
mod cause;
mod config;
mod counters;
mod engine;
mod input;
mod lanes;
mod offset;
mod options;
mod partition;
mod reason;
mod status;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
mod timers;
mod token;
#[cfg(feature = "trace")]
pub mod trace;
mod tracker;

pub use action::{
    Action, Admission, ArchiveId, ArchiveRequest, Audit, CommandOutcome, Count, Form, HeldBy,
    Refusal, StoreOffset, StoreReason,
};
pub use cause::{Backlog, Cause};
pub use config::{Backoff, Config, ConfigError};
pub use counters::Counters;
pub use engine::Engine;
pub use input::{
    ArchiveFault, ArchiveResult, Breaker, Command, Delivery, Fault, FetchFault, Input, InputError,
    Operator, OperatorCommand,
};
pub use offset::{Assignment, LogRange, NextOffset, Offset, TopicPartition};
pub use options::{Archiving, Escalation, Mode, NullPayload, Ordering, Scope};
pub use reason::FailureReason;
pub use status::{ArchiveStatus, PartitionState, PartitionStatus, Status, Taking};
pub use table::{Disposition, Grade};
pub use token::{Delivered, Rejected};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
