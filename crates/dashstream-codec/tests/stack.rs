//! The deepest payloads that are accepted, and the ones behind them, on 512 KiB of stack: decoded, looked at,
//! copied, written and dropped.
//!
//! `cargo xtask ci` builds this without any optimisation, as an embedder's debug build is.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/stored.rs"]
mod stored;
#[path = "support/wire.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod wire;

use dashstream_codec::{DecodeOptions, Decoder, EncodeOptions, Encoder};
use dashstream_testkit::{stack, vectors};
use stored::Stored;
use wire::{header, len};

/// An event with an attribute of `levels` lists or maps in each other; the header is there, so that it can
/// be written again.
fn nested(levels: usize, map: bool) -> Vec<u8> {
    let mut value = len(1, "leaf");
    for _ in 0..levels {
        value = if map {
            len(7, len(1, len(2, value)))
        } else {
            len(6, len(1, value))
        };
    }
    len(1, [header("t"), len(4, len(2, value))].concat())
}

/// Everything that follows a record's nesting. Whether it was accepted.
fn goes_through(record: Vec<u8>) -> bool {
    stack::small(move || {
        let options = DecodeOptions::new().with_optional_headers(true);
        let mut decoder = Decoder::new(options);
        let checked = decoder.check(&record);
        let borrowed = decoder.decode_borrowed(&record).map(drop);
        assert_eq!(borrowed, checked.clone().map(drop));
        let Ok(decoded) = decoder.decode(&record) else {
            assert!(decoder.diagnose(&record).is_some());
            drop(decoder.peek(&record));
            return false;
        };
        assert_eq!(Ok(decoded.facts), checked);
        let mut copy = decoded.message.clone();
        assert_eq!(copy, decoded.message);
        // What names no thread is refused by the encoder, on its way through all of it.
        if let Ok(written) = Encoder::new(EncodeOptions::new()).encode(&mut copy) {
            assert!(decoder.decode(written.record).is_ok());
        }
        assert!(!format!("{copy:?}").is_empty());
        true
    })
}

#[test]
fn the_deepest_accepted_nesting_and_any_deeper_fit_on_a_small_stack() {
    // Event, entry and value take three of the hundred levels.
    for (levels, map) in [(48, false), (32, true)] {
        for stored in Stored::ALL {
            assert!(goes_through(stored.record(&nested(levels, map))));
            assert!(!goes_through(stored.record(&nested(levels + 1, map))));
            assert!(!goes_through(stored.record(&nested(500, map))));
        }
    }
}

#[test]
fn groups_of_unknown_fields_fit_on_a_small_stack() {
    // Field 15, in the outermost message, in an event, and in its header.
    let group = |depth: usize| [vec![0x7B; depth], vec![0x7C; depth]].concat();
    for depth in [90, 97, 98, 99, 100, 101, 10_000] {
        let event = [group(depth), len(1, [header("t"), group(depth)].concat())].concat();
        let inner = len(1, len(1, [len(4, "t"), group(depth)].concat()));
        for payload in [event, inner] {
            let accepted = goes_through(Stored::Raw.record(&payload));
            assert!(!accepted || depth < 100);
        }
    }
}

#[test]
fn hostile_vectors_and_corpora_fit_on_a_small_stack() {
    let root = env!("CARGO_MANIFEST_DIR");
    for folder in ["tests/vectors/hostile", "tests/corpus"] {
        for (name, record) in vectors::load(root, folder) {
            let accepted = goes_through(record);
            assert!(accepted || name != "deep-arrays-48.bin");
        }
    }
}
