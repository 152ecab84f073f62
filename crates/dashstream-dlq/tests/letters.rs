//! Dead letters of all three shapes are read into one type, strictly.
#![expect(
    clippy::disallowed_macros,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic: that is how it fails"
)]

#[path = "props/letters.rs"]
mod letters;

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_dlq::{
    DeadLetter, Disclosure, KEY_VERSION, LETTER_BYTES_DEFAULT, LetterError, LetterFormat,
    LetterShape, Payload, RejectedRecord,
};
use dashstream_policy::{Backlog, Cause, Form, Offset};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::{stack, sweep, vectors};
use letters::Record;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

const TRACE: &str = "0192d5a0-0000-4000-8000-000000000001";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn library(payload: &[u8], included: usize) -> Value {
    let mut value = json!({
        "original_payload_base64": STANDARD.encode(&payload[..included]),
        "error": "decode failed",
        "error_type": "decode_error",
        "source_topic": "dashstream-events",
        "source_partition": 3,
        "source_offset": 42,
        "consumer_id": "worker-1",
        "timestamp": "2023-11-14T22:13:20.123456789+00:00",
        "trace_id": TRACE,
        "thread_id": "thread-1",
        "span_id": "span-1",
    });
    if included < payload.len() {
        value["original_payload_size_bytes"] = payload.len().into();
        value["original_payload_included_bytes"] = included.into();
        value["original_payload_truncated"] = true.into();
        value["original_payload_sha256"] = hex(&Sha256::digest(payload)).into();
    }
    value
}

fn server(payload: &[u8], with_payload: bool) -> Value {
    let last = match payload.len().checked_sub(16) {
        Some(at) => format!("{:02x?}", &payload[at..]),
        None => String::new(),
    };
    let note = (!with_payload).then_some("payload omitted");
    json!({
        "trace_id": TRACE,
        "timestamp": "2023-11-14T22:13:20Z",
        "error": "decode failed",
        "error_type": "decode_error",
        "payload_sha256": hex(&Sha256::digest(payload)),
        "original_payload_base64": with_payload.then(|| STANDARD.encode(payload)),
        "payload_truncation_note": note,
        "message_size": payload.len(),
        "first_bytes_hex": format!("{:02x?}", &payload[..payload.len().min(16)]),
        "last_bytes_hex": last,
        "kafka_partition": 3,
        "kafka_offset": 42,
        "message_count": 99,
        "thread_id": null,
        "tenant_id": null,
    })
}

fn ours(payload: Option<&[u8]>, disclosure: Disclosure) -> Value {
    let at = Duration::from_secs(1_700_000_000);
    let mut record = RejectedRecord::new("topic", 3, 42, payload, Cause::DecodeError, at, TRACE);
    (record.attempt, record.assignment, record.backlog) = (2, 7, Backlog::Old);
    (record.consumer_id, record.message_count) = ("gateway-1", 99);
    record.thread_id = Some("thread-1");
    let encoded = record
        .encode(LetterFormat::Versioned, disclosure, Form::Full, 100_000)
        .expect("it fits");
    serde_json::from_slice(encoded.value().expect("JSON")).expect("JSON")
}

fn read(value: &Value) -> Result<DeadLetter, LetterError> {
    DeadLetter::read_json(value.to_string().as_bytes(), LETTER_BYTES_DEFAULT)
}

fn letter(value: &Value) -> DeadLetter {
    read(value).unwrap_or_else(|error| panic!("{error} in {value}"))
}

