//! A rate is judged by what the sample proves, not by how large it looks.

use core::time::Duration;

use crate::error::SettingError;
use crate::window::WindowCounts;

/// The Wilson score test: a gate opens when even the lower bound of the true rate is above the
/// threshold.
///
/// A fixed minimum of samples makes slow streams blind; this needs only a few bad events where they are
/// a large part of a small sample. z is larger than a textbook's because the same window is looked at
/// every second: at z = 3 and three events, one message a second at half the threshold pages less than
/// twice a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wilson {
    z: f64,
    events_min: u64,
}

/// A rate with its bounds, judged against a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rate {
    /// The window's nominal length.
    pub window: Duration,
    /// The time that the window really covers.
    pub covered: Duration,
    /// Bad events.
    pub k: u64,
    /// All events, the bad ones included: never less than `k`.
    pub n: u64,
    /// Lower bound of the Wilson score interval, from 0 to 1.
    pub lower: f64,
    /// Upper bound of the Wilson score interval, from 0 to 1.
    pub upper: f64,
    /// What it is compared with, from 0 to 1.
    pub threshold: f64,
    /// Whether the gate is open.
    pub open: bool,
    /// Whether the window was torn while it was read: the counts are then too small.
    pub torn: bool,
}

/// A ratio in parts per million, above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u32);

impl Rate {
    /// Judges the events that `bad` picks among those that `of` picks, against a threshold, given that the
    /// gate `was_open`.
    pub fn judge<K: Copy>(
        gate: Wilson,
        window: &WindowCounts<K>,
        mut bad: impl FnMut(K) -> bool,
        mut of: impl FnMut(K) -> bool,
        threshold: Threshold,
        was_open: bool,
    ) -> Self {
        // Both from the counts of one reading: writers cannot change one of them in between.
        let n = window.counts.sum_of(&mut of);
        let k = window.counts.sum_of(|key| of(key) && bad(key));
        let (lower, upper) = gate.bounds(k, n);
        Self {
            window: window.window,
            covered: window.covered,
            k,
            n,
            lower,
            upper,
            threshold: threshold.fraction(),
            open: gate.is_open(k, n, threshold, was_open),
            torn: window.torn,
        }
    }
}

impl Wilson {
    /// z = 3 and at least three events.
    pub const DEFAULT: Self = Self {
        z: 3.0,
        events_min: 3,
    };

    /// A gate of `z` standard deviations that needs at least `events_min` bad events to open.
    ///
    /// # Errors
    ///
    /// [`SettingError::Gate`] when z is not above 0 and at most 10, or when no event is needed.
    pub fn new(z: f64, events_min: u64) -> Result<Self, SettingError> {
        // NaN fulfils neither comparison, and is refused as well.
        if z > 0.0 && z <= 10.0 && events_min > 0 {
            Ok(Self { z, events_min })
        } else {
            Err(SettingError::Gate)
        }
    }

    /// The fewest bad events that open it.
    #[must_use]
    pub const fn events_min(&self) -> u64 {
        self.events_min
    }

    /// The interval that the true rate of `k` in `n` lies in; all of 0 to 1 when n is 0.
    ///
    /// Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts beyond 2^53 change no verdict"
    )]
    pub fn bounds(&self, k: u64, n: u64) -> (f64, f64) {
        if n == 0 {
            return (0.0, 1.0);
        }
        // With more bad events than events the variance could be negative, and its root NaN.
        let (k, n, z2) = (k.min(n) as f64, n as f64, self.z * self.z);
        let ratio = k / n;
        let scale = 1.0 + z2 / n;
        let centre = (ratio + z2 / (2.0 * n)) / scale;
        let variance = ratio * (1.0 - ratio) / n + z2 / (4.0 * n * n);
        let half = self.z * variance.sqrt() / scale;
        // In exact arithmetic the bounds never leave 0 to 1; rounding can put them a little outside.
        let within = |bound: f64| bound.clamp(0.0, 1.0);
        (within(centre - half), within(centre + half))
    }

    /// Whether the gate is open after `k` bad of `n`, given that it `was_open`.
    ///
    /// It opens when the lower bound is above the threshold, and closes again only when the upper
    /// bound is below it or when nothing bad is left in the window.
    #[must_use]
    pub fn is_open(&self, k: u64, n: u64, threshold: Threshold, was_open: bool) -> bool {
        let (lower, upper) = self.bounds(k, n);
        // Different conditions for opening and closing: a rate between the two keeps the gate as it is, so
        // that an alert near its threshold does not flap.
        if was_open {
            k > 0 && upper > threshold.fraction()
        } else {
            k >= self.events_min && lower > threshold.fraction()
        }
    }
}

impl Threshold {
    /// One per cent.
    pub const ONE_PERCENT: Self = Self(10_000);

    /// `ppm` parts per million.
    ///
    /// # Errors
    ///
    /// [`SettingError::Threshold`] for 0 and for a million or more.
    pub const fn from_ppm(ppm: u32) -> Result<Self, SettingError> {
        match ppm {
            1..=999_999 => Ok(Self(ppm)),
            _ => Err(SettingError::Threshold { ppm }),
        }
    }

    /// From 0 to 1.
    #[must_use]
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}
