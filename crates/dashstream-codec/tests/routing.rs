//! Where messages belong: headers of every kind, batches, thread ids, schema versions, framing.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/telemetry.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod telemetry;
#[path = "support/wire.rs"]
mod wire;

use core::num::NonZeroU64;

use dashstream_codec::{
    DecodeOptions, Decoder, EncodeError, EncodeOptions, Encoder, FaultClass, Kind, Message,
    Warning, v1,
};
use prost::Message as _;
use wire::{header, len, number, raw, zstd};

fn decoder(options: DecodeOptions) -> impl FnMut(&[u8]) -> Result<Message, &'static str> {
    let mut decoder = Decoder::new(options);
    move |record| {
        decoder
            .decode(record)
            .map(|decoded| decoded.message)
            .map_err(|error| error.code())
    }
}

const fn sequence(number: u64) -> Option<NonZeroU64> {
    NonZeroU64::new(number)
}

/// A thread, and the place in its order.
fn place(header: Option<&v1::Header>) -> (&str, Option<NonZeroU64>) {
    let header = header.expect("a header");
    (&header.thread_id, header.sequenced())
}

#[test]
fn every_kind_has_a_header_a_peek_and_one_entry() {
    let decoder = Decoder::new(DecodeOptions::new());
    for number in 1..=9 {
        let record = raw(len(
            number,
            len(1, [len(4, "t"), wire::number(5, 7)].concat()),
        ));
        let message = Decoder::new(DecodeOptions::new())
            .decode(&record)
            .expect("accepted")
            .message;
        let kind = Kind::from_number(number).expect("a kind");
        assert_eq!(message.kind(), kind);
        assert_eq!(
            message.header().map(|header| header.thread_id.as_str()),
            Some("t")
        );
        let peek = decoder
            .peek(&record)
            .expect("accepted")
            .expect("stored raw");
        assert_eq!((peek.kind, peek.thread_id()), (kind, Some("t")));
        assert_eq!(peek.sequence(), sequence(7));
        let entries: Vec<_> = message.entries().map(|(header, _)| place(header)).collect();
        let expected: &[_] = if kind == Kind::EventBatch {
            &[]
        } else {
            &[("t", sequence(7))]
        };
        assert_eq!(entries, expected);
    }
}

#[test]
fn a_batch_is_its_events_and_never_its_envelope() {
    let event = |thread: &str, number: u64| v1::Event {
        header: Some(v1::Header {
            thread_id: thread.into(),
            sequence: number,
            ..v1::Header::default()
        }),
        ..v1::Event::default()
    };
    let envelope = v1::Header {
        thread_id: "envelope".into(),
        ..v1::Header::default()
    };
    let message = Message::EventBatch(v1::EventBatch {
        header: Some(envelope),
        events: vec![event("a", 3), event("b", 9), event("a", 2), event("c", 0)],
    });
    let entries: Vec<_> = message.entries().map(|(header, _)| place(header)).collect();
    let expected = [
        ("a", sequence(3)),
        ("b", sequence(9)),
        ("a", sequence(2)),
        ("c", None),
    ];
    assert_eq!(entries, expected);
}

#[test]
fn schema_versions_0_1_and_2_with_newer_ones_refused_and_accepted_for_messages_and_for_events_of_a_batch()
 {
    let alone = |version| raw(len(1, len(1, number(9, version))));
    let inside = |version| {
        let event = len(2, len(1, number(9, version)));
        raw(len(8, [header("t"), event].concat()))
    };
    for newer in [false, true] {
        let mut decode = decoder(DecodeOptions::new().with_newer_schemas(newer));
        for (version, admitted) in [(0, true), (1, true), (2, newer)] {
            for record in [alone(version), inside(version)] {
                let result = decode(&record).map(drop);
                assert_eq!(
                    result,
                    if admitted {
                        Ok(())
                    } else {
                        Err("schema_version")
                    }
                );
            }
        }
    }
}

#[test]
fn headers_are_required_of_messages_and_of_events_unless_said_otherwise() {
    let without = [
        raw(len(1, [])),
        raw(len(8, len(2, header("t")))),
        raw(len(8, [header("t"), len(2, [])].concat())),
    ];
    let mut strict = decoder(DecodeOptions::new());
    let mut lenient = decoder(DecodeOptions::new().with_optional_headers(true));
    for record in &without {
        assert_eq!(strict(record).map(drop), Err("missing_header"));
        assert_eq!(lenient(record).map(drop), Ok(()));
    }
    // The details of a tool's error are no message of their own.
    let details = raw(len(4, [header("t"), len(8, len(3, "why"))].concat()));
    assert_eq!(strict(&details).map(drop), Ok(()));
    assert_eq!(
        strict(&raw(len(8, header("t")))).map(drop),
        Ok(()),
        "an empty batch"
    );
}

#[test]
fn a_message_in_two_parts_needs_a_header_in_its_first_part_alone() {
    let first = len(1, [header("t"), len(3, "node")].concat());
    for part in [len(1, len(3, "later")), len(1, [])] {
        let payload = [first.clone(), part.clone()].concat();
        let merged = v1::DashStreamMessage::decode(payload.as_slice()).expect("protobuf");
        let decoded = decoder(DecodeOptions::new())(&raw(payload));
        assert_eq!(decoded.ok(), merged.message);
        let reversed = [part, first.clone()].concat();
        let refused = decoder(DecodeOptions::new())(&raw(reversed));
        assert_eq!(refused, Err("missing_header"));
    }
    // Another kind takes the place of the first one and its header.
    let other = [first, len(2, [])].concat();
    assert_eq!(
        decoder(DecodeOptions::new())(&raw(other)),
        Err("missing_header")
    );
}

