//! Counters and gauges.

use core::time::Duration;
use std::sync::Arc;

use crate::counts::Counts;
use crate::instruments::{Frozen, Instrument, Reading};
use crate::label::Label;
use crate::sync::{AtomicU64, Ordering};

/// A counter for each value of a label, of a family of its own. Clones share the counters.
#[derive(Clone, Debug)]
pub struct Counter<K: 'static> {
    pub(crate) id: usize,
    pub(crate) label: Label<K>,
    pub(crate) cells: Arc<Cells>,
}

/// A number for each value of a label that goes up and down. Clones share it.
#[derive(Clone, Debug)]
pub struct Gauge<K: 'static> {
    pub(crate) label: Label<K>,
    pub(crate) levels: Arc<Levels>,
}

#[derive(Debug)]
pub(crate) struct Cells(Box<[AtomicU64]>);

/// Bits of doubles.
#[derive(Debug)]
pub(crate) struct Levels(Cells);

impl<K: Copy> Counter<K> {
    /// Counts `n` events.
    pub fn add(&self, key: K, n: u64) {
        self.cells.add((self.label.index)(key), n);
    }

    /// The counts of a reading of the same catalogue.
    #[must_use]
    pub fn read(&self, reading: &Reading) -> Counts<K> {
        match reading.get(self.id) {
            Some(Frozen::Counts(values)) => Counts::of(self.label, values),
            _ => Counts::zero(self.label),
        }
    }
}

impl<K: Copy> Gauge<K> {
    /// Sets the number of one value.
    pub fn set(&self, key: K, level: f64) {
        self.levels.set((self.label.index)(key), level);
    }
}

impl Cells {
    pub(crate) fn zero(len: usize) -> Self {
        Self((0..len).map(|_| AtomicU64::new(0)).collect())
    }

    // A cell that does not exist is ignored: `Label::is_sound` was checked at the registration, and
    // recording must not panic in the host's thread.
    pub(crate) fn add(&self, cell: usize, n: u64) {
        if let Some(cell) = self.0.get(cell) {
            // Relaxed: a counter publishes nothing but itself.
            cell.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// The same for the only thread that adds to these cells: a counter without a locked access.
    #[inline]
    pub(crate) fn add_alone(&self, cell: usize, n: u64) {
        if let Some(cell) = self.0.get(cell) {
            // Exact only because there is no second writer: an addition between the load and the store
            // would be lost. `OwnedCopies` gives each copy to one recorder at a time. Wraps at 2^64 as
            // `fetch_add` does.
            let before = cell.load(Ordering::Relaxed);
            cell.store(before.wrapping_add(n), Ordering::Relaxed);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|cell| cell.load(Ordering::Relaxed))
    }
}

impl Levels {
    pub(crate) fn zero(len: usize) -> Self {
        // The number 0.0 is the word with all bits 0.
        Self(Cells::zero(len))
    }

    fn set(&self, cell: usize, level: f64) {
        if let Some(cell) = self.0.0.get(cell) {
            // The whole number is one word: a reader sees the old one or the new one, never a mixture.
            cell.store(level.to_bits(), Ordering::Relaxed);
        }
    }
}

impl Instrument for Cells {
    fn freeze(&self, _now: Duration) -> Frozen {
        Frozen::Counts(self.values().collect())
    }

    fn cells(&self) -> usize {
        self.len()
    }

    fn poke(&self, _now: Duration, cell: usize) {
        self.add(cell, 1);
    }
}

impl Instrument for Levels {
    fn freeze(&self, _now: Duration) -> Frozen {
        Frozen::Levels(self.0.values().map(f64::from_bits).collect())
    }

    fn cells(&self) -> usize {
        self.0.len()
    }

    fn poke(&self, _now: Duration, cell: usize) {
        // Any number other than the 0 that every gauge starts from.
        self.set(cell, 1.5);
    }
}
