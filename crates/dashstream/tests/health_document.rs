//! The health document: the fields of existing consumers, and ours beside them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use core::time::Duration;
use std::collections::BTreeSet;

use dashstream::metrics::Level;
use dashstream::policy::{Breaker, Cause};
use dashstream::{
    BreakerObservation, BrokerRefusal, Gates, HealthPolicy, Metrics, Observation, Options, Outcome,
    PartitionObservation, PartitionState, ReplayBufferObservation, UnownedPartitions,
    health_document, judge,
};
use serde_json::{Value, json};

fn document() -> Value {
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    let now = Duration::from_secs(50);
    metrics.observe(now, Observation::default());
    for n in 0..100 {
        let outcome = match n % 10 {
            0 => Outcome::Unprocessable(Cause::DecodeError),
            1 => Outcome::Unprocessable(Cause::NullPayload),
            2 => Outcome::OldData(Cause::Oversize),
            3 => Outcome::Ignored,
            _ => Outcome::Processed,
        };
        metrics.record(now, outcome);
    }
    let mut observed = Observation::default();
    observed.connected_clients = 2;
    observed.breaker = Some(BreakerObservation::new(Breaker::Closed, now));
    observed.replay_buffer = Some(ReplayBufferObservation::default());
    let mut partition = PartitionObservation::new(1, PartitionState::PausedByPolicy, now);
    partition.held_at = Some(77);
    partition.held_cause = Some(Cause::DecodeError);
    observed.partitions.push(partition);
    let snapshot = metrics.observe(now, observed);
    let later = Duration::from_millis(50_500);
    let verdict = judge(later, &snapshot, &HealthPolicy::default(), Gates::default());
    health_document(later, &snapshot, &verdict)
}

/// The document at HEAD of existing consumers, all fields, with the numbers of a bad day.
fn existing() -> Value {
    json!({
        "status": "degraded",
        "metrics": {
            "kafka_messages_received": 1000,
            "kafka_errors": 60,
            "infrastructure_errors": 2,
            "connected_clients": 3,
            "uptime_seconds": 3600,
            "last_kafka_message_ago_seconds": 1,
            "dropped_messages": 0,
            "dropped_messages_last_120s": 0,
            "last_drop_ago_seconds": null,
            "last_infrastructure_error_ago_seconds": 600,
            "decode_errors": 60,
            "old_data_decode_errors": 5,
            "payload_missing": 7,
            "decode_errors_last_120s": 60,
            "messages_last_120s": 100,
            "send_failed": 0,
            "send_timeout": 1,
            "send_failed_last_120s": 0,
            "send_timeout_last_120s": 0
        },
        "replay_buffer": {
            "redis_enabled": true,
            "memory_hits": 1,
            "redis_hits": 2,
            "redis_misses": 3,
            "redis_write_dropped": 0,
            "redis_write_failures": 0,
            "memory_buffer_size": 10,
            "max_memory_size": 1000,
            "redis_message_ttl_secs": 3600,
            "redis_max_sequences": 10000
        },
        "kafka_status": "connected",
        "websocket_status": "3_clients_connected",
        "alert": "CRITICAL",
        "circuit_breaker": {
            "state": "degraded",
            "degraded_duration_seconds": 30,
            "time_until_restart_seconds": null
        }
    })
}

#[test]
fn every_field_of_existing_consumers_is_there_under_its_name() {
    let ours = document();
    let theirs = existing();
    for part in ["metrics", "replay_buffer"] {
        for field in theirs[part].as_object().unwrap().keys() {
            assert!(ours[part].get(field).is_some(), "{part}.{field}");
        }
    }
    for field in ["status", "kafka_status", "websocket_status", "alert"] {
        assert!(ours.get(field).is_some(), "{field}");
    }
    assert_eq!(ours["status"], "degraded");
    assert_eq!(ours["kafka_status"], "connected");
    assert_eq!(ours["websocket_status"], "2_clients_connected");
    assert_eq!(ours["metrics"]["payload_missing_last_120s"], 10);
    assert_eq!(ours["metrics"]["messages_last_120s"], 100);
    assert_eq!(ours["metrics"]["last_drop_ago_seconds"], Value::Null);
    assert_eq!(ours["snapshot_age_seconds"], 0.5);
}

#[test]
fn the_words_of_the_broker_and_client_status_are_those_of_existing_consumers() {
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    let at = |seconds| {
        let now = Duration::from_secs(seconds);
        let snapshot = metrics.observe(now, Observation::default());
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), Gates::default());
        let document = health_document(now, &snapshot, &verdict);
        assert_eq!(document["websocket_status"], "no_clients");
        assert_eq!(document.get("alert"), None);
        document["kafka_status"].clone()
    };
    assert_eq!(at(0), "waiting_for_messages");
    metrics.record(Duration::ZERO, Outcome::Processed);
    assert_eq!(at(60), "connected");
    assert_eq!(at(61), "no_recent_messages");
}

