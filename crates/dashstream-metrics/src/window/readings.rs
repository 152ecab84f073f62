//! What a reader gets from a window: plain numbers that no writer changes any more.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;

use crate::label::Key;
use crate::units::PerSecond;

/// One number for each key.
pub struct Counts<K> {
    values: Box<[u64]>,
    key: PhantomData<K>,
}

impl<K: Key> Counts<K> {
    /// One number for each key, as `read` gives it.
    pub fn from_fn(read: impl FnMut(K) -> u64) -> Self {
        Self {
            values: K::all().map(read).collect(),
            key: PhantomData,
        }
    }

    /// Every number 0.
    #[must_use]
    pub fn zero() -> Self {
        Self::from_fn(|_| 0)
    }

    /// The number for `key`.
    #[must_use]
    pub fn get(&self, key: K) -> u64 {
        // Always there: every value is made by `from_fn`, one for each key.
        self.values.get(key.index()).copied().unwrap_or(0)
    }

    /// The sum over the keys that `wanted` picks.
    pub fn sum_of(&self, mut wanted: impl FnMut(K) -> bool) -> u64 {
        K::all()
            .filter(|key| wanted(*key))
            .fold(0, |sum, key| sum.saturating_add(self.get(key)))
    }

    /// The sum over all keys.
    #[must_use]
    pub fn total(&self) -> u64 {
        // A seeded defect: the denominator leaves out what the numerator counts.
        self.sum_of(|key| !cfg!(mutant = "window_total_forgets") || key.index() == 0)
    }
}

impl<K> Clone for Counts<K> {
    fn clone(&self) -> Self {
        Self {
            values: self.values.clone(),
            key: PhantomData,
        }
    }
}

impl<K> PartialEq for Counts<K> {
    fn eq(&self, other: &Self) -> bool {
        self.values == other.values
    }
}

impl<K> fmt::Debug for Counts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter()).finish()
    }
}

/// The counts of one window at one moment.
///
/// A ratio is made from disjoint keys of one reading, `k` of `k + rest`, so that it cannot exceed
/// one whatever writers do meanwhile.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Readings<K> {
    /// Events of each key inside the window.
    pub counts: Counts<K>,
    /// The window's nominal length.
    pub window: Duration,
    /// The time that the counts really stand for: less than `window` after a start, and by up to
    /// one slot always, because the current slot is not over. Divide by this to get a rate.
    pub covered: Duration,
    /// Writers were so far ahead of the reader that a slot inside the window was reused: the counts
    /// are too small. Happens only when the reader was stopped for longer than the guard.
    pub torn: bool,
}

impl<K: Key> Readings<K> {
    /// The events of `key` inside the window.
    #[must_use]
    pub fn count(&self, key: K) -> u64 {
        self.counts.get(key)
    }

    /// Events per second over the time that is covered; `None` before any time has passed.
    #[must_use]
    pub fn per_second(&self, key: K) -> Option<PerSecond> {
        PerSecond::over(self.count(key), self.covered)
    }
}
