//! Finds what is counted and shown nowhere, and what is shown and never moves.

use core::time::Duration;
use std::collections::BTreeSet;

use crate::catalogue::Catalogue;
use crate::instruments::Reading;

/// Something that a catalogue promises and does not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportGap {
    /// A cell of an instrument that no family shows.
    Cell {
        /// The instrument's name.
        instrument: &'static str,
        /// Which of its cells.
        cell: usize,
    },
    /// A family that nothing moves.
    Family {
        /// Its name.
        name: &'static str,
    },
}

impl<S: AsRef<Reading>> Catalogue<S> {
    /// Moves each cell of each instrument and requires the page to change; then each family must have
    /// been moved by some cell, or differ in one of `others`.
    ///
    /// For a host's tests, on a catalogue that counts nothing else: it counts what it moves. `snapshot`
    /// makes the host's snapshot of a reading, and `others` are snapshots in which what the host says
    /// itself differs.
    pub fn export_gaps(
        &self,
        now: Duration,
        mut snapshot: impl FnMut(Reading) -> S,
        others: impl IntoIterator<Item = S>,
    ) -> Vec<ExportGap> {
        let mut gaps = Vec::new();
        let mut moved = BTreeSet::new();
        let mut before = self.sections(&snapshot(self.read(now)));
        for named in &self.instruments {
            for cell in 0..named.instrument.cells() {
                named.instrument.poke(now, cell);
                let after = self.sections(&snapshot(self.read(now)));
                let changed = moved_between(&before, &after);
                if changed.is_empty() {
                    let instrument = named.name;
                    gaps.push(ExportGap::Cell { instrument, cell });
                }
                moved.extend(changed);
                // Each cell is compared with the page just before it: a cell that changes nothing cannot
                // hide behind the change of another.
                before = after;
            }
        }
        for other in others {
            // Families without an instrument move only when the host says something else.
            moved.extend(moved_between(&before, &self.sections(&other)));
        }
        let families = self.families.iter().enumerate();
        let still = families.filter(|(at, _)| !moved.contains(at));
        gaps.extend(still.map(|(_, family)| ExportGap::Family { name: family.name }));
        gaps
    }
}

/// The families whose text differs.
fn moved_between(before: &[String], after: &[String]) -> BTreeSet<usize> {
    let pairs = before.iter().zip(after).enumerate();
    let changed = pairs.filter(|(_, (before, after))| before != after);
    changed.map(|(at, _)| at).collect()
}
