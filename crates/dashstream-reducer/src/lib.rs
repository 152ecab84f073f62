//! A run's state rebuilt from snapshots and JSON Patch diffs: atomic, bounded, with resync signalling.

#![forbid(unsafe_code)]

pub mod document;
pub mod hash;
pub mod history;
pub mod patch;
mod pointer;
mod reducer;
mod runs;
mod size;
#[cfg(feature = "wire")]
mod wire;

pub use self::document::{Document, ReadError, ReadLimits};
pub use self::hash::{Dialect, Unproven, Verdict, Verification};
pub use self::history::History;
pub use self::reducer::{
    Effect, Outcome, Phase, Reducer, ReducerLimits, ResyncReason, Stamp, Update,
};
pub use self::runs::{Counts, Runs, RunsLimits, Tally};
pub use self::size::json_len;
