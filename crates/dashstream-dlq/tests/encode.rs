//! A letter has the keys of both older shapes, stays in its budget and discloses what it may.
#![expect(clippy::expect_used, reason = "a test may panic: that is how it fails")]

use core::time::Duration;

use dashstream_dlq::{
    DeadLetter, Disclosure, KEY_VERSION, LetterError, LetterFormat, REDUCED_BYTES_MAX,
    RejectedRecord,
};
use dashstream_policy::{Backlog, Cause, Form};
use serde_json::Value;

const BUDGET: usize = 100_000;
const ALL: [Disclosure; 4] = [
    Disclosure::Nothing,
    Disclosure::Hashed,
    Disclosure::Truncated,
    Disclosure::Full,
];

fn record(payload: Option<&[u8]>) -> RejectedRecord<'_> {
    let mut record = RejectedRecord::new(
        "dashstream-events",
        3,
        42,
        payload,
        Cause::DecodeError,
        Duration::from_secs(1_700_000_000),
        "0192d5a0-0000-4000-8000-000000000001",
    );
    (record.attempt, record.assignment, record.backlog) = (2, 7, Backlog::Old);
    (record.consumer_id, record.message_count) = ("gateway-1", 99);
    record.thread_id = Some("thread-marker");
    record.tenant_id = Some("tenant-marker");
    record.node_id = Some("node-marker");
    record.span_id = Some("span-marker");
    record
}

fn json(record: &RejectedRecord<'_>, form: Form, disclosure: Disclosure, budget: usize) -> Value {
    let encoded = record
        .encode(LetterFormat::Versioned, disclosure, form, budget)
        .expect("it fits");
    assert!(encoded.value().expect("JSON").len() <= budget);
    serde_json::from_slice(encoded.value().expect("JSON")).expect("it is JSON")
}

#[test]
fn the_detail_follows_the_words_for_the_cause_whatever_is_disclosed() {
    let error = |record: &RejectedRecord<'_>, disclosure| {
        let value = json(record, Form::Full, disclosure, BUDGET);
        value["error"].as_str().expect("a text").to_owned()
    };
    let mut record = record(None);
    let words = error(&record, Disclosure::Full);
    record.detail = Some("in EventBatch.events[1].duration_us, at byte 87 of the record");
    for disclosure in ALL {
        let expected = format!("{words}: {}", record.detail.expect("set"));
        assert_eq!(error(&record, disclosure), expected);
    }
    for (len, kept) in [(255, 255), (256, 256), (257, 256)] {
        let long = "x".repeat(len);
        let mut record = record.clone();
        record.detail = Some(&long);
        let shown = error(&record, Disclosure::Nothing);
        assert_eq!(shown.len(), words.len() + 2 + kept);
    }
}

#[test]
fn every_key_of_both_older_shapes_is_there_beside_the_version() {
    let payload = [0xab; 40];
    let value = json(
        &record(Some(&payload)),
        Form::Full,
        Disclosure::Full,
        BUDGET,
    );
    for key in [
        "original_payload_base64",
        "error",
        "error_type",
        "source_topic",
        "source_partition",
        "source_offset",
        "consumer_id",
        "timestamp",
        "trace_id",
        "thread_id",
        "tenant_id",
        "node_id",
        "span_id",
        "payload_sha256",
        "payload_truncation_note",
        "message_size",
        "first_bytes_hex",
        "last_bytes_hex",
        "kafka_partition",
        "kafka_offset",
        "message_count",
    ] {
        assert!(value.get(key).is_some(), "{key}");
    }
    assert_eq!(value[KEY_VERSION], 1);
    assert_eq!(value["cause"], "decode_error");
    assert_eq!(value["timestamp"], "2023-11-14T22:13:20.000000Z");
    assert_eq!(value["payload_first_hex"], "ab".repeat(16));
    assert_eq!(value["message_size"], 40);
    assert_eq!(value["payload_truncation_note"], Value::Null);
    assert!(value.get("original_payload_truncated").is_none());
}

