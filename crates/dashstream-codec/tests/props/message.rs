//! What holds for every message that this crate could be asked to write.

use dashstream_codec::{
    Compression, DecodeLimits, DecodeOptions, Decoder, EncodeOptions, Encoder, Message, v1,
};
use prost::Message as _;

/// What is written is read as the same message, however it was stored.
pub(crate) fn written_messages_read_the_same(message: Message) {
    let settings = [
        EncodeOptions::new(),
        EncodeOptions::new().with_compression(false),
        EncodeOptions::new().with_threshold_bytes(0),
    ];
    for options in settings {
        let mut sent = message.clone();
        let mut encoder = Encoder::new(options);
        let encoded = encoder
            .encode(&mut sent)
            .expect("a message of the sample is written");
        let decoded = Decoder::new(DecodeOptions::new().with_limits(roomy()))
            .decode(encoded.record)
            .expect("what is written is read");
        let compressed = match encoded.compression {
            Compression::Kept => true,
            Compression::NotTried | Compression::NotSmaller => false,
            Compression::Failed(error) => panic!("{error}"),
        };
        assert_eq!(decoded.facts.compressed, compressed);
        assert_eq!(decoded.facts.payload_bytes, encoded.payload_bytes);
        let is_wrong = |warning| warning == dashstream_codec::Warning::CompressionFlag;
        assert!(!decoded.facts.warnings().any(is_wrong));
        assert_eq!(bytes(decoded.message), bytes(sent));
    }
}

/// What is encoded for a reader is decoded by it, whatever its limits; what is refused is as it was.
pub(crate) fn encoded_is_decodable(message: &Message, reader: &DecodeOptions) {
    for options in [
        EncodeOptions::new(),
        EncodeOptions::new().with_compression(false),
        EncodeOptions::new().with_threshold_bytes(0),
    ] {
        let options = options
            .with_payload_bytes(usize::MAX)
            .with_reader(reader.clone());
        let mut sent = message.clone();
        match Encoder::new(options).encode(&mut sent) {
            Ok(encoded) => {
                let decoded = Decoder::new(reader.clone()).decode(encoded.record);
                let decoded = decoded.expect("what is encoded is decoded");
                assert_eq!(bytes(decoded.message), bytes(sent));
            }
            Err(error) => assert_eq!(bytes(sent), bytes(message.clone()), "{error}"),
        }
    }
}

/// The entries of a batch are its events; another message is one entry.
pub(crate) fn entries_are_the_events(message: &Message) {
    let entries: Vec<_> = message.entries().collect();
    if let Message::EventBatch(batch) = message {
        assert!(
            entries
                .iter()
                .map(|(_header, event)| *event)
                .eq(batch.events.iter().map(Some))
        );
    } else {
        assert_eq!(entries.len(), 1);
    }
}

fn roomy() -> DecodeLimits {
    DecodeLimits::new().with_heap_bytes(1 << 30)
}

fn bytes(message: Message) -> Vec<u8> {
    v1::DashStreamMessage {
        message: Some(message),
    }
    .encode_to_vec()
}
