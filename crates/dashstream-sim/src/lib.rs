//! Simulated broker, archive and host that try to make the policy engine break its invariants.
//!
//! A [`Plan`] is a seed's configuration, logs and steps. [`World`] carries the steps out against a
//! real engine and checks the invariants after each: what may be stored is decided by what really
//! happened to the records, not by what the engine says. [`schedules`] runs many seeds and shrinks
//! the first failure; [`exhaustive`] runs every short trace.

#![forbid(unsafe_code)]

mod exhaustive;
mod finish;
mod invariant;
mod plan;
mod run;
mod step;
mod truth;
mod world;

pub use exhaustive::{Explored, exhaustive};
pub use invariant::{Invariant, Violation};
pub use plan::{Log, Plan, Rules};
pub use run::{Failure, Ran, run, schedules};
pub use step::{Answer, Outcome, Step};
pub use world::World;
