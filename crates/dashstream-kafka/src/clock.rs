//! The one place that reads a clock, and waits.
#![expect(
    clippy::disallowed_methods,
    reason = "the adapter is where real time enters; everything behind it gets it as an argument"
)]

use core::time::Duration;
use std::thread;
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
            started_unix: Self::time_of_day(),
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

    /// Time since the Unix epoch, as the system's clock says now.
    pub(crate) fn time_of_day() -> Duration {
        UNIX_EPOCH.elapsed().unwrap_or_default()
    }

    /// The start in milliseconds since the Unix epoch.
    pub(crate) fn started_unix_ms(&self) -> i64 {
        i64::try_from(self.started_unix.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Time for one question, which is asked again until it is over.
#[derive(Debug)]
pub(crate) struct Patience {
    begun: Instant,
    within: Duration,
}

impl Patience {
    pub(crate) fn new(within: Duration) -> Self {
        Self {
            begun: Instant::now(),
            within,
        }
    }

    pub(crate) fn left(&self) -> Duration {
        self.within.saturating_sub(self.begun.elapsed())
    }

    /// Waits a moment in which the answer may become another, and says whether to ask again.
    pub(crate) fn again(&self) -> bool {
        // A wait that takes all that is left would leave no time for the question.
        let again = self.left() > ASK_AGAIN;
        if again {
            thread::sleep(ASK_AGAIN);
        }
        again
    }
}

/// Waits this long.
pub(crate) fn sleep(time: Duration) {
    thread::sleep(time);
}

/// A tenth of what a broker needs to hear of a new topic under load.
const ASK_AGAIN: Duration = Duration::from_millis(200);
