//! Planning, decoding and refusing zstd frames, against libzstd itself and three other wrappers.

#[path = "../../crates/dashstream-zstd/tests/frames/mod.rs"]
mod frames;

use std::hint::black_box;
use std::io::Read;

use dashstream_testkit::alloc::{Usage, measure};
use dashstream_testkit::rng::SplitMix64;
use dashstream_zstd::{Decoder, Encoder, Level, Limits, Plan, UnknownSize};
use zstd_safe::DCtx;

use self::frames::{Block, Frame, skippable};
use crate::measure::{Goal, Run};

pub fn run(run: &mut Run) {
    plan(run);
    decompress(run);
    unproved_bombs(run);
    refused_bombs(run);
    accepted(run);
}

const FLOOR: &str = "zstd-safe DCtx into an exact reused buffer";
const BULK: &str = "zstd 0.14 bulk into a reused buffer";
const STREAM: &str = "zstd 0.14 stream and take";
const RUSTZSTD: &str = "ruzstd 0.9";
const ORIENTATION: &str = "a peer, for orientation";

/// The output limit of every side.
const LIMIT: usize = 10 << 20;

fn plan(run: &mut Run) {
    let frame = compress(&telemetry(2048));
    let limits = Limits::new();
    let (planned, usage) = measure(|| Plan::inspect(&frame, &limits));
    assert_eq!(planned.expect("a legal frame").blocks, 1);
    run.count(
        "zstd/plan/allocations",
        "count",
        "none",
        Goal::Exactly(0.0),
        usage.calls,
    );
    run.ratio(
        "zstd/plan/1 block",
        "zstd-safe find_frame_compressed_size",
        Goal::AtMost(1.5),
        || {
            black_box(Plan::inspect(black_box(&frame), black_box(&limits)).is_ok());
        },
        || {
            black_box(zstd_safe::find_frame_compressed_size(black_box(&frame)).is_ok());
        },
    );
}

fn decompress(run: &mut Run) {
    let mut rng = SplitMix64::new(300);
    let mut noise = vec![0; 300];
    rng.fill(&mut noise);
    let rows = [
        ("300 B raw", noise, 1.6),
        ("300 B compressed", telemetry(300), 1.06),
        ("2 KiB", telemetry(2048), 1.03),
        ("20 KiB", telemetry(20 * 1024), 1.03),
        ("1 MiB", telemetry(1 << 20), 1.03),
    ];
    for (name, content, goal) in rows {
        let frame = compress(&content);
        against_the_floor(run, name, &frame, &content, Goal::AtMost(goal));
        if !run.quick() {
            peers(run, name, &frame, &content);
        }
    }
}

fn against_the_floor(run: &mut Run, name: &str, frame: &[u8], content: &[u8], goal: Goal) {
    let mut decoder = Decoder::new(Limits::new());
    let mut output = Vec::new();
    assert_eq!(
        decoder.decompress_into(frame, &mut output),
        Ok(content.len())
    );
    assert!(output == content);
    let (mut context, mut exact) = floor(frame, content);
    run.ratio(
        &format!("zstd/decompress/{name}"),
        FLOOR,
        goal,
        || {
            black_box(
                decoder
                    .decompress_into(black_box(frame), &mut output)
                    .is_ok(),
            );
        },
        || {
            black_box(context.decompress(&mut exact, black_box(frame)).is_ok());
        },
    );
}

/// What the others cost over the same floor.
fn peers(run: &mut Run, name: &str, frame: &[u8], content: &[u8]) {
    let (mut context, mut exact) = floor(frame, content);
    let mut floor = move || {
        black_box(context.decompress(&mut exact, black_box(frame)).is_ok());
    };

    let mut bulk = ::zstd::bulk::Decompressor::new().expect("a context");
    let mut output = Vec::with_capacity(content.len());
    let figure = format!("zstd/decompress/{name}/bulk");
    bulk.decompress_to_buffer(frame, &mut output)
        .expect("a legal frame");
    assert!(output == content);
    let body = || {
        black_box(
            bulk.decompress_to_buffer(black_box(frame), &mut output)
                .is_ok(),
        );
    };
    run.ratio(&figure, FLOOR, Goal::Report(BULK), body, &mut floor);

    assert!(stream(frame) == content);
    let figure = format!("zstd/decompress/{name}/stream");
    let body = || {
        black_box(stream(black_box(frame)));
    };
    run.ratio(&figure, FLOOR, Goal::Report(STREAM), body, &mut floor);

    let mut pure = ruzstd::decoding::FrameDecoder::new();
    let mut output = Vec::with_capacity(content.len());
    pure.decode_all_to_vec(frame, &mut output)
        .expect("a legal frame");
    assert!(output == content);
    let figure = format!("zstd/decompress/{name}/ruzstd");
    let body = || {
        output.clear();
        black_box(
            pure.decode_all_to_vec(black_box(frame), &mut output)
                .is_ok(),
        );
    };
    run.ratio(&figure, FLOOR, Goal::Report(RUSTZSTD), body, &mut floor);
}

