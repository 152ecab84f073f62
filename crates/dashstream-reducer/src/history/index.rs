//! Which version a sequence number falls into, found at once.

use std::collections::VecDeque;

/// For each of the latest sequence numbers, one after another, the serial number of the version that
/// was the newest then.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// The sequence number of the first slot.
    first: u64,
    slots: VecDeque<u64>,
}

impl Index {
    /// The serial number of the version that was the newest after `sequence`; `None` before and after
    /// what is indexed.
    pub(super) fn find(&self, sequence: u64) -> Option<u64> {
        let slot = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        self.slots.get(slot).copied()
    }

    /// Appends the version that `sequence` made. Costs the distance from the one before, or `most` if
    /// that is less.
    pub(super) fn push(&mut self, sequence: u64, serial: u64, most: usize) {
        let next = self.first.saturating_add(self.slots.len() as u64);
        // Numbers between the last version and this one made none: the last one was the newest throughout.
        let between = usize::try_from(sequence.saturating_sub(next)).unwrap_or(usize::MAX);
        let last = self.slots.back().copied();
        match last {
            Some(last) if between < most => {
                self.slots.extend(core::iter::repeat_n(last, between));
            }
            // What lies before a jump that fills the index is not worth a slot.
            Some(_) | None => {
                self.slots.clear();
                self.first = sequence;
            }
        }
        self.slots.push_back(serial);
        // At most twice `most` slots until here, since fewer than `most` were filled in.
        self.forget(self.slots.len().saturating_sub(most));
    }

    /// Drops what lies before `sequence`.
    pub(super) fn forget_before(&mut self, sequence: u64) {
        let slots = usize::try_from(sequence.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.forget(slots.min(self.slots.len()));
    }

    /// Drops the versions from `serial` on.
    pub(super) fn forget_from(&mut self, serial: u64) {
        // Serial numbers only rise from slot to slot.
        let kept = self.slots.partition_point(|slot| *slot < serial);
        self.slots.truncate(kept);
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.slots.capacity() as u64).saturating_mul(size_of::<u64>() as u64)
    }

    fn forget(&mut self, slots: usize) {
        self.slots.drain(..slots);
        self.first = self.first.saturating_add(slots as u64);
    }
}
