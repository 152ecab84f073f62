//! Built without its feature `libzstd` the codec reads and writes raw payloads, and refuses others by a code.
#![cfg(not(feature = "libzstd"))]

use dashstream_codec::v1::{Event, Header};
use dashstream_codec::{
    Compression, DecodeOptions, Decoder, EncodeOptions, Encoder, FaultClass, Message,
};

#[test]
fn raw_records_are_written_and_read() {
    let header = Header {
        thread_id: "t".repeat(1000),
        ..Header::default()
    };
    let mut message = Message::Event(Event {
        header: Some(header),
        ..Event::default()
    });
    let mut encoder = Encoder::new(EncodeOptions::new());
    let encoded = encoder.encode(&mut message).expect("written");
    assert!(
        matches!(encoded.compression, Compression::Failed(error) if error.code() == "no_compressor")
    );
    let mut decoder = Decoder::new(DecodeOptions::new());
    let decoded = decoder.decode(encoded.record).expect("accepted");
    assert_eq!(decoded.message, message);
}

#[test]
fn a_compressed_record_is_refused_by_a_code_and_a_lying_one_as_ever() {
    let mut decoder = Decoder::new(DecodeOptions::new());
    // A frame of one raw block of five bytes.
    let record = [
        1, 0x28, 0xB5, 0x2F, 0xFD, 0x20, 5, 0x29, 0, 0, 1, 2, 3, 4, 5,
    ];
    let refused = decoder.decode(&record).expect_err("nothing reads it");
    assert_eq!(
        (refused.code(), refused.fault()),
        ("no_decompressor", FaultClass::Decompression)
    );
    let cut = decoder.decode(&record[..14]).expect_err("cut off");
    assert_eq!(
        (cut.code(), cut.fault()),
        ("truncated", FaultClass::Decompression)
    );
}
