//! Hostile payloads by name: what each may allocate, and what it is refused as.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "props/record.rs"]
mod record;
#[path = "support/stored.rs"]
mod stored;
#[path = "support/wire.rs"]
mod wire;

use dashstream_codec::{
    DecodeError, DecodeOptions, Decoded, Decoder, FaultClass, Message, Warning, v1::attribute_value,
};
use dashstream_testkit::{alloc, stack};
use stored::Stored;
use wire::{header, len, number, raw, varint, zstd};

const MIB: u64 = 1024 * 1024;

/// Decodes, on a small stack, with headers optional: most hostile payloads have none.
fn decode(record: Vec<u8>) -> (Result<Decoded, DecodeError>, u64) {
    let options = DecodeOptions::new().with_optional_headers(true);
    decode_with(options, record)
}

fn decode_with(options: DecodeOptions, record: Vec<u8>) -> (Result<Decoded, DecodeError>, u64) {
    stack::small(move || {
        let mut decoder = Decoder::new(options);
        // libzstd's context is made once, and counted where its memory is the Rust allocator's.
        drop(decoder.decode(&record));
        let (result, usage) = alloc::measure(|| decoder.decode(&record));
        if let Ok(decoded) = &result {
            assert!(
                usage.peak <= decoded.facts.heap_bytes,
                "measured over predicted"
            );
        }
        (result, usage.peak)
    })
}

/// Refused with `code`, having allocated `peak` bytes at most; and compressed, with the same code, having
/// allocated the content at most.
fn refused(record: Vec<u8>, code: &str, peak: u64) {
    let refused = |record: Vec<u8>, peak: u64| {
        let (result, measured) = decode(record);
        let error = result.map(|decoded| decoded.facts).expect_err(code);
        assert_eq!(error.code(), code);
        assert!(measured <= peak, "{code}: {measured} bytes");
    };
    for record in compressed(&record) {
        refused(record.0, record.1);
    }
    refused(record, peak);
}

/// Accepted, having allocated `peak` bytes at most; and compressed, as the same message, unless the content
/// beside it is over the budget.
fn accepted(record: Vec<u8>, peak: u64) -> Decoded {
    let forms = compressed(&record);
    let (result, measured) = decode(record);
    let decoded = result.expect("accepted");
    assert!(measured <= peak, "{measured} bytes");
    for (form, content) in forms {
        match decode(form).0 {
            Ok(other) => assert_eq!(other.message, decoded.message),
            Err(error) => {
                assert_eq!(error.code(), "heap_budget");
                assert!(decoded.facts.heap_bytes + content + 32 > 64 * MIB);
            }
        }
    }
    decoded
}

/// A raw record's payload in each compressed form, with the size of its content.
fn compressed(record: &[u8]) -> Vec<(Vec<u8>, u64)> {
    let Some((0, payload)) = record.split_first() else {
        return Vec::new();
    };
    [Stored::Declared, Stored::Undeclared]
        .map(|stored| (stored.record(payload), payload.len() as u64))
        .into()
}

fn repeated(unit: &[u8], bytes: usize) -> Vec<u8> {
    unit.repeat(bytes / unit.len())
}

fn event(attributes: impl AsRef<[u8]>) -> Vec<u8> {
    len(1, attributes)
}

fn attribute(value: impl AsRef<[u8]>) -> Vec<u8> {
    event(len(4, len(2, value)))
}

