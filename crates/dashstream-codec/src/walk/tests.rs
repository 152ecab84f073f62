use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use dashstream_testkit::rng::SplitMix64;
use prost::Message as _;
use prost::encoding::encode_varint;

use super::budget::MERGED;
use super::*;
use crate::limits::DecodeLimits;
use crate::trace::PathTrace;
use crate::v1;
use crate::v1::attribute_value::Value;

/// The verdict of a walk, and all that it counted.
fn walked(
    payload: &[u8],
    limits: &DecodeLimits,
    trace: impl Trace,
) -> Result<(Kind, [u64; 5], bool), DecodeError> {
    let options = DecodeOptions::new()
        .with_limits(limits.clone())
        .with_optional_headers(true);
    let mut stats = PayloadStats::default();
    let kind = walk_traced(payload, &options, &mut stats, trace);
    let counted = [
        stats.heap,
        stats.fields.into(),
        stats.elements.into(),
        stats.blobs.into(),
        stats.blob_bytes,
    ];
    kind.map(|kind| (kind, counted, stats.unrouted))
}

/// The walk that takes its short ways says what the one says that is explained and takes none.
fn agrees(payload: &[u8], limits: &DecodeLimits) {
    let explained = walked(payload, limits, &mut PathTrace::new(payload));
    assert_eq!(
        walked(payload, limits, Untraced),
        explained,
        "{payload:02x?}"
    );
}

fn text(random: &mut SplitMix64) -> String {
    let len = [0, 1, 3, 8, 9, 60, 63, 64, 127, 128, 200][random.index(11)];
    let characters = ['a', '"', 'é', '🦀'];
    let choice = if random.chance(3, 4) {
        1
    } else {
        characters.len()
    };
    (0..len).map(|_| characters[random.index(choice)]).collect()
}

fn value(random: &mut SplitMix64, depth: u32) -> v1::AttributeValue {
    let nested = |random: &mut SplitMix64| value(random, depth.saturating_sub(1));
    let value = match random.below(if depth == 0 { 6 } else { 8 }) {
        0 => None,
        6 if random.chance(1, 3) => Some(Value::BytesValue(text(random).into_bytes().into())),
        1 => Some(Value::IntValue(
            random.next_u64().cast_signed() >> random.below(64),
        )),
        2 => Some(Value::FloatValue(0.5)),
        3 => Some(Value::BoolValue(random.chance(1, 2))),
        4 | 5 => Some(Value::StringValue(text(random))),
        6 => Some(Value::ArrayValue(v1::AttributeArray {
            values: (0..random.below(4)).map(|_| nested(random)).collect(),
        })),
        _ => Some(Value::MapValue(v1::AttributeMap {
            values: (0..random.below(4))
                .map(|_| (text(random), nested(random)))
                .collect(),
        })),
    };
    v1::AttributeValue { value }
}

fn payload(random: &mut SplitMix64) -> Vec<u8> {
    let attributes = (0..random.below(6)).map(|_| (text(random), value(random, 2)));
    let event = v1::Event {
        attributes: attributes.collect(),
        ..v1::Event::default()
    };
    let message = Some(v1::dash_stream_message::Message::Event(event));
    v1::DashStreamMessage { message }.encode_to_vec()
}

#[test]
fn the_short_way_through_an_entry_finds_what_the_long_way_finds() {
    let mut random = SplitMix64::new(1);
    for _ in 0..20_000 {
        let mut payload = payload(&mut random);
        agrees(&payload, &DecodeLimits::new());
        for _ in 0..random.below(3) {
            let at = random.index(payload.len());
            // Low bits change lengths and keys to their neighbours.
            payload[at] ^= 1 << random.below(8);
        }
        agrees(&payload, &DecodeLimits::new());
    }
}

#[test]
fn each_limit_is_met_at_the_same_place_on_both_ways() {
    let mut random = SplitMix64::new(2);
    for _ in 0..300 {
        let payload = payload(&mut random);
        for limit in 0..40_u32 {
            agrees(&payload, &DecodeLimits::new().with_fields(limit));
            agrees(&payload, &DecodeLimits::new().with_depth(limit.min(8)));
            agrees(&payload, &DecodeLimits::new().with_elements(limit));
            agrees(
                &payload,
                &DecodeLimits::new().with_heap_bytes(u64::from(limit) * 64),
            );
        }
    }
}

