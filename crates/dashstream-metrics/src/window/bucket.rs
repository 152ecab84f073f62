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
    pub(crate) const fn unpack(word: u64) -> Self {
        Self {
            epoch: word >> COUNT_BITS,
            count: word & COUNT_MAX,
        }
    }

    pub(crate) const fn pack(self) -> u64 {
        self.epoch << COUNT_BITS | self.count
    }

    /// Decides what `n` events of `epoch` do to this bucket.
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
mod tests {
    use super::*;

    #[test]
    fn a_bucket_survives_packing_at_the_edges_of_both_fields() {
        for epoch in [0, 1, EPOCH_MAX] {
            for count in [0, 1, COUNT_MAX] {
                let bucket = Bucket { epoch, count };
                assert_eq!(Bucket::unpack(bucket.pack()), bucket);
            }
        }
    }

    #[test]
    fn the_last_event_fits_and_the_next_is_clipped() {
        let full = |count| Bucket { epoch: 7, count };
        for (held, clipped) in [(COUNT_MAX - 2, 0), (COUNT_MAX - 1, 0), (COUNT_MAX, 1)] {
            let next = full(COUNT_MAX.min(held + 1));
            assert_eq!(
                full(held).after(7, 1),
                After::Put {
                    next,
                    left: Left {
                        displaced: 0,
                        clipped
                    }
                }
            );
        }
        assert_eq!(
            full(1).after(7, u64::MAX),
            After::Put {
                next: full(COUNT_MAX),
                left: Left {
                    displaced: 0,
                    clipped: u64::MAX - (COUNT_MAX - 1)
                }
            }
        );
    }

    #[test]
    fn an_older_epoch_is_displaced_and_a_newer_one_stays() {
        let bucket = Bucket { epoch: 5, count: 9 };
        assert_eq!(
            bucket.after(6, 2),
            After::Put {
                next: Bucket { epoch: 6, count: 2 },
                left: Left {
                    displaced: 9,
                    clipped: 0
                }
            }
        );
        assert_eq!(bucket.after(4, 2), After::Late);
    }
}