#[test]
fn a_batch_of_empty_events() {
    let batch = len(8, repeated(&[0x12, 0x00], 10 * MIB as usize - 16));
    refused(raw(&batch), "heap_budget", 0);
    let small = zstd(&batch);
    assert!(small.len() < 2_000, "{} bytes on the wire", small.len());
    refused(small, "heap_budget", batch.len() as u64);

    // With headers required the first event settles it, and headers do not make the rest cheaper.
    let (result, peak) = decode_with(DecodeOptions::new(), raw(&batch));
    assert_eq!((result, peak), (Err(DecodeError::MissingHeader), 0));
    let unit = [0x12, 0x02, 0x0A, 0x00];
    let batch = len(
        8,
        [header("t"), repeated(&unit, 10 * MIB as usize - 64)].concat(),
    );
    let (result, peak) = decode_with(DecodeOptions::new(), raw(&batch));
    assert_eq!(
        result.map(|_| ()).map_err(|error| error.code()),
        Err("heap_budget")
    );
    assert_eq!(peak, 0);
}

#[test]
fn events_with_one_empty_map_each() {
    let batch = len(8, repeated(&[0x12, 0x02, 0x22, 0x00], MIB as usize));
    refused(raw(batch), "heap_budget", 0);
}

#[test]
fn empty_elements_of_every_list() {
    let records = len(9, repeated(&[0x22, 0x00], MIB as usize));
    refused(raw(records), "heap_budget", 0);
    let operations = len(2, repeated(&[0x1A, 0x00], MIB as usize));
    accepted(raw(operations), 64 * MIB);
    let values = attribute(len(6, repeated(&[0x0A, 0x00], MIB as usize)));
    accepted(raw(values), 64 * MIB);
    // 128 bytes each, reserved exactly: what is accepted takes the whole budget.
    let errors = |count: usize| raw(len(9, [0x3A, 0x00].repeat(count)));
    let decoded = accepted(errors(512 * 1024), 64 * MIB);
    assert_eq!(decoded.facts.heap_bytes, 64 * MIB);
    refused(errors(512 * 1024 + 1), "heap_budget", 0);
    let suggestions = len(7, repeated(&[0x42, 0x00], MIB as usize));
    accepted(raw(suggestions), 64 * MIB);
}

#[test]
fn a_repeated_oneof_member_that_merges() {
    let piece = len(6, repeated(&[0x0A, 0x00], 8));
    let value = repeated(&piece, 256 * 1024);
    let decoded = accepted(raw(attribute(&value)), 64 * MIB);
    let Message::Event(event) = &decoded.message else {
        panic!("an event")
    };
    let Some(attribute_value::Value::ArrayValue(array)) = &event.attributes[""].value else {
        panic!("an array")
    };
    assert_eq!(array.values.len(), value.len() / piece.len() * 4);
    refused(
        raw(attribute(repeated(&piece, 4 * MIB as usize))),
        "heap_budget",
        0,
    );
}

#[test]
fn nested_arrays_and_maps_as_deep_as_prost_and_no_deeper() {
    let nest = |levels: usize, map: bool| {
        let mut value = Vec::new();
        for _ in 0..levels {
            value = if map {
                len(7, len(1, len(2, value)))
            } else {
                len(6, len(1, value))
            };
        }
        attribute(value)
    };
    // Event, entry and value take three of the hundred levels.
    for (levels, map) in [(48, false), (32, true)] {
        accepted(raw(nest(levels, map)), 64 * 1024);
        refused(raw(nest(levels + 1, map)), "depth_exceeded", 0);
        refused(raw(nest(1_000, map)), "depth_exceeded", 0);
        let prost = |levels| {
            use prost::Message as _;
            dashstream_codec::v1::DashStreamMessage::decode(nest(levels, map).as_slice()).is_ok()
        };
        assert!(
            prost(levels) && !prost(levels + 1),
            "prost stops at the same level"
        );
    }
}

#[test]
fn nested_groups_of_unknown_fields() {
    refused(raw(vec![0x7B; MIB as usize]), "depth_exceeded", 0);
    let closed = [vec![0x7B; 512 * 1024], vec![0x7C; 512 * 1024]].concat();
    refused(raw(&closed), "depth_exceeded", 0);
    refused(raw(event(closed)), "depth_exceeded", 0);
}