#[test]
fn a_reason_carries_every_number_that_caused_it() {
    let ours = document();
    let reasons = ours["reasons"].as_array().unwrap();
    let decode = reasons
        .iter()
        .find(|reason| reason["code"] == "decode_errors")
        .unwrap();
    assert_eq!((&decode["k"], &decode["n"]), (&json!(10), &json!(90)));
    assert_eq!(decode["threshold"], 0.01);
    assert_eq!(decode["window_seconds"], 120);
    assert_eq!(decode["covered_seconds"], 50.0);
    assert!(decode["lower"].as_f64().unwrap() > 0.01);
    assert!(decode["upper"].as_f64().unwrap() > decode["lower"].as_f64().unwrap());
    assert!(
        decode["message"]
            .as_str()
            .unwrap()
            .starts_with("decode_errors: 10 of 90 in 50 s")
    );
    let held = reasons
        .iter()
        .find(|reason| reason["code"] == "partition_held")
        .unwrap();
    assert_eq!(
        (&held["partition"], &held["offset"]),
        (&json!(1), &json!(77))
    );
    assert!(
        reasons
            .iter()
            .any(|reason| reason["code"] == "payload_missing")
    );
}

#[test]
fn the_catalogues_health_column_names_fields_that_are_there() {
    let ours = document();
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    for metric in metrics.catalogue().families() {
        let Some(path) = metric.health else { continue };
        let mut places = vec![&ours];
        for step in path.split('.') {
            places = places
                .into_iter()
                .flat_map(|place| match place {
                    Value::Array(items) => items.iter().collect(),
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Object(_) => vec![place],
                })
                .filter_map(|place| {
                    // Windows are two objects of the same shape.
                    place.get(step).or_else(|| place.get("short")?.get(step))
                })
                .collect();
        }
        assert!(!places.is_empty(), "{}: no field {path}", metric.name);
    }
}

#[test]
fn the_buckets_are_disjoint_and_sum_to_the_records_received() {
    let ours = document();
    let buckets = ours["buckets"].as_object().unwrap();
    let parts = buckets.iter().filter(|(name, _)| *name != "received");
    let sum: u64 = parts.map(|(_, n)| n.as_u64().unwrap()).sum();
    assert_eq!(sum, 100);
    assert_eq!(ours["buckets"]["received"], 100);
    assert_eq!(ours["metrics"]["kafka_messages_received"], 100);
}

#[test]
fn the_broker_part_says_what_is_refused_and_the_archive_part_agrees_with_itself() {
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    let now = Duration::from_secs(900);
    let mut observed = Observation::default();
    let ours = |observed: &Observation| {
        let snapshot = metrics.observe(now, observed.clone());
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), Gates::default());
        health_document(now, &snapshot, &verdict)
    };
    let quiet = json!({
        "unreachable_seconds": null, "refusal": null, "refusal_seconds": null, "unowned_records": 0
    });
    assert_eq!(ours(&observed)["broker"], quiet);

    observed.broker_unreachable_since = Some(Duration::from_secs(890));
    observed.broker_refusal = Some(BrokerRefusal::new(Duration::from_secs(899), "no right"));
    observed.unowned = Some(UnownedPartitions::new(Duration::from_secs(880), 2, 40));
    observed.archive.pending = 1;
    observed.archive.oldest_pending_since = Some(Duration::from_secs(99));
    let shown = ours(&observed);
    assert_eq!(
        shown["broker"],
        json!({
            "unreachable_seconds": 10, "refusal": "no right", "refusal_seconds": 1,
            "unowned_records": 40
        })
    );
    let archive = &shown["archive"];
    assert_eq!(
        (&archive["pending"], &archive["oldest_pending_seconds"]),
        (&json!(1), &json!(801))
    );
    let messages: Vec<_> = shown["reasons"].as_array().unwrap().iter().collect();
    let said = |code: &str| {
        let reason = messages.iter().find(|reason| reason["code"] == code);
        reason.unwrap()["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(said("broker_refusal"), "broker_refusal: no right, for 1 s");
    assert_eq!(
        said("partitions_unowned"),
        "partitions_unowned: 40 records wait in 2 partitions for 20 s with 60 s allowed"
    );
    assert_eq!(
        said("broker_unreachable"),
        "broker_unreachable: 10 s ago with 60 s allowed"
    );
}

#[test]
fn the_levels_and_codes_are_the_documented_words() {
    let ours = document();
    assert_eq!(ours["verdict"], Level::Fail.as_str());
    let codes: BTreeSet<_> = ours["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "decode_errors",
        "old_data_errors",
        "partition_held",
        "payload_missing",
    ];
    let expected = expected.map(String::from);
    assert_eq!(codes, BTreeSet::from(expected));
}
