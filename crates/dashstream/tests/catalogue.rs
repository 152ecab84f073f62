//! The catalogue is the truth: what is promised is exported, what is recorded is exported, and no
//! handle exists when a name is taken.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::collections::BTreeSet;

use dashstream::metrics::{
    AlertCoverage, ExportGap, Format, Label, MetricDesc, MetricKind, RegisterError,
    ScrapeDifference, compare,
};
use dashstream::policy::{Breaker, Cause};
use dashstream::{
    ArchiveState, BreakerObservation, BrokerRefusal, DLQ_FAILURE, Metrics, Observation, Options,
    Outcome, PartitionObservation, PartitionState, PolicyCounts, UnownedPartitions,
};

const NOW: Duration = Duration::from_secs(100);

fn metrics() -> Metrics {
    Metrics::register(Options::default(), NOW).unwrap()
}

fn page(metrics: &Metrics, observed: Observation) -> String {
    metrics.page(&metrics.observe(NOW, observed), Format::Text)
}

/// How a page differs from the catalogue when these partitions are assigned.
fn differences(metrics: &Metrics, page: &str, partitions: &[i32]) -> Vec<ScrapeDifference> {
    let ids = partitions.iter().map(ToString::to_string).collect();
    compare(page, metrics.catalogue().families(), &[("partition", ids)])
}

#[test]
fn a_fresh_page_has_every_series_of_the_catalogue_once_and_at_zero() {
    let metrics = metrics();
    let page = page(&metrics, Observation::default());
    assert_eq!(differences(&metrics, &page, &[]), []);
    assert_eq!(metrics.self_scrape(&page, &Observation::default()), 0);
    let counters = metrics.catalogue().families().iter();
    let counters = counters.filter(|family| family.kind == MetricKind::Counter);
    for family in counters.filter(|family| !family.name.starts_with("process_")) {
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            if line.split(['{', ' ']).next() == Some(family.name) {
                assert!(line.ends_with(" 0"), "{line}");
            }
        }
    }
}

/// Observation in which everything that a host says differs from the default.
fn busy() -> Observation {
    let mut observed = Observation::default();
    observed.connected_clients = 1;
    let mut partition = PartitionObservation::new(3, PartitionState::Stalled, NOW);
    partition.lag = Some(5);
    partition.loss_in = Some(NOW);
    observed.partitions.push(partition);
    observed.policy = PolicyCounts::from_fn(|_, _| 1, |_| 1, |_| 1);
    observed.archive.state = ArchiveState::Failing;
    observed.archive.oldest_pending_since = Some(NOW);
    observed.broker_unreachable_since = Some(NOW);
    observed.broker_refusal = Some(BrokerRefusal::new(NOW, "no"));
    observed.unowned = Some(UnownedPartitions::new(NOW, 1, 1));
    observed.breaker = Some(BreakerObservation::new(Breaker::Open, NOW));
    observed.runs.synced = 1;
    observed.runs.refused = 1;
    observed.self_scrape = Some(0);
    observed.process = dashstream::metrics::Process::read();
    let lost = [(
        dashstream::ReasonCode::BrokerRefusal,
        dashstream::metrics::Level::Fail,
    )];
    observed.active_reasons.note(NOW, lost);
    observed
}

#[test]
fn every_cell_moves_the_page_and_every_family_is_moved() {
    // What the time alone moves.
    let by_time = [
        "websocket_uptime_seconds",
        "dashstream_snapshot_taken_seconds",
        "dashstream_window_covered_seconds",
        "dashstream_window_misfits_total",
        "dashstream_window_torn_readings_total",
        "dashstream_build_info",
    ];
    let still: Vec<_> = by_time.map(|name| ExportGap::Family { name }).into();
    let gaps = metrics().export_gaps(NOW, [busy()]);
    let gaps: Vec<_> = gaps
        .into_iter()
        .filter(|gap| !still.contains(gap))
        .collect();
    assert_eq!(gaps, []);
}

#[test]
fn a_counter_that_nothing_shows_is_an_export_gap() {
    let options = dashstream::metrics::TallyOptions::default();
    let (metrics, _tally) = Metrics::register_with(Options::default(), NOW, |c| {
        c.tally("hidden", Label::NONE, Label::NONE, |()| (), options)
    })
    .unwrap();
    let hidden = ExportGap::Cell {
        instrument: "hidden",
        cell: 0,
    };
    assert!(metrics.export_gaps(NOW, [busy()]).contains(&hidden));
}