/// Compressed blocks without a declared size: 10 MiB that are legal, and 100 MiB that are not.
fn unproved_bombs(run: &mut Run) {
    let legal = Frame::undeclared()
        .blocks(Block::repeats(b'x', LIMIT as u64))
        .bytes();
    let bomb = Frame::undeclared()
        .blocks(Block::repeats(b'x', 100 << 20))
        .bytes();
    let rows = [
        ("10 MiB bounded", UnknownSize::Bounded, &legal, Ok(LIMIT)),
        (
            "100 MiB bounded",
            UnknownSize::Bounded,
            &bomb,
            Err("output_too_large"),
        ),
    ];
    // What the limit lets through of either frame is what the legal one holds.
    let (mut context, mut exact) = (DCtx::create(), Vec::with_capacity(LIMIT));
    assert_eq!(context.decompress(&mut exact, &legal), Ok(LIMIT));
    let mut floor = || {
        black_box(context.decompress(&mut exact, black_box(&legal)).is_ok());
    };
    for (name, policy, frame, expected) in rows {
        let mut decoder = Decoder::new(Limits::new().with_unknown_size(policy));
        let mut output = Vec::with_capacity(LIMIT);
        let mut decode = || decoder.decompress_into(black_box(frame), &mut output);
        assert_eq!(decode().map_err(|error| error.code()), expected);
        let (_, usage) = measure(&mut decode);
        let figure = format!("zstd/unproved/{name}");
        let beyond = format!("{figure}/beyond the reused buffer");
        run.count(
            &beyond,
            "bytes",
            "none",
            Goal::Exactly(0.0),
            usage.requested,
        );
        let body = || {
            black_box(decode().is_ok());
        };
        run.ratio(&figure, FLOOR, Goal::AtMost(1.03), body, &mut floor);
    }
    let body = || {
        black_box(stream(black_box(&legal)));
    };
    let figure = "zstd/unproved/10 MiB/stream";
    run.ratio(figure, FLOOR, Goal::Report(STREAM), body, &mut floor);
}

/// What is refused costs no heap, and where the first frame says why, next to no time.
fn refused_bombs(run: &mut Run) {
    let size = 100 << 20;
    let declared = Frame::declaring(size)
        .blocks(Block::runs(b'x', size))
        .bytes();
    let undeclared = Frame::undeclared().blocks(Block::runs(b'x', size)).bytes();
    let empty = Frame::declaring(0).block(Block::Raw(Vec::new())).bytes();
    let window = Frame {
        window: Some(17 << 3),
        ..Frame::undeclared()
    };
    let bounded = Limits::new().with_unknown_size(UnknownSize::Bounded);
    let content = telemetry(2048);
    let frame = compress(&content);
    let (mut context, mut exact) = floor(&frame, &content);
    let mut two_kib = || {
        black_box(context.decompress(&mut exact, black_box(&frame)).is_ok());
    };
    let rows = [
        (
            "declared",
            declared.clone(),
            Limits::new(),
            "declared_too_large",
        ),
        (
            "undeclared run",
            undeclared,
            bounded.clone(),
            "proven_too_large",
        ),
        (
            "concatenated",
            [empty, declared.clone()].concat(),
            Limits::new(),
            "too_many_frames",
        ),
        (
            "behind a skippable frame",
            [skippable(0), declared].concat(),
            Limits::new(),
            "skippable_frame",
        ),
        (
            "huge window",
            window.block(Block::Raw(vec![0])).bytes(),
            bounded,
            "window_too_large",
        ),
    ];
    for (name, frame, limits, code) in rows {
        let mut decoder = Decoder::new(limits);
        let mut output = Vec::new();
        let mut decode = || decoder.decompress_into(black_box(&frame), &mut output);
        let (result, usage) = measure(&mut decode);
        assert_eq!(result.map_err(|error| error.code()), Err(code));
        let figure = format!("zstd/refused/{name}");
        let heap = format!("{figure}/heap");
        run.count(&heap, "bytes", "none", Goal::Exactly(0.0), usage.requested);
        let body = || {
            black_box(decode().is_ok());
        };
        run.ratio(
            &figure,
            "zstd-safe decompressing 2 KiB",
            Goal::AtMost(0.25),
            body,
            &mut two_kib,
        );
        let (_, usage) = measure(|| {
            let mut bulk = ::zstd::bulk::Decompressor::new().expect("a context");
            bulk.decompress(&frame, LIMIT).is_ok()
        });
        run.count(
            &format!("{heap}/bulk"),
            "bytes",
            BULK,
            Goal::Report(ORIENTATION),
            usage.peak,
        );
        let (_, usage) = measure(|| stream(&frame).len());
        run.count(
            &format!("{heap}/stream"),
            "bytes",
            STREAM,
            Goal::Report(ORIENTATION),
            usage.peak,
        );
    }
}

