//! What a reader gets from a window.

use core::time::Duration;

use crate::counts::Counts;
use crate::label::Label;
use crate::samples::level;
use crate::window::rings::Sums;
use crate::window::totals::WindowTotals;

/// The counts of one window at one moment.
///
/// A ratio is made from disjoint keys of one reading, `k` of `k + rest`, so that it cannot exceed
/// one whatever writers do meanwhile.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WindowCounts<K: 'static> {
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
    /// Where everything is that was recorded, as seen from the window that was read.
    pub totals: WindowTotals,
}

impl<K: Copy> WindowCounts<K> {
    pub(crate) fn of(label: Label<K>, sums: &Sums) -> Self {
        Self {
            counts: Counts::of(label, &sums.counts),
            window: sums.window,
            covered: sums.covered,
            torn: sums.torn,
            totals: sums.totals,
        }
    }

    /// The events of `key` inside the window.
    #[must_use]
    pub fn count(&self, key: K) -> u64 {
        self.counts.get(key)
    }

    /// Events per second over the time that is covered; `None` before any time has passed.
    #[must_use]
    pub fn per_second(&self, key: K) -> Option<f64> {
        // A reading at the very moment of the start covers no time: the quotient would be infinite or NaN.
        let covered = self.covered.as_secs_f64();
        (covered > 0.0).then(|| level(self.count(key)) / covered)
    }
}
