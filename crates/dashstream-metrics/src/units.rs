//! Ages as a type, so that no unit and no moment is taken for another.

use core::fmt;
use core::time::Duration;

/// How long ago something happened. What never happened has no age: `None`.
///
/// Moments and limits are [`Duration`]s; an age is neither, and is compared with a limit by
/// [`Age::exceeds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Age(Duration);

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
        // As integers, because two `Duration`s cannot be compared in a `const fn`.
        self.0.as_nanos() > limit.as_nanos()
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s ago", self.whole_seconds())
    }
}

#[cfg(test)]
mod tests;