/// An accepted message costs its output, once.
fn accepted(run: &mut Run) {
    for (name, size) in [("300 B", 300), ("2 KiB", 2048), ("1 MiB", 1 << 20)] {
        let content = telemetry(size);
        let frame = compress(&content);
        let mut decoder = Decoder::new(Limits::new());
        let mut output = decoder.decompress(&frame).expect("a legal frame");
        assert!(output == content);
        let (fresh, usage) = measure(|| decoder.decompress(&frame));
        assert!(fresh.is_ok_and(|fresh| fresh == content));
        let row = |what: &str| format!("zstd/accepted/{name}/{what}");
        let exactly = Goal::Exactly(size as f64);
        run.count(&row("requested"), "bytes", "none", exactly, usage.requested);
        run.count(
            &row("retained"),
            "bytes",
            "none",
            exactly,
            usage.retained.unsigned_abs(),
        );
        run.count(
            &row("allocations"),
            "count",
            "none",
            Goal::Exactly(1.0),
            usage.calls,
        );
        let (_, usage) = measure(|| decoder.decompress_into(&frame, &mut output).is_ok());
        assert_eq!(usage, Usage::default());
        run.count(
            &row("reused"),
            "bytes",
            "none",
            Goal::Exactly(0.0),
            usage.requested,
        );
    }
}

fn floor(frame: &[u8], content: &[u8]) -> (DCtx<'static>, Vec<u8>) {
    let mut context = DCtx::create();
    let mut exact = Vec::with_capacity(content.len());
    assert_eq!(context.decompress(&mut exact, frame), Ok(content.len()));
    assert!(exact == content);
    (context, exact)
}

/// The usual guard: a reader that stops one byte above the limit. Empty after an error.
fn stream(frame: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let read = ::zstd::stream::read::Decoder::new(frame)
        .and_then(|decoder| decoder.take(LIMIT as u64 + 1).read_to_end(&mut output));
    if read.is_err() || output.len() > LIMIT {
        output = Vec::new();
    }
    output
}

fn compress(content: &[u8]) -> Vec<u8> {
    Encoder::new(Level::DEFAULT)
        .compress(content)
        .expect("memory")
}

/// Text like that of a run's events, `size` bytes of it.
fn telemetry(size: usize) -> Vec<u8> {
    let mut rng = SplitMix64::new(size as u64);
    let nodes = [
        "planner",
        "retriever",
        "writer",
        "critic",
        "router",
        "summariser",
    ];
    let mut text = String::new();
    while text.len() < size {
        let node = nodes[rng.index(nodes.len())];
        let (thread, duration, tokens) = (rng.next_u64(), rng.below(90_000), rng.below(4_000));
        text.push_str(&format!(
            "{{\"thread_id\":\"{thread:016x}\",\"node_id\":\"{node}\",\"duration_us\":{duration},\
             \"tokens\":{tokens},\"status\":\"completed\",\"model\":\"large-2\"}}\n"
        ));
    }
    text.truncate(size);
    text.into_bytes()
}
