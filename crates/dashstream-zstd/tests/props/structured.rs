//! Frames built field by field from a script: the builder knows what they hold and where they lie.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a property may panic: that is how it fails"
)]

use dashstream_zstd::{Limits, Plan, UnknownSize};

use super::plan::{check_input, limits, with_decoder};
use crate::frames::{BLOCK_MAX, Block, Frame, shortest, skippable};

/// Reads `data` as a script, builds what it says, and checks it both against libzstd and against
/// what the builder knows.
pub fn check(data: &[u8]) {
    let mut script = Script(data);
    let choice = script.byte();
    let mut input = Vec::new();
    let mut content = Vec::new();
    let mut honest = true;
    let frames = 1 + script.below(3);
    for _ in 0..frames {
        if script.chance(8) {
            input.extend(skippable(script.below(40)));
        }
        let built = Built::from(&mut script);
        built.frame.write(&mut input);
        content.extend_from_slice(&built.content);
        honest &= built.honest;
    }
    if script.chance(16) {
        input.extend((0..1 + script.below(8)).map(|at| at as u8));
        honest = false;
    }
    if script.chance(16) {
        let at = script.below(input.len() as u32) as usize;
        input[at] ^= script.byte();
        honest = false;
    }
    check_input(&input, &limits(choice));
    if honest {
        is_decoded(&input, &content);
    }
}

/// An honest input is decoded to what the builder put into it, under limits that admit it.
fn is_decoded(input: &[u8], content: &[u8]) {
    let limits = Limits::new()
        .with_frames(u32::MAX)
        .with_skippable_frames(u32::MAX)
        .with_unknown_size(UnknownSize::Bounded);
    let plan = Plan::inspect(input, &limits).expect("an honest input is admitted");
    let size = content.len() as u64;
    assert!(plan.output_bytes_min <= size && size <= plan.output_bytes_max);
    with_decoder(&limits, |decoder| {
        let output = decoder
            .decompress(input)
            .expect("an honest input is decoded");
        assert!(output == content, "other content");
    });
}

/// A frame, and what it holds if it does not lie.
struct Built {
    frame: Frame,
    content: Vec<u8>,
    honest: bool,
}

impl Built {
    fn from(script: &mut Script<'_>) -> Self {
        let mut honest = true;
        let blocks: Vec<_> = (0..script.below(6))
            .map(|_| block(script, &mut honest))
            .collect();
        let mut frame = Frame::undeclared().blocks(blocks);
        let content = frame.content();
        let size = content.len() as u64;
        // A frame needs a last block.
        honest &= !frame.blocks.is_empty();

        frame.window = match script.below(8) {
            0 => None,
            1 => Some(script.byte()),
            exponent => Some((exponent as u8) << 3),
        };
        if frame.window.is_none() || script.chance(2) {
            let declared = match script.below(16) {
                0 => size + 1,
                1 => size.saturating_sub(1),
                2 => u64::from(script.below(1 << 20)),
                3 => u64::MAX - u64::from(script.below(3)),
                _ => size,
            };
            let flag = match script.below(8) {
                0 => script.below(4) as u8,
                1 => 3,
                _ => shortest(declared, frame.window.is_none()),
            };
            frame.declared = Some((declared, flag));
            honest &= declared == size && fits(declared, flag, frame.window.is_none());
        }
        if script.chance(16) {
            let width = [0, 1, 2, 4][script.below(4) as usize];
            let id = script.below(3);
            frame.dictionary = (id, width);
            honest &= width == 0 || id == 0;
        }
        frame.unused_bit = script.chance(8);
        frame.reserved_bit = script.chance(32);
        frame.ends = !script.chance(32);
        if script.chance(32) {
            frame.checksum = Some([script.byte(); 4]);
        }
        honest &= !frame.reserved_bit && frame.ends && frame.checksum.is_none();
        honest &= within_the_window(&frame, size);
        Self {
            frame,
            content,
            honest,
        }
    }
}

/// Whether a size field of this flag says `size`, and not something else.
fn fits(size: u64, flag: u8, single_segment: bool) -> bool {
    match flag {
        0 => single_segment && size <= 255,
        1 => (256..=65_791).contains(&size),
        2 => size <= 0xFFFF_FFFF,
        _ => true,
    }
}

/// Whether no block exceeds the frame's largest, in what it holds and in what it takes.
fn within_the_window(frame: &Frame, size: u64) -> bool {
    let window = match frame.window {
        None => size,
        Some(byte) => {
            let base = 1_u64 << (10 + (byte >> 3));
            base + base / 8 * u64::from(byte & 7)
        }
    };
    let max = window.min(u64::from(BLOCK_MAX));
    window <= 8 << 20
        && frame.blocks.iter().all(|block| {
            let (holds, takes) = match block {
                Block::Raw(bytes) => (bytes.len() as u64, 0),
                Block::Run(_, size) => (u64::from(*size), 1),
                // At most 10 bytes, whatever the length.
                Block::Repeat(_, size) => (u64::from(*size), 10),
                Block::Literals(bytes) => (bytes.len() as u64, bytes.len() as u64 + 4),
                Block::Lie(..) => return false,
            };
            holds <= max && takes <= max
        })
}

fn block(script: &mut Script<'_>, honest: &mut bool) -> Block {
    let byte = script.byte();
    match script.below(12) {
        0..=2 => Block::Raw(script.bytes()),
        3 | 4 => Block::Run(byte, script.size()),
        5..=8 => {
            // The repeated offset is 1 as long as no other block changes it, and none here does.
            Block::Repeat(byte, script.size().clamp(4, BLOCK_MAX))
        }
        9 | 10 => Block::Literals(script.bytes()),
        _ => {
            *honest = false;
            let content = script.bytes();
            let size = if script.chance(2) {
                content.len() as u32
            } else {
                script.size()
            };
            Block::Lie(byte & 3, size, content)
        }
    }
}

/// Decisions, read off some bytes; zero for ever once they are used up.
struct Script<'a>(&'a [u8]);

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&byte, rest)) => {
                self.0 = rest;
                byte
            }
            None => 0,
        }
    }

    fn below(&mut self, bound: u32) -> u32 {
        let word = u32::from_le_bytes([
            self.byte(),
            if bound > 255 { self.byte() } else { 0 },
            if bound > 65_535 { self.byte() } else { 0 },
            0,
        ]);
        word % bound.max(1)
    }

    /// True once in `of` bytes; never when the script is used up.
    fn chance(&mut self, of: u8) -> bool {
        self.byte() % of == of - 1
    }

    /// A size for a block: mostly small, sometimes at the edge of the smallest window, rarely at
    /// the edge of the largest block, which is slow to check.
    fn size(&mut self) -> u32 {
        match self.byte() {
            0 | 1 => BLOCK_MAX,
            2 | 3 => BLOCK_MAX + 1 - self.below(3),
            4 => self.below(1 << 17),
            5..=8 => (1 << 21) - 1,
            9..=63 => 1024 + self.below(3) - 1,
            _ => self.below(300),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let len = (self.below(80) as usize).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken.to_vec()
    }
}