#[test]
fn one_record_reads_alike_from_every_shape() {
    let payload = [0xab; 40];
    let values = [
        library(&payload, 40),
        server(&payload, true),
        ours(Some(&payload), Disclosure::Full),
    ];
    let shapes = [
        LetterShape::Library,
        LetterShape::Server,
        LetterShape::Versioned(1),
    ];
    for (value, shape) in values.iter().zip(shapes) {
        let letter = letter(value);
        assert_eq!(letter.shape, shape);
        assert_eq!(letter.trace_id, TRACE);
        assert_eq!(letter.at.as_secs(), 1_700_000_000);
        assert_eq!(letter.error_type, "decode_error");
        assert_eq!(letter.source.partition, Some(3));
        assert_eq!(letter.source.offset, Offset::new(42).ok());
        assert_eq!(letter.payload.whole(), Some(payload.as_slice()));
        assert_eq!(letter.size, 40);
        assert_eq!(letter.source.topic.is_none(), shape == LetterShape::Server);
        assert_eq!(
            letter.message_count.is_none(),
            shape == LetterShape::Library
        );
        assert_eq!(letter.sha256.is_none(), shape == LetterShape::Library);
        let provenance = matches!(shape, LetterShape::Versioned(_));
        assert_eq!(letter.provenance.is_some(), provenance);
    }
}

#[test]
fn what_is_not_there_is_told_from_what_is_empty_cut_and_withheld() {
    let payload = [7; 100];
    let whole = |bytes: &[u8]| Payload::Whole(bytes.to_vec().into());
    for (value, expected) in [
        (
            library(&payload, 60),
            Payload::Beginning(payload[..60].to_vec().into()),
        ),
        (library(&[], 0), whole(&[])),
        (server(&payload, false), Payload::Withheld),
        (server(&payload[..3], true), whole(&payload[..3])),
        (server(&[], true), whole(&[])),
        (ours(None, Disclosure::Full), Payload::Null),
        (ours(Some(&[]), Disclosure::Full), whole(&[])),
        (ours(Some(&payload), Disclosure::Hashed), Payload::Withheld),
    ] {
        assert_eq!(letter(&value).payload, expected, "{value}");
    }
    // A producer that could not send has no place.
    let mut unsent = library(&payload, 100);
    (unsent["source_partition"], unsent["source_offset"]) = ((-1).into(), (-1).into());
    let source = letter(&unsent).source;
    assert_eq!((source.partition, source.offset), (None, None));
}

fn with(mut value: Value, key: &str, to: Value) -> Value {
    value[key] = to;
    value
}

fn without(mut value: Value, key: &str) -> Value {
    value.as_object_mut().and_then(|keys| keys.remove(key));
    value
}

