//! What the format's other decoders and libzstd's own encoders say.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: it may panic, and its numbers are its own"
)]

mod frames;
mod props {
    pub(crate) mod oracle;
    pub(crate) mod round_trip;
}

use std::io::Read;

use dashstream_testkit::rng::SplitMix64;
use dashstream_testkit::{stack, sweep};
use dashstream_zstd::{Decoder, Encoder, Level, Limits, Plan, UnknownSize};
use frames::{Block, Frame, WINDOW_128_KIB};
use props::{oracle, round_trip};
use zstd_safe::{CCtx, CParameter};

/// Text and noise in turns: every kind of block comes up in it.
fn content(size: usize, seed: u64) -> Vec<u8> {
    let mut rng = SplitMix64::new(seed);
    let mut content = Vec::with_capacity(size + 512);
    while content.len() < size {
        let words = [
            &b"thread_id\":\""[..],
            b"node",
            b"state_diff",
            b"},{\"seq\":",
        ];
        match rng.below(8) {
            0 => {
                let mut noise = [0; 256];
                rng.fill(&mut noise);
                content.extend_from_slice(&noise);
            }
            1 => content.extend_from_slice(&[b' '; 200]),
            _ => content.extend_from_slice(words[rng.index(words.len())]),
        }
    }
    content.truncate(size);
    content
}

const SIZES: [usize; 14] = [
    0, 1, 255, 256, 257, 1000, 65_791, 65_792, 100_000, 131_071, 131_072, 131_073, 400_000,
    2_500_000,
];

fn by_ruzstd(frame: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let mut source = frame;
    let mut decoder = ruzstd::decoding::StreamingDecoder::new(&mut source).ok()?;
    decoder.read_to_end(&mut content).ok()?;
    Some(content)
}

#[test]
fn what_libzstd_writes_at_any_level_is_decoded_and_ruzstd_agrees() {
    for size in SIZES {
        for level in [-5, 1, 3, 7, 12, 16, 19] {
            // The slowest levels are slow on large content.
            if level > 12 && size > 400_000 {
                continue;
            }
            let content = content(size, size as u64);
            for declared in [true, false] {
                let frame = by_libzstd(&content, level, declared);
                let limits = Limits::new().with_unknown_size(UnknownSize::Bounded);
                let plan = Plan::inspect(&frame, &limits).expect("an honest frame");
                assert_eq!(plan.declared_bytes().is_some(), declared);
                assert_eq!(
                    zstd_safe::get_frame_content_size(&frame).ok(),
                    Some(plan.declared_bytes())
                );
                let decoded = Decoder::new(limits).decompress(&frame);
                assert!(
                    decoded.as_ref() == Ok(&content),
                    "{size} bytes at level {level}"
                );
                if level == 3 {
                    assert!(
                        by_ruzstd(&frame).as_ref() == Some(&content),
                        "{size} bytes by ruzstd"
                    );
                }
            }
        }
    }
}

fn by_libzstd(content: &[u8], level: i32, declared: bool) -> Vec<u8> {
    let mut context = CCtx::create();
    let parameters = [
        CParameter::CompressionLevel(level),
        CParameter::ContentSizeFlag(declared),
        CParameter::ChecksumFlag(level % 2 == 0),
    ];
    for parameter in parameters {
        context.set_parameter(parameter).expect("a known parameter");
    }
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(content.len()));
    context.compress2(&mut frame, content).expect("room enough");
    frame
}

/// A frame that is flushed after every `chunk` bytes.
fn flushed(content: &[u8], chunk: usize) -> Vec<u8> {
    let mut context = CCtx::create();
    let room = zstd_safe::compress_bound(content.len()) + 16 * (content.len() / chunk + 2);
    let mut frame = Vec::with_capacity(room);
    let mut output = zstd_safe::OutBuffer::around(&mut frame);
    for part in content.chunks(chunk) {
        let mut input = zstd_safe::InBuffer::around(part);
        while input.pos() < part.len() {
            context
                .compress_stream(&mut output, &mut input)
                .expect("room enough");
        }
        while context.flush_stream(&mut output).expect("room enough") > 0 {}
    }
    while context.end_stream(&mut output).expect("room enough") > 0 {}
    frame
}

#[test]
fn a_stream_that_is_flushed_after_each_byte_is_decoded() {
    for (size, chunk) in [(1, 1), (2_000, 1), (9_950, 100), (4_500_000, 100)] {
        let content = content(size, 11);
        let frame = flushed(&content, chunk);
        let limits = Limits::new().with_unknown_size(UnknownSize::Bounded);
        let plan = Plan::inspect(&frame, &limits).expect("an honest frame");
        assert!(plan.blocks >= (size / chunk) as u64);
        assert!(Decoder::new(limits).decompress(&frame).as_ref() == Ok(&content));
    }
}

#[test]
fn what_the_encoder_writes_at_any_level_is_decoded() {
    for size in SIZES {
        let content = content(size, 7);
        for level in [1, 3, 9] {
            for checksum in [false, true] {
                let level = Level::new(level).expect("in range");
                round_trip::check_content(&content, level, checksum);
            }
        }
    }
    round_trip::check_content(&content(200_000, 8), Level::SMALLEST, true);
}

#[test]
fn levels_end_where_windows_grow_beyond_what_decoders_support() {
    assert_eq!(Level::new(0), None);
    assert_eq!(Level::new(1), Some(Level::FASTEST));
    assert_eq!(Level::new(19), Some(Level::SMALLEST));
    assert_eq!(Level::new(20), None);
    assert_eq!(Level::DEFAULT.get(), 3);
}

