//! Runs whose state is followed, and the order of their messages.

use crate::catalogue::metric::{Kind, LabelSpec, Metric, Watch};
use crate::catalogue::sample::approximate;
use crate::edges::GAP_SIZE;
use crate::labels::{ResyncReason, RunState};
use crate::metrics::SequenceKind;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "dashstream_runs",
        help: "Runs that are followed, by whether their state is known to be right.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<RunState>()],
        health: Some("runs"),
        watch: Watch::Alert("DashstreamRunsNeedResync"),
        read: |s, out| out.gauges(|state| approximate(s.facts.runs.of(state))),
    },
    Metric {
        name: "dashstream_resyncs_total",
        help: "Times that a run's state could no longer be trusted, by reason.",
        kind: Kind::Counter,
        edges: None,
        labels: &[LabelSpec::of::<ResyncReason>()],
        health: Some("runs.resyncs"),
        watch: Watch::Waived("runs that stay without a state are watched"),
        read: |s, out| out.counts(|reason| s.totals.resyncs.get(reason)),
    },
    Metric {
        name: "dashstream_sequence_gaps_total",
        help: "Times that sequence numbers of a thread were missing.",
        kind: Kind::Counter,
        edges: None,
        labels: &[],
        health: Some("runs.sequence_gaps"),
        watch: Watch::Alert("DashstreamSequenceGaps"),
        read: |s, out| out.count(s.totals.sequence.get(SequenceKind::Gap)),
    },
    Metric {
        name: "dashstream_sequence_duplicates_total",
        help: "Sequence numbers of a thread that came again.",
        kind: Kind::Counter,
        edges: None,
        labels: &[],
        health: Some("runs.sequence_duplicates"),
        watch: Watch::Alert("DashstreamDuplicateRateHigh"),
        read: |s, out| out.count(s.totals.sequence.get(SequenceKind::Duplicate)),
    },
    Metric {
        name: "dashstream_sequence_reorders_total",
        help: "Sequence numbers of a thread that came too late.",
        kind: Kind::Counter,
        edges: None,
        labels: &[],
        health: Some("runs.sequence_reorders"),
        watch: Watch::Alert("DashstreamReorderRateHigh"),
        read: |s, out| out.count(s.totals.sequence.get(SequenceKind::Reorder)),
    },
    Metric {
        name: "dashstream_sequence_gap_size",
        help: "Sequence numbers that were missing at once.",
        kind: Kind::Histogram,
        edges: Some(GAP_SIZE),
        labels: &[],
        health: None,
        watch: Watch::Waived("gaps themselves are watched"),
        read: |s, out| out.histogram(&s.totals.gap_sizes),
    },
];
