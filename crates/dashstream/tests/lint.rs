//! The lint finds each kind of fault, and leaves alone what is right.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;

use dashstream::metrics::Family;
use dashstream::metrics::lint::{Problem, check, expressions, unwatched};
use dashstream::{Metrics, Options};

fn families() -> Vec<Family> {
    let metrics = Metrics::register(Options::default(), Duration::ZERO);
    metrics.unwrap().catalogue().families().to_vec()
}

fn problems(text: &str) -> Vec<Problem> {
    check(&families(), 1, text)
}

#[test]
fn what_is_right_is_left_alone() {
    for text in [
        "sum by (instance) (rate(websocket_decode_errors_total{error_type=\"buffer_underflow\"}[5m]))",
        "websocket_dlq_send_failures_total{reason=~\"timeout|backpressure\", job=\"dashstream\"} > 0",
        "histogram_quantile(0.99, sum by (le) (rate(websocket_e2e_latency_ms_bucket{le!=\"+Inf\"}[5m])))",
        "up{job=\"dashstream\"} == 1 unless on (job, instance) websocket_uptime_seconds",
        "node_load1 or node_load5",
        "node_load1 or node_load5 * 10 unless up * 0",
        "count({__name__=~\"websocket_uptime_seconds|dashstream_runs\"})",
        "websocket_kafka_consumer_lag{partition=\"3\"}",
        "vector(1) # or vector(0)",
        "label_replace(up, \"a\", \"or vector(0)\", \"\", \"\")",
        "sum by (cause) (dashstream_unprocessable_total) - on (cause) sum by (cause) (dashstream_unprocessable_pending)",
        "sum by (zone) (node_load1 * on (instance) group_left websocket_uptime_seconds)",
        "sum by ($by) (websocket_uptime_seconds)",
        "count by (a) (label_replace(websocket_uptime_seconds, \"a\", \"b\", \"\", \"\"))",
        "sum by (le, stage) (rate(websocket_e2e_latency_ms_bucket[5m] offset 1h)) > bool 1e3",
    ] {
        assert_eq!(problems(text), [], "{text}");
    }
}

#[test]
fn unknown_metrics_labels_and_values_are_found() {
    assert_eq!(
        problems("rate(websocket_decode_error_total[5m])"),
        [Problem::UnknownMetric {
            line: 1,
            name: "websocket_decode_error_total".into()
        }]
    );
    assert_eq!(
        problems("websocket_e2e_latency_ms"),
        [Problem::UnknownMetric {
            line: 1,
            name: "websocket_e2e_latency_ms".into()
        }],
        "a histogram has no sample of its bare name"
    );
    assert_eq!(
        problems("websocket_uptime_seconds{thread_id=\"x\"}"),
        [Problem::UnknownLabel {
            line: 1,
            metric: "websocket_uptime_seconds",
            label: "thread_id".into()
        }]
    );
    assert_eq!(
        problems("websocket_dlq_send_failures_total{reason=~\"timeout|init\"}"),
        [Problem::UnknownValue {
            line: 1,
            metric: "websocket_dlq_send_failures_total",
            label: "reason".into(),
            value: "init".into()
        }]
    );
}

#[test]
fn a_typo_in_a_matcher_on_the_name_is_found() {
    for text in [
        "{__name__=\"websocket_uptime_second\"}",
        "count({job=\"a\", __name__=~\"up|websocket_uptime_second\"})",
    ] {
        let name = "websocket_uptime_second".into();
        assert_eq!(problems(text), [Problem::UnknownMetric { line: 1, name }]);
    }
}

#[test]
fn labels_to_group_and_match_by_must_exist() {
    for (text, metric, label) in [
        (
            "sum by (error_kind) (rate(websocket_decode_errors_total[5m]))",
            "websocket_decode_errors_total",
            "error_kind",
        ),
        (
            "sum(websocket_kafka_consumer_lag) without(topic)",
            "websocket_kafka_consumer_lag",
            "topic",
        ),
        (
            "up == 1 unless on (job, thread) websocket_uptime_seconds{job=\"a\"}",
            "websocket_uptime_seconds",
            "thread",
        ),
        (
            "max by (instance, le) (websocket_uptime_seconds)",
            "websocket_uptime_seconds",
            "le",
        ),
    ] {
        let label = label.into();
        assert_eq!(
            problems(text),
            [Problem::UnknownLabel {
                line: 1,
                metric,
                label
            }],
            "{text}"
        );
    }
}

