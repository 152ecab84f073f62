//! Runs whose order and trust reach the metrics.

use core::time::Duration;

use dashstream_codec::Message;
use dashstream_reducer::{ApplySummary, Counts, Position, Runs, RunsLimits};

use crate::handle::Metrics;
use crate::observation::RunCounts;

/// Runs, with what they count brought to the metrics: what each worker of a consumer has one of.
///
/// A run that cannot follow is not a record that cannot be processed: its record is accepted, and the run
/// waits for a full state.
#[derive(Debug)]
pub struct RunTracker {
    runs: Runs,
    metrics: Metrics,
    /// What the runs had counted when the metrics were last brought up to it.
    shown: Counts,
    /// States that were refused among what was read back.
    refused_before: u64,
}

impl RunTracker {
    /// No runs yet. Several trackers may count to the same metrics.
    #[must_use]
    pub fn new(limits: RunsLimits, metrics: Metrics) -> Self {
        Self {
            runs: Runs::new(limits),
            metrics,
            shown: Counts::default(),
            refused_before: 0,
        }
    }

    /// Hands a decoded message of the record at `position` to its run, and counts duplicates, late ones
    /// and gaps. Costs what [`Runs::apply`] costs.
    pub fn apply(&mut self, now: Duration, position: Position, message: &Message) -> ApplySummary {
        let summary = self.runs.apply_message(now, position, message);
        // Resyncs are not taken from here: a hash may be checked, and its state refuted, only in `tick`. The
        // runs' counts have both.
        if let Some(runs) = self.metrics.runs() {
            runs.duplicates.add((), summary.duplicate);
            runs.reorders.add((), summary.stale);
            if summary.missing > 0 {
                runs.gap(summary.missing);
            }
        }
        summary
    }

    /// Hands a message to its run that was counted when it was first read.
    #[cfg(feature = "kafka")]
    pub(crate) fn apply_again(&mut self, now: Duration, position: Position, message: &Message) {
        // What came before is counted, so that what is not shown below is of this message alone.
        self.count_resyncs();
        let before = refused(&self.shown);
        let _summary = self.runs.apply_message(now, position, message);
        self.shown = self.runs.counts();
        let new = refused(&self.shown).saturating_sub(before);
        self.refused_before = self.refused_before.saturating_add(new);
    }

    /// Tells the runs that time has passed, and counts the resyncs since the last time: each, although a
    /// run may have recovered meanwhile. Call it about once a second.
    pub fn tick(&mut self, now: Duration) {
        // Before the counts are read: a hash that is due is checked here, and may add a resync.
        self.runs.handle_timeout(now);
        self.count_resyncs();
    }

    fn count_resyncs(&mut self) {
        let counts = self.runs.counts();
        if let Some(runs) = self.metrics.runs() {
            // Both list every code in the same order.
            for ((code, count), (_, before)) in counts.resyncs().zip(self.shown.resyncs()) {
                runs.resyncs.add(code, count.saturating_sub(before));
            }
        }
        self.shown = counts;
    }

    /// What a snapshot shows of the runs.
    #[must_use]
    pub fn counts(&self) -> RunCounts {
        let counts = self.runs.counts();
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        RunCounts {
            synced: wide(counts.synced),
            // Those that were met in the middle wait as well, but lost nothing.
            needs_resync: wide(counts.waiting.saturating_sub(counts.unseen)),
            not_yet_known: wide(counts.unseen),
            refused: refused(&counts).saturating_sub(self.refused_before),
        }
    }

    /// The runs.
    #[must_use]
    pub const fn runs(&self) -> &Runs {
        &self.runs
    }

    /// The runs alone.
    #[must_use]
    pub fn into_runs(self) -> Runs {
        self.runs
    }

    /// The runs, to drain what they ask for and what they hold in quarantine.
    pub const fn runs_mut(&mut self) -> &mut Runs {
        &mut self.runs
    }
}

/// States that were refused on their length.
fn refused(counts: &Counts) -> u64 {
    counts.refused().map(|(_, count)| count).sum()
}
