//! What is written, and what checkpoints hold.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "support/telemetry.rs"]
#[expect(dead_code, reason = "shared with other tests")]
mod telemetry;

use bytes::Bytes;
use dashstream_codec::v1::{self, Checkpoint, CompressionInfo, CompressionType};
use dashstream_codec::{
    CheckpointError, CheckpointReader, Compression, DecodeOptions, Decoder, EncodeError,
    EncodeOptions, Encoder, Message,
};
use dashstream_testkit::alloc;
use dashstream_testkit::rng::SplitMix64;
use sha2::{Digest, Sha256};

fn compressed(state: &[u8]) -> Vec<u8> {
    let mut encoder = dashstream_zstd::Encoder::new(dashstream_zstd::Level::DEFAULT);
    encoder.compress(state).expect("there is memory")
}

fn flag(message: &Message) -> Vec<i32> {
    let own = message.header().map(|header| header.compression);
    let entries = message.entries().filter_map(|(header, _event)| header);
    own.into_iter()
        .chain(entries.map(|header| header.compression))
        .collect()
}

#[test]
fn payloads_above_the_threshold_are_compressed_and_say_so_in_every_header() {
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut batch = Message::EventBatch(telemetry::batch(10));
    let encoded = encoder.encode(&mut batch).expect("written");
    assert_eq!(encoded.compression, Compression::Kept);
    assert_eq!(encoded.record.first(), Some(&1));
    assert!(encoded.record.len() < encoded.payload_bytes);
    let decoded = Decoder::new(DecodeOptions::new())
        .decode(encoded.record)
        .expect("read");
    assert_eq!(decoded.facts.warnings().count(), 0);
    assert_eq!(flag(&decoded.message), [1; 11]);
    assert_eq!(flag(&batch), [1; 11]);

    // The same message again, stored raw: the flags follow.
    let mut plain = Encoder::new(EncodeOptions::new().with_compression(false));
    let encoded = plain.encode(&mut batch).expect("written");
    assert_eq!(
        (encoded.compression, encoded.record.first()),
        (Compression::NotTried, Some(&0))
    );
    assert_eq!(flag(&batch), [0; 11]);
}

#[test]
fn the_threshold_itself_is_not_compressed_and_one_byte_more_is_tried() {
    let mut message = Message::Event(telemetry::event6(1));
    let mut encode = |threshold| {
        let options = EncodeOptions::new().with_threshold_bytes(threshold);
        Encoder::new(options).encode(&mut message).map(|encoded| {
            (
                encoded.payload_bytes,
                encoded.compression != Compression::NotTried,
            )
        })
    };
    let len = encode(usize::MAX).map(|(len, _)| len).expect("written");
    assert_eq!(encode(len + 1).map(|(_, tried)| tried), Ok(false));
    assert_eq!(encode(len).map(|(_, tried)| tried), Ok(false));
    assert_eq!(encode(len - 1).map(|(_, tried)| tried), Ok(true));
}

#[test]
fn what_does_not_shrink_is_stored_raw_without_the_flag() {
    let mut noise = vec![0; 2_000];
    SplitMix64::new(1).fill(&mut noise);
    let mut message = Message::StateDiff(v1::StateDiff {
        header: Some(telemetry::header(1, v1::MessageType::StateDiff)),
        full_state: noise.into(),
        ..v1::StateDiff::default()
    });
    let mut encoder = Encoder::new(EncodeOptions::new());
    let encoded = encoder.encode(&mut message).expect("written");
    assert_eq!(encoded.compression, Compression::NotSmaller);
    let decoded = Decoder::new(DecodeOptions::new())
        .decode(encoded.record)
        .expect("read");
    assert_eq!(decoded.facts.warnings().count(), 0);
    assert_eq!(decoded.message, message);
}

#[test]
fn what_nobody_could_route_or_read_is_not_written() {
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut refused = |mut message: Message| encoder.encode(&mut message).map(drop);
    let event = telemetry::event6(1);
    let headless = v1::Event {
        header: None,
        ..event.clone()
    };
    assert_eq!(
        refused(Message::Event(headless.clone())),
        Err(EncodeError::MissingHeader)
    );
    let batch = v1::EventBatch {
        events: vec![headless],
        ..telemetry::batch(1)
    };
    assert_eq!(
        refused(Message::EventBatch(batch)),
        Err(EncodeError::MissingHeader)
    );
    let header = v1::Header {
        thread_id: " \t".into(),
        ..v1::Header::default()
    };
    let blank = v1::Event {
        header: Some(header),
        ..event
    };
    assert_eq!(
        refused(Message::Event(blank.clone())),
        Err(EncodeError::BlankThreadId)
    );
    let batch = v1::EventBatch {
        events: vec![blank],
        ..telemetry::batch(1)
    };
    assert_eq!(
        refused(Message::EventBatch(batch)),
        Err(EncodeError::BlankThreadId)
    );
}

