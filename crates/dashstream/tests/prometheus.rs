//! The catalogue in a caller's `prometheus::Registry`: all of it, or no handle.
#![cfg_attr(
    feature = "prometheus",
    expect(clippy::unwrap_used, reason = "a test fails by panicking")
)]
#![cfg(feature = "prometheus")]

use core::time::Duration;

use dashstream::metrics::{Family, Format, MetricKind, RegisterError, ScrapeDifference, compare};
use dashstream::policy::Cause;
use dashstream::{Metrics, Observation, Options, Outcome};
use prometheus::{
    Encoder, IntCounter, IntCounterVec, Opts, Registry, TextEncoder, core::Collector,
};

const NOW: Duration = Duration::from_secs(9);

fn page(registry: &Registry) -> String {
    let mut bytes = Vec::new();
    TextEncoder::new()
        .encode(&registry.gather(), &mut bytes)
        .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn families() -> Vec<Family> {
    let metrics = Metrics::register(Options::default(), NOW).unwrap();
    metrics.catalogue().families().to_vec()
}

#[test]
fn the_registry_shows_the_same_series_as_our_own_exposition() {
    let registry = Registry::new();
    let metrics = Metrics::register_in(&registry, Options::default(), NOW).unwrap();
    metrics.record(NOW, Outcome::Unprocessable(Cause::Truncated));
    metrics.latency(NOW, 120_000);
    let snapshot = metrics.observe(NOW, Observation::default());
    let theirs = page(&registry);
    let differences = compare(&theirs, &families(), &[]);
    // A family without a sample is left out by this encoder: those of partitions, before any.
    let unassigned: Vec<_> = families()
        .iter()
        .filter(|metric| metric.labels.iter().any(|label| label.name == "partition"))
        .map(|metric| ScrapeDifference::MissingMetric { name: metric.name })
        .collect();
    assert_eq!(differences, unassigned);
    let lines = |page: &str| -> Vec<String> {
        let mut lines: Vec<_> = page
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(
        lines(&theirs),
        lines(&metrics.page(&snapshot, Format::Text))
    );
}

#[test]
fn a_registry_that_holds_any_of_the_names_leaves_no_handle_and_names_both() {
    let all = families();
    for metric in &all {
        // A counter that shows a sample, one with other labels, and a family that shows nothing yet.
        let opts = || Opts::new(metric.name, "somebody else's");
        let others: [Box<dyn Collector>; 3] = [
            Box::new(IntCounter::with_opts(opts()).unwrap()),
            Box::new(IntCounterVec::new(opts(), &["other"]).unwrap()),
            Box::new(untouched(metric)),
        ];
        for other in others {
            let registry = Registry::new();
            registry.register(other).unwrap();
            let error = Metrics::register_in(&registry, Options::default(), NOW).unwrap_err();
            assert_eq!(
                error,
                RegisterError::NameTaken {
                    ours: metric.name,
                    theirs: metric.name.into()
                }
            );
            let page = page(&registry);
            let exported = all.iter().filter(|other| other.name != metric.name);
            for name in exported.map(|other| other.name) {
                assert!(
                    !page.contains(&format!("{name} ")),
                    "{name} must not be exported"
                );
            }
        }
    }
}

/// The same name, help and labels as ours, so that only the identity is a conflict.
fn untouched(metric: &Family) -> IntCounterVec {
    let labels: Vec<_> = metric.labels.iter().map(|label| label.name).collect();
    IntCounterVec::new(Opts::new(metric.name, metric.help), &labels).unwrap()
}

#[test]
fn a_sample_that_collides_with_a_histogram_is_found() {
    for metric in families()
        .iter()
        .filter(|metric| metric.kind == MetricKind::Histogram)
    {
        let registry = Registry::new();
        let name = format!("{}_count", metric.name);
        registry
            .register(Box::new(
                IntCounter::new(name.clone(), "a counter").unwrap(),
            ))
            .unwrap();
        assert_eq!(
            Metrics::register_in(&registry, Options::default(), NOW).unwrap_err(),
            RegisterError::NameTaken {
                ours: metric.name,
                theirs: name.into()
            }
        );
    }
}

#[test]
fn a_second_registration_is_refused_and_the_first_keeps_counting() {
    let registry = Registry::new();
    let metrics = Metrics::register_in(&registry, Options::default(), NOW).unwrap();
    assert!(Metrics::register_in(&registry, Options::default(), NOW).is_err());
    metrics.record(NOW, Outcome::Processed);
    metrics.observe(NOW, Observation::default());
    assert!(page(&registry).contains("websocket_kafka_messages_total{status=\"success\"} 1\n"));
}
