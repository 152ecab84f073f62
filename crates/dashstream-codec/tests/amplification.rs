//! What a record keeps alive is what it was charged for, in every shape, however it was stored, and
//! whatever is done about frames that do not declare their size.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/shapes.rs"]
mod shapes;
#[path = "support/stored.rs"]
mod stored;
#[path = "support/wire.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod wire;

use dashstream_codec::{Borrowed, DecodeLimits, DecodeOptions, Decoder, FaultClass, v1};
use dashstream_testkit::alloc;
use dashstream_zstd::{Limits, UnknownSize};
use prost::Message as _;
use shapes::SHAPES;
use stored::{Stored, UNKNOWN_SIZES};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

fn options(unknown: UnknownSize, heap: u64) -> DecodeOptions {
    let zstd = Limits::new().with_unknown_size(unknown);
    let limits = DecodeLimits::new().with_zstd(zstd).with_heap_bytes(heap);
    DecodeOptions::new()
        .with_optional_headers(true)
        .with_limits(limits)
}

/// Decodes `record` twice, so that what a decoder keeps for itself is not counted, and holds what it
/// allocated against the charge. Whether it was accepted.
fn keeps_what_is_charged(name: &str, record: &[u8], options: DecodeOptions) -> bool {
    let budget = options.limits().heap_bytes();
    let mut decoder = Decoder::new(options);
    drop(decoder.decode(record));
    let (result, usage) = alloc::measure(|| decoder.decode(record));
    let charge = match &result {
        Ok(decoded) => decoded.facts.heap_bytes,
        Err(_) => 0,
    };
    assert!(
        usage.retained <= charge as i64,
        "{name}: {usage:?} of {charge}"
    );
    assert!(charge <= budget, "{name}: {charge} of {budget}");
    if result.is_ok() {
        assert!(usage.peak <= charge, "{name}: {usage:?} of {charge}");
    }
    // The three ways to read a record are of one mind.
    let facts = result.map(|decoded| decoded.facts);
    assert_eq!(decoder.check(record), facts, "{name}");
    let borrowed = decoder
        .decode_borrowed(record)
        .map(|borrowed| match borrowed {
            Borrowed::StateDiff(_, facts) => facts,
            Borrowed::Other(decoded) => decoded.facts,
        });
    assert_eq!(borrowed, facts, "{name}");
    facts.is_ok()
}

#[test]
fn every_shape_keeps_what_it_was_charged_for() {
    let mut accepted = 0;
    for (name, shape) in SHAPES {
        for count in [1, 50, 5_000] {
            let payload = shape(count);
            for stored in Stored::ALL {
                let record = stored.record(&payload);
                for unknown in UNKNOWN_SIZES {
                    for heap in [64 * KIB, 64 * MIB] {
                        let name = format!("{count} of {name}, {stored:?}, {unknown:?}, {heap}");
                        let options = options(unknown, heap);
                        accepted += u32::from(keeps_what_is_charged(&name, &record, options));
                    }
                }
            }
        }
    }
    assert!(accepted > 1_000, "{accepted} accepted");
}

#[test]
fn two_hundred_messages_that_are_kept_take_what_they_were_charged() {
    for (name, shape) in SHAPES {
        let payload = shape(40);
        for stored in Stored::ALL {
            let record = stored.record(&payload);
            let mut decoder = Decoder::new(options(UnknownSize::Bounded, 64 * KIB));
            if decoder.decode(&record).is_err() {
                continue;
            }
            let (kept, usage) = alloc::measure(|| {
                let mut kept = Vec::with_capacity(200);
                kept.extend((0..200).map(|_| decoder.decode(&record).expect("accepted once")));
                kept
            });
            let charged: u64 = kept.iter().map(|decoded| decoded.facts.heap_bytes).sum();
            let list = (kept.capacity() * size_of_val(&kept[0])) as u64;
            assert!(charged <= 200 * 64 * KIB, "{name}, {stored:?}: {charged}");
            assert!(
                usage.peak <= charged + list,
                "{name}, {stored:?}: {usage:?} of {charged}"
            );
        }
    }
}

#[test]
fn content_of_undeclared_size_is_charged_like_declared_content() {
    for (name, shape) in SHAPES {
        let payload = shape(50);
        let facts = |stored: Stored| {
            let mut decoder = Decoder::new(options(UnknownSize::Bounded, 64 * MIB));
            let checked = decoder.check(&stored.record(&payload));
            checked.map(|facts| facts.heap_bytes)
        };
        let declared = facts(Stored::Declared);
        assert_eq!(facts(Stored::Undeclared), declared, "{name}");
        assert_eq!(facts(Stored::Flushed), declared, "{name}");
    }
}

#[test]
fn no_byte_that_is_written_becomes_more_than_300_of_heap() {
    // The encoder walks a payload only where 300 for each of its bytes would be over the budget.
    for (name, shape) in SHAPES {
        for count in [1, 2, 5, 12, 500] {
            let record = Stored::Raw.record(&shape(count));
            let mut decoder = Decoder::new(options(UnknownSize::Bounded, 1 << 40));
            let Ok(decoded) = decoder.decode(&record) else {
                continue;
            };
            let message = v1::DashStreamMessage {
                message: Some(decoded.message),
            };
            let facts = decoder.check(&Stored::Raw.record(&message.encode_to_vec()));
            let facts = facts.expect("accepted");
            let most = 300 * facts.payload_bytes as u64;
            assert!(facts.heap_bytes <= most, "{count} of {name}: {facts:?}");
        }
    }
}

