//! Runs whose state is followed, and the order of their messages.

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{Buckets, Counter, Histogram, Label, Registration, level};

use crate::labels::{RESYNC_REASON, RunState};
use crate::snapshot::Snapshot;

/// What counts the order of messages and the trust in runs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Runs {
    /// Runs whose state can no longer be trusted, by [`ResyncReason::code`](dashstream_reducer::ResyncReason::code).
    pub resyncs: Counter<&'static str>,
    pub(crate) gaps: Counter<()>,
    /// Sequence numbers of a thread that came again.
    pub duplicates: Counter<()>,
    /// Smaller sequence numbers of a thread that came after a larger one.
    pub reorders: Counter<()>,
    pub(crate) gap_sizes: Histogram<()>,
}

pub(super) fn declare(c: &mut Registration<Snapshot>) -> Runs {
    c.group("runs");
    families! { c:
        gauges[RunState::LABEL] "dashstream_runs"
            "Runs that are followed, by whether their state is known to be right."
            Alert("DashstreamRunsNeedResync") shown as "runs",
            |s, state| level(s.observed.runs.of(state));
        counts[Label::NONE] "dashstream_states_refused_total"
            "Texts of states that were refused for their length, unread."
            Waived("the runs that wait for a state are watched"), |s, ()| s.observed.runs.refused;
    }
    instruments! { c: Runs {}
        resyncs: counter[RESYNC_REASON] "dashstream_resyncs_total"
            "Times that a run's state could no longer be trusted, by reason."
            Waived("runs that stay without a state are watched") shown as "runs.resyncs";
        gaps: counter[Label::NONE] "dashstream_sequence_gaps_total"
            "Times that sequence numbers of a thread were missing."
            Alert("DashstreamSequenceGaps") shown as "runs.sequence_gaps";
        duplicates: counter[Label::NONE] "dashstream_sequence_duplicates_total"
            "Sequence numbers of a thread that came again."
            Alert("DashstreamDuplicateRateHigh") shown as "runs.sequence_duplicates";
        reorders: counter[Label::NONE] "dashstream_sequence_reorders_total"
            "Sequence numbers of a thread that came too late."
            Alert("DashstreamReorderRateHigh") shown as "runs.sequence_reorders";
        gap_sizes: histogram[Label::NONE, GAP_SIZE] "dashstream_sequence_gap_size"
            "Sequence numbers that were missing at once."
            Waived("gaps themselves are watched");
    }
}

impl Runs {
    /// Records that `missing` sequence numbers of a thread were skipped.
    pub fn gap(&self, missing: u64) {
        self.gaps.add((), 1);
        self.gap_sizes.observe((), missing);
    }
}

const GAP_SIZE: Buckets = Buckets {
    bounds: &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10_000],
    divisor: 1,
};
