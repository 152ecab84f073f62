//! What others rely on stays as it is: the words of labels and errors, and the keys of dead letters.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_dlq::{DeadLetter, Disclosure, LETTER_BYTES_DEFAULT, LetterFormat, RejectedRecord};
use dashstream_policy::{Backlog, Cause, Form};
use dashstream_testkit::frozen::{Frozen, check, names};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn file<'a>(file: &'a str, about: &'a str) -> Frozen<'a> {
    Frozen {
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        file,
        about,
        test: "-p dashstream-dlq frozen",
    }
}

#[test]
fn the_labels_and_the_codes_of_errors_are_frozen() {
    check(
        &file(
            "tests/frozen/names.txt",
            "The words of disclosures, and the codes of errors.",
        ),
        &names(env!("CARGO_MANIFEST_DIR"), &["code", "label"]),
    );
}

/// Holds a letter with 40 bytes and cuts one with 4,000.
const BUDGET: usize = 2_500;
const TRACE: &str = "0192d5a0-0000-4000-8000-000000000001";

#[test]
fn every_key_and_value_of_a_letter_is_frozen() {
    let payload: Vec<u8> = (0..40).collect();
    let long = vec![0xA5; 4_000];
    let written = [
        ("full", letter(Some(&payload), Form::Full, Disclosure::Full)),
        (
            "truncated",
            letter(Some(&payload), Form::Full, Disclosure::Truncated),
        ),
        (
            "hashed",
            letter(Some(&payload), Form::Full, Disclosure::Hashed),
        ),
        (
            "nothing",
            letter(Some(&payload), Form::Full, Disclosure::Nothing),
        ),
        ("cut", letter(Some(&long), Form::Full, Disclosure::Full)),
        (
            "reduced",
            letter(Some(&payload), Form::Reduced, Disclosure::Full),
        ),
        ("null", letter(None, Form::Full, Disclosure::Full)),
    ];
    let mut lines = Vec::new();
    for (name, letter) in written {
        for (key, value) in letter.as_object().expect("an object") {
            let shown = match key.as_str() {
                "engine_version" => "its version".to_owned(),
                "error" | "payload_truncation_note" if value.is_string() => "words".to_owned(),
                // How much fits depends on the length of both.
                "original_payload_base64" | "original_payload_included_bytes" if name == "cut" => {
                    "the beginning".to_owned()
                }
                _ => value.to_string(),
            };
            lines.push(format!("{name} {key} {shown}"));
        }
    }
    check(
        &file(
            "tests/frozen/letters.txt",
            "Dead letters as they are written: every key with its value, in each disclosure.",
        ),
        &lines,
    );
}

fn letter(payload: Option<&[u8]>, form: Form, disclosure: Disclosure) -> Value {
    let at = Duration::from_micros(1_700_000_000_123_456);
    let mut record = RejectedRecord::new("topic", 3, 42, payload, Cause::DecodeError, at, TRACE);
    (record.attempt, record.assignment, record.backlog) = (2, 7, Backlog::Old);
    (record.consumer_id, record.message_count) = ("consumer", 99);
    record.timestamp_ms = Some(1_700_000_000_000);
    (record.thread_id, record.tenant_id) = (Some("thread"), Some("tenant"));
    record.node_id = Some("node");
    (record.parent_trace_id, record.span_id) = (Some("parent"), Some("span"));
    let encoded = record
        .encode(LetterFormat::Versioned, disclosure, form, BUDGET)
        .expect("it fits");
    assert_eq!(encoded.key(), Some(TRACE.as_bytes()));
    serde_json::from_slice(encoded.value().expect("JSON")).expect("JSON")
}

