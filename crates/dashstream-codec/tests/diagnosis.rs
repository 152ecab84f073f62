//! What an operator is told of a refused record: where it is wrong, and which mistake it looks like.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/stored.rs"]
mod stored;
#[path = "support/wire.rs"]
mod wire;

use dashstream_codec::{DecodeLimits, DecodeOptions, Decoder, Diagnosis};
use stored::Stored;
use wire::{header, len, number, raw, zstd};

fn diagnose(record: &[u8]) -> Diagnosis {
    Decoder::new(DecodeOptions::new())
        .diagnose(record)
        .expect("a record that is refused")
}

fn vector(name: &str) -> Vec<u8> {
    let vectors =
        dashstream_testkit::vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/vectors/hostile");
    let found = vectors.into_iter().find(|(file, _)| file == name);
    found.expect("the vector").1
}

#[test]
fn a_wrong_wire_type_is_named_by_path_event_offset_expected_and_found() {
    let record = vector("wrong-wire-type-in-event-2-of-batch.bin");
    let diagnosis = diagnose(&record);
    assert_eq!(
        diagnosis.path.as_deref(),
        Some("EventBatch.events[1].duration_us")
    );
    assert_eq!(diagnosis.event, Some(1));
    assert_eq!(
        (diagnosis.expected, diagnosis.found),
        (Some("VARINT (0)"), Some("I32 (5)"))
    );
    let offset = diagnosis.offset.expect("an offset");
    // Field 5 with wire type 5.
    assert_eq!(record.get(offset), Some(&0x2D));
    assert_eq!(
        diagnosis.to_string(),
        format!(
            "field 5 with wire type 5, in EventBatch.events[1].duration_us, expected VARINT (0), found I32 (5), \
             at byte {offset} of the record"
        )
    );
}

#[test]
fn a_registry_prefix_is_named_and_where_the_message_begins_behind_it() {
    let record = vector("confluent-framed.bin");
    let diagnosis = diagnose(&record);
    assert_eq!(diagnosis.hint(), Some("confluent_prefix"));
    assert_eq!(
        diagnosis.offset,
        Some(1),
        "what comes behind the frame byte is no key"
    );
    assert_eq!(
        diagnosis.to_string(),
        "impossible key 0, in DashStreamMessage, at byte 1 of the record; it looks like this: a Confluent Schema \
         Registry prefix stands in front of the message at byte 6: produce without the registry's serializer"
    );
}

/// Where and why, in one line, of each way to be refused.
#[test]
fn every_refusal_says_where() {
    let event = |fields: Vec<u8>| len(1, [header("t"), fields].concat());
    let batch = |events: &[Vec<u8>]| {
        let events = events.iter().flat_map(|event| len(2, event));
        len(8, [header("t"), events.collect()].concat())
    };
    let cases: &[(&str, Vec<u8>, &str)] = &[
        (
            "no header",
            raw(batch(&[header("a"), Vec::new()])),
            "no header, in EventBatch.events[1], at byte 15 of the record",
        ),
        (
            "no header of the message",
            raw(len(3, len(2, "x"))),
            "no header, in TokenChunk, at byte 1 of the record",
        ),
        (
            "another schema",
            raw(batch(&[header("a"), len(1, number(9, 2))])),
            "schema version 2, 1 is supported, in EventBatch.events[1].header, at byte 17 of the record",
        ),
        (
            "two headers that differ",
            raw(len(1, [header("a"), header("b")].concat())),
            "two headers that differ, in Event.header, at byte 8 of the record",
        ),
        (
            "two kinds",
            raw([len(1, header("a")), len(2, header("a"))].concat()),
            "two headers that differ, in StateDiff, at byte 8 of the record",
        ),
        (
            "an unknown field before two headers that differ",
            raw([len(12, []), len(1, header("a")), len(1, header("b"))].concat()),
            "two headers that differ, in Event, at byte 10 of the record",
        ),
        (
            "a string that is none",
            raw(event(len(4, len(1, [0xFF])))),
            "string of 1 bytes is not UTF-8 from byte 0 on, in Event.attributes[0].key, at byte 10 of the record",
        ),
        (
            "cut",
            raw(&event(len(3, "node"))[..11]),
            "11 bytes needed, 9 left, in Event, at byte 1 of the record",
        ),
        (
            "a field that is longer than its message",
            raw(event(vec![0x1A, 0x05, b'x'])),
            "5 bytes needed, 1 left, in Event.node_id, at byte 8 of the record",
        ),
        (
            "the same, compressed",
            zstd(event(vec![0x1A, 0x05, b'x'])),
            "5 bytes needed, 1 left, in Event.node_id, at byte 7 of the decompressed payload",
        ),
        (
            "an impossible key",
            raw(event(vec![0x06])),
            "impossible key 6, in Event, at byte 8 of the record",
        ),
        (
            "the end of a group that nothing began",
            raw(event(vec![0x6C])),
            "unmatched end of group 13, in Event.13, at byte 8 of the record",
        ),
        (
            "no message",
            raw([0x78, 0x00]),
            "no message in a payload of 2 bytes, in DashStreamMessage, at byte 3 of the record",
        ),
        (
            "no bytes",
            Vec::new(),
            "empty record, at byte 0 of the record",
        ),
        (
            "another first byte",
            vec![7, 7],
            "first byte 0x07 is no frame byte, at byte 0 of the record",
        ),
        (
            "no zstd",
            vec![1, 2, 3, 4, 5],
            "no frame at offset 0: magic number 0x05040302, at byte 1 of the record",
        ),
    ];
    for (name, record, expected) in cases {
        assert_eq!(diagnose(record).to_string(), *expected, "{name}");
    }
}

