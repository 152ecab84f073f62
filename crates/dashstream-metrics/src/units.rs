//! Ages, rates and shares as types, so that no unit and no moment is taken for another.

use core::fmt;
use core::time::Duration;

/// How long ago something happened. What never happened has no age: `None`.
///
/// Moments and limits are [`Duration`]s; an age is neither, and is compared with a limit by
/// [`Age::exceeds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(Duration);

/// Events a second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct PerSecond(f64);

/// A part of a whole, from nothing to all of it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Share(f64);

impl Age {
    /// The age at `now` of what happened at `moment`; zero for a moment that is still to come.
    #[must_use]
    pub const fn since(moment: Duration, now: Duration) -> Self {
        Self(now.saturating_sub(moment))
    }

    /// The time that has passed.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Seconds that have passed.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        self.0.as_secs_f64()
    }

    /// Whole seconds that have passed; one that has only begun does not count.
    #[must_use]
    pub const fn whole_seconds(self) -> u64 {
        self.0.as_secs()
    }

    /// Whether more time has passed than `limit`.
    #[must_use]
    pub const fn exceeds(self, limit: Duration) -> bool {
        self.0.as_nanos() > limit.as_nanos()
    }
}

impl PerSecond {
    /// `events` over `time`; `None` when no time has passed.
    #[must_use]
    pub fn over(events: u64, time: Duration) -> Option<Self> {
        (!time.is_zero()).then(|| Self(lossy(events) / time.as_secs_f64()))
    }

    /// Events in one second.
    #[must_use]
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl Share {
    /// `part` of `whole`; `None` of nothing. Never more than the whole.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then(|| Self::from_fraction(lossy(part) / lossy(whole)))
    }

    /// From 0 to 1.
    #[must_use]
    pub const fn fraction(self) -> f64 {
        self.0
    }

    /// From 0 to 100.
    #[must_use]
    pub const fn percent(self) -> f64 {
        self.0 * 100.0
    }

    /// What lies outside of 0 to 1 becomes the nearer end.
    pub(crate) const fn from_fraction(fraction: f64) -> Self {
        Self(fraction.clamp(0.0, 1.0))
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s ago", self.whole_seconds())
    }
}

impl fmt::Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}/s", self.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} %", self.percent())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts beyond 2^53 change no rate that anybody reads"
)]
const fn lossy(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_of_exactly_the_limit_does_not_exceed_it() {
        let limit = Duration::from_secs(30);
        for (nanos, exceeds) in [(-1, false), (0, false), (1, true)] {
            let passed = limit.checked_add(Duration::from_nanos(1)).unwrap();
            let passed = match nanos {
                -1 => limit.checked_sub(Duration::from_nanos(1)).unwrap(),
                0 => limit,
                _ => passed,
            };
            assert_eq!(Age::since(Duration::ZERO, passed).exceeds(limit), exceeds);
        }
    }

    #[test]
    fn what_is_still_to_come_has_no_age_yet() {
        let age = Age::since(Duration::from_secs(5), Duration::from_secs(3));
        assert_eq!((age.duration(), age.whole_seconds()), (Duration::ZERO, 0));
        assert_eq!(age.to_string(), "0 s ago");
    }

    #[test]
    fn a_rate_needs_time_and_a_share_needs_a_whole() {
        assert_eq!(PerSecond::over(3, Duration::ZERO), None);
        let rate = PerSecond::over(3, Duration::from_millis(1500)).unwrap();
        assert_eq!(
            (rate.per_second(), rate.to_string().as_str()),
            (2.0, "2.00/s")
        );
        assert_eq!(Share::of(0, 0), None);
        let share = Share::of(1, 8).unwrap();
        assert_eq!((share.fraction(), share.percent()), (0.125, 12.5));
        assert_eq!(share.to_string(), "12.50 %");
    }

    #[test]
    fn a_share_is_never_more_than_the_whole() {
        for (part, whole, fraction) in [(9, 10, 0.9), (10, 10, 1.0), (11, 10, 1.0)] {
            assert_eq!(Share::of(part, whole).map(Share::fraction), Some(fraction));
        }
    }
}
