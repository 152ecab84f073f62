//! Every limit of the decoder and the encoder: one under, exactly at, one over; and the heap that was
//! worked out against the heap that was used.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/stored.rs"]
mod stored;
#[path = "support/telemetry.rs"]
mod telemetry;

use dashstream_codec::{
    Compression, DecodeError, DecodeLimits, DecodeOptions, Decoded, Decoder, EncodeError,
    EncodeOptions, Encoder, Message, RecordFacts, v1,
};
use dashstream_testkit::alloc;
use prost::Message as _;
use stored::Stored;

fn raw(message: Message) -> Vec<u8> {
    let mut record = vec![0];
    v1::DashStreamMessage {
        message: Some(message),
    }
    .encode(&mut record)
    .expect("a vector grows");
    record
}

fn zstd(message: Message) -> Vec<u8> {
    Stored::Declared.record(&raw(message)[1..])
}

/// A message in each of the ways that a record may store it.
fn every_form(message: Message) -> [Vec<u8>; 4] {
    let payload = raw(message);
    Stored::ALL.map(|stored| stored.record(&payload[1..]))
}

fn decode(record: &[u8], limits: DecodeLimits) -> Result<Decoded, DecodeError> {
    Decoder::new(DecodeOptions::new().with_limits(limits)).decode(record)
}

/// The trio: `limit` takes a value; at `need` and above the record is accepted, below it is not.
fn trio(record: &[u8], need: u64, limit: impl Fn(u64) -> DecodeLimits, code: &str) {
    assert!(decode(record, limit(need + 1)).is_ok(), "{code}: one under");
    assert!(decode(record, limit(need)).is_ok(), "{code}: exactly at");
    let error = decode(record, limit(need - 1)).expect_err("one over");
    assert_eq!(error.code(), code);
}

fn facts(record: &[u8]) -> RecordFacts {
    decode(record, DecodeLimits::new()).expect("accepted").facts
}

fn size(value: u64) -> usize {
    usize::try_from(value).expect("a size")
}

fn count(value: u64) -> u32 {
    u32::try_from(value).expect("a count")
}

#[test]
fn the_record_limit_counts_the_frame_byte() {
    let record = raw(Message::EventBatch(telemetry::batch(3)));
    let limit = |bytes| DecodeLimits::new().with_record_bytes(size(bytes));
    trio(&record, record.len() as u64, limit, "record_too_large");
}

#[test]
fn the_payload_limit_holds_for_raw_and_for_compressed_payloads() {
    let limit = |bytes| DecodeLimits::new().with_payload_bytes(size(bytes));
    let message = Message::EventBatch(telemetry::batch(30));
    let need = raw(message.clone()).len() as u64 - 1;
    trio(&raw(message.clone()), need, limit, "payload_too_large");
    trio(&zstd(message), need, limit, "declared_too_large");
}

#[test]
fn the_default_payload_limit_is_ten_mebibytes_after_the_frame_byte() {
    let of = |len: usize| {
        let state = vec![b'7'; len];
        Message::StateDiff(v1::StateDiff {
            header: Some(v1::Header::default()),
            full_state: state.into(),
            ..v1::StateDiff::default()
        })
    };
    let overhead = raw(of(10 << 20)).len() - 1 - (10 << 20);
    let fits = of((10 << 20) - overhead);
    assert_eq!(raw(fits.clone()).len(), (10 << 20) + 1);
    assert!(decode(&raw(fits.clone()), DecodeLimits::new()).is_ok());
    assert!(decode(&zstd(fits), DecodeLimits::new()).is_ok());
    let over = of((10 << 20) - overhead + 1);
    let code = |record: &[u8]| decode(record, DecodeLimits::new()).map_err(|error| error.code());
    assert_eq!(
        code(&raw(over.clone())).map(|_| ()),
        Err("record_too_large")
    );
    assert_eq!(code(&zstd(over)).map(|_| ()), Err("declared_too_large"));
}

#[test]
fn the_heap_limit_is_exact_to_the_byte() {
    let limit = |bytes| DecodeLimits::new().with_heap_bytes(bytes);
    for (_, message) in telemetry::all() {
        for record in every_form(message) {
            trio(&record, facts(&record).heap_bytes, limit, "heap_budget");
        }
    }
}

#[test]
fn the_field_limit_counts_every_key() {
    let limit = |fields| DecodeLimits::new().with_fields(count(fields));
    for (_, message) in telemetry::all() {
        let record = raw(message);
        trio(&record, facts(&record).fields.into(), limit, "field_count");
    }
}

