//! One slot of a ring: an epoch and a count in a single word, so that they can only change together.

/// Bits of the count. 2^36 events a slot are 68 thousand million: no slot of a minute fills up.
const COUNT_BITS: u32 = 36;

/// The largest count a slot can hold; what exceeds it is accounted for as saturated.
pub(crate) const COUNT_MAX: u64 = (1 << COUNT_BITS) - 1;

/// The largest epoch: 28 bits are eight and a half years of one-second slots.
pub(crate) const EPOCH_MAX: u64 = (1 << (u64::BITS - COUNT_BITS)) - 1;

/// What a slot's word says. Epoch 0 is the empty slot; real epochs start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) epoch: u64,
    pub(crate) count: u64,
}

/// What adding to a bucket leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The slot becomes `next`.
    Put { next: Bucket, left: Left },
    /// The slot belongs to a later epoch: the events come too late.
    Late,
}

/// What does not stay in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Events of an older epoch, which leave the ring.
    pub(crate) displaced: u64,
    /// Events that do not fit.
    pub(crate) clipped: u64,
}

impl Bucket {
    #[inline]
    pub(crate) const fn unpack(word: u64) -> Self {
        Self {
            epoch: word >> COUNT_BITS,
            count: word & COUNT_MAX,
        }
    }

    #[inline]
    pub(crate) const fn pack(self) -> u64 {
        self.epoch << COUNT_BITS | self.count
    }

    /// Decides what `n` events of `epoch` do to this bucket.
    #[inline]
    pub(crate) const fn after(self, epoch: u64, n: u64) -> After {
        // A seeded defect: epochs are compared for equality only, so that a slot can go back.
        if self.epoch > epoch && !cfg!(mutant = "window_goes_back") {
            return After::Late;
        }
        let (kept, displaced) = if self.epoch == epoch {
            (self.count, 0)
        } else {
            (0, self.count)
        };
        let room = COUNT_MAX.saturating_sub(kept);
        let taken = if n < room { n } else { room };
        After::Put {
            next: Self {
                epoch,
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