#[test]
fn attributes_are_written_as_deep_as_they_are_read() {
    let nested_in = |mut value: v1::AttributeValue, levels: usize| {
        for _ in 0..levels {
            let values = vec![value];
            value = v1::AttributeValue {
                value: Some(v1::attribute_value::Value::ArrayValue(v1::AttributeArray {
                    values,
                })),
            };
        }
        let mut event = telemetry::event6(1);
        event.attributes = [("deep".to_owned(), value)].into();
        event
    };
    let nested = |levels| nested_in(v1::AttributeValue { value: None }, levels);
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut round = |mut message: Message| {
        let encoded = encoder.encode(&mut message)?;
        Ok(decoder
            .decode(encoded.record)
            .map(|decoded| decoded.message == message))
    };
    let too_deep = Err(EncodeError::TooDeep { limit: 100 });
    assert_eq!(round(Message::Event(nested(48))), Ok(Ok(true)));
    assert_eq!(round(Message::Event(nested(49))), too_deep);
    let batch = |levels| {
        let events = vec![nested(levels)];
        Message::EventBatch(v1::EventBatch {
            events,
            ..telemetry::batch(0)
        })
    };
    assert_eq!(round(batch(48)), Ok(Ok(true)));
    assert_eq!(round(batch(49)), too_deep);

    // An empty list or map is a message, too.
    let list = v1::attribute_value::Value::ArrayValue(v1::AttributeArray::default());
    let map = v1::attribute_value::Value::MapValue(v1::AttributeMap::default());
    for empty in [list, map] {
        let ends_so = |levels| {
            nested_in(
                v1::AttributeValue {
                    value: Some(empty.clone()),
                },
                levels,
            )
        };
        let batch = |levels| {
            Message::EventBatch(v1::EventBatch {
                events: vec![ends_so(levels)],
                ..telemetry::batch(0)
            })
        };
        assert_eq!(round(Message::Event(ends_so(48))), Ok(Ok(true)));
        assert_eq!(round(batch(47)), Ok(Ok(true)));
        assert_eq!(round(batch(48)), too_deep);
    }
}

#[test]
fn an_encoder_allocates_only_for_its_first_and_its_largest_message() {
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut large = Message::EventBatch(telemetry::batch(50));
    let mut small = Message::Event(telemetry::event6(2));
    let mut both = || {
        encoder.encode(&mut small).map(drop).expect("written");
        encoder.encode(&mut large).map(drop).expect("written");
    };
    both();
    let ((), usage) = alloc::measure(|| (0..10).for_each(|_| both()));
    assert_eq!(usage.calls, 0);
}

fn checkpoint(state: &[u8]) -> Checkpoint {
    Checkpoint {
        state: Bytes::copy_from_slice(&compressed(state)),
        checksum: Bytes::copy_from_slice(&Sha256::digest(state)),
        compression_info: Some(CompressionInfo {
            r#type: CompressionType::Zstd as i32,
            uncompressed_size: state.len() as u64,
            ..CompressionInfo::default()
        }),
        ..Checkpoint::default()
    }
}

#[test]
fn checkpoints_are_inflated_verified_and_accepted_plain() {
    let state = br#"{"messages":["hello","hello","hello","hello"]}"#.repeat(20);
    let mut reader = CheckpointReader::new(dashstream_zstd::Limits::new());
    let body = checkpoint(&state);
    assert!(!body.checksum.is_empty());
    assert_eq!(reader.open(&body), Ok(state.as_slice()));

    let plain = Checkpoint {
        state: state.clone().into(),
        ..Checkpoint::default()
    };
    assert_eq!(reader.open(&plain), Ok(state.as_slice()));
    let said_plain = Checkpoint {
        compression_info: Some(CompressionInfo::default()),
        ..plain
    };
    assert_eq!(reader.open(&said_plain), Ok(state.as_slice()));
}

#[test]
fn a_checkpoint_that_is_not_what_it_says_is_refused() {
    let state = b"{\"a\":1}".repeat(50);
    let good = checkpoint(&state);
    let mut reader = CheckpointReader::new(dashstream_zstd::Limits::new());
    let mut refused = |checkpoint: Checkpoint| reader.open(&checkpoint).map(drop);

    let checksum = Bytes::from_static(&[0; 32]);
    let wrong = Checkpoint {
        checksum,
        ..good.clone()
    };
    assert_eq!(refused(wrong), Err(CheckpointError::ChecksumMismatch));
    let short = Checkpoint {
        checksum: Bytes::from_static(&[0; 31]),
        ..good.clone()
    };
    assert_eq!(
        refused(short),
        Err(CheckpointError::BadChecksum { len: 31 })
    );

    let info = |edit: &dyn Fn(&mut CompressionInfo)| {
        let mut checkpoint = good.clone();
        edit(checkpoint.compression_info.as_mut().expect("compressed"));
        checkpoint
    };
    let declared = info(&|info| info.uncompressed_size += 1);
    assert_eq!(
        refused(declared),
        Err(CheckpointError::SizeMismatch {
            len: 350,
            declared: 351
        })
    );
    for number in [2, 3, 77] {
        let other = info(&|info| info.r#type = number);
        assert_eq!(
            refused(other),
            Err(CheckpointError::UnsupportedCompression { number })
        );
    }
    let claims = info(&|info| info.r#type = CompressionType::None as i32);
    let error = refused(claims).expect_err("the bytes are not the state");
    assert_eq!(error.code(), "size_mismatch");
    let plain_bytes = Checkpoint {
        state: state.into(),
        ..good
    };
    let error = refused(plain_bytes).expect_err("no zstd");
    assert_eq!(error.code(), "bad_magic");
}

#[test]
fn a_checkpoints_state_is_bounded_compressed_or_plain() {
    let state = vec![b' '; 1_000];
    let plain = Checkpoint {
        state: state.clone().into(),
        ..Checkpoint::default()
    };
    for (limit, fits) in [(1_001, true), (1_000, true), (999, false)] {
        let limits = dashstream_zstd::Limits::new().with_output_bytes(limit);
        let mut reader = CheckpointReader::new(limits);
        let code = reader.open(&plain).map(drop).map_err(|error| error.code());
        assert_eq!(code, if fits { Ok(()) } else { Err("state_too_large") });
        let packed = checkpoint(&state);
        let code = reader.open(&packed).map(drop).map_err(|error| error.code());
        assert_eq!(
            code,
            if fits {
                Ok(())
            } else {
                Err("declared_too_large")
            }
        );
    }
}