#[test]
fn the_element_limit_counts_lists_and_maps() {
    let limit = |elements| DecodeLimits::new().with_elements(count(elements));
    for message in [
        Message::EventBatch(telemetry::batch(3)),
        Message::StateDiff(telemetry::state_diff(10)),
        telemetry::all().pop().expect("a trace").1,
    ] {
        let record = raw(message);
        trio(
            &record,
            facts(&record).elements.into(),
            limit,
            "element_count",
        );
    }
    let batch = raw(Message::EventBatch(telemetry::batch(3)));
    assert_eq!(facts(&batch).elements, 3 + 3 * 6);
}

#[test]
fn the_depth_limit_counts_messages_and_entries() {
    let limit = |depth| DecodeLimits::new().with_depth(count(depth));
    // Event, entry, value.
    trio(
        &raw(Message::Event(telemetry::event6(1))),
        3,
        limit,
        "depth_exceeded",
    );
    // Batch, event, entry, value.
    trio(
        &raw(Message::EventBatch(telemetry::batch(1))),
        4,
        limit,
        "depth_exceeded",
    );
    // Diff, operation.
    trio(
        &raw(Message::StateDiff(telemetry::state_diff(1))),
        2,
        limit,
        "depth_exceeded",
    );
    for (asked, set) in [(99, 99), (100, 100), (101, DecodeLimits::DEPTH_MAX)] {
        assert_eq!(DecodeLimits::new().with_depth(asked).depth(), set);
    }
}

#[test]
fn at_depth_zero_there_is_no_message_and_at_one_there_is_no_header() {
    let code = |record: &[u8], depth: u32| {
        let options = DecodeOptions::new()
            .with_optional_headers(true)
            .with_limits(DecodeLimits::new().with_depth(depth));
        Decoder::new(options)
            .decode(record)
            .map(drop)
            .map_err(|error| error.code())
    };
    let too_deep = Err("depth_exceeded");
    let bare = raw(Message::TokenChunk(v1::TokenChunk::default()));
    assert_eq!(code(&bare, 2), Ok(()));
    assert_eq!(code(&bare, 1), Ok(()));
    assert_eq!(code(&bare, 0), too_deep);
    let headed = raw(Message::TokenChunk(v1::TokenChunk {
        header: Some(v1::Header::default()),
        ..v1::TokenChunk::default()
    }));
    assert_eq!(code(&headed, 3), Ok(()));
    assert_eq!(code(&headed, 2), Ok(()));
    assert_eq!(code(&headed, 1), too_deep);
    assert_eq!(code(&headed, 0), too_deep);
    assert_eq!(code(&[0], 0), Err("no_message"));
    // Groups of unknown fields are counted like messages.
    let group = [0, 0xAB, 0x06, 0xAC, 0x06, 0x1A, 0x00];
    assert_eq!(code(&group, 2), Ok(()));
    assert_eq!(code(&group, 1), Ok(()));
    assert_eq!(code(&group, 0), too_deep);
}

/// An event with an attribute of lists or of maps, `width` in each of `levels`.
fn nested(levels: u32, width: usize, map: bool) -> Message {
    let mut value = v1::AttributeValue {
        value: Some(v1::attribute_value::Value::StringValue("leaf".to_owned())),
    };
    for _ in 0..levels {
        let inner = if map {
            let keys = (0..width).map(|key| key.to_string());
            v1::attribute_value::Value::MapValue(v1::AttributeMap {
                values: keys.map(|key| (key, value.clone())).collect(),
            })
        } else {
            v1::attribute_value::Value::ArrayValue(v1::AttributeArray {
                values: vec![value; width],
            })
        };
        value = v1::AttributeValue { value: Some(inner) };
    }
    Message::Event(v1::Event {
        attributes: [("nested".to_owned(), value)].into(),
        ..telemetry::event6(1)
    })
}

#[test]
fn lists_and_maps_within_others_are_charged_at_every_level() {
    for (levels, width) in [(1, 5), (1, 100), (2, 4), (2, 13), (3, 7), (6, 3), (20, 1)] {
        for map in [false, true] {
            let record = raw(nested(levels, width, map));
            let name = format!("{levels} levels of {width}, maps: {map}");
            let heap = facts(&record).heap_bytes;
            let limit = |bytes| DecodeLimits::new().with_heap_bytes(bytes);
            trio(&record, heap, limit, "heap_budget");

            let limit = |elements| DecodeLimits::new().with_elements(count(elements));
            let elements = facts(&record).elements;
            // What stands in the attributes, and they themselves.
            let inner: usize = (1..=levels).map(|level| width.pow(level)).sum();
            assert_eq!(elements as usize, inner + 1, "{name}");
            trio(&record, elements.into(), limit, "element_count");

            let limit = |depth| DecodeLimits::new().with_depth(count(depth));
            // Event, entry, value; then a list and a value, or a map, an entry and a value.
            let step = if map { 3 } else { 2 };
            trio(
                &record,
                3 + step * u64::from(levels),
                limit,
                "depth_exceeded",
            );

            let mut decoder = Decoder::new(DecodeOptions::new());
            let (decoded, usage) = alloc::measure(|| decoder.decode(&record));
            assert!(decoded.is_ok() && usage.peak <= heap, "{name}: {usage:?}");
        }
    }
}