/// Each field of each message with each wire type: taken where prost takes it, and only there. What follows
/// it makes up whole fields where its value is read as another wire type's, so that only the wire type tells.
#[test]
fn each_field_is_taken_with_the_wire_types_of_its_kind_alone() {
    const VALUES: [(u32, &[u8]); 9] = [
        (0, &[0]),
        (0, &[1]),
        (1, &[0; 8]),
        (1, &[7, 0, 0, 0, 0, 0, 0, 0]),
        (2, &[0]),
        (4, &[]),
        (5, &[0; 4]),
        (5, &[3, 0, 0, 0]),
        (6, &[]),
    ];
    // Of a number that no message has: three bytes, and seven.
    const AFTER: [&[u8]; 3] = [&[], &[0xA0, 6, 0], &[0xA2, 6, 4, 0, 0, 0, 0]];
    let mut taken = 0;
    let mut refused = 0;
    let mut known: Vec<&'static Shape> = Vec::new();
    let mut waiting: Vec<(&'static Shape, Vec<u32>)> =
        Vec::from([(&DASH_STREAM_MESSAGE, Vec::new())]);
    while let Some((shape, path)) = waiting.pop() {
        if known.iter().any(|seen| core::ptr::eq(*seen, shape)) {
            continue;
        }
        known.push(shape);
        for number in 1..=20 {
            if let Some(child) = shape.field(number).child {
                waiting.push((child, [&path[..], &[number]].concat()));
            }
            for ((wire_type, value), after) in VALUES
                .into_iter()
                .flat_map(|value| AFTER.map(|after| (value, after)))
            {
                let payload = within(&path, &[&key(number, wire_type), value, after].concat());
                *if is_taken(&payload) {
                    &mut taken
                } else {
                    &mut refused
                } += 1;
            }
            let group = [key(number, 3), key(number, 4)].concat();
            let _group = is_taken(&within(&path, &group));
        }
    }
    assert_eq!((known.len(), taken, refused), (28, 9279, 5841));
}

/// Whether it is accepted, as prost does.
fn is_taken(payload: &[u8]) -> bool {
    let prost = v1::DashStreamMessage::decode(payload);
    let ours = match walked(payload, &DecodeLimits::new(), Untraced) {
        // Prost calls what holds none of the nine messages a message all the same.
        Err(DecodeError::NoMessage { .. }) => true,
        verdict => verdict.is_ok(),
    };
    assert_eq!(ours, prost.is_ok(), "{payload:02x?}: {prost:?}");
    agrees(payload, &DecodeLimits::new());
    ours
}

fn key(number: u32, wire_type: u32) -> Vec<u8> {
    let mut key = Vec::new();
    encode_varint(u64::from(number << 3 | wire_type), &mut key);
    key
}

/// A message with this content as the field at `path`.
fn within(path: &[u32], content: &[u8]) -> Vec<u8> {
    path.iter().rev().fold(content.to_vec(), |inner, parent| {
        let mut outer = key(*parent, 2);
        encode_varint(inner.len() as u64, &mut outer);
        [outer, inner].concat()
    })
}

/// Numbers of a list that is merged into one before are charged as they are stored, packed or one by one: in
/// rooms for four, eight and so on. A list that is reserved first takes what it holds.
#[test]
fn packed_numbers_are_charged_as_those_that_come_one_by_one() {
    const TOKEN_CHUNK: u8 = 3;
    // A token chunk's token ids, its fourth field.
    let packed = |count: u8| [&[4 << 3 | 2, count], &vec![7; count.into()][..]].concat();
    let single = |count: u8| [4 << 3, 7].repeat(count.into());
    let message = |body: &[u8]| {
        let len = u8::try_from(body.len()).unwrap();
        [&[TOKEN_CHUNK << 3 | 2, len], body].concat()
    };
    let heap = |payload: &[u8]| walked(payload, &DecodeLimits::new(), Untraced).unwrap().1[0];
    for (count, room) in [(1, 4), (4, 4), (5, 8), (8, 8), (9, 16)] {
        let [packed, single] = [packed(count), single(count)].map(|list| {
            let again = [message(&[]), message(&list)].concat();
            (heap(&message(&list)), heap(&again))
        });
        assert_eq!(packed, single, "{count}");
        let bytes = 4 * u64::from(count);
        assert_eq!(packed, (bytes, 4 * room * MERGED), "{count}");
    }
}
