//! The instruments themselves.

use crate::catalogue::metric::{Kind, LabelSpec, Metric, Watch};
use crate::facts::SelfScrape;
use crate::labels::{WindowLength, WindowMisfit};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "dashstream_snapshot_taken_seconds",
        help: "When the snapshot behind this page was taken, in seconds since the process's origin.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("snapshot_age_seconds"),
        watch: Watch::Alert("DashstreamSnapshotStale"),
        read: |s, out| out.gauge(s.taken_at.as_secs_f64()),
    },
    Metric {
        name: "dashstream_self_scrape_differences",
        help: "Series by which this exposition differs from its catalogue; -1 before the first comparison.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("self_scrape"),
        watch: Watch::Alert("DashstreamSelfScrapeDiffers"),
        read: |s, out| out.gauge(self_scrape(s.facts.self_scrape)),
    },
    Metric {
        name: "dashstream_window_covered_seconds",
        help: "Time that the windows stand for: less than their length after a start.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<WindowLength>()],
        health: Some("windows.covered_seconds"),
        watch: Watch::Waived("a short window is a recent start"),
        read: |s, out| out.gauges(|window| s.windows.outcomes(window).covered.as_secs_f64()),
    },
    Metric {
        name: "dashstream_window_misfits_total",
        help: "Records that a window could not show, by reason; totals have them.",
        kind: Kind::Counter,
        edges: None,
        labels: &[
            LabelSpec::of::<WindowLength>(),
            LabelSpec::of::<WindowMisfit>(),
        ],
        health: Some("windows.misfits"),
        watch: Watch::Alert("DashstreamWindowInexact"),
        read: |s, out| out.counts2(|window, reason| s.windows.misfits(window, reason)),
    },
    Metric {
        name: "dashstream_window_torn_readings_total",
        help: "Readings of a window that a writer overtook, so that they were too small.",
        kind: Kind::Counter,
        edges: None,
        labels: &[LabelSpec::of::<WindowLength>()],
        health: Some("windows.torn_readings"),
        watch: Watch::Alert("DashstreamWindowInexact"),
        read: |s, out| out.counts(|window| s.windows.torn.get(window)),
    },
];

fn self_scrape(result: SelfScrape) -> f64 {
    match result {
        SelfScrape::Never => -1.0,
        SelfScrape::Complete => 0.0,
        SelfScrape::Differs(series) => f64::from(series),
    }
}