#[test]
fn every_header_of_a_letter_that_is_the_record_is_frozen() {
    let payload: Vec<u8> = (0..40).collect();
    let at = Duration::from_micros(1_700_000_000_123_456);
    let mut lines = Vec::new();
    for (name, payload, disclosure, form) in [
        ("full", Some(&*payload), Disclosure::Full, Form::Full),
        ("reduced", Some(&*payload), Disclosure::Full, Form::Reduced),
        ("hashed", Some(&*payload), Disclosure::Hashed, Form::Full),
        ("nothing", Some(&*payload), Disclosure::Nothing, Form::Full),
        ("null", None, Disclosure::Full, Form::Full),
    ] {
        let cause = Cause::DecodeError;
        let mut record = RejectedRecord::new("topic", 3, 42, payload, cause, at, TRACE);
        (record.attempt, record.assignment, record.backlog) = (2, 7, Backlog::Old);
        (record.group, record.consumer_id) = ("group", "consumer");
        record.timestamp_ms = Some(1_700_000_000_000);
        (record.thread_id, record.tenant_id) = (Some("thread"), Some("tenant"));
        record.node_id = Some("node");
        (record.parent_trace_id, record.span_id) = (Some("parent"), Some("span"));
        record.detail = Some("detail");
        let letter = record.encode(LetterFormat::Record, disclosure, form, 100_000);
        let letter = letter.expect("it fits");
        lines.extend(letter.headers().map(|(key, value)| {
            let value = String::from_utf8_lossy(value.expect("each has one")).into_owned();
            let shown = match key {
                "dashstream.dlq.writer" => "its version",
                "__dlq.errors.message" => "words",
                _ => &value,
            };
            format!("{name} {key} {shown}")
        }));
    }
    check(
        &file(
            "tests/frozen/records.txt",
            "Headers of dead letters that are the record, each with its value, in each disclosure.",
        ),
        &lines,
    );
}

/// The classes that readers of the older shapes match on.
#[test]
fn the_error_type_of_every_cause_is_frozen() {
    let error_type = |cause: Cause| {
        let record = RejectedRecord::new("t", 0, 0, None, cause, Duration::ZERO, TRACE);
        let encoded = record.encode(
            LetterFormat::Versioned,
            Disclosure::Hashed,
            Form::Full,
            100_000,
        );
        let value: Value =
            serde_json::from_slice(encoded.expect("it fits").value().expect("JSON")).expect("JSON");
        format!("{} {}", value["cause"], value["error_type"]).replace('"', "")
    };
    let lines: Vec<_> = Cause::ALL.into_iter().map(error_type).collect();
    check(
        &file(
            "tests/frozen/error_types.txt",
            "The cause of a dead letter, and the error_type that existing readers know.",
        ),
        &lines,
    );
}

/// Each key of the two shapes that existed before, and whether a letter is read without it.
#[test]
fn the_keys_of_both_legacy_shapes_are_frozen() {
    let mut lines = Vec::new();
    for (shape, whole) in [("library", library()), ("server", server())] {
        read(&whole).expect("a letter with every key is read");
        let keys = whole.as_object().expect("an object").keys();
        lines.extend(keys.map(|key| {
            let mut without = whole.clone();
            without.as_object_mut().expect("an object").remove(key);
            let needed = match read(&without) {
                Ok(_) => "may be left out",
                Err(_) => "is needed",
            };
            format!("{shape} {key} {needed}")
        }));
        let mut more = whole.clone();
        more["another"] = true.into();
        assert!(read(&more).is_err(), "{shape}: a key that it never had");
    }
    check(
        &file(
            "tests/frozen/legacy_letters.txt",
            "The keys of the two shapes of dead letters that existing consumers write.",
        ),
        &lines,
    );
}

fn read(value: &Value) -> Result<DeadLetter, impl core::fmt::Debug> {
    DeadLetter::read_json(value.to_string().as_bytes(), LETTER_BYTES_DEFAULT)
}

fn hash(payload: &[u8]) -> String {
    let digest = Sha256::digest(payload);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A cut payload, so that every key has something to say.
fn library() -> Value {
    json!({
        "trace_id": TRACE,
        "timestamp": "2023-11-14T22:13:20.123456789+00:00",
        "error": "decode failed",
        "error_type": "decode_error",
        "source_topic": "topic",
        "source_partition": 3,
        "source_offset": 42,
        "consumer_id": "consumer",
        "thread_id": "thread",
        "tenant_id": "tenant",
        "node_id": "node",
        "parent_trace_id": "parent",
        "span_id": "span",
        "original_payload_base64": STANDARD.encode([7; 20]),
        "original_payload_truncated": true,
        "original_payload_size_bytes": 40,
        "original_payload_included_bytes": 20,
        "original_payload_sha256": hash(&[7; 40]),
    })
}

fn server() -> Value {
    let ends = format!("{:02x?}", [7; 16]);
    json!({
        "trace_id": TRACE,
        "timestamp": "2023-11-14T22:13:20Z",
        "error": "decode failed",
        "error_type": "decode_error",
        "payload_sha256": hash(&[7; 40]),
        "original_payload_base64": null,
        "payload_truncation_note": "payload omitted",
        "message_size": 40,
        "first_bytes_hex": ends,
        "last_bytes_hex": ends,
        "kafka_partition": 3,
        "kafka_offset": 42,
        "message_count": 99,
        "thread_id": "thread",
        "tenant_id": "tenant",
    })
}
