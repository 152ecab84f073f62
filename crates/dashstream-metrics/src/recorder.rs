//! A copy of the hot counters for one thread alone.

use core::sync::atomic::Ordering;
use core::time::Duration;

use crate::metrics::Metrics;
use crate::outcome::Outcome;

/// Records like [`Metrics::record`], into counters that nobody else writes to.
///
/// Without anybody to race with it needs no locked memory access, which is most of what recording
/// costs. Give one to each thread that records every record; what is recorded stays when it is
/// dropped, and its counters go to the next that asks.
#[derive(Debug)]
pub struct Recorder {
    metrics: Metrics,
    owned: usize,
}

impl Metrics {
    /// Takes one of the copies that [`Options::recorders`](crate::Options::recorders) made room for;
    /// `None` when all are taken. [`Metrics::record`] works all the same.
    #[must_use]
    pub fn recorder(&self) -> Option<Recorder> {
        let owned = self
            .core
            .owned
            .iter()
            // Acquire: what the last owner has written is where this one goes on.
            .position(|taken| !taken.swap(true, Ordering::Acquire))?;
        Some(Recorder {
            metrics: self.clone(),
            owned,
        })
    }
}

impl Recorder {
    /// Records what became of one consumed message: its total, its bucket, and both windows.
    ///
    /// Allocates nothing. Call this or [`Metrics::record`], exactly once for each record that was
    /// delivered.
    // Exclusive: the copy has one writer at a time.
    pub fn record(&mut self, now: Duration, outcome: Outcome) {
        self.metrics.core.record_alone(self.owned, now, outcome);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(taken) = self.metrics.core.owned.get(self.owned) {
            taken.store(false, Ordering::Release);
        }
    }
}
