//! Sans-IO engine that decides what happens to a record that cannot be processed, and to its offset.
//!
//! The engine performs nothing and reads no clock. The host tells it what happened
//! ([`Engine::handle`], [`Engine::delivered`], [`Engine::done`], [`Engine::unprocessable`],
//! [`Engine::failed`]) and does what it asks ([`Engine::poll_action`]).
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
//!    had fetched and not yet offered. [`Input::Sought`] says that this is so.
//! 3. **[`Action::StopTaking`]** lets the host leave the client alone. It never lasts longer than
//!    [`Config::keep_polling`]: then every partition is paused and [`Action::Take`] follows.
//! 4. **[`Action::Store`]** goes to the client's list call as it is.
//! 5. **`now` never runs backwards**; if it does, the engine takes the latest it has seen.
//!
//! ```
//! use core::time::Duration;
//! use dashstream_policy::{Action, Engine, Input};
//!
//! /// Carries out what the engine asks for.
//! trait Host {
//!     fn perform(&mut self, action: Action<Vec<u8>>, lent: Option<Vec<u8>>) -> Option<Input>;
//! }
//!
//! fn drain(engine: &mut Engine<Vec<u8>>, host: &mut impl Host, now: Duration) {
//!     while let Some(action) = engine.poll_action() {
//!         let lent = match &action {
//!             Action::Archive(send) => engine.evidence(send.id).cloned(),
//!             _ => None,
//!         };
//!         if let Some(answer) = host.perform(action, lent) {
//!             engine.handle(now, answer);
//!         }
//!     }
//! }
//! # let _ = |e: &mut Engine<Vec<u8>>, h: &mut dyn FnMut(Action<Vec<u8>>) -> Option<Input>| {
//! #     struct F<'a>(&'a mut dyn FnMut(Action<Vec<u8>>) -> Option<Input>);
//! #     impl Host for F<'_> {
//! #         fn perform(&mut self, a: Action<Vec<u8>>, _: Option<Vec<u8>>) -> Option<Input> { (self.0)(a) }
//! #     }
//! #     drain(e, &mut F(h), Duration::ZERO);
//! # };
//! ```
#![forbid(unsafe_code)]

mod action;
mod archive;
mod cause;
mod config;
mod engine;
#[cfg(feature = "envelope")]
pub mod envelope;
mod input;
mod partition;
mod place;
mod reason;
mod rules;
mod status;
pub mod table;
mod tally;
mod timers;
mod token;
pub mod trace;
mod tracker;

pub use action::{
    Action, ArchiveId, ArchiveRequest, Audit, Because, Count, Form, HeldBy, Intake, OrderOutcome,
    Refusal, StoreOffset,
};
pub use cause::{Age, Cause};
pub use config::{Backoff, Config, ConfigError};
pub use engine::Engine;
pub use input::{
    ArchiveFault, ArchiveResult, Breaker, Command, Delivery, Fault, FetchFault, Input, Order,
    Signature, SignatureError,
};
pub use place::{Epoch, NextOffset, Offset, OffsetError, TopicId, TopicPartition};
pub use reason::FailureReason;
pub use rules::{Archiving, Escalation, Mode, NullPayload, Scope};
pub use status::{ArchiveStatus, PartitionState, PartitionStatus, Status, Taking};
pub use table::{Answer, Disposition, Grade};
pub use tally::Tally;
pub use token::{Condemned, Delivered};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