#[test]
fn what_no_writer_writes_is_refused_by_name() {
    let payload = [0xab; 40];
    let (library, server) = (library(&payload, 20), server(&payload, true));
    let ours = ours(Some(&payload), Disclosure::Full);
    let contradiction = |key| LetterError::Contradiction { key };
    let base64 = "original_payload_base64";
    for (value, expected) in [
        (json!([]), LetterError::UnknownShape),
        (json!({}), LetterError::UnknownShape),
        (json!({"trace_id": TRACE}), LetterError::UnknownShape),
        (
            with(ours.clone(), KEY_VERSION, 2.into()),
            LetterError::Version { found: 2 },
        ),
        (
            with(ours.clone(), KEY_VERSION, "1".into()),
            LetterError::Kind { key: KEY_VERSION },
        ),
        (
            without(ours.clone(), "cause"),
            LetterError::Missing { key: "cause" },
        ),
        (
            with(ours.clone(), "cause", "new".into()),
            LetterError::Value { key: "cause" },
        ),
        (
            with(ours.clone(), "kafka_offset", 41.into()),
            contradiction("kafka_offset"),
        ),
        (
            with(ours.clone(), "disclosure", "none".into()),
            contradiction("disclosure"),
        ),
        (
            with(ours.clone(), "form", "reduced".into()),
            contradiction("form"),
        ),
        (
            with(ours.clone(), "payload_is_null", true.into()),
            contradiction("payload_is_null"),
        ),
        (
            with(ours.clone(), "message_size", 41.into()),
            contradiction("message_size"),
        ),
        (
            with(ours.clone(), "payload_first_hex", "00".into()),
            contradiction("payload_first_hex"),
        ),
        (
            with(ours, "attempt", json!(1.5)),
            LetterError::Kind { key: "attempt" },
        ),
        (
            with(server.clone(), base64, "q6ur".into()),
            contradiction(base64),
        ),
        (
            with(server.clone(), "payload_sha256", "00".repeat(32).into()),
            contradiction("payload_sha256"),
        ),
        (
            with(server.clone(), "payload_sha256", "AB".repeat(32).into()),
            LetterError::Value {
                key: "payload_sha256",
            },
        ),
        (
            with(server.clone(), "first_bytes_hex", "abab".into()),
            LetterError::Value {
                key: "first_bytes_hex",
            },
        ),
        (
            with(server.clone(), "message_count", (-1).into()),
            LetterError::Kind {
                key: "message_count",
            },
        ),
        (
            with(server.clone(), "kafka_offset", (-2).into()),
            LetterError::Value {
                key: "kafka_offset",
            },
        ),
        (
            with(server.clone(), "consumer_id", "x".into()),
            LetterError::UnknownKey,
        ),
        (
            with(server, "else", json!({"a": [1, {}]})),
            LetterError::UnknownKey,
        ),
        (
            with(library.clone(), "thread_id", Value::Null),
            LetterError::Kind { key: "thread_id" },
        ),
        (
            with(library.clone(), "timestamp", "yesterday".into()),
            LetterError::Value { key: "timestamp" },
        ),
        (
            with(library.clone(), base64, "q6u".into()),
            LetterError::Value { key: base64 },
        ),
        (
            with(
                library.clone(),
                "original_payload_included_bytes",
                19.into(),
            ),
            contradiction("original_payload_included_bytes"),
        ),
        (
            with(library.clone(), "original_payload_size_bytes", 20.into()),
            contradiction("original_payload_included_bytes"),
        ),
        (
            with(library.clone(), "original_payload_truncated", false.into()),
            LetterError::Value {
                key: "original_payload_truncated",
            },
        ),
        (
            without(library, "original_payload_truncated"),
            contradiction("original_payload_size_bytes"),
        ),
    ] {
        assert_eq!(read(&value), Err(expected), "{value}");
        assert!(expected.code().starts_with("letter_"));
    }
    let twice = server_text_with_a_key_twice();
    let error = DeadLetter::read_json(twice.as_bytes(), 10_000);
    assert_eq!(error, Err(LetterError::Twice { key: "error" }));
    let torn = DeadLetter::read_json(b"{\"error\": ", 100);
    assert!(matches!(torn, Err(LetterError::NotJson { line: 1, .. })));
}

fn server_text_with_a_key_twice() -> String {
    let text = server(&[1], true).to_string();
    text.replacen('{', "{\"error\": \"first\", ", 1)
}

#[test]
fn a_key_that_this_version_does_not_know_yet_is_passed_over_in_this_crates_shape() {
    let value = ours(Some(&[1]), Disclosure::Full);
    let grown = with(value.clone(), "redrives", json!([1, {"deep": [[]]}]));
    assert_eq!(read(&grown), read(&value));
}

#[test]
fn the_last_byte_asked_for_is_read_and_the_next_is_not() {
    let text = server(&[1; 30], true).to_string();
    let read = |limit| DeadLetter::read_json(text.as_bytes(), limit).map(drop);
    let len = text.len();
    assert_eq!(read(len + 1), Ok(()));
    assert_eq!(read(len), Ok(()));
    let limit = len - 1;
    assert_eq!(read(limit), Err(LetterError::TooLarge { len, limit }));
}

#[test]
fn reading_takes_no_more_memory_than_it_says() {
    let payload: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let letters = [
        library(&payload, 100_000).to_string(),
        server(&payload, true).to_string(),
        // Every character of the payload's text escaped: the worst that a text can take.
        server(&payload, true).to_string().replace('A', "\\u0041"),
        format!("{{\"error\": {}1{}}}", "[".repeat(100), "]".repeat(100)),
        format!("{{\"x\": [{}0]}}", "0,".repeat(100_000)),
        format!("{{\"x\": {}", "[".repeat(200_000)),
    ];
    for text in letters {
        let (_, usage) = measure(|| DeadLetter::read_json(text.as_bytes(), LETTER_BYTES_DEFAULT));
        let allowed = 3 * text.len() as u64 + 16 * 1024;
        assert!(usage.peak <= allowed, "{usage:?} for {}", text.len());
    }
}