#[test]
fn every_spelling_of_masking_is_found() {
    for text in [
        "websocket_uptime_seconds or vector(0)",
        "sum(websocket_uptime_seconds) or\n  vector(100)",
        "websocket_uptime_seconds or on() vector(0)",
        "websocket_uptime_seconds or ignoring (job) (vector(0))",
        "websocket_uptime_seconds or ((vector(0)))",
        "websocket_uptime_seconds or up * 0",
        "websocket_uptime_seconds or (0 * up)",
        "websocket_uptime_seconds or label_replace(vector(0), \"a\", \"b\", \"\", \"\")",
        "websocket_uptime_seconds or (up * 0.0 unless node_load1)",
        "websocket_uptime_seconds or up * (0)",
        "websocket_uptime_seconds or (-0) * up{job=\"a\"}",
        "websocket_uptime_seconds or 0x0 * up",
        "websocket_uptime_seconds or up",
        "websocket_uptime_seconds or sum(up) - sum(up)",
        "websocket_uptime_seconds or (up > bool 2)",
        "websocket_uptime_seconds or clamp_max(node_load1{a=\"b\"}, 0)",
        "websocket_uptime_seconds or absent(websocket_uptime_seconds) - 1",
        "websocket_uptime_seconds or 1 - absent(websocket_uptime_seconds{job=~\"a|b\"})",
        "websocket_uptime_seconds or absent_over_time(websocket_uptime_seconds[5m]) * 7",
    ] {
        assert_eq!(problems(text), [Problem::Masking { line: 1 }], "{text}");
    }
}

#[test]
fn what_says_that_it_is_missing_or_is_there_only_sometimes_is_no_mask() {
    for text in [
        "websocket_uptime_seconds > 1 or absent(websocket_uptime_seconds)",
        "websocket_uptime_seconds or up == 0",
        "websocket_uptime_seconds or (time() - node_boot_time_seconds > 60)",
        "websocket_uptime_seconds or websocket_uptime_seconds offset 5m",
        "websocket_uptime_seconds or sum(websocket_uptime_seconds) / 2",
        "websocket_uptime_seconds or an_older_name_of_it",
    ] {
        assert_eq!(problems(text), [], "{text}");
    }
}

#[test]
fn expressions_are_read_from_both_formats() {
    let yaml = "groups:\n  - rules:\n      - alert: A\n        expr: up == 0\n      - expr: 'a{b=\"c\"} or ''d'''\n        for: 1m\n      - expr: |\n          sum(x)\n            or vector(0)\n        for: 1m\n";
    assert_eq!(
        expressions(yaml),
        [
            (4, "up == 0".into()),
            (5, "a{b=\"c\"} or 'd'".into()),
            (7, "sum(x)\nor vector(0)".to_owned()),
        ]
    );
    let json = r#"{"targets": [{"expr": "a{b=\"c\"}"}, {"expr":"d\nor vector(0)"}]}"#;
    let texts = ["a{b=\"c\"}", "d\nor vector(0)"].map(|text| (1, text.to_owned()));
    assert_eq!(expressions(json), texts);
}

#[test]
fn a_metric_that_nobody_mentions_is_unwatched_and_the_generated_files_leave_none() {
    assert!(unwatched(&families(), &[]).len() > 20);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/artefacts");
    let read = |file| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    for file in ["alerts.yml", "dashboard.json"] {
        let all = expressions(&read(file));
        assert!(all.len() > 60, "{file}");
        assert_eq!(
            all.iter()
                .flat_map(|(line, text)| check(&families(), *line, text))
                .collect::<Vec<_>>(),
            []
        );
        assert_eq!(unwatched(&families(), &all), [], "{file}");
        let without: Vec<_> = all
            .into_iter()
            .filter(|(_, text)| !text.contains("websocket_dlq_sends_total"))
            .collect();
        assert_eq!(
            unwatched(&families(), &without),
            [Problem::Unwatched {
                metric: "websocket_dlq_sends_total"
            }]
        );
    }
}

#[test]
fn no_text_makes_it_panic() {
    for text in [
        "",
        "\"",
        "{",
        "}",
        "é\"é",
        "or",
        "or on(",
        "websocket_uptime_seconds{",
        "'\\",
        "#",
    ] {
        let _ = problems(text);
        let _ = expressions(&format!("expr: {text}\n\"expr\": \"{text}"));
    }
}
