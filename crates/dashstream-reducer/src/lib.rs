#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::allow_attributes,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::excessive_precision,
        clippy::indexing_slicing,
        clippy::manual_is_multiple_of,
        clippy::needless_range_loop,
        clippy::panic,
        clippy::std_instead_of_core,
        clippy::string_slice,
        clippy::unwrap_used,
        clippy::wildcard_enum_match_arm,
        reason = "tests fail by panicking"
    )
)]

pub mod diff;
mod document;
mod hash;
mod history;
pub mod patch;
mod pointer;
mod reducer;
mod runs;
mod size;
#[cfg(feature = "wire")]
mod wire;

pub use self::document::{Document, ReadError, ReadLimits};
pub use self::hash::{HashVerdict, Hasher, Unproven};
pub use self::history::History;
pub use self::reducer::{
    Effect, Outcome, Position, Proof, Reducer, ReducerLimits, ResyncReason, Stamp, Update,
};
pub use self::runs::{ApplySummary, Counts, QuarantineCause, Quarantined, Runs, RunsLimits};
pub use self::size::json_len;
