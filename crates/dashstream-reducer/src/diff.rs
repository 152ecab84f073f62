//! What changed between two states, as operations that make one of the other.
//!
//! # Which elements of arrays belong together
//!
//! 1. From both ends, elements that are identical, or have the same identity, belong together.
//! 2. Among those left in between, an element belongs to the one of the same identity or, without
//!    one, of the same content, if neither stands there twice; of those that changed places, the
//!    fewest are taken out and put in again.
//! 3. What is left between two such elements belongs together by position.
//!
//! An element's *identity* is its kind and value of the first member of
//! [`DiffLimits::identity`] that it has, if that is a string or an integer; elements that are no
//! objects have none.
//!
//! # When a part is replaced as a whole
//!
//! An array or object inside the state is replaced as a whole if the operations inside it would be
//! longer than that, as JSON text, or if a pointer into it would exceed a limit, or name a member
//! `__proto__`, `constructor` or `prototype`, which existing consumers refuse in a pointer. The state
//! itself is replaced only for its pointers; whether it is better sent in full, [`Producer`] decides.

mod compare;
mod element;
mod limits;
mod patience;
mod producer;
#[cfg(feature = "wire")]
mod wire;

use thiserror::Error;

use self::compare::Comparison;
pub use self::limits::DiffLimits;
pub use self::producer::{Emission, Producer, ProducerLimits};
use crate::document::Document;
use crate::patch::Operation;

/// Operations that turn one state into another, exactly: the result has the same canonical text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Difference {
    /// `add`, `remove` and `replace`, to be applied in this order; none when nothing changed.
    pub operations: Vec<Operation>,
    /// Bytes of the operations as a JSON Patch document.
    pub text_bytes: u64,
    /// Work units spent: one for each value looked at, for each subtree passed over, and for each 64
    /// bytes of text compared.
    pub fuel: u64,
}

/// Why two states were not compared, or a state cannot be sent.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiffError {
    /// More operations than a patch may have.
    #[error("{len} operations, limit {limit}")]
    TooManyOperations {
        /// The most operations of one patch.
        limit: usize,
        /// How many were found until then.
        len: usize,
    },
    /// The work units are spent.
    #[error("more than {limit} work units")]
    OutOfFuel {
        /// The most work units.
        limit: u64,
    },
    /// The history keeps no version as old as this.
    #[error("no version at {sequence}")]
    NotKept {
        /// Sequence number of the version that was asked for.
        sequence: u64,
    },
    /// A state's text is longer than consumers accept.
    #[error("state of {len} bytes, limit {limit}")]
    StateTooLarge {
        /// The most bytes of canonical text.
        limit: u64,
        /// Bytes of its canonical text.
        len: u64,
    },
    /// A state has more nodes than consumers accept.
    #[error("{nodes} nodes, limit {limit}")]
    TooManyNodes {
        /// The most nodes of a state.
        limit: u64,
        /// Nodes of the state.
        nodes: u64,
    },
}

impl DiffError {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooManyOperations { .. } => "too_many_operations",
            Self::OutOfFuel { .. } => "out_of_fuel",
            Self::NotKept { .. } => "not_kept",
            Self::StateTooLarge { .. } => "state_too_large",
            Self::TooManyNodes { .. } => "too_many_nodes",
        }
    }
}

/// Compares two states.
///
/// Costs what changed, where both share the rest: a shared part is passed over whatever its size. An
/// array in which elements came or went in several places costs the stretch between the first and the
/// last of them. States that share nothing cost their size, and never more than the fuel. Memory is
/// bounded by the stretch of the array at hand and the length of the new state's text.
///
/// # Errors
///
/// [`DiffError::TooManyOperations`] or [`DiffError::OutOfFuel`]; the states are then better sent in full.
///
/// # Examples
///
/// ```
/// use dashstream_reducer::diff::{DiffLimits, diff};
/// use dashstream_reducer::{Document, ReadLimits, patch};
///
/// let limits = ReadLimits::default();
/// let old = Document::from_str(r#"{"log": [{"id": 1, "text": "one"}, {"id": 2, "text": "two"}]}"#, &limits)?;
/// let new = Document::from_str(
///     r#"{"log": [{"id": 0}, {"id": 1, "text": "one"}, {"id": 2, "text": "two"}]}"#,
///     &limits,
/// )?;
/// let difference = diff(&old, &new, &DiffLimits::default())?;
/// assert_eq!(
///     serde_json::to_string(&difference.operations)?,
///     r#"[{"op":"add","path":"/log/0","value":{"id":0}}]"#
/// );
///
/// let mut again = old.clone();
/// let operations = difference.operations.as_slice().into();
/// let _cost = patch::apply(&mut again, operations, &patch::PatchLimits::default())?;
/// assert_eq!(again.to_string(), new.to_string());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn diff(old: &Document, new: &Document, limits: &DiffLimits) -> Result<Difference, DiffError> {
    let difference = Comparison::new(limits).run(&old.root, &new.root)?;
    // The comparison counts what it finds inside the root, and not an operation that replaces the root.
    let (limit, len) = (limits.operations, difference.operations.len());
    if len > limit {
        return Err(DiffError::TooManyOperations { limit, len });
    }
    Ok(difference)
}