#[test]
fn a_refused_record_stored_raw_has_allocated_nothing_whatever_the_limit() {
    let record = raw(nested(3, 7, true));
    let none = DecodeLimits::new();
    for limits in [
        none.clone().with_record_bytes(record.len() - 1),
        none.clone().with_payload_bytes(record.len() - 2),
        none.clone().with_heap_bytes(1_000),
        none.clone().with_depth(5),
        none.clone().with_elements(100),
        none.with_fields(100),
    ] {
        let mut decoder = Decoder::new(DecodeOptions::new().with_limits(limits));
        let (result, usage) = alloc::measure(|| decoder.decode(&record).map(drop));
        assert!(result.is_err());
        assert_eq!(usage, alloc::Usage::default(), "{result:?}");
    }
}

#[test]
fn a_raised_payload_limit_raises_what_is_not_set_by_name_and_a_lowered_one_lowers_nothing() {
    let of = |limits: &DecodeLimits| {
        let bytes = (limits.record_bytes(), limits.heap_bytes());
        (bytes, limits.elements(), limits.fields())
    };
    let defaults = ((10_485_761, 64 << 20), 1 << 20, 1 << 21);
    for payload in [1, 4_000, (10 << 20) - 1, 10 << 20] {
        let limits = DecodeLimits::new().with_payload_bytes(payload);
        assert_eq!(of(&limits), defaults, "{payload}");
    }
    let raised = DecodeLimits::new().with_payload_bytes(64 << 20);
    let expected = (((64 << 20) + 1, 429_496_729), 6_710_886, 13_421_772);
    assert_eq!(of(&raised), expected);
    let set = DecodeLimits::new()
        .with_heap_bytes(1_000)
        .with_record_bytes(2_000)
        .with_elements(3)
        .with_fields(4)
        .with_payload_bytes(64 << 20);
    assert_eq!(of(&set), ((2_000, 1_000), 3, 4));
}

#[test]
fn a_message_of_twenty_mebibytes_passes_a_limit_of_64_however_it_is_stored() {
    let limits = DecodeLimits::new().with_payload_bytes(64 << 20);
    for record in every_form(Message::EventBatch(telemetry::batch(60_000))) {
        let decoded = decode(&record, limits.clone()).expect("accepted");
        assert!(decoded.facts.payload_bytes > 20 << 20);
    }
}

#[test]
fn a_larger_payload_limit_than_the_counters_hold_means_the_largest() {
    let most = DecodeLimits::PAYLOAD_BYTES_MAX;
    for (asked, set) in [(most - 1, most - 1), (most, most), (most + 1, most)] {
        let limits = DecodeLimits::new().with_payload_bytes(asked);
        assert_eq!(limits.payload_bytes(), set);
        assert_eq!(limits.zstd().output_bytes(), set as u64);
    }
    let limits = DecodeLimits::new().with_payload_bytes(usize::MAX);
    assert_eq!(limits.payload_bytes(), most);
    let limits = limits.with_zstd(dashstream_zstd::Limits::new().with_window_bytes(1 << 20));
    assert_eq!(
        limits.zstd().output_bytes(),
        DecodeLimits::PAYLOAD_BYTES_MAX as u64
    );
    assert_eq!(limits.zstd().window_bytes(), 1 << 20);
}

#[test]
fn what_was_worked_out_covers_what_was_used_and_not_much_more() {
    for (name, message) in telemetry::all() {
        for record in every_form(message) {
            let mut decoder = Decoder::new(DecodeOptions::new());
            // libzstd's context is made once, and counted where its memory is the Rust allocator's.
            drop(decoder.decode(&record));
            let (decoded, usage) = alloc::measure(|| decoder.decode(&record).expect("accepted"));
            let predicted = decoded.facts.heap_bytes;
            assert!(
                usage.peak <= predicted,
                "{name}: {} over {predicted}",
                usage.peak
            );
            assert_eq!(
                usage.retained, usage.peak as i64,
                "{name}: nothing is given back"
            );
            let ratio = predicted as f64 / usage.peak as f64;
            assert!(
                ratio <= 1.5,
                "{name}: {predicted} is {ratio:.3} times {}",
                usage.peak
            );
        }
    }
}

