//! Records that protobuf for Python and protobufjs for Node wrote; `cargo xtask interop` makes them
//! anew with the real runtimes.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/authored.rs"]
mod authored;
#[path = "support/telemetry.rs"]
mod telemetry;

use dashstream_codec::{DecodeOptions, Decoder, Message};
use dashstream_testkit::vectors;

#[test]
fn what_other_implementations_wrote_is_what_they_meant() {
    let mut expected: Vec<_> = telemetry::all();
    expected.push(("authored-event", Message::Event(authored::event())));
    expected.push(("authored-diff", Message::StateDiff(authored::diff())));
    let mut decoder = Decoder::new(DecodeOptions::new());
    for writer in ["python", "node"] {
        let written = vectors::load(
            env!("CARGO_MANIFEST_DIR"),
            &format!("tests/vectors/{writer}"),
        );
        assert_eq!(written.len(), 9);
        for (file, record) in written {
            let mut decoded = decoder.decode(&record).expect("accepted").message;
            let (_, meant) = expected
                .iter()
                .find(|(name, _)| file.strip_suffix(".bin") == Some(name))
                .expect("known");
            // The flag is that of our record, which they read and wrote back as it was.
            if let Some(header) = decoded.header_mut() {
                header.compression = 0;
            }
            assert_eq!(&decoded, meant, "{writer} {file}");
        }
    }
}