#[test]
fn impossible_lengths_numbers_and_keys() {
    refused(
        raw([&[0x0A], varint(1 << 40).as_slice()].concat()),
        "truncated",
        0,
    );
    refused(
        raw([&[0x0A], varint(u64::MAX).as_slice()].concat()),
        "truncated",
        0,
    );
    refused(
        raw([vec![0x0A], vec![0x80; 10], vec![0x00]].concat()),
        "bad_varint",
        0,
    );
    refused(
        raw(event([&[0x28], [0xFF; 9].as_slice(), &[0x02]].concat())),
        "bad_varint",
        0,
    );
    refused(raw([0x02, 0x00]), "bad_key", 0);
    refused(raw([varint(1 << 32), vec![0x00]].concat()), "bad_key", 0);
    refused(raw([0x08, 0x00]), "wrong_wire_type", 0);
    refused(raw(event([0x1D, 0, 0, 0, 0])), "wrong_wire_type", 0);
    refused(raw([0x0C]), "wrong_wire_type", 0);
    refused(raw([0x7C]), "unmatched_group", 0);
}

#[test]
fn a_packed_list_of_a_million_numbers() {
    let chunk = len(3, len(4, vec![0; MIB as usize]));
    let decoded = accepted(raw(chunk), 5 * MIB + 1024);
    let Message::TokenChunk(chunk) = decoded.message else {
        panic!("a token chunk")
    };
    assert_eq!(chunk.token_ids.len() as u64, MIB);
    assert_eq!(chunk.token_ids.capacity() as u64, MIB, "reserved exactly");
}

#[test]
fn millions_of_unknown_fields() {
    refused(
        raw([0x78, 0x00].repeat(5 * MIB as usize - 8)),
        "field_count",
        0,
    );
    refused(
        raw(event([0x78, 0x00].repeat(5 * MIB as usize - 8))),
        "field_count",
        0,
    );
}

#[test]
fn headers_that_differ() {
    let twice = event([header("a"), header("b")].concat());
    refused(raw(&twice), "header_mismatch", 0);
    let kinds = [event(header("a")), len(2, header("a"))].concat();
    refused(raw(kinds), "header_mismatch", 0);
    let again = [event(header("a")), event(header("b"))].concat();
    refused(raw(again), "header_mismatch", 0);
    let late = [event([]), event(header("b"))].concat();
    refused(raw(late), "header_mismatch", 0);
    let peek = Decoder::new(DecodeOptions::new())
        .peek(&raw(&twice))
        .map(|_| ());
    assert_eq!(peek, Err(DecodeError::HeaderMismatch));

    // Said twice and the same: merged, as protobuf says.
    let decoded = accepted(raw(event([header("a"), header("a")].concat())), 1024);
    assert_eq!(
        decoded
            .message
            .header()
            .map(|header| header.thread_id.as_str()),
        Some("a")
    );
}

#[test]
fn a_header_that_contradicts_the_frame_byte() {
    let flagged = event(len(1, [len(4, "t"), number(8, 1)].concat()));
    let decoded = accepted(raw(&flagged), 1024);
    assert!(
        decoded
            .facts
            .warnings()
            .any(|warning| warning == Warning::CompressionFlag)
    );
    let warnings: Vec<_> = decoded.facts.warnings().map(Warning::code).collect();
    assert_eq!(warnings, ["compression_mismatch"]);
    let decoded = accepted(zstd(&flagged), 1024);
    assert_eq!(decoded.facts.warnings().count(), 0);
    let decoded = accepted(zstd(event(header("t"))), 1024);
    assert!(
        decoded
            .facts
            .warnings()
            .any(|warning| warning == Warning::CompressionFlag)
    );
}

