//! A window of its own, for hosts that show more than totals.

use core::time::Duration;
use std::sync::Arc;

use crate::instruments::{Frozen, Instrument, Reading};
use crate::label::Label;
use crate::shard;
use crate::window::{Rings, WindowCounts, WindowShape};

/// Events of the latest time, one ring for each value of a label, under one clock. Clones share it.
///
/// Recording is lock-free: two loads and one compare-and-swap. It allocates nothing, and memory is
/// constant however many events there are: 8 bytes a slot, key and shard.
///
/// The window's own time is the latest that [`Window::tick`] or a reading was told, or that a record
/// within the guard moved it to. Read it at least once every guard slots: a record further ahead is
/// counted as early and not shown, because one that is wrong about the time could otherwise occupy the
/// slots of those that are right.
#[derive(Clone, Debug)]
pub struct Window<K: 'static> {
    pub(crate) id: usize,
    pub(crate) label: Label<K>,
    pub(crate) rings: Arc<Rings>,
}

impl<K: Copy> Window<K> {
    /// The window's geometry.
    #[must_use]
    pub fn shape(&self) -> WindowShape {
        self.rings.shape
    }

    /// Counts `n` events of `key` at `now`.
    pub fn record(&self, now: Duration, key: K, n: u64) {
        self.record_in_slot(self.rings.shape.slot_at(now), key, n);
    }

    /// Counts `n` events of `key` in a slot that [`WindowShape::slot_at`] gave for this window's shape; slots
    /// begin at 1, and what is counted in 0 is in no window.
    pub fn record_in_slot(&self, slot: u64, key: K, n: u64) {
        let shard = shard::current(self.rings.shared);
        self.rings
            .record_in(shard, slot, (self.label.index)(key), n);
    }

    /// Tells the window the time.
    pub fn tick(&self, now: Duration) {
        self.rings.tick(now);
    }

    /// Sums the window that ends `now`. Also a [`Window::tick`].
    #[must_use]
    pub fn read_at(&self, now: Duration) -> WindowCounts<K> {
        WindowCounts::of(self.label, &self.rings.read(now))
    }

    /// The counts of a reading of the same catalogue; `None` of another one.
    #[must_use]
    pub fn read(&self, reading: &Reading) -> Option<WindowCounts<K>> {
        match reading.get(self.id) {
            Some(Frozen::Window(sums)) => Some(WindowCounts::of(self.label, sums)),
            _ => None,
        }
    }
}

impl Instrument for Rings {
    fn freeze(&self, now: Duration) -> Frozen {
        Frozen::Window(self.read(now))
    }

    fn cells(&self) -> usize {
        self.keys
    }

    fn poke(&self, now: Duration, cell: usize) {
        // Shard 0 stands for all: a reading sums every shard alike.
        self.record_in(0, self.shape.slot_at(now), cell, 1);
    }
}
