//! Properties over drawn messages and damaged records.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "props/message.rs"]
mod message;
#[path = "props/record.rs"]
mod record;
#[path = "props/sample.rs"]
mod sample;

use dashstream_codec::{DecodeLimits, DecodeOptions, EncodeOptions, Encoder, v1};
use dashstream_testkit::rng::SplitMix64;
use dashstream_testkit::{stack, sweep};
use proptest::prelude::*;
use prost::Message as _;

fn raw(seed: u64) -> Vec<u8> {
    let mut record = vec![0];
    let message = v1::DashStreamMessage {
        message: Some(sample::message(seed)),
    };
    message.encode(&mut record).expect("a vector grows");
    record
}

fn every_property(record: &[u8]) {
    record::decodes_within_budget(record);
    record::peek_agrees(record);
    record::view_equals_owned(record);
    record::decoding_is_stable(record);
    record::refusals_are_explained(record);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn records_hold_every_property(seed in any::<u64>()) {
        every_property(&raw(seed));
    }

    #[test]
    fn damaged_records_hold_every_property(seed in any::<u64>(), damage in any::<u64>()) {
        let mut bytes = raw(seed);
        let rng = &mut SplitMix64::new(damage);
        for _ in 0..=rng.below(3) {
            let at = rng.index(bytes.len());
            match rng.below(4) {
                0 => bytes[at] = rng.next_u64() as u8,
                1 => bytes.truncate(at.max(1)),
                2 => { bytes.remove(at); if bytes.is_empty() { bytes.push(0); } }
                _ => {
                    let from = rng.index(bytes.len());
                    let piece = bytes[from..bytes.len().min(from + 40)].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        every_property(&bytes);
    }

    #[test]
    fn garbage_holds_every_property(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        every_property(&bytes);
        let framed: Vec<u8> = core::iter::once(0).chain(bytes).collect();
        every_property(&framed);
    }

    #[test]
    fn two_messages_in_one_payload_hold_every_property(
        first in any::<u64>(), second in any::<u64>(), same in any::<bool>(),
    ) {
        let mut bytes = raw(first);
        bytes.extend(&raw(if same { first } else { second })[1..]);
        every_property(&bytes);
    }

    #[test]
    fn messages_hold_every_property(seed in any::<u64>()) {
        let drawn = sample::message(seed);
        message::entries_are_the_events(&drawn);
        message::written_messages_read_the_same(drawn);
    }

    #[test]
    fn what_is_encoded_for_a_reader_is_decoded_by_it(
        seed in any::<u64>(), heap in 0_u64..20_000, payload in 0_usize..2_000, fields in 0_u32..200,
        elements in 0_u32..40, depth in 0_u32..12, window in 0_u64..4_096, which in 0_u8..64,
    ) {
        let set = |bit: u8| which >> bit & 1 == 1;
        let mut limits = DecodeLimits::new();
        if set(0) { limits = limits.with_heap_bytes(heap); }
        if set(1) { limits = limits.with_payload_bytes(payload).with_record_bytes(payload / 2); }
        if set(2) { limits = limits.with_fields(fields); }
        if set(3) { limits = limits.with_elements(elements); }
        if set(4) { limits = limits.with_depth(depth); }
        if set(5) {
            let zstd = limits.zstd().clone().with_window_bytes(window);
            limits = limits.with_zstd(zstd.with_ratio(2, window));
        }
        let reader = DecodeOptions::new().with_limits(limits);
        message::encoded_is_decodable(&sample::message(seed), &reader);
    }
}

#[test]
fn every_truncation_and_every_damaged_byte_holds_every_property_on_a_small_stack() {
    stack::small(|| {
        let mut encoder = Encoder::new(EncodeOptions::new().with_threshold_bytes(64));
        for seed in 0..12 {
            let record = raw(seed);
            sweep::truncations(&record, &[], every_property);
            sweep::byte_flips(&record, &[], every_property);
            let mut message = sample::message(seed);
            let record = encoder.encode(&mut message).expect("written").record;
            sweep::truncations(record, &[], every_property);
            sweep::byte_flips(record, &[], every_property);
        }
    });
}