#[test]
fn limits_say_which_field_they_were_met_at() {
    let operations = raw(len(2, [header("t"), [0x1A, 0x00].repeat(3)].concat()));
    let with = |limits: DecodeLimits| {
        let mut decoder = Decoder::new(DecodeOptions::new().with_limits(limits));
        decoder.diagnose(&operations).expect("refused").to_string()
    };
    assert_eq!(
        with(DecodeLimits::new().with_elements(2)),
        "more than 2 elements, in StateDiff.operations[2], at byte 12 of the record"
    );
    assert_eq!(
        with(DecodeLimits::new().with_fields(4)),
        "more than 4 fields, in StateDiff.operations[1], at byte 10 of the record"
    );
    assert_eq!(
        with(DecodeLimits::new().with_depth(1)),
        "nested deeper than 1, in StateDiff.header, at byte 3 of the record"
    );
    assert_eq!(
        with(DecodeLimits::new().with_heap_bytes(100)),
        "decoding takes more than 100 bytes of heap, in StateDiff.operations[1], at byte 10 of the record"
    );
}

#[test]
fn common_mistakes_are_recognised() {
    let message = len(1, [header("thread-7"), len(3, "node")].concat());
    let framed = raw(&message);
    let compressed = zstd(message.repeat(1));
    let gzip = [&[0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3][..], &message].concat();
    let lz4 = [&[0x04, 0x22, 0x4D, 0x18, 0x64, 0x40][..], &message].concat();
    let json = br#"{"thread_id":"thread-7","sequence":3}"#.to_vec();
    let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned().into_bytes();
    let latin: Vec<u8> = compressed
        .iter()
        .flat_map(|byte| char::from(*byte).to_string().into_bytes())
        .collect();
    let with_id = raw(len(
        1,
        [
            len(1, [len(1, [0xC7; 16]), len(4, "t")].concat()),
            len(3, "n"),
        ]
        .concat(),
    ));
    let delimited = [vec![message.len() as u8], message.clone()].concat();
    let prefix = |indexes: &[u8], rest: &[u8]| [&[0, 0, 0, 1, 2], indexes, rest].concat();
    for (name, record, begins) in [
        ("first message", prefix(&[0], &message), 6),
        ("one index", prefix(&[2, 0], &message), 7),
        ("two indexes", prefix(&[4, 2, 0], &message), 8),
        ("around our frame", prefix(&[0], &framed), 6),
        ("around zstd", prefix(&[0], &compressed), 6),
    ] {
        let diagnosis = diagnose(&record);
        assert_eq!(
            diagnosis.hint(),
            Some("confluent_prefix"),
            "registry, {name}"
        );
        let place = format!("of the message at byte {begins}: ");
        assert!(diagnosis.to_string().contains(&place), "{diagnosis}");
    }
    let cases: &[(&str, Vec<u8>, Option<&str>)] = &[
        ("gzip", gzip.clone(), Some("gzip")),
        (
            "gzip behind our frame byte",
            [vec![1], gzip.clone()].concat(),
            Some("gzip"),
        ),
        ("gzip within zstd", zstd(&gzip), Some("gzip")),
        ("lz4", lz4.clone(), Some("lz4")),
        (
            "lz4 behind our frame byte",
            [vec![1], lz4].concat(),
            Some("lz4"),
        ),
        ("json", json.clone(), Some("json")),
        ("json behind our frame byte", raw(&json), Some("json")),
        ("json within zstd", zstd(&json), Some("json")),
        ("a list in json", b" [1, 2]\n".to_vec(), Some("json")),
        (
            "base64",
            b"AAoSCgoiCHRocmVhZC03GgRub2Rl".to_vec(),
            Some("base64"),
        ),
        (
            "base64 in quotes",
            b"\"ASi1L_0gLWkBAAoSCgoi\"".to_vec(),
            Some("base64"),
        ),
        (
            "zstd through a string",
            lossy(&compressed),
            Some("through_utf8"),
        ),
        (
            "a raw record through a string",
            lossy(&with_id),
            Some("through_utf8"),
        ),
        ("zstd through Latin-1", latin, Some("through_utf8")),
        ("framed twice", raw(&framed), Some("double_framing")),
        (
            "framed twice, zstd",
            raw(&compressed),
            Some("double_framing"),
        ),
        (
            "framed twice, within zstd",
            zstd(&framed),
            Some("double_framing"),
        ),
        (
            "with its length in front",
            delimited.clone(),
            Some("length_delimited"),
        ),
        (
            "three with their lengths",
            raw(delimited.repeat(3)),
            Some("length_delimited"),
        ),
        ("without frame byte", message.clone(), Some("unframed")),
        (
            "zstd without frame byte",
            compressed[1..].to_vec(),
            Some("unframed"),
        ),
        ("cut", framed[..9].to_vec(), None),
        ("a letter", b"A".to_vec(), None),
        ("a word", b"Hello world".to_vec(), None),
        ("nothing", Vec::new(), None),
        ("zeros", vec![0; 40], None),
    ];
    for (name, record, expected) in cases {
        let diagnosis = diagnose(record);
        assert_eq!(diagnosis.hint(), *expected, "{name}: {diagnosis}");
        let text = diagnosis.to_string();
        let advice = text
            .split_once("it looks like this: ")
            .map(|(_, hint)| hint);
        assert_eq!(advice.is_some(), expected.is_some(), "{name}: {diagnosis}");
        assert!(
            advice.is_none_or(|advice| advice.contains(": ")),
            "{name}: {diagnosis}"
        );
    }
}