#[test]
fn a_state_that_is_a_bomb_only_as_json_stays_bytes() {
    let json = [
        b"[".to_vec(),
        br#"{"":0},"#.repeat(1_400_000),
        b"0]".to_vec(),
    ]
    .concat();
    let decoded = accepted(zstd(len(2, len(5, &json))), json.len() as u64 + 4096);
    let Message::StateDiff(diff) = decoded.message else {
        panic!("a diff")
    };
    assert_eq!(diff.full_state, json);
}

#[test]
fn strings_that_are_not_utf8() {
    refused(raw(event(len(3, [0xFF]))), "bad_utf8", 0);
    refused(raw(event(len(3, [0xED, 0xA0, 0x80]))), "bad_utf8", 0);
    refused(raw(event(len(1, len(4, [0xC3])))), "bad_utf8", 0);
    refused(raw(event(len(4, len(1, [0x80])))), "bad_utf8", 0);
    refused(raw(len(7, len(8, [0xC0, 0x80]))), "bad_utf8", 0);
}

#[test]
fn merging_is_charged_for_everything_it_makes_grow() {
    // A list or map that goes on growing where an earlier part left it.
    let operations = |count: usize| len(2, repeated(&[0x1A, 0x00], 2 * count));
    let metadata = |from: usize, to: usize| {
        let entries = (from..to).flat_map(|at| len(12, len(1, format!("{at:09}"))));
        len(9, entries.collect::<Vec<_>>())
    };
    for (first, second) in [
        (1, 0),
        (1, 1024),
        (4, 1),
        (1024, 1),
        (3, 6),
        (11, 11),
        (11, 1),
        (40, 1),
        (64, 65),
    ] {
        accepted(
            raw([operations(first), operations(second)].concat()),
            64 * MIB,
        );
        let maps = [metadata(0, first), metadata(first, first + second)].concat();
        accepted(raw(maps), 64 * MIB);
    }
    let many: Vec<u8> = (0..60)
        .flat_map(|at| metadata(at * 11, at * 11 + 11))
        .collect();
    accepted(raw(many), 64 * MIB);
    let many: Vec<u8> = (1..80).flat_map(operations).collect();
    accepted(raw(many), 64 * MIB);
    // A string that grows a little each time.
    let strings: Vec<u8> = (1..60).flat_map(|at| len(3, "x".repeat(at))).collect();
    accepted(raw(event(strings)), 64 * 1024);
}

#[test]
fn nothing_at_all_and_frames_of_nothing() {
    let options = DecodeOptions::new();
    let fault = |record: &[u8]| {
        let error = Decoder::new(options.clone())
            .decode(record)
            .expect_err("refused");
        (error.fault(), error.code())
    };
    assert_eq!(fault(&[]), (FaultClass::Empty, "empty_record"));
    assert_eq!(fault(&[0]), (FaultClass::Malformed, "no_message"));
    assert_eq!(fault(&[1]).0, FaultClass::Decompression);
    assert_eq!(fault(&zstd([])), (FaultClass::Malformed, "no_message"));
    assert_eq!(fault(&[2]), (FaultClass::BadFrame, "unknown_frame_byte"));
    assert_eq!(
        fault(&raw([0x78, 0x00])),
        (FaultClass::Malformed, "no_message")
    );
}

#[test]
fn every_hostile_payload_holds_every_property() {
    let payloads = [
        len(8, repeated(&[0x12, 0x00], 4096)),
        len(8, repeated(&[0x12, 0x02, 0x22, 0x00], 4096)),
        attribute(repeated(&len(6, repeated(&[0x0A, 0x00], 8)), 4096)),
        vec![0x7B; 4096],
        [0x78, 0x00].repeat(2048),
        event([header("a"), header("b")].concat()),
        len(2, repeated(&[0x1A, 0x00], 4096)),
    ];
    for payload in payloads {
        for record in [raw(&payload), zstd(&payload)] {
            record::decodes_within_budget(&record);
            record::peek_agrees(&record);
            record::view_equals_owned(&record);
            record::decoding_is_stable(&record);
            record::refusals_are_explained(&record);
        }
    }
}