#[test]
fn built_frames_are_decoded_by_libzstd_and_ruzstd_as_built() {
    let text = content(5000, 3);
    let frames = [
        Frame::declaring(5000).blocks(Block::raw(&text)),
        Frame::undeclared().blocks(Block::runs(b'r', 300_000)),
        Frame::declaring_with_window(300_000, WINDOW_128_KIB).blocks(Block::repeats(b'x', 300_000)),
        Frame::undeclared()
            .block(Block::Literals(text))
            .block(Block::Raw(Vec::new())),
        Frame {
            dictionary: (0, 4),
            unused_bit: true,
            ..Frame::declaring(8)
        }
        .block(Block::Repeat(b'd', 8)),
    ];
    for frame in frames {
        let (bytes, content) = (frame.bytes(), frame.content());
        let limits = Limits::new().with_unknown_size(UnknownSize::Bounded);
        assert!(Decoder::new(limits).decompress(&bytes).as_ref() == Ok(&content));
        for step in [oracle::STRICT, oracle::WHOLE] {
            assert!(oracle::streaming(&bytes, content.len(), step).as_ref() == Some(&content));
        }
        assert!(oracle::one_shot(&bytes, content.len()).as_ref() == Some(&content));
        assert!(by_ruzstd(&bytes).as_ref() == Some(&content));
    }
}

/// Where the header and each block of an encoder's frame end.
fn ends_of_parts(frame: &[u8]) -> Vec<usize> {
    let descriptor = frame[4];
    let window = usize::from(descriptor & 0x20 == 0);
    let size = match descriptor >> 6 {
        0 => 1 - window,
        flag => 1 << flag,
    };
    let mut at = 5 + window + size;
    let mut ends = vec![at];
    loop {
        let header = u32::from_le_bytes([frame[at], frame[at + 1], frame[at + 2], 0]);
        at += 3 + match header >> 1 & 3 {
            1 => 1,
            _ => header as usize >> 3,
        };
        ends.push(at);
        if header & 1 == 1 {
            return ends;
        }
    }
}

#[test]
fn no_truncation_of_a_frame_is_accepted() {
    stack::small(|| {
        for size in [0, 300, 20_000, 400_000] {
            let content = content(size, 5);
            for checksum in [false, true] {
                let mut encoder = Encoder::new(Level::DEFAULT).with_checksum(checksum);
                let frame = encoder.compress(&content).expect("memory");
                let mut decoder = Decoder::new(Limits::new());
                let mut output = Vec::new();
                let ends = ends_of_parts(&frame);
                assert_eq!(
                    ends.last().map(|end| end + 4 * usize::from(checksum)),
                    Some(frame.len())
                );
                sweep::truncations(&frame, &ends, |cut| {
                    let code = decoder
                        .decompress_into(cut, &mut output)
                        .map_err(|e| e.code());
                    let expected = if cut.is_empty() { "empty" } else { "truncated" };
                    assert_eq!(
                        code,
                        Err(expected),
                        "{} of {} bytes",
                        cut.len(),
                        frame.len()
                    );
                });
            }
        }
    });
}

#[test]
fn a_damaged_byte_ends_in_an_error_or_in_content_that_libzstd_decodes_too() {
    stack::small(|| {
        for (size, checksum) in [(300, false), (300, true), (20_000, true)] {
            let content = content(size, 6);
            let mut encoder = Encoder::new(Level::DEFAULT).with_checksum(checksum);
            let frame = encoder.compress(&content).expect("memory");
            let mut decoder = Decoder::new(Limits::new());
            let mut output = Vec::new();
            let mut rejected = 0_u32;
            sweep::byte_flips(&frame, &ends_of_parts(&frame), |damaged| {
                match decoder.decompress_into(damaged, &mut output) {
                    Err(_) => rejected += 1,
                    Ok(size) => {
                        let by_libzstd = oracle::streaming(damaged, size, oracle::STRICT);
                        assert!(by_libzstd.as_ref() == Some(&output));
                        assert!(
                            !checksum || output == content,
                            "a checksum missed the damage"
                        );
                    }
                }
            });
            assert!(rejected > 0);
        }
    });
}

/// The format forbids this, and no decoder of libzstd's notices: at once and into a stable buffer
/// the whole content is at hand, and only a decoder that keeps no more than the window goes wrong.
#[test]
fn a_match_beyond_the_window_is_taken_from_the_content_as_libzstd_does_at_once() {
    let noise = content(5 * 1024, 9);
    // One literal, then three bytes from 4,000 back: offset code 11 with 1,955 more.
    let [low, high] = ((1_u16 << 11) | 1955).to_le_bytes();
    let far = Block::Lie(2, 9, vec![1 << 3, b'x', 1, 0x54, 1, 11, 0, low, high]);
    let small_window = Frame {
        window: Some(0),
        ..Frame::undeclared()
    };
    let parts = noise.chunks(1024).map(|part| Block::Raw(part.to_vec()));
    let frame = small_window.blocks(parts).block(far).bytes();

    let limits = Limits::new().with_unknown_size(UnknownSize::Bounded);
    let output = Decoder::new(limits)
        .decompress(&frame)
        .expect("libzstd does not notice");
    let back = noise.len() + 1 - 4000;
    assert!(output == [&noise[..], b"x", &noise[back..back + 3]].concat());
    assert!(oracle::one_shot(&frame, output.len()).as_ref() == Some(&output));
    assert!(oracle::streaming(&frame, output.len(), oracle::STRICT).as_ref() != Some(&output));
}