#[test]
fn what_is_accepted_has_no_diagnosis() {
    let options = DecodeOptions::new().with_newer_schemas(true);
    let mut decoder = Decoder::new(options);
    let record = len(1, len(1, [len(4, "t"), number(9, 2)].concat()));
    for stored in Stored::ALL {
        assert_eq!(decoder.diagnose(&stored.record(&record)), None);
    }
    // A refusal is explained of its own record, whatever the decoder saw before.
    let refused = decoder.diagnose(&raw([0x06])).expect("refused");
    assert_eq!((refused.offset, refused.decompressed), (Some(1), false));
}

#[test]
fn a_diagnosis_holds_nothing_of_the_payload() {
    const SECRET: &str = "s3cr3t-t0k3n";
    let event = |fields: Vec<u8>| len(1, [header(SECRET), fields].concat());
    for record in [
        raw(event(len(4, [len(1, SECRET), vec![0x13]].concat()))),
        raw(event([len(3, SECRET), vec![0x1A, 0x7F]].concat())),
        format!("{{\"key\":\"{SECRET}\"}}").into_bytes(),
        zstd(event([len(3, SECRET), vec![0x1A, 0x7F]].concat())),
    ] {
        let diagnosis = diagnose(&record);
        let shown = format!("{diagnosis} {diagnosis:?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
}