#[test]
fn a_group_that_the_host_does_not_feed_is_absent() {
    let options = Options::default().without_clients().without_breaker();
    let metrics = Metrics::register(options, NOW).unwrap();
    let page = page(&metrics, Observation::default());
    assert_eq!(differences(&metrics, &page, &[]), []);
    assert!(metrics.clients().is_none() && metrics.replay().is_none());
    for absent in [
        "websocket_send_failed_total",
        "replay_buffer",
        "redis",
        "websocket_resume",
        "dashstream_breaker",
    ] {
        assert!(!page.contains(absent), "{absent}");
    }
    assert!(page.contains("dashstream_runs{"));
}

#[test]
fn partitions_come_and_go_with_their_series() {
    let metrics = metrics();
    let mut observed = Observation::default();
    for id in [0, 7] {
        let mut partition = PartitionObservation::new(id, PartitionState::Running, NOW);
        partition.lag = Some(5);
        observed.partitions.push(partition);
    }
    let shown = page(&metrics, observed);
    assert_eq!(differences(&metrics, &shown, &[0, 7]), []);
    assert!(shown.contains("websocket_kafka_consumer_lag{partition=\"7\"} 5\n"));
    assert_ne!(
        differences(&metrics, &shown, &[0]),
        [],
        "an unassigned partition is a difference"
    );
    assert_ne!(
        differences(&metrics, &shown, &[0, 7, 8]),
        [],
        "and so is a missing one"
    );
    let shown = page(&metrics, Observation::default());
    assert!(!shown.contains("partition=\"7\""), "removed, not zeroed");
}

#[test]
fn the_comparison_finds_each_kind_of_difference() {
    let metrics = metrics();
    let page = page(&metrics, Observation::default());
    let differences = |page: &str| differences(&metrics, page, &[]);
    let name = "websocket_decode_errors_total";

    let without = |text: &str| -> String {
        page.lines()
            .filter(|line| !line.contains(text))
            .map(|line| format!("{line}\n"))
            .collect()
    };
    let lines = page.lines().count();
    assert_eq!(
        differences(&without(name)),
        [ScrapeDifference::MissingMetric { name }]
    );
    assert_eq!(
        differences(&without("{error_type=\"buffer_underflow\"} 0")).len(),
        2,
        "in the decode errors and in the dead letters"
    );
    assert_eq!(
        differences(&format!("{page}{name}{{error_type=\"init\"}} 0\n")),
        [ScrapeDifference::UnknownSeries {
            name,
            line: lines + 1
        }]
    );
    assert_eq!(
        differences(&format!("{page}ghost_total 1\n")),
        [ScrapeDifference::UnknownMetric { line: lines + 1 }]
    );
    assert_eq!(
        differences(&format!("{page}websocket_uptime_seconds 0\n")),
        [ScrapeDifference::DoubleSeries { line: lines + 1 }]
    );
    assert_eq!(
        differences(&format!("{page}# TYPE {name} counter\n")),
        [ScrapeDifference::DoubleFamily { line: lines + 1 }]
    );
    assert_eq!(
        differences(&page.replace(
            "# TYPE websocket_uptime_seconds gauge",
            "# TYPE websocket_uptime_seconds counter"
        )),
        [ScrapeDifference::WrongKind {
            name: "websocket_uptime_seconds"
        }]
    );
    for malformed in [
        "# TYPE x",
        "no_value",
        "name{ 1",
        "a b c",
        "{x=\"y\"} 1",
        "name nan?",
    ] {
        assert_eq!(
            differences(&format!("{page}{malformed}\n")),
            [ScrapeDifference::Malformed { line: lines + 1 }],
            "{malformed}"
        );
    }
}

/// Registers a counter of the host's own beside the catalogue.
fn beside(name: &'static str) -> Result<(), RegisterError> {
    let about = MetricDesc::new(
        name,
        "Own.",
        AlertCoverage::Waived("of a test, and watched by nobody"),
    );
    let own = |c: &mut dashstream::metrics::Registration<_>| c.counter(about, Label::NONE);
    Metrics::register_with(Options::default(), NOW, own).map(|_| ())
}

#[test]
fn a_page_that_holds_any_of_the_names_leaves_no_handle_and_names_both() {
    for family in metrics().catalogue().families() {
        let error = beside(family.name).unwrap_err();
        assert_eq!(error.code(), "metric_name_taken");
        let (ours, theirs) = (family.name, family.name.into());
        assert_eq!(error, RegisterError::NameTaken { ours, theirs });
    }
    assert_eq!(beside("my_own_total"), Ok(()));
}

