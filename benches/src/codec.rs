//! The codec against prost 0.14 and buffa 0.9 on the same bytes.

use std::hint::black_box;

use buffa::MessageView as _;
use dashstream_benches::workloads;
use dashstream_codec::{
    Borrowed, Compression, DecodeOptions, Decoder, EncodeOptions, Encoder, HeaderView, Message,
    OpView, v1,
};
use dashstream_testkit::alloc;
use prost::Message as _;

use crate::measure::{Goal, Run};

/// prost's types with its default maps and byte fields.
mod plain {
    #![allow(clippy::all, missing_docs)]
    include!(concat!(env!("OUT_DIR"), "/prost/dashstream.v1.rs"));
}

/// buffa's types.
mod peer {
    #![allow(
        clippy::all,
        missing_docs,
        unused_qualifications,
        dead_code,
        unreachable_pub
    )]
    include!(concat!(env!("OUT_DIR"), "/buffa/mod.rs"));
    pub use self::dashstream::v1::__buffa::view::DashStreamMessageView;
    pub use self::dashstream::v1::DashStreamMessage;
}

#[path = "../../crates/dashstream-codec/tests/support/telemetry.rs"]
#[allow(dead_code)]
mod telemetry;

const PROST: &str = "prost 0.14, default maps";
const BUFFA_VIEW: &str = "buffa 0.9 view";

pub fn run(run: &mut Run) {
    let shapes = [
        ("event6", Message::Event(telemetry::event6(1)), 1.00),
        ("batch100", Message::EventBatch(telemetry::batch(100)), 1.00),
        (
            "statediff10",
            Message::StateDiff(telemetry::state_diff(10)),
            1.20,
        ),
        ("token", Message::TokenChunk(telemetry::token_chunk()), 1.20),
    ];
    for (name, message, goal) in &shapes {
        decode(run, name, message, *goal);
    }
    peek(run, &shapes[0].1, &shapes[1].1);
    view(run, &shapes[2].1);
    encode(run, "batch100", &shapes[1].1, 0.40);
    encode(run, "statediff10", &shapes[2].1, 0.50);
    heap(run);
    hostile(run);
}

/// prost's decode of `token`, the floor of figures that have no peer of their own.
pub fn token_by_prost() -> impl FnMut() {
    let record = raw(&Message::TokenChunk(telemetry::token_chunk()));
    move || {
        let payload = black_box(&record[1..]);
        black_box(plain::DashStreamMessage::decode(payload).expect("decodes"));
    }
}

fn decode(run: &mut Run, name: &str, message: &Message, goal: f64) {
    let record = raw(message);
    let payload = &record[1..];
    let mut decoder = Decoder::new(DecodeOptions::new());

    let ours = decoder.decode(&record).expect("accepted").message;
    let theirs = plain::DashStreamMessage::decode(payload).expect("prost decodes it");
    assert_eq!(theirs.encoded_len(), payload.len());
    assert_eq!(&ours, message);
    peer::DashStreamMessageView::decode_view(payload).expect("buffa decodes it");

    let prost = || {
        black_box(plain::DashStreamMessage::decode(black_box(payload)).expect("decodes"));
    };
    run.ratio(
        &format!("codec/walk/{name}"),
        PROST,
        Goal::AtMost(0.20),
        workloads::check(record.clone()),
        prost,
    );
    let (_, usage) = alloc::measure(|| decoder.check(&record).map(drop));
    let none = Goal::Exactly(0.0);
    run.count(
        &format!("codec/walk/{name}/allocations"),
        "allocations",
        "none",
        none,
        usage.calls,
    );
    run.ratio(
        &format!("codec/decode/{name}"),
        PROST,
        Goal::AtMost(goal),
        workloads::decode(record.clone()),
        prost,
    );
    if !run.quick() {
        run.ratio(
            &format!("codec/decode/{name}/buffa"),
            "buffa 0.9 owned, which checks an element budget",
            Goal::Report("orientation: the goal is held against prost"),
            || {
                black_box(decoder.decode(black_box(&record)).expect("accepted"));
            },
            || {
                use buffa::Message as _;
                let message = peer::DashStreamMessage::decode_from_slice(black_box(payload));
                black_box(message.expect("decodes"));
            },
        );
    }
}

fn peek(run: &mut Run, event: &Message, batch: &Message) {
    let decoder = Decoder::new(DecodeOptions::new());
    for (name, message, goal) in [
        ("event6", event, Goal::AtMost(0.05)),
        ("batch100", batch, Goal::AtMost(0.003)),
    ] {
        let record = raw(message);
        let peek = decoder
            .peek(&record)
            .expect("accepted")
            .expect("stored raw");
        assert_eq!(peek.header, message.header().map(HeaderView::from));
        // `event6` takes up to 1.2 times its goal today, so that only the whole run judges it.
        if name != "event6" || !run.quick() {
            run.ratio(
                &format!("codec/peek/{name}"),
                PROST,
                goal,
                workloads::peek(record.clone()),
                || {
                    let payload = black_box(&record[1..]);
                    black_box(plain::DashStreamMessage::decode(payload).expect("decodes"));
                },
            );
        }
        let (_, usage) = alloc::measure(|| decoder.peek(&record).map(drop));
        let figure = format!("codec/peek/{name}/allocations");
        run.count(
            &figure,
            "allocations",
            "none",
            Goal::Exactly(0.0),
            usage.calls,
        );
    }
}

