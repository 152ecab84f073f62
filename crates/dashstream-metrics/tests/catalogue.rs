//! The catalogue is the truth: what is promised is exported, what is recorded is exported, and no
//! handle exists when a name is taken.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dashstream_metrics::{
    CATALOGUE, Cause, ClientEvent, Counts, Disposition, DlqErrorType, DlqFailure, Facts, Fault,
    InfrastructureError, Key, Kind, Label, LatencyStage, Metrics, Options, Outcome, PartitionFacts,
    PartitionState, PollStatus, RedisOperation, RegisterError, Registry, ReplayCount, ReplayEvent,
    ReplayMode, ResyncReason, ScrapeDifference, SelfScrape, SendOutcome, Watch, compare,
    self_scrape,
};

const NOW: Duration = Duration::from_secs(100);

fn metrics() -> (Metrics, Registry) {
    let mut registry = Registry::new();
    let metrics = Metrics::register(&mut registry, Options::default(), NOW).unwrap();
    (metrics, registry)
}

/// The numbers of a page by series.
fn numbers(page: &str) -> BTreeMap<String, String> {
    page.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(series, value)| (series.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn a_fresh_exposition_has_every_series_of_the_catalogue_once_and_at_zero() {
    let (metrics, registry) = metrics();
    let page = metrics.latest().exposition();
    assert_eq!(compare(&page, &registry, &[]), []);
    assert_eq!(self_scrape(&page, &registry, &[]), SelfScrape::Complete);
    for metric in CATALOGUE
        .iter()
        .filter(|metric| metric.kind == Kind::Counter)
    {
        for (series, value) in numbers(&page) {
            if series.split('{').next() == Some(metric.name) {
                assert_eq!(value, "0", "{series}");
            }
        }
    }
}

#[test]
fn every_way_to_record_moves_a_series_and_every_counter_is_moved_by_one() {
    let mut moved = BTreeSet::new();
    for (what, record) in recordings() {
        let (metrics, _) = metrics();
        let before = numbers(&metrics.observe(NOW, Facts::default()).exposition());
        let mut facts = Facts::default();
        record(&metrics, &mut facts);
        let after = numbers(&metrics.observe(NOW, facts).exposition());
        let changed: Vec<_> = after
            .iter()
            .filter(|(series, value)| before.get(*series) != Some(value))
            .map(|(series, _)| series.clone())
            .collect();
        assert!(!changed.is_empty(), "{what} reaches no series");
        moved.extend(changed);
    }
    let (metrics, _) = metrics();
    let page = metrics.latest().exposition();
    let still: Vec<_> = numbers(&page)
        .into_keys()
        .filter(|series| {
            let name = series.split('{').next().unwrap_or_default();
            CATALOGUE
                .iter()
                .any(|metric| metric.kind == Kind::Counter && metric.name == name)
        })
        // Only time moves these; the tests of the windows do.
        .filter(|series| !series.starts_with("dashstream_window_"))
        .filter(|series| !moved.contains(series))
        .collect();
    assert_eq!(
        still,
        [] as [String; 0],
        "counters that nothing can record into"
    );
}

type Recording = Box<dyn Fn(&Metrics, &mut Facts)>;

/// Every public method that records, with every label value.
fn recordings() -> Vec<(String, Recording)> {
    let mut all: Vec<(String, Recording)> = Vec::new();
    let mut add = |what: String, record: Recording| all.push((what, record));
    for outcome in Outcome::all() {
        add(
            format!("{outcome:?}"),
            Box::new(move |m, _| m.record(NOW, outcome)),
        );
    }
    for kind in InfrastructureError::all() {
        add(
            format!("{kind:?}"),
            Box::new(move |m, _| m.infrastructure_error(NOW, kind)),
        );
    }
    for kind in DlqErrorType::all() {
        add(
            format!("{kind:?}"),
            Box::new(move |m, _| m.dead_letter_acknowledged(NOW, kind)),
        );
    }
    for reason in DlqFailure::all() {
        add(
            format!("{reason:?}"),
            Box::new(move |m, _| m.dead_letter_failed(NOW, reason)),
        );
    }
    for outcome in SendOutcome::all() {
        add(
            format!("{outcome:?}"),
            Box::new(move |m, _| m.sent(NOW, outcome)),
        );
    }
    for lost in [1, 10, 100] {
        add(
            format!("lagged {lost}"),
            Box::new(move |m, _| m.client_lagged(NOW, lost)),
        );
    }
    for event in ClientEvent::all() {
        add(
            format!("{event:?}"),
            Box::new(move |m, _| m.client_event(event)),
        );
    }
    add("gap".into(), Box::new(|m, _| m.sequence_gap(3)));
    add("duplicate".into(), Box::new(|m, _| m.sequence_duplicate()));
    add("reorder".into(), Box::new(|m, _| m.sequence_reorder()));
    for reason in ResyncReason::all() {
        add(
            format!("{reason:?}"),
            Box::new(move |m, _| m.resync_needed(reason)),
        );
    }
    for millis in [0, 60_000, 60_001, -1] {
        add(
            format!("latency {millis}"),
            Box::new(move |m, _| m.latency(LatencyStage::ProducerToConsumer, millis)),
        );
    }
    for status in PollStatus::all() {
        add(
            format!("{status:?}"),
            Box::new(move |m, _| m.lag_polled(NOW, status)),
        );
    }
    add("redis failed".into(), Box::new(|m, _| m.redis_failed()));
    for operation in RedisOperation::all() {
        add(
            format!("{operation:?} took"),
            Box::new(move |m, _| m.redis_took(operation, NOW)),
        );
    }
    for event in ReplayEvent::all() {
        add(
            format!("{event:?}"),
            Box::new(move |m, _| m.replay_event(event, 2)),
        );
    }
    for (mode, count) in <(ReplayMode, ReplayCount)>::all() {
        add(
            format!("{mode:?} {count:?}"),
            Box::new(move |m, _| m.replay(mode, count, 2)),
        );
        add(
            format!("{mode:?} took"),
            Box::new(move |m, _| m.replay_took(mode, NOW)),
        );
    }
    for settled in <(Disposition, Cause)>::all() {
        add(
            format!("{settled:?}"),
            Box::new(move |_, facts| {
                facts.ledger.settled = Counts::from_fn(|key| u64::from(key == settled));
            }),
        );
    }
    for cause in Cause::all() {
        add(
            format!("blocked {cause:?}"),
            Box::new(move |_, facts| {
                facts.ledger.blocked = Counts::from_fn(|key| u64::from(key == cause));
                facts.ledger.pending = Counts::from_fn(|key| u64::from(key == cause));
            }),
        );
    }
    all
}

#[test]
fn partitions_come_and_go_with_their_series() {
    let (metrics, registry) = metrics();
    let mut facts = Facts::default();
    for id in [0, 7] {
        let mut partition = PartitionFacts::new(id, PartitionState::Running, NOW);
        partition.lag = Some(5);
        facts.partitions.push(partition);
    }
    let page = metrics.observe(NOW, facts).exposition();
    assert_eq!(compare(&page, &registry, &[0, 7]), []);
    assert!(page.contains("websocket_kafka_consumer_lag{partition=\"7\"} 5\n"));
    assert_ne!(
        compare(&page, &registry, &[0]),
        [],
        "an unassigned partition is a difference"
    );
    assert_ne!(
        compare(&page, &registry, &[0, 7, 8]),
        [],
        "and so is a missing one"
    );
    let page = metrics.observe(NOW, Facts::default()).exposition();
    assert!(!page.contains("partition=\"7\""), "removed, not zeroed");
}

#[test]
fn the_comparison_finds_each_kind_of_difference() {
    let (metrics, registry) = metrics();
    let page = metrics.latest().exposition();
    let differences = |page: &str| compare(page, &registry, &[]);
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

#[test]
fn a_registry_that_holds_any_of_the_names_leaves_no_handle_and_names_both() {
    for metric in CATALOGUE {
        let mut registry = Registry::new();
        registry.claim(metric.name, Kind::Gauge).unwrap();
        let before = format!("{registry:?}");
        let error = Metrics::register(&mut registry, Options::default(), NOW).unwrap_err();
        assert_eq!(
            error,
            RegisterError::NameTaken {
                ours: metric.name,
                theirs: metric.name.into()
            }
        );
        assert_eq!(format!("{registry:?}"), before, "nothing was registered");
    }
}

#[test]
fn a_name_that_collides_with_a_histograms_samples_is_taken() {
    let mut registry = Registry::new();
    registry
        .claim("websocket_e2e_latency_ms_count", Kind::Counter)
        .unwrap();
    assert_eq!(
        Metrics::register(&mut registry, Options::default(), NOW).unwrap_err(),
        RegisterError::NameTaken {
            ours: "websocket_e2e_latency_ms",
            theirs: "websocket_e2e_latency_ms_count".into()
        }
    );
}

#[test]
fn a_second_set_of_metrics_cannot_share_the_page() {
    let (_metrics, mut registry) = metrics();
    let error = Metrics::register(&mut registry, Options::default(), NOW).unwrap_err();
    assert_eq!(error.code(), "metric_name_taken");
    assert_eq!(
        registry
            .claim("websocket_uptime_seconds", Kind::Gauge)
            .unwrap_err()
            .code(),
        "metric_name_taken"
    );
    registry.claim("my_own_total", Kind::Counter).unwrap();
}

#[test]
fn names_helps_and_waivers_are_well_formed() {
    let mut names = BTreeSet::new();
    for metric in CATALOGUE {
        assert!(names.insert(metric.name), "{} twice", metric.name);
        let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(metric.name.bytes().all(word), "{}", metric.name);
        assert_eq!(
            metric.kind == Kind::Counter,
            metric.name.ends_with("_total"),
            "{}: counters and only counters end in _total",
            metric.name
        );
        assert_eq!(metric.kind == Kind::Histogram, metric.edges().is_some());
        assert!(metric.help.ends_with('.') && !metric.help.contains(['\\', '\n']));
        if let Watch::Waived(reason) = metric.watch {
            assert!(reason.len() > 15, "{}: a waiver has a reason", metric.name);
        }
    }
}

#[test]
fn every_label_value_is_a_plain_word_and_there_is_no_junk() {
    for metric in CATALOGUE {
        for label in metric.labels {
            let dashstream_metrics::LabelValues::Closed(values) = label.values else {
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
    let texts = <DlqFailure as Label>::TEXTS;
    assert_eq!(texts, ["timeout", "kafka_error", "backpressure"]);
}

#[test]
fn the_buckets_of_the_old_vocabulary_follow_from_the_fault() {
    let (metrics, _) = metrics();
    for fault in Fault::all() {
        metrics.record(NOW, Outcome::Unprocessable(fault));
    }
    let page = metrics.observe(NOW, Facts::default()).exposition();
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
    let (metrics, _) = metrics();
    for millis in [100, 101, 60_000] {
        metrics.latency(LatencyStage::ProducerToConsumer, millis);
    }
    metrics.lag_polled(Duration::from_millis(1500), PollStatus::Success);
    let page = metrics.observe(NOW, Facts::default()).exposition();
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
