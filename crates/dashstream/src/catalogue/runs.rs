//! Runs whose state is followed, and the order of their messages.

use dashstream_metrics::Watch::{Alert, Waived};
use dashstream_metrics::{About, Counter, Edges, Histogram, Label, Registration, level};

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
    c.gauges(
        About::new(
            "dashstream_runs",
            "Runs that are followed, by whether their state is known to be right.",
            Alert("DashstreamRunsNeedResync"),
        )
        .shown_as("runs"),
        RunState::LABEL,
        |s, state| level(s.facts.runs.of(state)),
    );
    c.counts(
        About::new(
            "dashstream_states_refused_total",
            "Texts of states that were refused for their length, unread.",
            Waived("the runs that wait for a state are watched"),
        ),
        Label::NONE,
        |s, ()| s.facts.runs.refused,
    );
    Runs {
        resyncs: c.counter(
            About::new(
                "dashstream_resyncs_total",
                "Times that a run's state could no longer be trusted, by reason.",
                Waived("runs that stay without a state are watched"),
            )
            .shown_as("runs.resyncs"),
            RESYNC_REASON,
        ),
        gaps: c.counter(
            About::new(
                "dashstream_sequence_gaps_total",
                "Times that sequence numbers of a thread were missing.",
                Alert("DashstreamSequenceGaps"),
            )
            .shown_as("runs.sequence_gaps"),
            Label::NONE,
        ),
        duplicates: c.counter(
            About::new(
                "dashstream_sequence_duplicates_total",
                "Sequence numbers of a thread that came again.",
                Alert("DashstreamDuplicateRateHigh"),
            )
            .shown_as("runs.sequence_duplicates"),
            Label::NONE,
        ),
        reorders: c.counter(
            About::new(
                "dashstream_sequence_reorders_total",
                "Sequence numbers of a thread that came too late.",
                Alert("DashstreamReorderRateHigh"),
            )
            .shown_as("runs.sequence_reorders"),
            Label::NONE,
        ),
        gap_sizes: c.histogram(
            About::new(
                "dashstream_sequence_gap_size",
                "Sequence numbers that were missing at once.",
                Waived("gaps themselves are watched"),
            ),
            Label::NONE,
            GAP_SIZE,
        ),
    }
}

impl Runs {
    /// Records that `missing` sequence numbers of a thread were skipped.
    pub fn gap(&self, missing: u64) {
        self.gaps.add((), 1);
        self.gap_sizes.observe((), missing);
    }
}

const GAP_SIZE: Edges = Edges {
    edges: &[1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000, 10_000],
    divisor: 1,
};