/// Encodes a message that is refused, and holds it against what it was before.
fn refused(options: EncodeOptions, message: Message) -> EncodeError {
    let mut sent = message.clone();
    let error = Encoder::new(options)
        .encode(&mut sent)
        .map(drop)
        .expect_err("refused");
    assert_eq!(sent, message, "a refused message is as it was");
    error
}

#[test]
fn what_a_reader_would_refuse_is_not_written_and_stays_as_it_was() {
    let header = |version| v1::Header {
        compression: 3,
        schema_version: version,
        ..telemetry::header(1, v1::MessageType::Event)
    };
    let trace = |records: usize| {
        Message::ExecutionTrace(v1::ExecutionTrace {
            header: Some(header(1)),
            nodes_executed: vec![v1::NodeExecutionRecord::default(); records],
            ..v1::ExecutionTrace::default()
        })
    };
    let code = |message| refused(EncodeOptions::new(), message).code().to_owned();
    assert_eq!(code(trace(400_000)), "heap_budget");
    let newer = v1::Event {
        header: Some(header(2)),
        ..telemetry::event6(1)
    };
    assert_eq!(code(Message::Event(newer.clone())), "schema_version");
    let batch = v1::EventBatch {
        header: Some(header(1)),
        events: vec![telemetry::event6(1), newer],
    };
    assert_eq!(code(Message::EventBatch(batch)), "schema_version");
    let large = EncodeOptions::new().with_payload_bytes(1_000);
    let mut batch = telemetry::batch(10);
    batch.events[3].header = Some(header(1));
    let error = refused(large, Message::EventBatch(batch));
    assert_eq!(error.code(), "payload_too_large");

    // A reader with a smaller window takes it raw.
    let limits = DecodeLimits::new();
    let zstd = limits.zstd().clone().with_window_bytes(1_024);
    let reader = DecodeOptions::new().with_limits(limits.with_zstd(zstd.with_ratio(1, 0)));
    let mut encoder = Encoder::new(EncodeOptions::new().with_reader(reader.clone()));
    let mut message = Message::EventBatch(telemetry::batch(10));
    let encoded = encoder.encode(&mut message).expect("written");
    let refused = |compression| match compression {
        Compression::Failed(error) => error.code(),
        Compression::Kept | Compression::NotTried | Compression::NotSmaller => "",
    };
    assert_eq!(refused(encoded.compression), "ratio_too_high");
    let decoded = Decoder::new(reader)
        .decode(encoded.record)
        .expect("accepted");
    assert_eq!(decoded.message, message);
}

#[test]
fn the_last_record_that_its_reader_takes_is_written_and_the_next_is_not() {
    for (_, message) in telemetry::all() {
        let need = facts(&raw(message.clone())).heap_bytes;
        for (heap, written) in [(need + 1, true), (need, true), (need - 1, false)] {
            let limits = DecodeLimits::new().with_heap_bytes(heap);
            let reader = DecodeOptions::new().with_limits(limits);
            let options = EncodeOptions::new()
                .with_compression(false)
                .with_reader(reader);
            let mut sent = message.clone();
            let result = Encoder::new(options).encode(&mut sent).map(drop);
            let expected = if written { Ok(()) } else { Err("heap_budget") };
            assert_eq!(
                result.map_err(|error| error.code().to_owned()),
                expected.map_err(str::to_owned)
            );
        }
    }
}

#[test]
fn the_encoders_limits_are_typed_and_nothing_is_cut() {
    let encode = |options: EncodeOptions, mut message: Message| {
        Encoder::new(options)
            .encode(&mut message)
            .map(|encoded| encoded.payload_bytes)
    };
    let message = Message::Event(telemetry::event6(1));
    let len = raw(message.clone()).len() - 1;
    let limit = |bytes| EncodeOptions::new().with_payload_bytes(bytes);
    assert_eq!(encode(limit(len + 1), message.clone()), Ok(len));
    assert_eq!(encode(limit(len), message.clone()), Ok(len));
    assert_eq!(
        encode(limit(len - 1), message.clone()),
        Err(EncodeError::PayloadTooLarge {
            len,
            limit: len - 1
        })
    );

    let longest = "Summarise the open incidents and propose the next step".len();
    let limit = |bytes| EncodeOptions::new().with_attribute_bytes(bytes);
    assert_eq!(encode(limit(longest + 1), message.clone()), Ok(len));
    assert_eq!(encode(limit(longest), message.clone()), Ok(len));
    assert_eq!(
        encode(limit(longest - 1), message),
        Err(EncodeError::AttributeTooLarge {
            len: longest,
            limit: longest - 1
        })
    );
}
