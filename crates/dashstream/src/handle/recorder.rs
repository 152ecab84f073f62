//! Counters for one thread alone.

use core::time::Duration;

use dashstream_metrics::{LatencyRecorder, TallyRecorder};

use crate::handle::{Metrics, plausible};
use crate::outcome::Outcome;

/// Records like [`Metrics`], into counters that nobody else writes to.
///
/// Without anybody to race with it needs no locked memory access, which is most of what recording
/// costs. Give one to each thread that records every record; what is recorded stays when it is
/// dropped, and its counters go to the next that asks.
#[derive(Debug)]
pub struct Recorder {
    pub(crate) metrics: Metrics,
    pub(crate) outcomes: TallyRecorder<Outcome>,
    pub(crate) latency: LatencyRecorder<()>,
}

impl Recorder {
    /// Records what became of one consumed message: its total, its bucket, and both windows.
    ///
    /// Allocates nothing. Call this or [`Metrics::record`], exactly once for each record that was
    /// delivered.
    // `&mut`, since the counters may have one writer at a time.
    #[inline]
    pub fn record(&mut self, now: Duration, outcome: Outcome) {
        self.outcomes.record(now, outcome);
    }

    /// Records a latency as [`Metrics::latency`] does.
    #[inline]
    pub fn latency(&mut self, now: Duration, micros: i64) {
        match plausible(micros) {
            Some(micros) => self.latency.record(now, (), micros),
            None => self.metrics.clocks_differ(),
        }
    }
}