/// The vectors beside this test, by name.
fn vector(name: &str) -> Vec<u8> {
    let vectors =
        dashstream_testkit::vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/vectors/hostile");
    let found = vectors.into_iter().find(|(file, _)| file == name);
    found.expect("the vector").1
}

#[test]
fn a_payload_of_69_bytes_keeps_its_bytes_and_not_a_block() {
    let record = vector("bounded-69-bytes.bin");
    let name = "69 bytes";
    assert!(keeps_what_is_charged(
        name,
        &record,
        options(UnknownSize::Bounded, 64 * MIB)
    ));
    let mut decoder = Decoder::new(options(UnknownSize::Bounded, 64 * MIB));
    let facts = decoder.decode(&record).expect("accepted").facts;
    assert_eq!((facts.payload_bytes, facts.heap_bytes), (69, 109));
}

#[test]
fn seventy_flushed_blocks_keep_their_content_and_not_the_bound_on_it() {
    let record = vector("evidence-70-flushed-blocks.bin");
    for heap in [64 * KIB, 64 * MIB] {
        for unknown in UNKNOWN_SIZES {
            keeps_what_is_charged("70 blocks", &record, options(unknown, heap));
        }
        let mut decoder = Decoder::new(options(UnknownSize::Bounded, heap));
        let decoded = decoder.decode(&record).expect("accepted");
        assert_eq!(decoded.facts.payload_bytes, 3_011);
        assert_eq!(decoded.facts.heap_bytes, 3_051);
    }
}

/// A record whose content is `bytes` long: one state, which takes the content and nothing else.
fn state(bytes: usize, stored: Stored) -> Vec<u8> {
    let overhead = wire::len(2, wire::len(5, vec![b'7'; bytes - 16])).len() - (bytes - 16);
    let payload = wire::len(2, wire::len(5, vec![b'7'; bytes - overhead]));
    assert_eq!(payload.len(), bytes);
    stored.record(&payload)
}

#[test]
fn the_heap_budget_is_a_limit_on_content_before_it_is_decompressed() {
    // The content, and the 32 bytes of its shared buffer.
    const CONTENT: usize = 100_000;
    for stored in [Stored::Declared, Stored::Undeclared, Stored::Flushed] {
        let record = state(CONTENT, stored);
        for (heap, accepted) in [(100_033, true), (100_032, true), (100_031, false)] {
            let mut decoder = Decoder::new(options(UnknownSize::Bounded, heap));
            let fault = decoder
                .decode(&record)
                .map(drop)
                .map_err(|error| (error.fault(), error.code()));
            let expected = if accepted {
                Ok(())
            } else {
                Err((FaultClass::OverBudget, "heap_budget"))
            };
            assert_eq!(fault, expected, "{stored:?} under {heap}");
        }
        // What is refused by the budget never had its content: at most what the budget lets through.
        let mut decoder = Decoder::new(options(UnknownSize::Bounded, 50_000));
        let (result, usage) =
            alloc::measure(|| decoder.check(&record).map_err(|error| error.code()));
        assert_eq!(result, Err("heap_budget"));
        let context = 128 * KIB + 96 * KIB;
        let most = if stored == Stored::Declared {
            0
        } else {
            50_000 + context
        };
        assert!(usage.peak <= most, "{stored:?}: {usage:?}");
    }
}

#[test]
fn a_lower_heap_budget_changes_no_refusal_by_the_payload_limit() {
    let record = state(100_000, Stored::Declared);
    for heap in [1_000, 60_000, 64 * MIB] {
        let limits = DecodeLimits::new()
            .with_payload_bytes(80_000)
            .with_heap_bytes(heap);
        let options = DecodeOptions::new()
            .with_optional_headers(true)
            .with_limits(limits);
        let error = Decoder::new(options)
            .decode(&record)
            .expect_err("over the payload limit");
        assert_eq!(
            error.to_string(),
            "declared 100000 bytes at offset 5, limit 80000"
        );
        assert_eq!(error.code(), "declared_too_large");
    }
}

#[test]
fn short_memory_is_the_hosts_fault_and_the_record_is_accepted_later() {
    let record = state(100_000, Stored::Declared);
    let undeclared = state(100_000, Stored::Undeclared);
    for record in [record, undeclared] {
        let mut decoder = Decoder::new(options(UnknownSize::Bounded, 64 * MIB));
        let error =
            alloc::short_of_memory(50_000, || decoder.decode(&record)).expect_err("no memory");
        assert_eq!(
            (error.fault(), error.code()),
            (FaultClass::Host, "out_of_memory")
        );
        let error =
            alloc::short_of_memory(50_000, || decoder.check(&record)).expect_err("no memory");
        assert_eq!(error.fault(), FaultClass::Host);
        assert!(decoder.decode(&record).is_ok());
    }
}
