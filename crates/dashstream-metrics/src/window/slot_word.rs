//! One cell of a ring: a slot's number and its count in a single word, so that they can only change together.

/// Bits of the count. 2^36 events a slot are 68 thousand million: no slot of a minute fills up.
const COUNT_BITS: u32 = 36;

/// The largest count of a slot; what exceeds it is accounted for as saturated.
pub(crate) const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

/// The largest number of a slot: 28 bits are eight and a half years of one-second slots.
pub(crate) const SLOT_MAX: u64 = (1 << (u64::BITS - COUNT_BITS)) - 1;

/// What a cell says. Slot 0 is the empty cell; real slots start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotWord {
    pub(crate) slot: u64,
    pub(crate) count: u64,
}

/// What adding to a cell leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The cell becomes `next`.
    Put { next: SlotWord, left: Left },
    /// The cell belongs to a later slot: the events come too late.
    Late,
}

/// What does not stay in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Events of an older slot, which leave the ring.
    pub(crate) displaced: u64,
    /// Events that do not fit.
    pub(crate) clipped: u64,
}

impl SlotWord {
    #[inline]
    pub(crate) const fn unpack(word: u64) -> Self {
        Self {
            slot: word >> COUNT_BITS,
            count: word & COUNT_MAX,
        }
    }

    #[inline]
    pub(crate) const fn pack(self) -> u64 {
        // The two fields do not overlap: `after` keeps counts at most `COUNT_MAX`. A slot above `SLOT_MAX`
        // would lose its upper bits, which is why `Rings::advance` moves no window beyond it.
        self.slot << COUNT_BITS | self.count
    }

    /// Decides what `n` events of `slot` do to this cell.
    #[inline]
    pub(crate) const fn after(self, slot: u64, n: u64) -> After {
        // A seeded defect: slots are compared for equality only, so that a cell can go back.
        if self.slot > slot && !cfg!(mutant = "window_goes_back") {
            return After::Late;
        }
        // An older slot in the same cell is at least one whole turn of the ring older, so that no window
        // that ends at `slot` contains it any more.
        let (kept, displaced) = if self.slot == slot {
            (self.count, 0)
        } else {
            (0, self.count)
        };
        let room = COUNT_MAX.saturating_sub(kept);
        // A comparison, because `Ord::min` cannot be called in a `const fn`.
        let taken = if n < room { n } else { room };
        After::Put {
            next: Self {
                slot,
                count: kept.saturating_add(taken),
            },
            left: Left {
                displaced,
                clipped: n.saturating_sub(taken),
            },
        }
    }
}

#[cfg(test)]
mod tests;
