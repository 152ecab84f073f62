//! The one place that reads a clock.
#![expect(
    clippy::disallowed_methods,
    reason = "the adapter is where real time enters; everything behind it gets it as an argument"
)]

use core::time::Duration;
use std::time::{Instant, UNIX_EPOCH};

/// Monotonic time since the consumer started, and where that start lies on the calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    started_unix: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            origin: Instant::now(),
            // A clock before 1970 is broken, and labels nothing as old.
            started_unix: UNIX_EPOCH.elapsed().unwrap_or_default(),
        }
    }

    /// Time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// `now` as time since the Unix epoch. It ignores later changes of the system's clock.
    pub(crate) const fn unix(&self, now: Duration) -> Duration {
        self.started_unix.saturating_add(now)
    }

    /// The start in milliseconds since the Unix epoch.
    pub(crate) fn started_unix_ms(&self) -> i64 {
        i64::try_from(self.started_unix.as_millis()).unwrap_or(i64::MAX)
    }
}
