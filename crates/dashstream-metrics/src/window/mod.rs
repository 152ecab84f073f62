//! Exact sliding windows without a lock: each event is counted once, or accounted for by name.
//!
//! A window is a ring of slots. A slot is one atomic word that holds an epoch and a count, so both
//! change in one compare-and-swap and an epoch never goes back. Therefore a writer that was stopped
//! for minutes cannot erase newer counts: it finds a later epoch in its slot and counts as *late*.
//! At rest `recorded = in window + expired + late + early + saturated + ahead`, see [`Account`].

mod account;
mod bucket;
mod readings;
mod rings;
mod shape;
#[cfg(all(test, loom))]
mod tests {
    mod models;
}

pub use account::Account;
pub use readings::Readings;
pub(crate) use rings::{Rings, Sums};
pub use shape::{Epoch, Shape, ShapeError};
