//! What others rely on stays as it is: series, words, and the keys of the health document.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use dashstream::metrics::Family;
use dashstream::{
    BREAKER, CAUSE, DISPOSITION, DLQ_FAILURE, DROP_REASON, LATENCY_STAGE, Metrics, Options,
    RESYNC_REASON,
};
use dashstream_testkit::frozen::{Frozen, check, names};

fn file<'a>(file: &'a str, about: &'a str) -> Frozen<'a> {
    Frozen {
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        file,
        about,
        test: "-p dashstream frozen",
    }
}

#[test]
fn the_words_of_labels_and_the_codes_of_errors_are_frozen() {
    let own = env!("CARGO_MANIFEST_DIR");
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../dashstream-metrics");
    let mut lines = names(own, &["code", "as_str"]);
    lines.extend(names(library, &["code", "as_str"]));
    // The words of the policy and of the reducer that are labels here, and labels with one value.
    let words = |of: &str, texts: Vec<&str>| -> Vec<String> {
        let line = |text: &&str| format!("{text} # {of}");
        texts.iter().map(line).collect()
    };
    lines.extend(words("Cause", CAUSE.texts()));
    lines.extend(words("Disposition", DISPOSITION.texts()));
    lines.extend(words("FailureReason", DLQ_FAILURE.texts()));
    lines.extend(words("Breaker", BREAKER.texts()));
    lines.extend(words("ResyncReason", RESYNC_REASON.texts()));
    lines.extend(words("DROP_REASON", DROP_REASON.texts()));
    lines.extend(words("LATENCY_STAGE", LATENCY_STAGE.texts()));
    lines.sort();
    check(
        &file(
            "tests/frozen/names.txt",
            "Label values, words and reason codes of /health, and the codes of errors.",
        ),
        &lines,
    );
}

#[test]
fn every_series_of_the_catalogue_is_frozen() {
    let metrics = Metrics::register(Options::default(), core::time::Duration::ZERO).unwrap();
    let families = metrics.catalogue().families();
    // The version is a value of its own at each release.
    let families = families
        .iter()
        .filter(|family| family.name != "dashstream_build_info");
    let lines: Vec<_> = families.flat_map(series).collect();
    check(
        &file(
            "tests/frozen/series.txt",
            "Metrics with their kind, their labels and their values, and the buckets of histograms.",
        ),
        &lines,
    );
}

/// The metric with the names of its labels, which cannot grow; then its values and buckets, which can.
fn series(metric: &Family) -> Vec<String> {
    let name = metric.name;
    let labels: Vec<_> = metric.labels.iter().map(|label| label.name).collect();
    let mut lines = vec![format!(
        "{} {name}{{{}}}",
        metric.kind.as_str(),
        labels.join(",")
    )];
    for label in &metric.labels {
        match &label.values {
            Some(values) => {
                let values = values.iter();
                lines.extend(values.map(|value| format!("{name} {}={value}", label.name)));
            }
            None => lines.push(format!("{name} {}=<number>", label.name)),
        }
    }
    let buckets = metric
        .buckets
        .map(|buckets| buckets.texts())
        .unwrap_or_default();
    lines.extend(buckets.iter().map(|le| format!("{name} le={le}")));
    lines
}

mod health {
    use core::time::Duration;
    use std::collections::BTreeSet;

    use dashstream::policy::{Breaker, Cause, FailureReason};
    use dashstream::{
        BreakerObservation, BrokerRefusal, ErrorType, Gates, HealthPolicy, InfrastructureError,
        Metrics, Observation, Options, Outcome, PartitionObservation, PartitionState,
        ReplayBufferObservation, health_document, judge,
    };
    use dashstream_testkit::frozen::check;
    use serde_json::{Value, json};

    use super::file;

    #[test]
    fn every_key_of_health_and_the_type_of_its_values_is_frozen() {
        let mut lines = BTreeSet::new();
        // Ours has none; an existing consumer's document has it, and readers must pass over it.
        let restarts = json!({ "circuit_breaker": {
            "state": "degraded",
            "degraded_duration_seconds": 30,
            "time_until_restart_seconds": 30,
        }});
        for document in [idle(), busy(), restarts] {
            keys("", &document, &mut lines);
        }
        let lines: Vec<_> = lines.into_iter().collect();
        check(
            &file(
                "tests/frozen/health.txt",
                "The keys of the health document, each with the types of its values.",
            ),
            &lines,
        );
    }

    fn keys(path: &str, value: &Value, lines: &mut BTreeSet<String>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                for item in items {
                    keys(&format!("{path}[]"), item, lines);
                }
                return;
            }
            Value::Object(fields) => {
                for (key, value) in fields {
                    let dot = if path.is_empty() { "" } else { "." };
                    keys(&format!("{path}{dot}{key}"), value, lines);
                }
                return;
            }
        };
        lines.insert(format!("{path} {kind}"));
    }

    /// As of a start: what has never happened is null.
    fn idle() -> Value {
        document(Duration::from_secs(700), |_, _| {})
    }

    /// Everything that can be there is there.
    fn busy() -> Value {
        let now = Duration::from_secs(50);
        document(now, |metrics, observed| {
            for _ in 0..100 {
                metrics.record(now, Outcome::Unprocessable(Cause::DecodeError));
            }
            metrics.clients().unwrap().lagged(now, 5);
            metrics.dead_letter_acknowledged(now, ErrorType::InvalidProtobuf);
            metrics.dead_letter_failed(now, FailureReason::Timeout);
            metrics.infrastructure_error(now, InfrastructureError::BrokerDown);
            let mut held = PartitionObservation::new(1, PartitionState::PausedByPolicy, now);
            held.held_at = Some(77);
            held.held_cause = Some(Cause::DecodeError);
            held.lag = Some(3);
            held.offset_moved_at = Some(now);
            observed.partitions.push(held);
            observed
                .partitions
                .push(PartitionObservation::new(2, PartitionState::Stalled, now));
            observed.archive.oldest_pending_since = Some(now);
            observed.breaker = Some(BreakerObservation::new(Breaker::Open, now));
            observed.broker_unreachable_since = Some(now);
            observed.broker_refusal = Some(BrokerRefusal::new(now, "no right on the group"));
            observed.replay_buffer = Some(ReplayBufferObservation::default());
            observed.self_scrape = Some(2);
        })
    }

    fn document(now: Duration, happen: impl FnOnce(&Metrics, &mut Observation)) -> Value {
        let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
        let mut observed = Observation::default();
        happen(&metrics, &mut observed);
        let snapshot = metrics.observe(now, observed);
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), Gates::default());
        health_document(now, &snapshot, &verdict)
    }
}
