//! Our half of `cargo xtask interop`: writes records for other implementations, and reads theirs.
//!
//! `interop write FOLDER` writes `FOLDER/rust/*.bin`. `interop read FOLDER WRITER...` reads what each
//! writer made of them, in `FOLDER/WRITER/*.bin`, and holds it against the messages as they were.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a program of the tests: it prints, and fails by panicking"
)]

#[path = "../tests/support/authored.rs"]
mod authored;
#[path = "../tests/props/sample.rs"]
mod sample;
#[path = "../tests/support/telemetry.rs"]
mod telemetry;

use std::fs;
use std::path::Path;

use dashstream_codec::{DecodeLimits, DecodeOptions, Decoder, EncodeOptions, Encoder, Message};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["write", folder] => write(Path::new(folder)),
        ["read", folder, writers @ ..] if !writers.is_empty() => {
            writers
                .iter()
                .for_each(|writer| read(&Path::new(folder).join(writer)));
        }
        _ => panic!("usage: interop write FOLDER | interop read FOLDER WRITER..."),
    }
}

/// Realistic messages, and drawn ones with edge values in every field.
fn messages() -> impl Iterator<Item = (String, Message)> {
    let realistic = telemetry::all()
        .into_iter()
        .map(|(name, message)| (name.into(), message));
    realistic.chain((0..200).map(|seed| (format!("drawn-{seed:03}"), sample::message(seed))))
}

fn write(folder: &Path) {
    let folder = folder.join("rust");
    fs::create_dir_all(&folder).expect("a folder can be made");
    let mut encoder = Encoder::new(EncodeOptions::new());
    for (name, mut message) in messages() {
        let encoded = encoder.encode(&mut message).expect("written");
        fs::write(folder.join(format!("{name}.bin")), encoded.record).expect("a file is written");
    }
}

fn read(folder: &Path) {
    let limits = DecodeLimits::new().with_heap_bytes(1 << 30);
    let mut decoder = Decoder::new(DecodeOptions::new().with_limits(limits));
    let mut decode = |name: &str| {
        let path = folder.join(format!("{name}.bin"));
        let record = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        decoder
            .decode(&record)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .message
    };
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut count = 0;
    for (name, mut message) in messages() {
        // The encoder sets the flag of the record that it wrote, which they read.
        let _ = encoder.encode(&mut message).expect("written");
        assert_eq!(decode(&name), message, "{name}");
        count += 1;
    }
    assert_eq!(decode("authored-event"), Message::Event(authored::event()));
    assert_eq!(
        decode("authored-diff"),
        Message::StateDiff(authored::diff())
    );
    println!(
        "{}: {count} records and two of its own read",
        folder.display()
    );
}
