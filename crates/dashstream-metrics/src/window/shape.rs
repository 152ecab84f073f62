//! The geometry of a ring: how long a slot is, how many a window has, how many guard it.

use core::num::NonZeroU32;
use core::time::Duration;

use crate::error::SettingError;

/// Slots that a window keeps free ahead of its own time, at least.
///
/// While a reader sums a window, writers may be this many slots ahead of it without touching a slot
/// that the reader counts. One is enough for a reader that is never suspended; eight one-second
/// slots outlast any pause that a scheduler makes.
const GUARD_MIN: u32 = 8;

/// Most slots a window can have. A day of one-second slots is 86,400.
const SLOTS_MAX: u32 = 1 << 17;

/// How a window divides time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowShape {
    slot_seconds: NonZeroU32,
    slots: u32,
    /// A power of two, at least `slots` plus the guard.
    ring: u32,
}

impl WindowShape {
    /// The last 120 seconds, by the second: the length that existing consumers report.
    pub const SHORT: Self = Self::known(1, 120);

    /// The last hour, in slots of half a minute, for streams too slow for 120 seconds.
    pub const LONG: Self = Self::known(30, 120);

    /// A window of `slots` slots of `slot_seconds` each.
    ///
    /// # Errors
    ///
    /// [`SettingError::EmptySlot`] for slots without length, [`SettingError::Slots`] for none or more
    /// than 131,072 of them.
    pub const fn new(slot_seconds: u32, slots: u32) -> Result<Self, SettingError> {
        let Some(slot_seconds) = NonZeroU32::new(slot_seconds) else {
            return Err(SettingError::EmptySlot);
        };
        if slots == 0 || slots > SLOTS_MAX {
            return Err(SettingError::Slots {
                slots,
                limit: SLOTS_MAX,
            });
        }
        Ok(Self {
            slot_seconds,
            slots,
            // A power of two, so that a record finds the cell of a slot by a mask instead of a division.
            // Never saturates: `slots` is at most 2^17 here.
            ring: slots.saturating_add(GUARD_MIN).next_power_of_two(),
        })
    }

    /// A ring with as many guard slots as it is told: where memory counts, and for models.
    pub(crate) const fn with_ring(slot_seconds: NonZeroU32, slots: u32, ring: u32) -> Self {
        Self {
            slot_seconds,
            slots,
            ring,
        }
    }

    /// The length of the whole window.
    #[must_use]
    pub const fn window(&self) -> Duration {
        Duration::from_secs((self.slot_seconds.get() as u64).saturating_mul(self.slots as u64))
    }

    /// The length of one slot: the window's resolution.
    #[must_use]
    pub const fn slot_length(&self) -> Duration {
        Duration::from_secs(self.slot_seconds.get() as u64)
    }

    /// Slots that count.
    #[must_use]
    pub const fn slots(&self) -> u32 {
        self.slots
    }

    /// Slots that are kept free ahead of the window's own time.
    #[must_use]
    pub const fn guard(&self) -> u32 {
        self.ring.saturating_sub(self.slots)
    }

    /// Slots that are allocated: 8 bytes each, for every key and shard.
    #[must_use]
    pub const fn ring(&self) -> u32 {
        self.ring
    }

    /// The number of the slot that `now` falls into, counted from 1 at the caller's origin. Computing it once
    /// for a batch of records saves the division of each.
    ///
    /// A window records in the first 2^28 - 1 of them, and counts what comes later as early.
    #[must_use]
    #[inline]
    pub const fn slot_at(&self, now: Duration) -> u64 {
        match now.as_secs().checked_div(self.slot_seconds.get() as u64) {
            // From 1, because slot 0 means an empty cell.
            Some(slot) => slot.saturating_add(1),
            // Cannot happen: the divisor is a `NonZeroU32`.
            None => 1,
        }
    }

    /// Two minutes in slots of 20 s: memory for every size of a latency, and one slot of guard is
    /// longer than any pause of a reader.
    pub(crate) const LATENCY: Self = match NonZeroU32::new(20) {
        Some(seconds) => Self::with_ring(seconds, 6, 8),
        None => Self::SHORT,
    };

    const fn known(slot_seconds: u32, slots: u32) -> Self {
        match Self::new(slot_seconds, slots) {
            Ok(shape) => shape,
            // Only constants are made here: a wrong one does not compile.
            Err(_) => unreachable!(),
        }
    }
}