#[test]
fn every_truncation_and_damaged_byte_of_every_shape_is_read_or_refused() {
    stack::small(|| {
        for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/corpus/dlq_letters") {
            println!("{name}");
            letters::any_bytes_are_read_or_refused(&bytes);
            sweep::truncations(&bytes, &[], |cut| {
                letters::any_bytes_are_read_or_refused(cut);
                let whole: Result<Map<String, Value>, _> = serde_json::from_slice(cut);
                assert!(whole.is_ok() || DeadLetter::read_json(cut, cut.len()).is_err());
            });
            sweep::byte_flips(&bytes, &[], letters::any_bytes_are_read_or_refused);
        }
        let deep = format!("{{\"error\": {}", "[".repeat(100_000));
        letters::any_bytes_are_read_or_refused(deep.as_bytes());
    });
}

#[test]
fn a_debug_form_shows_nothing_of_the_payload() {
    let value = ours(Some(b"marker-in-the-payload"), Disclosure::Full);
    let text = format!("{:?}", letter(&value));
    assert!(
        !text.contains("marker") && !text.contains("109, 97"),
        "{text}"
    );
    assert!(text.contains("21 bytes"), "{text}");
}

fn records() -> impl Strategy<Value = Record> {
    let payload = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200));
    let place = (0..=i32::MAX, 0..i64::MAX);
    // Up to the last day of the year 9999, and beyond.
    let at = (0..400_000_000_000_u64, 0..1_000_000_000_u32).prop_map(|(s, n)| Duration::new(s, n));
    let numbers = (
        any::<u32>(),
        any::<u64>(),
        proptest::option::of(any::<i64>()),
    );
    let choices = (
        proptest::sample::select(Cause::ALL.to_vec()),
        proptest::sample::select(Disclosure::ALL.to_vec()),
        proptest::sample::select(Form::ALL.to_vec()),
    );
    let budget = prop_oneof![1_200..3_000_usize, Just(100_000)];
    (payload, place, at, numbers, choices, ".{0,300}", budget).prop_map(
        |(payload, (partition, offset), at, numbers, choices, text, budget)| Record {
            payload,
            partition,
            offset,
            cause: choices.0,
            at,
            attempt: numbers.0,
            assignment: numbers.1,
            timestamp: numbers.2,
            text,
            disclosure: choices.1,
            form: choices.2,
            budget,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn every_envelope_is_read_back_as_it_was_written(record in records()) {
        letters::what_is_written_is_read(&record);
    }

    #[test]
    fn every_letter_of_an_older_shape_is_read_back(
        payload in proptest::collection::vec(any::<u8>(), 0..200),
        cut in 0..200_usize,
        with_payload in any::<bool>(),
    ) {
        let included = cut.min(payload.len());
        let from_library = letter(&library(&payload, included));
        prop_assert_eq!(from_library.size, payload.len() as u64);
        match from_library.payload {
            Payload::Whole(bytes) => prop_assert_eq!(bytes, payload.clone()),
            Payload::Beginning(bytes) => prop_assert_eq!(&bytes[..], &payload[..included]),
            Payload::Null | Payload::Withheld => prop_assert!(false, "always there"),
        }
        let from_server = letter(&server(&payload, with_payload));
        let whole = with_payload.then_some(payload.as_slice());
        prop_assert_eq!(from_server.payload.whole(), whole);
        let hash: [u8; 32] = Sha256::digest(&payload).into();
        prop_assert_eq!(from_server.sha256, Some(hash));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        letters::any_bytes_are_read_or_refused(&bytes);
    }
}