#[test]
fn a_truncated_letter_shows_all_of_a_short_payload_and_the_ends_of_a_long_one() {
    for (len, first, last) in [
        (0, 0, 0),
        (15, 15, 0),
        (16, 16, 16),
        (17, 16, 16),
        (99, 16, 16),
    ] {
        let payload: Vec<u8> = (0..len).collect();
        let record = record(Some(&payload));
        let encoded = record
            .encode(
                LetterFormat::Versioned,
                Disclosure::default(),
                Form::Full,
                BUDGET,
            )
            .expect("it fits");
        let letter =
            DeadLetter::read_json(encoded.value().expect("JSON"), BUDGET).expect("it is read");
        assert_eq!(letter.first, &payload[..first]);
        assert_eq!(letter.last, &payload[payload.len() - last..]);
        assert!(letter.sha256.is_some() && letter.size == u64::from(len));
    }
    let said = Disclosure::default().shows();
    assert!(said.contains("16 bytes") && said.contains("all of a short one"));
}

#[test]
fn the_key_is_the_trace_id() {
    let encoded = record(None)
        .encode(
            LetterFormat::Versioned,
            Disclosure::Hashed,
            Form::Full,
            BUDGET,
        )
        .expect("it fits");
    assert_eq!(
        encoded.key(),
        Some("0192d5a0-0000-4000-8000-000000000001".as_bytes())
    );
}

#[test]
fn a_payload_is_cut_to_the_budget_and_says_so() {
    let payload = vec![7; 200_000];
    for budget in [5_000, 5_001, 5_002, 5_003, 50_000] {
        let value = json(
            &record(Some(&payload)),
            Form::Full,
            Disclosure::Full,
            budget,
        );
        assert_eq!(value["original_payload_truncated"], true);
        assert_eq!(value["original_payload_size_bytes"], 200_000);
        let included = value["original_payload_included_bytes"].as_u64();
        assert!(included.is_some_and(|bytes| bytes > 0 && bytes < 200_000));
        assert_eq!(value["original_payload_sha256"], value["payload_sha256"]);
    }
}

#[test]
fn the_last_byte_of_the_budget_is_allowed_and_the_next_is_not() {
    let record = record(Some(b"payload"));
    for disclosure in [
        Disclosure::Nothing,
        Disclosure::Hashed,
        Disclosure::Truncated,
    ] {
        let encode =
            |budget| record.encode(LetterFormat::Versioned, disclosure, Form::Full, budget);
        let whole = encode(BUDGET).expect("it fits");
        let needed = whole.value().expect("JSON").len();
        assert_eq!(encode(needed + 1), Ok(whole.clone()));
        assert_eq!(encode(needed), Ok(whole));
        let limit = needed - 1;
        assert_eq!(encode(limit), Err(LetterError::Budget { needed, limit }));
    }
    // What a full letter shows is cut, down to what a reduced one shows, before it is refused.
    let reduced = record.encode(
        LetterFormat::Versioned,
        Disclosure::Full,
        Form::Reduced,
        BUDGET,
    );
    let least = reduced.expect("it fits").value().expect("JSON").len();
    for budget in least..least + 600 {
        assert!(
            record
                .encode(
                    LetterFormat::Versioned,
                    Disclosure::Full,
                    Form::Full,
                    budget
                )
                .is_ok(),
            "{budget}"
        );
    }
    assert!(matches!(
        record.encode(LetterFormat::Versioned, Disclosure::Nothing, Form::Full, 100),
        Err(LetterError::Budget { limit: 100, needed }) if needed > 100
    ));
}

#[test]
fn a_payload_is_whole_in_the_last_byte_of_the_budget_and_cut_one_below() {
    for len in [0, 1, 2, 3, 4, 15, 16, 17, 33, 3_000] {
        let payload = vec![7; len];
        let record = record(Some(&payload));
        let encode = |budget| {
            record
                .encode(
                    LetterFormat::Versioned,
                    Disclosure::Full,
                    Form::Full,
                    budget,
                )
                .expect("it fits")
        };
        let whole = encode(BUDGET);
        let needed = whole.value().expect("JSON").len();
        assert_eq!(whole.form(), Form::Full, "{len}");
        assert_eq!(encode(needed + 1), whole, "{len}");
        assert_eq!(encode(needed), whole, "{len}");
        if len == 3_000 {
            let cut = encode(needed - 1);
            assert_eq!(cut.form(), Form::Reduced, "{len}");
            let value: Value =
                serde_json::from_slice(cut.value().expect("JSON")).expect("it is JSON");
            assert_eq!(value["form"], "reduced");
            assert_eq!(value["original_payload_truncated"], true);
        }
    }
}

