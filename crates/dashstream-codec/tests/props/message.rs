//! What holds for every message that this crate could be asked to write.

use dashstream_codec::{
    Compression, DecodeLimits, DecodeOptions, Decoder, EncodeOptions, Encoder, Encoding, Message,
    bounded_thread_id, v1,
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
        let stored = match encoded.compression {
            Compression::Kept => Encoding::Zstd,
            Compression::NotTried | Compression::NotSmaller => Encoding::Raw,
            Compression::Failed(error) => panic!("{error}"),
        };
        assert_eq!(decoded.facts.encoding, stored);
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

/// The entries of a message are its events, and the maxima are theirs.
pub(crate) fn entries_are_the_events(message: &Message) {
    let entries: Vec<_> = message.entries().collect();
    if let Message::EventBatch(batch) = message {
        assert!(
            entries
                .iter()
                .map(|entry| entry.event)
                .eq(batch.events.iter().map(Some))
        );
    } else {
        assert_eq!(entries.len(), 1);
    }
    for (thread, highest) in message.thread_maxima() {
        let of_thread = entries.iter().filter(|entry| entry.thread_id() == thread);
        assert_eq!(
            of_thread.filter_map(|entry| entry.sequence()).max(),
            Some(highest)
        );
    }
}

/// A view for people stays in its room, whatever it shows.
pub(crate) fn views_stay_in_their_room(message: &Message, room: usize) {
    let show = |bounded: &dyn core::fmt::Display| {
        let text = bounded.to_string();
        match text.strip_suffix(" [truncated]") {
            Some(shown) => assert!(shown.len() <= room, "{text}"),
            None => assert!(text.len() <= room, "{text}"),
        }
        assert!(!text.contains('\n'));
    };
    for entry in message.entries() {
        let attributes = entry.event.map(|event| event.attributes.values());
        attributes
            .into_iter()
            .flatten()
            .for_each(|value| show(&value.bounded(room)));
    }
    if let Message::Metrics(metrics) = message {
        metrics
            .metrics
            .values()
            .for_each(|value| show(&value.bounded(room)));
    }
}

/// A bounded thread id is short, is the id itself when that is short, and is stable.
pub(crate) fn thread_ids_are_bounded(id: &str) {
    let bounded = bounded_thread_id(id);
    assert!(bounded.len() <= dashstream_codec::THREAD_ID_BYTES_MAX);
    assert_eq!(bounded_thread_id(&bounded), bounded);
    if id.trim().len() <= dashstream_codec::THREAD_ID_BYTES_MAX {
        assert_eq!(bounded, id.trim());
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
