//! The instruments themselves, and the process.

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{Label, MetricDesc, MetricKind, Registration};

use crate::labels::{WindowLength, WindowMisfit};
use crate::reason_code::ReasonCode;
use crate::snapshot::Snapshot;

pub(super) fn declare(c: &mut Registration<Snapshot>) {
    c.group("instruments");
    families! { c:
        gauges[Label::NONE] "dashstream_snapshot_taken_seconds"
            "When the snapshot behind this page was taken, in seconds since the process's origin."
            Alert("DashstreamSnapshotStale") shown as "snapshot_age_seconds",
            |s, ()| s.taken_at.as_secs_f64();
        gauges[Label::NONE] "dashstream_self_scrape_differences"
            "Series by which this exposition differs from its catalogue; -1 before the first comparison."
            Alert("DashstreamSelfScrape") shown as "self_scrape",
            |s, ()| s.observed.self_scrape.map_or(-1.0, f64::from);
        gauges[WindowLength::LABEL] "dashstream_window_covered_seconds"
            "Time that the windows stand for: less than their length after a start."
            Waived("a short window is a recent start") shown as "windows.covered_seconds",
            |s, window| s.windows.outcomes(window).covered.as_secs_f64();
        derive[MetricKind::Counter, vec![WindowLength::LABEL.into(), WindowMisfit::LABEL.into()]]
            "dashstream_window_misfits_total"
            "Records that a window could not show, by reason; totals have them."
            Alert("DashstreamWindowInexact") shown as "windows.misfits",
            |s, out| {
                for window in WindowLength::LABEL.values {
                    for reason in WindowMisfit::LABEL.values {
                        let misfits = s.windows.misfits(*window, *reason);
                        out.count(&[window.as_str(), reason.as_str()], misfits);
                    }
                }
            };
        counts[WindowLength::LABEL] "dashstream_window_torn_readings_total"
            "Readings of a window that a writer overtook, so that they were too small."
            Alert("DashstreamWindowInexact") shown as "windows.torn_readings",
            |s, window| s.windows.torn(window);
    }
    c.health(
        MetricDesc::new(
            "dashstream_health",
            "1 while a reason of the verdict stands at a level, and for 130 s after.",
            Waived("each reason has an alert of its own"),
        ),
        ReasonCode::LABEL,
        |s| &s.observed.active_reasons,
    );
    c.process("dashstream_build_info", env!("CARGO_PKG_VERSION"), |s| {
        &s.observed.process
    });
}