/// What a reducer reads of a diff, from the wire: every operation's path, value and kind.
fn view(run: &mut Run, message: &Message) {
    let record = raw(message);
    let payload = &record[1..];
    let mut decoder = Decoder::new(DecodeOptions::new());
    let read = |op: i32, path: &str, value: &[u8]| {
        u64::from(op.unsigned_abs()) + path.len() as u64 + value.len() as u64
    };
    let mut ours = || {
        let Ok(Borrowed::StateDiff(view, _)) = decoder.decode_borrowed(black_box(&record)) else {
            panic!("a view")
        };
        view.operations()
            .map(
                |OpView {
                     op, path, value, ..
                 }| read(op, path, value),
            )
            .sum::<u64>()
    };
    let theirs = || {
        let view = peer::DashStreamMessageView::decode_view(black_box(payload)).expect("decodes");
        use peer::dashstream::v1::__buffa::view::oneof::dash_stream_message::Message as View;
        let Some(View::StateDiff(diff)) = &view.message else {
            panic!("a diff")
        };
        diff.operations
            .iter()
            .map(|op| read(op.op.to_i32(), op.path, op.value))
            .sum::<u64>()
    };
    assert_eq!(ours(), theirs());
    run.ratio(
        "codec/view/statediff10",
        BUFFA_VIEW,
        Goal::AtMost(1.0),
        || {
            black_box(ours());
        },
        || {
            black_box(theirs());
        },
    );
}

/// Against what existing producers do: serialise, compress, clone, set the flag, do both again.
fn encode(run: &mut Run, name: &str, message: &Message, goal: f64) {
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut message = message.clone();
    let original = v1::DashStreamMessage {
        message: Some(message.clone()),
    };
    let mut zstd = ::zstd::bulk::Compressor::new(3).expect("a level");
    let mut twice = || {
        let plain = original.encode_to_vec();
        let first = zstd.compress(&plain).expect("compresses");
        if first.len() >= plain.len() {
            return [&[0], plain.as_slice()].concat();
        }
        let mut flagged = original.clone();
        if let Some(header) = flagged.message.as_mut().and_then(Message::header_mut) {
            header.set_compression(v1::CompressionType::Zstd);
        }
        if let Some(Message::EventBatch(batch)) = &mut flagged.message {
            for header in batch
                .events
                .iter_mut()
                .filter_map(|event| event.header.as_mut())
            {
                header.set_compression(v1::CompressionType::Zstd);
            }
        }
        let compressed = zstd.compress(&flagged.encode_to_vec()).expect("compresses");
        [&[1], compressed.as_slice()].concat()
    };
    let encoded = encoder.encode(&mut message).expect("encodes");
    assert_eq!(encoded.compression, Compression::Kept);
    assert_eq!(encoded.record, twice(), "the same record either way");
    run.ratio(
        &format!("codec/encode/{name}"),
        "two serialisations and compressions, prost 0.14 and zstd 0.14",
        Goal::AtMost(goal),
        || {
            let _ = black_box(encoder.encode(black_box(&mut message)).expect("encodes"));
        },
        || {
            black_box(twice());
        },
    );
    let (_, usage) = alloc::measure(|| encoder.encode(&mut message).map(|_| ()));
    let figure = format!("codec/encode/{name}/allocations");
    run.count(
        &figure,
        "allocations",
        "none",
        Goal::Exactly(0.0),
        usage.calls,
    );
}

/// The heap that was worked out against the heap that was used.
fn heap(run: &mut Run) {
    let (mut highest, mut lowest) = (0.0_f64, f64::INFINITY);
    for (_, message) in telemetry::all() {
        let record = raw(&message);
        let mut decoder = Decoder::new(DecodeOptions::new());
        let (decoded, usage) = alloc::measure(|| decoder.decode(&record).expect("accepted"));
        let ratio = decoded.facts.heap_bytes as f64 / usage.peak as f64;
        highest = highest.max(ratio);
        lowest = lowest.min(ratio);
    }
    let of = "measured heap of 12 realistic messages";
    run.value(
        "codec/heap/predicted/highest",
        "ratio",
        of,
        Goal::AtMost(1.5),
        highest,
    );
    run.value(
        "codec/heap/predicted/lowest",
        "ratio",
        of,
        Goal::AtLeast(1.0),
        lowest,
    );
}

/// Ten mebibytes that prost turns into gigabytes.
fn hostile(run: &mut Run) {
    let mut payload = vec![0x42];
    prost::encoding::encode_varint((10 << 20) - 16, &mut payload);
    payload.extend([0x12, 0x00].repeat((5 << 20) - 8));
    let record = [&[0], payload.as_slice()].concat();
    let mut decoder = Decoder::new(DecodeOptions::new().with_optional_headers(true));
    let (result, usage) = alloc::measure(|| decoder.decode(&record));
    assert_eq!(
        result.map(drop).map_err(|error| error.code()),
        Err("heap_budget")
    );
    let peer = "prost 0.14: 2 to 3 GB";
    run.count(
        "codec/hostile/empty-events",
        "bytes",
        peer,
        Goal::Exactly(0.0),
        usage.peak,
    );
}

fn raw(message: &Message) -> Vec<u8> {
    let mut record = vec![0];
    let whole = v1::DashStreamMessage {
        message: Some(message.clone()),
    };
    whole.encode(&mut record).expect("a vector grows");
    record
}