#[test]
fn a_name_that_collides_with_a_histograms_samples_is_taken() {
    assert_eq!(
        beside("websocket_e2e_latency_ms_count"),
        Err(RegisterError::NameTaken {
            ours: "websocket_e2e_latency_ms",
            theirs: "websocket_e2e_latency_ms_count".into()
        })
    );
}

#[test]
fn names_helps_and_waivers_are_well_formed() {
    let mut names = BTreeSet::new();
    for metric in metrics().catalogue().families() {
        assert!(names.insert(metric.name), "{} twice", metric.name);
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(metric.name.bytes().all(word), "{}", metric.name);
        assert_eq!(
            metric.kind == MetricKind::Counter,
            metric.name.ends_with("_total"),
            "{}: counters and only counters end in _total",
            metric.name
        );
        assert_eq!(
            metric.kind == MetricKind::Histogram,
            metric.buckets.is_some()
        );
        assert!(metric.help.ends_with('.') && !metric.help.contains(['\\', '\n']));
        if let AlertCoverage::Waived(reason) = metric.alert {
            assert!(reason.len() > 15, "{}: a waiver has a reason", metric.name);
        }
    }
}

#[test]
fn every_label_value_is_a_plain_word_and_there_is_no_junk() {
    for metric in metrics().catalogue().families() {
        // A version has points, and quantiles are numbers.
        let labels = metric.labels.iter();
        for label in labels.filter(|label| !["version", "quantile"].contains(&label.name)) {
            let Some(values) = &label.values else {
                continue;
            };
            let mut seen = BTreeSet::new();
            for value in values {
                assert!(
                    seen.insert(value) && *value != "init",
                    "{}: {value}",
                    metric.name
                );
                assert!(
                    value
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'_')
                );
            }
        }
    }
    assert_eq!(
        DLQ_FAILURE.texts(),
        ["timeout", "kafka_error", "backpressure"]
    );
}

#[test]
fn the_buckets_of_the_old_vocabulary_follow_from_the_cause() {
    let metrics = metrics();
    for cause in Cause::ALL.into_iter() {
        metrics.record(NOW, Outcome::Unprocessable(cause));
    }
    let page = page(&metrics, Observation::default());
    for (series, value) in [
        ("websocket_kafka_messages_total{status=\"error\"}", 15),
        ("websocket_kafka_payload_missing_total", 1),
        (
            "websocket_decode_errors_total{error_type=\"payload_too_large\"}",
            2,
        ),
        (
            "websocket_decode_errors_total{error_type=\"buffer_underflow\"}",
            2,
        ),
        (
            "websocket_decode_errors_total{error_type=\"schema_version_mismatch\"}",
            1,
        ),
        (
            "websocket_decode_errors_total{error_type=\"invalid_protobuf\"}",
            3,
        ),
        (
            "websocket_decode_errors_total{error_type=\"unknown_decode_error\"}",
            7,
        ),
    ] {
        assert!(page.contains(&format!("{series} {value}\n")), "{series}");
    }
}

#[test]
fn a_histogram_counts_its_edges_inclusively_and_sums_in_its_unit() {
    let metrics = metrics();
    for millis in [100, 101, 60_000] {
        metrics.latency(NOW, millis * 1000);
    }
    metrics.lag_polled(Duration::from_millis(1500), true);
    let page = page(&metrics, Observation::default());
    for line in [
        "websocket_e2e_latency_ms_bucket{stage=\"producer_to_consumer\",le=\"100\"} 1",
        "websocket_e2e_latency_ms_bucket{stage=\"producer_to_consumer\",le=\"250\"} 2",
        "websocket_e2e_latency_ms_bucket{stage=\"producer_to_consumer\",le=\"+Inf\"} 3",
        "websocket_e2e_latency_ms_sum{stage=\"producer_to_consumer\"} 60201",
        "websocket_e2e_latency_ms_count{stage=\"producer_to_consumer\"} 3",
        "websocket_kafka_lag_poll_duration_seconds_bucket{status=\"success\",le=\"0.01\"} 0",
        "websocket_kafka_lag_poll_duration_seconds_bucket{status=\"success\",le=\"2.5\"} 1",
        "websocket_kafka_lag_poll_duration_seconds_sum{status=\"success\"} 1.5",
    ] {
        assert!(page.lines().any(|there| there == line), "{line}");
    }
}
