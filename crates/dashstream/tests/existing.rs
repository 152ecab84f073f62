//! What existing servers export is what the catalogue has: names, kinds, labels with their values, and
//! the buckets of histograms.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream::metrics::Family;
use dashstream::metrics::MetricKind;
use dashstream::{Metrics, Options};

/// A label and its values; no values for the numbers of partitions.
type Labels = &'static [(&'static str, &'static [&'static str])];

const NONE: Labels = &[];
const PARTITION: Labels = &[("partition", &[])];
const SEVERITY: Labels = &[("severity", &["info", "warning", "critical"])];
const MODE: Labels = &[("mode", &["partition", "thread"])];
const DECODE: &[&str] = &[
    "payload_too_large",
    "buffer_underflow",
    "schema_version_mismatch",
    "invalid_protobuf",
    "unknown_decode_error",
];

const COUNTERS: &[(&str, Labels)] = &[
    (
        "websocket_kafka_messages_total",
        &[("status", &["success", "error", "old_data_error"])],
    ),
    ("websocket_decode_errors_total", &[("error_type", DECODE)]),
    ("websocket_old_data_decode_errors_total", NONE),
    ("websocket_kafka_payload_missing_total", NONE),
    ("websocket_infrastructure_errors_total", NONE),
    (
        "websocket_kafka_errors_by_type_total",
        &[(
            "error_type",
            &[
                "dns_failure",
                "connection_timeout",
                "broker_down",
                "decode_error",
                "unknown",
            ],
        )],
    ),
    ("websocket_dlq_sends_total", &[("error_type", DECODE)]),
    (
        "websocket_dlq_send_failures_total",
        &[("reason", &["timeout", "kafka_error", "backpressure"])],
    ),
    (
        "websocket_dropped_messages_total",
        &[("reason", &["lagged_receiver"])],
    ),
    ("websocket_client_lag_events_total", SEVERITY),
    ("websocket_client_lag_messages_total", SEVERITY),
    ("websocket_slow_client_disconnects_total", NONE),
    ("websocket_rejected_connections_total", NONE),
    ("websocket_send_failed_total", NONE),
    ("websocket_send_timeout_total", NONE),
    ("websocket_control_oversized_total", NONE),
    ("websocket_control_parse_failures_total", NONE),
    ("websocket_clock_skew_events_total", NONE),
    ("dashstream_sequence_gaps_total", NONE),
    ("dashstream_sequence_duplicates_total", NONE),
    ("dashstream_sequence_reorders_total", NONE),
    ("dashstream_websocket_redis_errors_total", NONE),
    ("websocket_kafka_lag_poll_failures_total", NONE),
    ("websocket_resume_requests_total", MODE),
    ("websocket_replay_messages_total", MODE),
    ("websocket_replay_gaps_total", MODE),
    ("websocket_replay_gap_messages_total", MODE),
    ("websocket_multi_thread_batches_total", NONE),
    ("replay_buffer_memory_hits_total", NONE),
    ("replay_buffer_redis_hits_total", NONE),
    ("replay_buffer_redis_misses_total", NONE),
    ("replay_buffer_redis_write_dropped_total", NONE),
    ("replay_buffer_redis_write_failures_total", NONE),
];

const GAUGES: &[(&str, Labels)] = &[
    ("websocket_connected_clients", NONE),
    ("websocket_uptime_seconds", NONE),
    ("websocket_last_kafka_message_age_seconds", NONE),
    ("websocket_last_infrastructure_error_age_seconds", NONE),
    ("websocket_kafka_consumer_lag", PARTITION),
    ("websocket_kafka_lag_offset_age_seconds", PARTITION),
    ("websocket_kafka_catchup_phase", PARTITION),
];

/// With their edges.
const HISTOGRAMS: &[(&str, Labels, &str)] = &[
    (
        "websocket_e2e_latency_ms",
        &[("stage", &["producer_to_consumer"])],
        "100 250 500 1000 2500 5000 10000 25000 50000 +Inf",
    ),
    (
        "dashstream_sequence_gap_size",
        NONE,
        "1 2 5 10 25 50 100 250 500 1000 5000 10000 +Inf",
    ),
    (
        "dashstream_websocket_redis_latency_ms",
        &[("operation", &["read", "write"])],
        "1 5 10 25 50 100 250 500 1000 +Inf",
    ),
    (
        "websocket_kafka_lag_poll_duration_seconds",
        &[("status", &["success", "error"])],
        "0.01 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf",
    ),
    (
        "websocket_replay_latency_ms",
        MODE,
        "10 50 100 250 500 1000 2500 5000 10000 30000 +Inf",
    ),
];

/// Values that we have on top, because existing servers forget what they count.
const OURS_TOO: &[(&str, &str)] = &[("websocket_dlq_sends_total", "payload_missing")];

/// A histogram of attempts that nothing here makes: it would stay at 0 for good.
const LEFT_OUT: &str = "dashstream_ws_retry_count";

#[test]
fn every_metric_of_existing_servers_is_there_with_its_labels() {
    let all = (COUNTERS
        .iter()
        .map(|(name, labels)| (MetricKind::Counter, *name, *labels)))
    .chain(
        GAUGES
            .iter()
            .map(|(name, labels)| (MetricKind::Gauge, *name, *labels)),
    )
    .chain(
        HISTOGRAMS
            .iter()
            .map(|(name, labels, _)| (MetricKind::Histogram, *name, *labels)),
    );
    let metrics = metrics();
    for (kind, name, expected) in all {
        let metric = metrics.catalogue().find(name).expect(name);
        assert_eq!(metric.kind, kind, "{name}");
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(label, values)| (*label, values.to_vec()))
            .collect();
        assert_eq!(labels(metric), expected, "{name}");
    }
    assert!(metrics.catalogue().find(LEFT_OUT).is_none());
}

#[test]
fn histograms_have_the_edges_of_existing_servers() {
    let metrics = metrics();
    for (name, _, edges) in HISTOGRAMS {
        let ours = metrics
            .catalogue()
            .find(name)
            .and_then(|family| family.buckets);
        assert_eq!(ours.expect(name).texts().join(" "), *edges, "{name}");
    }
}

fn metrics() -> Metrics {
    Metrics::register(Options::default(), Duration::ZERO).expect("a sound catalogue")
}

/// The labels of a metric with the values that existing servers have too.
fn labels(metric: &Family) -> BTreeMap<&'static str, Vec<&'static str>> {
    let theirs = |value: &&'static str| !OURS_TOO.contains(&(metric.name, value));
    let labels = metric.labels.iter().map(|label| {
        let values = label.values.iter().flatten().copied();
        (label.name, values.filter(theirs).collect())
    });
    labels.collect()
}
