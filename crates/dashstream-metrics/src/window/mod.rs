//! Exact sliding windows without a lock: each event is counted once, or accounted for by name.
//!
//! A window is a ring of cells. A cell is one atomic word that holds the number of a slot of time and a count,
//! so both change in one compare-and-swap and a number never goes back. Therefore a writer that was stopped
//! for minutes cannot erase newer counts: it finds a later slot in its cell and counts as *late*.
//! At rest `recorded = in window + expired + late + early + saturated + ahead`, see [`WindowTotals`].

mod counts;
mod rings;
mod shape;
mod slot_word;
mod totals;
#[cfg(all(test, loom))]
mod tests {
    mod models;
}

pub use counts::WindowCounts;
pub(crate) use rings::{Rings, Sums};
pub use shape::WindowShape;
pub use totals::WindowTotals;