#[test]
fn older_forms_are_read_only_where_the_stream_says_so() {
    let message = Message::Event(telemetry::event6(1));
    let payload = v1::DashStreamMessage {
        message: Some(message.clone()),
    }
    .encode_to_vec();
    let compressed = zstd(&payload);
    let forms = [
        (raw(&payload), false, true),
        (compressed.clone(), true, true),
        (payload.clone(), false, false),
        (compressed[1..].to_vec(), true, false),
    ];
    let mut strict = Decoder::new(DecodeOptions::new());
    let mut compatible = Decoder::new(DecodeOptions::new().with_compatible_framing(true));
    for (record, compressed, framed) in forms {
        let decoded = compatible.decode(&record).expect("accepted");
        assert_eq!(decoded.message, message);
        assert_eq!(
            (decoded.facts.compressed, decoded.facts.framed),
            (compressed, framed)
        );
        let fault = strict
            .decode(&record)
            .map(drop)
            .map_err(|error| error.fault());
        assert_eq!(
            fault,
            if framed {
                Ok(())
            } else {
                Err(FaultClass::BadFrame)
            }
        );
    }
    // One reading, never a second guess: what is framed is not retried as something else.
    let garbage = compatible
        .decode(&[0, 0xFF])
        .map(drop)
        .map_err(|error| error.fault());
    assert_eq!(garbage, Err(FaultClass::Truncated));
}

#[test]
fn a_header_that_names_another_kind_is_a_warning() {
    let record = raw(len(1, len(1, [len(4, "t"), number(6, 2)].concat())));
    let facts = Decoder::new(DecodeOptions::new())
        .decode(&record)
        .expect("accepted")
        .facts;
    assert_eq!(facts.warnings().collect::<Vec<_>>(), [Warning::MessageType]);
}

#[test]
fn what_routes_nowhere_is_a_warning_and_what_the_encoder_refuses() {
    let blank = |thread: &str| v1::Header {
        thread_id: thread.into(),
        ..v1::Header::default()
    };
    let event = |thread: &str| v1::Event {
        header: Some(blank(thread)),
        ..v1::Event::default()
    };
    let batch = |envelope: &str, events: &[&str]| {
        Message::EventBatch(v1::EventBatch {
            header: Some(blank(envelope)),
            events: events.iter().map(|thread| event(thread)).collect(),
        })
    };
    for (message, warned) in [
        (Message::Event(event("t")), false),
        (Message::Event(event("")), true),
        (Message::Event(event(" \t\n")), true),
        (Message::Event(event(" t")), false),
        (Message::Event(event("\u{2003}")), true),
        (Message::Event(event("\u{2003}t")), false),
        (batch("t", &["a", "b"]), false),
        (batch("", &["a", "b"]), false),
        (batch("t", &["a", " "]), true),
        (batch("t", &[]), false),
    ] {
        let payload = v1::DashStreamMessage {
            message: Some(message.clone()),
        }
        .encode_to_vec();
        let facts = Decoder::new(DecodeOptions::new())
            .check(&raw(payload))
            .expect("accepted");
        let blank = facts
            .warnings()
            .any(|warning| warning == Warning::BlankThreadId);
        assert_eq!(blank, warned, "{message:?}");
        let listed: Vec<_> = facts.warnings().map(Warning::code).collect();
        assert_eq!(listed.contains(&"blank_thread_id"), warned);
        let mut written = message.clone();
        let mut encoder = Encoder::new(EncodeOptions::new());
        let refused = encoder.encode(&mut written).map(drop);
        assert_eq!(refused == Err(EncodeError::BlankThreadId), warned);
    }
    // Of a thread that occurs twice the last one counts, in a header and in two of an event.
    let batch = |headers: Vec<u8>| len(8, [header("t"), len(2, headers)].concat());
    for (payload, warned) in [
        (len(1, len(1, [len(4, "a"), len(4, "")].concat())), true),
        (len(1, len(1, [len(4, ""), len(4, "a")].concat())), false),
        (batch([header("a"), header("")].concat()), true),
        (batch([header(""), header("a")].concat()), false),
        (batch([header("a"), len(1, [])].concat()), false),
    ] {
        let mut decoder = Decoder::new(DecodeOptions::new());
        let decoded = decoder.decode(&raw(&payload)).expect("accepted");
        let mut entries = decoded.message.entries();
        let is_blank = entries.any(|(of, _)| of.is_some_and(|of| of.thread_id.is_empty()));
        let mut warnings = decoded.facts.warnings();
        let is_told = warnings.any(|warning| warning == Warning::BlankThreadId);
        assert_eq!((is_blank, is_told), (warned, warned), "{payload:02x?}");
    }
    // Without a header there is nothing that could be blank.
    let options = DecodeOptions::new().with_optional_headers(true);
    let facts = Decoder::new(options)
        .check(&raw(len(1, [])))
        .expect("accepted");
    assert_eq!(facts.warnings().count(), 0);
}

#[test]
fn every_fault_has_a_name_and_a_label_of_existing_consumers() {
    let labels: Vec<_> = FaultClass::ALL
        .map(|fault| (fault.as_str(), fault.error_type()))
        .into();
    let expected = [
        ("empty", "buffer_underflow"),
        ("oversize", "payload_too_large"),
        ("bad_frame", "invalid_protobuf"),
        ("decompression", "unknown_decode_error"),
        ("truncated", "buffer_underflow"),
        ("malformed", "invalid_protobuf"),
        ("over_budget", "payload_too_large"),
        ("schema_version", "schema_version_mismatch"),
        ("header", "invalid_protobuf"),
        ("host", "unknown_decode_error"),
    ];
    assert_eq!(labels, expected);
}
