//! What others rely on stays as it is: the bytes of records and the names of errors and kinds.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "support/every_field.rs"]
mod every_field;

use dashstream_codec::{
    DecodeOptions, Decoder, EncodeOptions, Encoder, Kind, Message, SCHEMA_VERSION,
};
use dashstream_testkit::frozen::{Frozen, check, names};

#[test]
fn the_codes_of_errors_and_the_names_of_kinds_are_frozen() {
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/names.txt",
            about: "The codes of errors and warnings, and the names of kinds and fault classes.",
            test: "-p dashstream-codec frozen",
        },
        &names(env!("CARGO_MANIFEST_DIR"), &["code", "as_str"]),
    );
}

#[test]
fn the_bytes_of_every_kind_are_frozen() {
    let mut encoder = Encoder::new(EncodeOptions::new().with_compression(false));
    let mut lines = vec![format!("schema_version {SCHEMA_VERSION}")];
    for mut message in every_field::all() {
        let kind = message.kind();
        let encoded = encoder.encode(&mut message).expect("written");
        let rows = encoded.record.chunks(ROW).enumerate();
        lines.extend(rows.map(|(row, bytes)| format!("{} {row:02} {}", kind.as_str(), hex(bytes))));
    }
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/records.txt",
            about: "A record of every kind with every field set, in rows of 32 bytes.",
            test: "-p dashstream-codec frozen",
        },
        &lines,
    );
}

/// The file alone, without this version's encoder: what was written once is read for ever.
#[test]
fn every_frozen_record_is_read_as_what_was_meant() {
    let file = include_str!("frozen/records.txt");
    for (number, meant) in (1..).zip(every_field::all()) {
        let kind = Kind::from_number(number).expect("nine kinds");
        assert_eq!(meant.kind(), kind);
        let rows = file.lines().filter_map(|line| row(line, kind));
        let record: Vec<u8> = rows.flatten().collect();
        let payload = record.get(1..).expect("a frame byte");

        let mut zstd = dashstream_zstd::Encoder::new(dashstream_zstd::Level::DEFAULT);
        let frame = zstd.compress(payload).expect("there is memory");
        let framed = |byte: u8, payload: &[u8]| [&[byte], payload].concat();
        let strict = DecodeOptions::new();
        let compatible = DecodeOptions::new().with_compatible_framing(true);
        assert_eq!(read(&strict, &record), meant);
        assert_eq!(read(&strict, &framed(1, &frame)), meant);
        assert_eq!(read(&compatible, payload), meant);
        assert_eq!(read(&compatible, &frame), meant);
    }
}

fn read(options: &DecodeOptions, record: &[u8]) -> Message {
    let decoded = Decoder::new(options.clone()).decode(record);
    decoded.expect("accepted").message
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a line, if it is one of this kind's.
fn row(line: &str, kind: Kind) -> Option<Vec<u8>> {
    let rest = line.strip_prefix(kind.as_str())?.strip_prefix(' ')?;
    let (_, digits) = rest.split_once(' ')?;
    let pairs = digits.as_bytes().chunks(2);
    let text = pairs.map(|pair| core::str::from_utf8(pair).expect("ASCII"));
    Some(
        text.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
            .collect(),
    )
}

const ROW: usize = 32;
