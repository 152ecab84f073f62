//! Frames of every form, as zstd's own generator `decodecorpus` makes them: libzstd writes contents of
//! many kinds under parameters drawn at random, and what it never writes is built by hand. Ours decodes
//! each as libzstd does, and the forms that were reached are counted.
//!
//! `ZSTD_FRAMES` says how many there are; `cargo xtask full frames` takes a hundred thousand.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: it may panic, and its numbers are its own"
)]

mod frames;

use std::collections::BTreeSet;

use dashstream_testkit::rng::SplitMix64;
use dashstream_zstd::{Decoder, Limits, UnknownSize};
use frames::{Block, Frame, WINDOW_128_KIB, forms};
use zstd_safe::{CCtx, CParameter, DCtx, InBuffer, OutBuffer, Strategy};

#[test]
fn frames_of_every_form_are_decoded_as_libzstd_does() {
    let count = std::env::var("ZSTD_FRAMES").map_or(Ok(600), |count| count.parse());
    let mut both = Both::new();
    let mut reached = BTreeSet::new();
    for (frame, content) in built() {
        assert_eq!(both.decode(&frame), content);
        reached.extend(forms::of(&frame));
    }
    for seed in 0..count.expect("a number") {
        let mut rng = SplitMix64::new(seed);
        let content = content(&mut rng);
        let frame = written(&mut rng, &content);
        assert!(both.decode(&frame) == content, "seed {seed}");
        reached.extend(forms::of(&frame));
    }
    let missing: Vec<_> = forms::all().difference(&reached).cloned().collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// Both decoders, which have to say the same.
struct Both {
    ours: Decoder,
    theirs: DCtx<'static>,
}

impl Both {
    fn new() -> Self {
        let limits = Limits::new().with_unknown_size(UnknownSize::Bounded);
        Self {
            ours: Decoder::new(limits),
            theirs: DCtx::create(),
        }
    }

    fn decode(&mut self, frame: &[u8]) -> Vec<u8> {
        let ours = self.ours.decompress(frame).expect("a legal frame");
        let mut theirs = Vec::with_capacity(ours.len());
        self.theirs
            .decompress(&mut theirs, frame)
            .expect("a legal frame");
        assert!(ours == theirs);
        ours
    }
}

/// Some bytes: noise, few letters, words, records that differ in little, and all of them in turns.
fn content(rng: &mut SplitMix64) -> Vec<u8> {
    let bits = rng.below(19);
    let size = rng.below(1 << bits) as usize + rng.index(3);
    let mut content = Vec::with_capacity(size + 4096);
    let mixed = rng.chance(1, 3);
    let mut kind = rng.below(6);
    let letters = 1 + rng.below(40);
    while content.len() < size {
        if mixed {
            kind = rng.below(6);
        }
        let from = content.len();
        match kind {
            0 => {
                let mut noise = [0; 300];
                rng.fill(&mut noise);
                content.extend(noise);
            }
            1 => content.extend([letters as u8; 500]),
            // Few letters, the first of them most often: a skewed tree.
            2 => content.extend(
                (0..400).map(|_| (rng.below(letters) * rng.below(letters) / letters) as u8),
            ),
            3 => {
                let word = WORDS[rng.index(WORDS.len())];
                content.extend_from_slice(word.as_bytes());
            }
            // The same again, but for some bytes: offsets that repeat.
            4 if from > 64 => {
                let len = 16 + rng.index(from.min(2000) - 15);
                content.extend_from_within(from - len..);
                for _ in 0..len / 40 {
                    let at = from + rng.index(len);
                    content[at] ^= 1;
                }
            }
            // A match here and there, from anywhere before.
            _ => {
                content.extend((0..1 + rng.below(12)).map(|_| rng.below(256) as u8));
                let len = (3 + rng.index(9)).min(from);
                let at = rng.index(from - len + 1);
                content.extend_from_within(at..at + len);
            }
        }
    }
    content.truncate(size);
    content
}

const WORDS: [&str; 6] = [
    "{\"thread_id\":\"",
    "node_start",
    "},{\"sequence\":",
    "0.018250",
    "state_diff",
    "\u{e9}t\u{e9}",
];

/// A frame of `content` by libzstd, whatever its parameters are.
fn written(rng: &mut SplitMix64, content: &[u8]) -> Vec<u8> {
    let mut context = CCtx::create();
    let mut set = |parameter| {
        context.set_parameter(parameter).expect("a known parameter");
    };
    set(CParameter::CompressionLevel(rng.below(27) as i32 - 7));
    set(CParameter::ContentSizeFlag(rng.chance(2, 3)));
    set(CParameter::ChecksumFlag(rng.chance(1, 2)));
    if rng.chance(1, 2) {
        set(CParameter::WindowLog(10 + rng.below(9) as u32));
    }
    if rng.chance(1, 2) {
        set(CParameter::Strategy(
            STRATEGIES[rng.index(STRATEGIES.len())],
        ));
        set(CParameter::MinMatch(3 + rng.below(4) as u32));
    }
    if rng.chance(1, 4) {
        set(CParameter::TargetCBlockSize(1340 + rng.below(4000) as u32));
    } else if rng.chance(1, 3) {
        set(CParameter::MaxBlockSize(1024 + rng.below(9000) as u32));
    }
    // What is not known before is not declared.
    if rng.chance(1, 2) {
        let size = Some(content.len() as u64);
        context
            .set_pledged_src_size(size)
            .expect("before it begins");
    }
    let chunk = match rng.below(3) {
        0 => content.len() + 1,
        1 => 100 + rng.index(20_000),
        _ => 1 + rng.index(400),
    };
    let flushed = rng.chance(2, 3);
    let room = zstd_safe::compress_bound(content.len()) + 20 * (content.len() / chunk + 2);
    let mut frame = Vec::with_capacity(room + content.len() / 8);
    let mut output = OutBuffer::around(&mut frame);
    for part in content.chunks(chunk) {
        let mut input = InBuffer::around(part);
        while input.pos() < part.len() {
            let taken = context.compress_stream(&mut output, &mut input);
            taken.expect("room enough");
        }
        while flushed && context.flush_stream(&mut output).expect("room enough") > 0 {}
    }
    while context.end_stream(&mut output).expect("room enough") > 0 {}
    frame
}

const STRATEGIES: [Strategy; 9] = [
    Strategy::ZSTD_fast,
    Strategy::ZSTD_dfast,
    Strategy::ZSTD_greedy,
    Strategy::ZSTD_lazy,
    Strategy::ZSTD_lazy2,
    Strategy::ZSTD_btlazy2,
    Strategy::ZSTD_btopt,
    Strategy::ZSTD_btultra,
    Strategy::ZSTD_btultra2,
];

/// What libzstd reads and never writes: runs and lengths in longer forms than they need, and more sequences
/// than its blocks have.
fn built() -> Vec<(Vec<u8>, Vec<u8>)> {
    let text = b"abcdefgh".to_vec();
    let literals = |head: &[u8], content: &[u8]| {
        let block = [head, content, &[0]].concat();
        Block::Lie(2, block.len() as u32, block)
    };
    let frame = |size: u64, flag: u8, window: Option<u8>| Frame {
        window,
        declared: Some((size, flag)),
        ..Frame::undeclared()
    };
    let forms = [
        (literals(&[8 << 3], b"abcdefgh"), text.clone()),
        (literals(&[8 << 4 | 1 << 2, 0], b"abcdefgh"), text.clone()),
        (literals(&[8 << 4 | 3 << 2, 0, 0], b"abcdefgh"), text),
        (literals(&[1 | 8 << 3], b"x"), vec![b'x'; 8]),
        (literals(&[1 | 8 << 4 | 1 << 2, 0], b"x"), vec![b'x'; 8]),
        (literals(&[1 | 8 << 4 | 3 << 2, 0, 0], b"x"), vec![b'x'; 8]),
    ];
    let mut frames = Vec::new();
    for (block, content) in forms {
        for flag in [2, 3] {
            let window = frame(8, flag, Some(WINDOW_128_KIB)).block(block.clone());
            frames.push((window.bytes(), content.clone()));
        }
    }
    // Without a window no block is larger than its content.
    for (flag, size) in [(2, 9), (3, 9)] {
        let run = frame(size, flag, None).block(Block::Run(b'x', 9));
        frames.push((run.bytes(), vec![b'x'; 9]));
    }
    // 33,000 sequences that each copy three bytes from the offset before the last, by runs of each code:
    // none takes a bit. 255, then the count less 32,512.
    let sequences = [
        &[0, 255][..],
        &488_u16.to_le_bytes(),
        &[0b0101_0100, 0, 0, 0, 1],
    ]
    .concat();
    let first = Block::Raw(b"abcd".to_vec());
    let many = Block::Lie(2, sequences.len() as u32, sequences);
    let many = Frame::undeclared().block(first).block(many).bytes();
    let mut content = b"abcd".to_vec();
    let mut offsets = [1, 4, 8];
    for _ in 0..33_000 {
        // Without literals the first offset's code means the second offset, which changes places with it.
        offsets.swap(0, 1);
        let at = content.len() - offsets[0];
        (at..at + 3).for_each(|at| content.push(content[at]));
    }
    frames.push((many, content));
    frames
}
