//! The health document: the fields of existing consumers, ours beside them, and reading both.
#![cfg(feature = "serde")]
#![cfg_attr(
    feature = "serde",
    expect(
        clippy::arithmetic_side_effects,
        clippy::unwrap_used,
        reason = "a test draws its input, and fails by panicking"
    )
)]

#[path = "props/document.rs"]
mod props;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use dashstream::metrics::Level;
use dashstream::policy::{Breaker, Cause};
use dashstream::{
    BreakerFacts, Buckets, Document, Facts, Gates, HealthPolicy, Metrics, Options, Outcome,
    PartitionFacts, PartitionState, Refusal, ReplayBufferFacts, Status, UnownedFacts, judge,
};
use dashstream_testkit::{stack, vectors};
use serde_json::{Value, json};

fn document() -> Document {
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    let now = Duration::from_secs(50);
    metrics.observe(now, Facts::default());
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
    let mut facts = Facts::default();
    facts.connected_clients = 2;
    facts.breaker = Some(BreakerFacts::new(Breaker::Closed, now));
    facts.replay_buffer = Some(ReplayBufferFacts::default());
    let mut partition = PartitionFacts::new(1, PartitionState::PausedByPolicy, now);
    partition.held_at = Some(77);
    partition.held_cause = Some(Cause::DecodeError);
    facts.partitions.push(partition);
    let snapshot = metrics.observe(now, facts);
    let later = now + Duration::from_millis(500);
    let verdict = judge(later, &snapshot, &HealthPolicy::default(), Gates::default());
    Document::new(later, &snapshot, &verdict)
}

fn value(document: &Document) -> Value {
    serde_json::to_value(document).unwrap()
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
    let ours = value(&document());
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
        let snapshot = metrics.observe(now, Facts::default());
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), Gates::default());
        let document = Document::new(now, &snapshot, &verdict);
        (
            document.kafka_status,
            document.websocket_status,
            document.alert,
        )
    };
    assert_eq!(
        at(0),
        ("waiting_for_messages".into(), "no_clients".into(), None)
    );
    metrics.record(Duration::ZERO, Outcome::Processed);
    assert_eq!(at(60), ("connected".into(), "no_clients".into(), None));
    assert_eq!(
        at(61),
        ("no_recent_messages".into(), "no_clients".into(), None)
    );
}

#[test]
fn a_reason_carries_every_number_that_caused_it() {
    let ours = value(&document());
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
    let ours = value(&document());
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
fn a_document_of_ours_survives_writing_and_reading() {
    let document = document();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
    assert_eq!(
        document.disjoint().sum(),
        document.metrics.kafka_messages_received
    );
}

#[test]
fn a_document_of_an_existing_consumer_is_read_and_nothing_of_it_is_lost() {
    let document: Document = serde_json::from_value(existing()).unwrap();
    assert_eq!(document.status, Status::Degraded.as_str());
    assert_eq!(document.verdict, None, "absent is not pass");
    assert_eq!(
        document.metrics.payload_missing_last_120s, None,
        "absent is not zero"
    );
    assert_eq!(value(&document), existing());
}

#[test]
fn overlapping_counts_are_read_into_disjoint_buckets_never_below_zero() {
    let mut theirs = existing();
    let document: Document = serde_json::from_value(theirs.clone()).unwrap();
    let expected = Buckets {
        received: 1000,
        processed: 1000 - 60 - 5 - 7,
        ignored: 0,
        decode_errors: 60,
        old_data_errors: 5,
        payload_missing: 7,
        other_errors: 0,
        other: BTreeMap::new(),
    };
    assert_eq!(document.disjoint(), expected);
    assert_eq!(expected.sum(), 1000);

    // Counters that were read at different moments: fewer errors than decode errors.
    theirs["metrics"]["kafka_errors"] = json!(58);
    let document: Document = serde_json::from_value(theirs.clone()).unwrap();
    assert_eq!(document.disjoint(), expected);

    theirs["metrics"]["kafka_errors"] = json!(70);
    let document: Document = serde_json::from_value(theirs.clone()).unwrap();
    let buckets = document.disjoint();
    assert_eq!((buckets.other_errors, buckets.sum()), (10, 1000));

    theirs["metrics"]["kafka_messages_received"] = json!(3);
    let document: Document = serde_json::from_value(theirs).unwrap();
    assert_eq!(document.disjoint().processed, 0);
}

#[test]
fn words_and_fields_of_a_later_version_are_kept() {
    let mut theirs = existing();
    theirs["status"] = json!("hibernating");
    theirs["moon_phase"] = json!({"name": "full"});
    let document: Document = serde_json::from_value(theirs.clone()).unwrap();
    assert_eq!(Status::LABEL.value(&document.status), None);
    assert_eq!(document.status, "hibernating");
    assert_eq!(value(&document), theirs);
}

#[test]
fn a_later_field_of_any_object_is_kept_in_its_place() {
    for mut theirs in [value(&document()), existing()] {
        let objects = add_a_field(&mut theirs);
        assert!(objects >= 3, "{objects}");
        let document: Document = serde_json::from_value(theirs.clone()).unwrap();
        assert_eq!(value(&document), theirs);
        let later = BTreeMap::from([("a_later_field".to_owned(), json!(7))]);
        assert_eq!(document.metrics.other, later);
        assert!(!document.other.is_empty());
    }
}

/// Adds a field to every object, and says how many there were.
fn add_a_field(value: &mut Value) -> usize {
    match value {
        Value::Object(object) => {
            let inside: usize = object.values_mut().map(add_a_field).sum();
            object.insert("a_later_field".into(), json!(7));
            inside + 1
        }
        Value::Array(items) => items.iter_mut().map(add_a_field).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[test]
fn every_seed_of_documents_is_read_without_loss_on_a_small_stack() {
    for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/corpus/metrics_document")
    {
        let text = String::from_utf8(bytes).expect(&name);
        stack::small(move || props::nothing_is_lost(&text));
    }
}

#[test]
fn a_document_that_lacks_a_field_of_existing_consumers_is_an_error_not_a_zero() {
    for field in existing()["metrics"].as_object().unwrap().keys() {
        let mut theirs = existing();
        theirs["metrics"].as_object_mut().unwrap().remove(field);
        let read = serde_json::from_value::<Document>(theirs);
        let may_be_absent = field.ends_with("ago_seconds");
        assert_eq!(read.is_ok(), may_be_absent, "{field}");
    }
}

#[test]
fn the_broker_part_says_what_is_refused_and_the_archive_part_agrees_with_itself() {
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    let now = Duration::from_secs(900);
    let mut facts = Facts::default();
    let ours = |facts: &Facts| {
        let snapshot = metrics.observe(now, facts.clone());
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), Gates::default());
        value(&Document::new(now, &snapshot, &verdict))
    };
    let quiet = json!({
        "unreachable_seconds": null, "refusal": null, "refusal_seconds": null, "unowned_records": 0
    });
    assert_eq!(ours(&facts)["broker"], quiet);

    facts.broker_unreachable_since = Some(Duration::from_secs(890));
    facts.broker_refusal = Some(Refusal::new(Duration::from_secs(899), "no right"));
    facts.unowned = Some(UnownedFacts::new(Duration::from_secs(880), 2, 40));
    facts.archive.pending = 1;
    facts.archive.oldest_pending_since = Some(Duration::from_secs(99));
    let shown = ours(&facts);
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
    let ours = value(&document());
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
