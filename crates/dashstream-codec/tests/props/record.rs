//! What holds for every record, whatever its bytes: shared by the tests and the fuzz targets.

use dashstream_codec::{
    Borrowed, DecodeError, DecodeLimits, DecodeOptions, Decoded, Decoder, FaultClass, HeaderView,
    OpView, Peek,
};
use dashstream_codec::{Message, v1};
use dashstream_testkit::alloc;
use dashstream_zstd::UnknownSize;
use prost::Message as _;

/// Every framing and every attitude to headers and versions.
pub(crate) fn options() -> [DecodeOptions; 4] {
    let declared = DecodeLimits::new();
    let zstd = declared
        .zstd()
        .clone()
        .with_unknown_size(UnknownSize::Reject);
    let tight = DecodeLimits::new()
        .with_heap_bytes(256 * 1024)
        .with_payload_bytes(128 * 1024)
        .with_fields(4096)
        .with_elements(1024)
        .with_depth(20);
    [
        DecodeOptions::new(),
        DecodeOptions::new()
            .with_compatible_framing(true)
            .with_newer_schemas(true)
            .with_optional_headers(true),
        DecodeOptions::new()
            .with_limits(tight)
            .with_optional_headers(true),
        DecodeOptions::new().with_limits(declared.with_zstd(zstd)),
    ]
}

/// A record is decoded within its budget, or refused having allocated no more than its content.
pub(crate) fn decodes_within_budget(record: &[u8]) {
    for options in options() {
        let limits = options.limits().clone();
        let mut decoder = Decoder::new(options);
        // libzstd's context is made once, and counted where its memory is the Rust allocator's.
        drop(decoder.decode(record));
        let (result, usage) = alloc::measure(|| decoder.decode(record));
        match result {
            Ok(decoded) => {
                let facts = decoded.facts;
                assert!(usage.peak <= facts.heap_bytes, "{} > {facts:?}", usage.peak);
                assert!(facts.heap_bytes <= limits.heap_bytes(), "{facts:?}");
                assert!(facts.payload_bytes <= limits.payload_bytes(), "{facts:?}");
                assert!(facts.fields <= limits.fields(), "{facts:?}");
                assert!(facts.elements <= limits.elements(), "{facts:?}");
            }
            Err(error) => {
                assert_ne!(error, DecodeError::Disagreement);
                assert!(!error.code().is_empty() && !error.fault().error_type().is_empty());
                assert!(usage.retained <= 0, "{error} kept {}", usage.retained);
                let content = match error.fault() {
                    FaultClass::Empty | FaultClass::Oversize | FaultClass::BadFrame => 0,
                    _ if record.first() == Some(&0) => 0,
                    _ => limits.payload_bytes() as u64,
                };
                assert!(usage.peak <= content, "{error} allocated {}", usage.peak);
            }
        }
    }
}

/// What the peek says is what the decoded message says, in a record that both accept; and what the
/// decoder accepts, the peek accepts.
pub(crate) fn peek_agrees(record: &[u8]) {
    for options in options() {
        let mut decoder = Decoder::new(options);
        let decoded = decoder.decode(record);
        let (peeked, usage) = alloc::measure(|| decoder.peek(record));
        assert_eq!(usage.requested, 0, "a peek allocates nothing");
        if let Ok(decoded) = decoded {
            match (decoded.facts.compressed, peeked) {
                (true, Ok(None)) => {}
                (false, Ok(Some(peek))) => same_routing(&peek, &decoded.message),
                (_, peeked) => panic!("decoded, but peeked {peeked:?}"),
            }
        }
    }
}

fn same_routing(peek: &Peek<'_>, message: &Message) {
    assert_eq!(peek.kind, message.kind());
    assert_eq!(peek.header, message.header().map(HeaderView::from));
}

/// The borrowed form is accepted exactly when the owned one is, and says the same.
pub(crate) fn view_equals_owned(record: &[u8]) {
    for options in options() {
        let owned = Decoder::new(options.clone()).decode(record);
        let mut decoder = Decoder::new(options);
        match (decoder.decode_borrowed(record), owned) {
            (Ok(Borrowed::StateDiff(view, facts)), Ok(owned)) => {
                assert_eq!(facts, owned.facts);
                let Message::StateDiff(diff) = &owned.message else {
                    panic!("a view of {:?}", owned.message.kind())
                };
                assert_eq!(view.header, diff.header.as_ref().map(HeaderView::from));
                assert_eq!(view.base_checkpoint_id, diff.base_checkpoint_id);
                assert_eq!(view.state_hash, diff.state_hash);
                assert_eq!(view.full_state, diff.full_state);
                assert_eq!(view.operations().len(), diff.operations.len());
                assert!(
                    view.operations()
                        .eq(diff.operations.iter().map(OpView::from))
                );
            }
            (Ok(Borrowed::Other(other)), Ok(owned)) => assert!(same(&other, &owned)),
            (Err(borrowed), Err(owned)) => assert_eq!(borrowed, owned),
            (borrowed, owned) => panic!("borrowed {borrowed:?}, owned {owned:?}"),
        }
    }
}

/// What is refused, and nothing else, is explained, by a place that is in it.
pub(crate) fn refusals_are_explained(record: &[u8]) {
    for options in options() {
        let mut decoder = Decoder::new(options);
        let refused = decoder.decode(record).map(drop).err();
        let diagnosis = decoder.diagnose(record);
        assert_eq!(diagnosis.as_ref().map(|it| it.error.clone()), refused);
        let Some(diagnosis) = diagnosis else { continue };
        assert!(!diagnosis.to_string().is_empty());
        if !diagnosis.decompressed {
            assert!(diagnosis.offset <= Some(record.len()), "{diagnosis:?}");
        }
        assert_eq!(diagnosis.expected.is_some(), diagnosis.found.is_some());
        if diagnosis.error.code() == "wrong_wire_type" {
            assert!(diagnosis.path.is_some() && diagnosis.expected.is_some());
        }
    }
}

/// What was decoded is written and read again as the same message, and prost agrees on what it is.
pub(crate) fn decoding_is_stable(record: &[u8]) {
    let options = DecodeOptions::new().with_optional_headers(true);
    let mut decoder = Decoder::new(options);
    let Ok(decoded) = decoder.decode(record) else {
        return;
    };
    if !decoded.facts.compressed
        && let Some((_, payload)) = record.split_first()
    {
        let theirs = v1::DashStreamMessage::decode(payload).expect("prost decodes it too");
        let ours = v1::DashStreamMessage {
            message: Some(decoded.message.clone()),
        };
        assert_eq!(theirs.encode_to_vec(), ours.encode_to_vec());
    }
    let message = v1::DashStreamMessage {
        message: Some(decoded.message),
    };
    let mut again = vec![0];
    message.encode(&mut again).expect("a vector grows");
    match decoder.decode(&again) {
        Ok(second) => {
            let second = v1::DashStreamMessage {
                message: Some(second.message),
            };
            assert_eq!(second.encode_to_vec(), again[1..]);
        }
        // Canonical bytes may be longer: an empty entry of a map has no key, a written one may.
        Err(error) => assert!(
            matches!(error.fault(), FaultClass::Oversize | FaultClass::OverBudget),
            "{error}"
        ),
    }
}

/// Equality that holds for NaN too.
fn same(left: &Decoded, right: &Decoded) -> bool {
    let bytes = |decoded: &Decoded| {
        v1::DashStreamMessage {
            message: Some(decoded.message.clone()),
        }
        .encode_to_vec()
    };
    left.facts == right.facts && bytes(left) == bytes(right)
}