#[test]
fn the_form_of_an_letter_is_full_only_if_all_is_in_it_that_its_disclosure_shows() {
    let small = 3_000;
    for disclosure in ALL {
        for len in [0, 1, 700, 2_000, 100_000] {
            for payload in [None, Some(vec![b'x'; len])] {
                let record = record(payload.as_deref());
                for form in Form::ALL {
                    let encoded = record
                        .encode(LetterFormat::Versioned, disclosure, form, small)
                        .expect("it fits");
                    let value: Value =
                        serde_json::from_slice(encoded.value().expect("JSON")).expect("it is JSON");
                    assert_eq!(value["form"], encoded.form().label());
                    let letter = DeadLetter::read_json(encoded.value().expect("JSON"), small)
                        .expect("it is read");
                    let read = letter.provenance.expect("ours").form;
                    assert_eq!(read, encoded.form());
                    let shown_whole = letter.payload.whole() == payload.as_deref();
                    let is_whole =
                        payload.is_none() || disclosure < Disclosure::Full || shown_whole;
                    let expected = match form {
                        Form::Full if is_whole => Form::Full,
                        Form::Full | Form::Reduced => Form::Reduced,
                    };
                    assert_eq!(encoded.form(), expected, "{disclosure:?} {len} {form:?}");
                }
            }
        }
    }
}

#[test]
fn a_marker_from_payload_or_key_is_in_nothing_that_may_not_disclose_it() {
    let marker = b"marker-of-a-secret-that-is-longer-than-both-ends-together";
    let base64_of_marker = "bWFya2VyLW9m";
    let hex_of_marker = "6d61726b65722d6f66";
    let record = record(Some(marker));
    for disclosure in ALL {
        for form in [Form::Full, Form::Reduced] {
            let encoded = record
                .encode(LetterFormat::Versioned, disclosure, form, BUDGET)
                .expect("it fits");
            let text =
                String::from_utf8(encoded.value().expect("JSON").to_vec()).expect("JSON is UTF-8");
            let shows = |needle: &str| text.contains(needle);
            let full = disclosure == Disclosure::Full && form == Form::Full;
            assert_eq!(shows(base64_of_marker), full);
            let ends = disclosure >= Disclosure::Truncated;
            assert_eq!(shows(hex_of_marker), ends);
            for id in [
                "thread-marker",
                "tenant-marker",
                "node-marker",
                "span-marker",
            ] {
                assert_eq!(shows(id), ends, "{id}");
            }
            let debug = format!("{record:?} {encoded:?}");
            assert!(!debug.contains("marker"), "{debug}");
        }
    }
}

#[test]
fn a_reduced_letter_fits_four_kibibytes_whatever_its_texts_are() {
    let wild = "\u{1}\"\\é".repeat(10_000);
    let wild = wild.as_str();
    let mut record = RejectedRecord::new(
        wild,
        i32::MIN,
        i64::MIN,
        Some(&[0; 100]),
        Cause::DecompressionRefused,
        Duration::MAX,
        wild,
    );
    (record.attempt, record.assignment) = (u32::MAX, u64::MAX);
    (record.consumer_id, record.message_count) = (wild, u64::MAX);
    record.timestamp_ms = Some(i64::MIN);
    (record.thread_id, record.tenant_id) = (Some(wild), Some(wild));
    (record.node_id, record.parent_trace_id) = (Some(wild), Some(wild));
    record.span_id = Some(wild);
    for disclosure in ALL {
        let encoded = record
            .encode(
                LetterFormat::Versioned,
                disclosure,
                Form::Reduced,
                usize::MAX,
            )
            .expect("it fits");
        assert!(encoded.value().expect("JSON").len() <= REDUCED_BYTES_MAX);
        assert!(serde_json::from_slice::<Value>(encoded.value().expect("JSON")).is_ok());
    }
}
