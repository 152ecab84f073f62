//! The verdict on every vector and every record of the capture: its code, or what it was charged.
//!
//! The lines are checked in, so that a target that judges otherwise, by one byte, fails:
//! `cargo xtask full wasm` runs this on 32 bits.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and a person asks it to write by a variable"
)]

use std::fs;
use std::path::Path;

use dashstream_codec::{DecodeLimits, DecodeOptions, Decoder};
use dashstream_testkit::vectors;

const FOLDERS: [&str; 4] = [
    "tests/corpus",
    "tests/vectors/hostile",
    "tests/vectors/node",
    "tests/vectors/python",
];

/// Default limits, and a budget that many vectors are over.
fn decoders() -> [Decoder; 2] {
    let tight = DecodeLimits::new().with_heap_bytes(3_000);
    [DecodeLimits::new(), tight].map(|limits| {
        Decoder::new(
            DecodeOptions::new()
                .with_compatible_framing(true)
                .with_optional_headers(true)
                .with_limits(limits),
        )
    })
}

fn verdicts(record: &[u8], decoders: &mut [Decoder; 2]) -> String {
    let verdict = |decoder: &mut Decoder| match decoder.decode(record) {
        Ok(decoded) => decoded.facts.heap_bytes.to_string(),
        Err(error) => error.code().to_owned(),
    };
    decoders.each_mut().map(verdict).join("; ")
}

/// The values in a capture: each is base64 in a JSON line.
fn capture() -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/capture.jsonl");
    let text = fs::read_to_string(path).expect("the capture");
    let value = |line: &str| {
        let (_, rest) = line.split_once("\"value\":\"")?;
        let (value, _) = rest.split_once('"')?;
        Some(base64(value))
    };
    text.lines().filter_map(value).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other:#04x} in base64"),
    };
    let mut bytes = Vec::new();
    let mut held = (0_u32, 0_u32);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        held = (held.0 << 6 | u32::from(digit(byte)), held.1 + 6);
        if held.1 >= 8 {
            held.1 -= 8;
            bytes.push((held.0 >> held.1) as u8);
        }
    }
    bytes
}

#[test]
fn every_target_is_of_the_same_mind_on_every_vector_and_record() {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut decoders = decoders();
    let mut lines = Vec::new();
    for folder in FOLDERS {
        for (name, record) in vectors::load(root, folder) {
            lines.push(format!(
                "{folder}/{name}: {}",
                verdicts(&record, &mut decoders)
            ));
        }
    }
    let values = capture();
    assert!(values.len() > 400, "{} values in the capture", values.len());
    for (at, value) in values.iter().enumerate() {
        lines.push(format!("capture {at}: {}", verdicts(value, &mut decoders)));
    }
    let path = Path::new(root).join("tests/verdicts.txt");
    let now = lines.join("\n") + "\n";
    if std::env::var("VERDICTS").is_ok_and(|how| how == "write") {
        fs::write(&path, &now).expect("the folder of this test");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    for (now, kept) in now.lines().zip(kept.lines()) {
        assert_eq!(
            now, kept,
            "on purpose? VERDICTS=write cargo test -p dashstream-codec"
        );
    }
    assert_eq!(kept.lines().count(), lines.len());
}
