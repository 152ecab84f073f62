//! The capture that is checked in can be read, decoded and followed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_examples::capture::Record;

#[test]
fn the_capture_holds_good_records_and_hostile_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/capture.jsonl");
    let file = BufReader::new(File::open(path).unwrap());
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut codes = BTreeMap::<&str, u32>::new();
    for record in Record::read(file) {
        let code = match record.unwrap().value {
            None => "null_payload",
            Some(value) => match decoder.decode(&value) {
                Ok(_) => "decoded",
                Err(error) => error.code(),
            },
        };
        let count = codes.entry(code).or_default();
        *count = count.saturating_add(1);
    }
    let refused: Vec<_> = codes.keys().filter(|code| **code != "decoded").collect();
    assert_eq!(codes["decoded"], 414, "{codes:?}");
    assert_eq!(
        refused,
        [
            &"bad_varint",
            &"block_too_large",
            &"declared_too_large",
            &"empty_record",
            &"missing_header",
            &"null_payload",
            &"proven_too_large",
            &"skippable_frame",
            &"too_many_frames",
            &"truncated",
            &"unknown_frame_byte",
        ]
    );
}
