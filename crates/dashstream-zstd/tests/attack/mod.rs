//! Inputs that other guards get wrong, with what has to happen to each.

#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: it may panic, and its numbers are its own"
)]

use dashstream_zstd::{Decoder, Encoder, Level, Limits, Ratio, UnknownSize};

use super::frames::{BLOCK_MAX, Block, Frame, WINDOW_128_KIB, skippable};

/// An input, the limits it is held against, and the one outcome that is right.
#[derive(Debug)]
pub struct Attack {
    pub name: &'static str,
    pub input: Vec<u8>,
    pub limits: Limits,
    /// The code of the error.
    pub code: &'static str,
    /// Whether the content is larger than the limits allow.
    pub bomb: bool,
    /// The most heap, libzstd's included; 0 for whatever a plan can see.
    pub peak: u64,
}

/// Bytes of libzstd's decoding context, and of its input buffer where it decodes block by block.
const CONTEXT: u64 = 96 * 1024;
const INPUT_BUFFER: u64 = 128 * 1024;

/// Every attack, the larger ones included: about 25 MiB.
pub fn corpus() -> Vec<Attack> {
    let mut all = Vec::new();
    all.extend(declared_bombs());
    all.extend(undeclared_bombs());
    all.extend(lies_about_the_size());
    all.extend(hidden_behind_other_frames());
    all.extend(windows());
    all.extend(blocks());
    all.extend(work());
    all.extend(malformed());
    all.extend(corrupt());
    all
}

fn attack(name: &'static str, input: Vec<u8>, code: &'static str) -> Attack {
    Attack {
        name,
        input,
        limits: Limits::new(),
        code,
        bomb: false,
        peak: 0,
    }
}

impl Attack {
    fn bomb(self) -> Self {
        Self { bomb: true, ..self }
    }

    fn under(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    fn peak(self, peak: u64) -> Self {
        Self { peak, ..self }
    }

    /// Decodes the input with a fresh decoder and yields the code of its error.
    pub fn outcome(&self) -> &'static str {
        match Decoder::new(self.limits.clone()).decompress(&self.input) {
            Ok(_) => "accepted",
            Err(error) => error.code(),
        }
    }
}

pub fn evidence() -> Limits {
    Limits::new().with_unknown_size(UnknownSize::Evidence)
}

pub fn bounded() -> Limits {
    Limits::new().with_unknown_size(UnknownSize::Bounded)
}

const MIB: u64 = 1024 * 1024;

fn declared_bombs() -> Vec<Attack> {
    let over = 10 * MIB + 1;
    let ratio = Limits::new().with_ratio(Ratio::new(100, 4096));
    vec![
        attack(
            "a run of 100 MiB, declared",
            Frame::declaring(100 * MIB)
                .blocks(Block::runs(b'x', 100 * MIB))
                .bytes(),
            "declared_too_large",
        )
        .bomb(),
        attack(
            "100 MiB of compressed blocks, declared",
            Frame::declaring(100 * MIB)
                .blocks(Block::repeats(b'x', 100 * MIB))
                .bytes(),
            "declared_too_large",
        )
        .bomb(),
        attack(
            "one byte over the limit, declared",
            Frame::declaring(over)
                .blocks(Block::runs(b'x', over))
                .bytes(),
            "declared_too_large",
        )
        .bomb(),
        attack(
            "a declared size of 2^64 - 1, libzstd's mark for unknown",
            Frame::declaring(u64::MAX)
                .block(Block::Raw(vec![0]))
                .bytes(),
            "declared_too_large",
        )
        .bomb(),
        attack(
            "a declared size of 2^64 - 2, libzstd's mark for an error",
            Frame::declaring(u64::MAX - 1)
                .block(Block::Raw(vec![0]))
                .bytes(),
            "declared_too_large",
        )
        .bomb(),
        attack(
            "a header that declares 1 GiB, and nothing after it",
            Frame::declaring(1 << 30).bytes(),
            "declared_too_large",
        )
        .bomb(),
        attack(
            "1 MiB of compressed blocks, declared, under a ratio limit",
            Frame::declaring(MIB)
                .blocks(Block::repeats(b'x', MIB))
                .bytes(),
            "ratio_too_high",
        )
        .under(ratio)
        .bomb(),
    ]
}

fn undeclared_bombs() -> Vec<Attack> {
    let run = Frame::undeclared()
        .blocks(Block::runs(b'x', 100 * MIB))
        .bytes();
    let compressed = Frame::undeclared()
        .blocks(Block::repeats(b'x', 100 * MIB))
        .bytes();
    let literals = Frame::undeclared()
        .blocks((0..81).map(|_| Block::Literals(vec![b'x'; BLOCK_MAX as usize - 4])));
    vec![
        attack("a run of 100 MiB, undeclared", run.clone(), "unknown_size").bomb(),
        attack(
            "a run of 100 MiB, undeclared, by evidence",
            run.clone(),
            "proven_too_large",
        )
        .under(evidence())
        .bomb(),
        attack(
            "a run of 100 MiB, undeclared, bounded",
            run.clone(),
            "proven_too_large",
        )
        .under(bounded())
        .bomb(),
        attack(
            "a run of 100 MiB, undeclared, under a ratio limit",
            run,
            "ratio_too_high",
        )
        .under(bounded().with_ratio(Ratio::new(100, 4096)))
        .bomb(),
        attack(
            "100 MiB of compressed blocks, undeclared",
            compressed.clone(),
            "unknown_size",
        )
        .bomb(),
        attack(
            "100 MiB of compressed blocks, undeclared, by evidence",
            compressed.clone(),
            "bound_too_large",
        )
        .under(evidence())
        .bomb(),
        // Nothing proves these: memory stays within the output limit, one buffer at a time.
        attack(
            "100 MiB of compressed blocks, undeclared, bounded",
            compressed,
            "output_too_large",
        )
        .under(bounded())
        .peak(10 * MIB + CONTEXT + INPUT_BUFFER),
        attack(
            "10 MiB of literals and more, undeclared, bounded",
            literals.bytes(),
            "proven_too_large",
        )
        .under(bounded())
        .bomb(),
    ]
}

fn lies_about_the_size() -> Vec<Attack> {
    vec![
        attack(
            "16 bytes declared, a run of 100 MiB",
            Frame::declaring_with_window(16, WINDOW_128_KIB)
                .blocks(Block::runs(b'x', 100 * MIB))
                .bytes(),
            "declared_below_proof",
        )
        .bomb(),
        attack(
            "16 bytes declared in a single segment, a run of 100 MiB",
            Frame::declaring(16)
                .blocks(Block::runs(b'x', 100 * MIB))
                .bytes(),
            "block_too_large",
        )
        .bomb(),
        attack(
            "1 MiB declared, a run of 100 MiB",
            Frame::declaring_with_window(MIB, WINDOW_128_KIB)
                .blocks(Block::runs(b'x', 100 * MIB))
                .bytes(),
            "declared_below_proof",
        )
        .bomb(),
        // The blocks prove no more than 4 bytes each: decoding stops at the declared size.
        attack(
            "1 MiB declared, 100 MiB of compressed blocks",
            Frame::declaring_with_window(MIB, WINDOW_128_KIB)
                .blocks(Block::repeats(b'x', 100 * MIB))
                .bytes(),
            "corrupt",
        )
        .peak(MIB + CONTEXT + INPUT_BUFFER),
        attack(
            "10 MiB declared, one byte there",
            Frame::declaring(10 * MIB)
                .block(Block::Raw(vec![0]))
                .bytes(),
            "declared_above_proof",
        ),
        attack(
            "1 MiB declared, one compressed block there",
            Frame::declaring(MIB)
                .block(Block::Repeat(b'x', BLOCK_MAX))
                .bytes(),
            "declared_above_proof",
        ),
        attack(
            "one byte more declared than there is",
            Frame::declaring(6)
                .block(Block::Raw(b"hello".to_vec()))
                .bytes(),
            "declared_above_proof",
        ),
        attack(
            "one byte less declared than there is",
            Frame::declaring_with_window(4, 0)
                .block(Block::Raw(b"hello".to_vec()))
                .bytes(),
            "declared_below_proof",
        ),
        // Where the last block is empty, libzstd's streaming decoder does not compare the sizes.
        attack(
            "one byte more declared than there is, behind an empty last block",
            Frame::declaring(300_001)
                .blocks(Block::repeats(b'x', 300_000))
                .block(Block::Raw(Vec::new()))
                .bytes(),
            "corrupt",
        )
        .peak(300_001 + CONTEXT + INPUT_BUFFER),
        attack(
            "less declared than the sequences of one block copy",
            Frame::declaring_with_window(1000, WINDOW_128_KIB)
                .block(Block::Repeat(b'x', 2000))
                .bytes(),
            "corrupt",
        )
        .peak(1000 + CONTEXT),
        attack(
            "more declared than the sequences of one block copy",
            Frame::declaring_with_window(3000, WINDOW_128_KIB)
                .block(Block::Repeat(b'x', 2000))
                .bytes(),
            "corrupt",
        )
        .peak(3000 + CONTEXT),
    ]
}

fn hidden_behind_other_frames() -> Vec<Attack> {
    let bomb = Frame::declaring(100 * MIB)
        .blocks(Block::runs(b'x', 100 * MIB))
        .bytes();
    let empty = Frame::declaring(0).block(Block::Raw(Vec::new())).bytes();
    let hello = Frame::declaring(5)
        .block(Block::Raw(b"hello".to_vec()))
        .bytes();
    let large = Frame::declaring(200 * MIB)
        .blocks(Block::runs(b'x', 200 * MIB))
        .bytes();
    let half = Frame::declaring(6 * MIB)
        .blocks(Block::runs(b'x', 6 * MIB))
        .bytes();
    let window = Frame {
        window: Some(20 << 3),
        ..Frame::undeclared()
    };
    let window = window.block(Block::Raw(vec![0])).bytes();
    let many = Limits::new()
        .with_frames(u32::MAX)
        .with_skippable_frames(u32::MAX);
    vec![
        attack(
            "a bomb behind a skippable frame",
            [skippable(0), bomb.clone()].concat(),
            "skippable_frame",
        )
        .bomb(),
        attack(
            "a bomb behind a skippable frame that is allowed",
            [skippable(0), bomb.clone()].concat(),
            "declared_too_large",
        )
        .under(many.clone())
        .bomb(),
        attack(
            "a bomb behind an empty frame",
            [empty.clone(), bomb.clone()].concat(),
            "too_many_frames",
        )
        .bomb(),
        attack(
            "a bomb behind an empty frame that is allowed",
            [empty.clone(), bomb].concat(),
            "declared_too_large",
        )
        .under(many.clone())
        .bomb(),
        attack(
            "200 MiB behind five bytes",
            [hello, large].concat(),
            "too_many_frames",
        )
        .bomb(),
        attack(
            "two frames that exceed the limit together",
            [half.clone(), half].concat(),
            "declared_too_large",
        )
        .under(many.clone())
        .bomb(),
        attack(
            "a window of 1 GiB behind a skippable frame",
            [skippable(0), window.clone()].concat(),
            "skippable_frame",
        ),
        attack(
            "a window of 1 GiB behind a skippable frame that is allowed",
            [skippable(0), window].concat(),
            "window_too_large",
        )
        .under(bounded().with_skippable_frames(1)),
        attack(
            "a skippable frame behind a message",
            [empty.clone(), skippable(3)].concat(),
            "skippable_frame",
        ),
        attack("nothing but a skippable frame", skippable(4), "empty").under(many.clone()),
        attack(
            "a skippable frame longer than the input",
            skippable(40)[..47].to_vec(),
            "truncated",
        )
        .under(many.clone()),
        attack(
            "a skippable frame of 4 GiB, in 8 bytes",
            [&skippable(0)[..4], &[0xFF; 4]].concat(),
            "truncated",
        )
        .under(many),
    ]
}

fn windows() -> Vec<Attack> {
    let with = |window: u8| {
        Frame {
            window: Some(window),
            ..Frame::undeclared()
        }
        .block(Block::Raw(vec![0]))
        .bytes()
    };
    vec![
        attack("a window of 128 MiB", with(17 << 3), "window_too_large"),
        attack(
            "a window of 128 MiB, bounded",
            with(17 << 3),
            "window_too_large",
        )
        .under(bounded()),
        attack(
            "a window of 1 GiB, by evidence",
            with(20 << 3),
            "window_too_large",
        )
        .under(evidence()),
        attack("a window of 2 TiB", with(31 << 3), "window_too_large").under(bounded()),
        attack(
            "the largest window there is",
            with(0xFF),
            "window_too_large",
        )
        .under(bounded()),
        attack(
            "a window of 9 MiB, the first above the limit",
            with(13 << 3 | 1),
            "window_too_large",
        )
        .under(bounded()),
        attack(
            "a window of 128 MiB with a declared size of one byte",
            Frame::declaring_with_window(1, 17 << 3)
                .block(Block::Raw(vec![0]))
                .bytes(),
            "window_too_large",
        ),
    ]
}

fn blocks() -> Vec<Attack> {
    let small_window = Frame {
        window: Some(0),
        ..Frame::undeclared()
    };
    let honest_but_oversize = Frame::declaring_with_window(5 * 2_097_151, 13 << 3);
    vec![
        attack(
            "a run of 2,097,151 bytes in a window of 1 KiB",
            small_window.clone().block(Block::Run(0, 2_097_151)).bytes(),
            "block_too_large",
        )
        .under(bounded()),
        attack(
            "five runs of 2,097,151 bytes, honestly declared",
            honest_but_oversize
                .blocks((0..5).map(|_| Block::Run(0, 2_097_151)))
                .bytes(),
            "block_too_large",
        ),
        attack(
            "a raw block one byte larger than the window",
            small_window
                .clone()
                .block(Block::Raw(vec![0; 1025]))
                .bytes(),
            "block_too_large",
        )
        .under(bounded()),
        attack(
            "literals larger than the window, in a block that is not",
            // A run of 1,025 literals, and no sequences.
            small_window
                .clone()
                .block(Block::Lie(2, 4, vec![0x15, 0x40, b'x', 0]))
                .bytes(),
            "block_too_large",
        )
        .under(bounded()),
        // The one-shot decoder takes this pair for 2,048 bytes that fit: one block of 2,044, one of 4.
        attack(
            "a compressed block larger than the window, balanced by a small one",
            small_window
                .block(Block::Repeat(b'x', 2044))
                .block(Block::Repeat(b'x', 4))
                .bytes(),
            "corrupt",
        )
        .under(bounded())
        .peak(2048 + CONTEXT + 2048),
        attack(
            "a compressed block larger than any block",
            Frame::declaring(131_075)
                .block(Block::Repeat(b'x', 131_075))
                .bytes(),
            "declared_above_proof",
        ),
        attack(
            "a reserved block type",
            Frame::declaring(1).block(Block::Lie(3, 1, vec![0])).bytes(),
            "reserved_block",
        ),
        attack(
            "a compressed block of no bytes",
            Frame::declaring(1)
                .block(Block::Lie(2, 0, Vec::new()))
                .bytes(),
            "malformed_block",
        ),
        attack(
            "literals that reach beyond their block",
            Frame::declaring(100)
                .block(Block::Lie(2, 3, vec![20 << 3, 0, 0]))
                .bytes(),
            "malformed_block",
        ),
        attack(
            "no sequences, and bytes after them",
            Frame::declaring(100)
                .block(Block::Lie(2, 4, vec![1 << 3, b'x', 0, 0]))
                .bytes(),
            "malformed_block",
        ),
        attack(
            "sequences with reserved bits",
            Frame::declaring(100)
                .block(Block::Lie(2, 5, vec![1 << 3, b'x', 1, 0x55, 1]))
                .bytes(),
            "malformed_block",
        ),
    ]
}

fn work() -> Vec<Attack> {
    let empty = Frame::declaring(0).block(Block::Raw(Vec::new())).bytes();
    let frames = empty.repeat(10 * MIB as usize / empty.len());
    // The header of an empty raw block is three zero bytes.
    let blocks = [
        Frame::declaring(0).bytes(),
        vec![0; 3 * 3_400_000],
        vec![1, 0, 0],
    ]
    .concat();
    let many = Limits::new()
        .with_frames(u32::MAX)
        .with_skippable_frames(u32::MAX);
    vec![
        attack("10 MiB of empty frames", frames.clone(), "too_many_frames"),
        attack(
            "10 MiB of empty frames that are allowed",
            frames,
            "too_many_blocks",
        )
        .under(many.clone()),
        attack(
            "10 MiB of empty skippable frames that are allowed",
            skippable(0).repeat(MIB as usize),
            "too_many_blocks",
        )
        .under(many),
        attack("3,400,000 empty blocks", blocks, "too_many_blocks"),
    ]
}

fn malformed() -> Vec<Attack> {
    let hello = || Frame::declaring(5).block(Block::Raw(b"hello".to_vec()));
    let with_magic = |magic: u32| Frame { magic, ..hello() }.bytes();
    let trailing = |extra: &[u8]| [&hello().bytes(), extra].concat();
    let dictionary = |id: u32, width: u8| {
        Frame {
            dictionary: (id, width),
            ..hello()
        }
        .bytes()
    };
    let mut all = vec![
        attack("no bytes", Vec::new(), "empty"),
        attack("one byte of a magic number", vec![0x28], "truncated"),
        attack(
            "three bytes of a magic number",
            vec![0x28, 0xB5, 0x2F],
            "truncated",
        ),
        attack(
            "a magic number alone",
            vec![0x28, 0xB5, 0x2F, 0xFD],
            "truncated",
        ),
        attack(
            "a descriptor without its fields",
            vec![0x28, 0xB5, 0x2F, 0xFD, 0x20],
            "truncated",
        ),
        attack(
            "a frame of no block",
            Frame::declaring(0).bytes(),
            "truncated",
        ),
        attack(
            "a last block that is not the last",
            Frame {
                ends: false,
                ..hello()
            }
            .bytes(),
            "truncated",
        ),
        attack(
            "half a checksum",
            Frame {
                checksum: Some([0; 4]),
                ..hello()
            }
            .bytes()[..16]
                .to_vec(),
            "truncated",
        ),
        attack(
            "the reserved bit",
            Frame {
                reserved_bit: true,
                ..hello()
            }
            .bytes(),
            "reserved_bit",
        ),
        attack("plain text", b"plain text".to_vec(), "bad_magic"),
        attack(
            "a frame without its magic number",
            hello().bytes()[4..].to_vec(),
            "bad_magic",
        ),
        attack(
            "a dictionary instead of a frame",
            with_magic(0xEC30_A437),
            "bad_magic",
        ),
        attack("gzip", vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "bad_magic"),
        attack(
            "a dictionary of one byte's id",
            dictionary(7, 1),
            "dictionary_required",
        ),
        attack(
            "a dictionary of two bytes' id",
            dictionary(700, 2),
            "dictionary_required",
        ),
        attack(
            "a dictionary of four bytes' id",
            dictionary(u32::MAX, 4),
            "dictionary_required",
        ),
        attack(
            "a zero byte after the frame",
            trailing(&[0]),
            "trailing_bytes",
        ),
        attack(
            "a newline after the frame",
            trailing(b"\n"),
            "trailing_bytes",
        ),
        attack(
            "half a magic number after the frame",
            trailing(&[0x28, 0xB5]),
            "trailing_bytes",
        ),
        attack(
            "text after the frame",
            trailing(b"trailing"),
            "trailing_bytes",
        ),
        attack(
            "a second frame",
            trailing(&hello().bytes()),
            "too_many_frames",
        ),
    ];
    let legacy = [
        ("a frame of zstd 0.1", 0xFD2F_B51E),
        ("a frame of zstd 0.2", 0xFD2F_B522),
        ("a frame of zstd 0.3", 0xFD2F_B523),
        ("a frame of zstd 0.4", 0xFD2F_B524),
        ("a frame of zstd 0.5", 0xFD2F_B525),
        ("a frame of zstd 0.6", 0xFD2F_B526),
        ("a frame of zstd 0.7", 0xFD2F_B527),
    ];
    all.extend(legacy.map(|(name, magic)| attack(name, with_magic(magic), "legacy_magic")));
    all
}

fn corrupt() -> Vec<Attack> {
    let text = b"{\"thread\":\"4c2f\",\"seq\":17,\"thread_of\":\"4c2f\",\"sequence\":17}".repeat(4);
    let sealed = Encoder::new(Level::DEFAULT)
        .with_checksum(true)
        .compress(&text)
        .expect("memory");
    let mut bad_checksum = sealed.clone();
    *bad_checksum.last_mut().expect("a checksum") ^= 1;
    let mut bad_content = sealed;
    let middle = bad_content.len() / 2;
    bad_content[middle] ^= 0xFF;
    let size = text.len() as u64;
    vec![
        attack(
            "a checksum of other content",
            bad_checksum,
            "checksum_mismatch",
        )
        .peak(size + CONTEXT),
        attack(
            "damaged content under a checksum",
            bad_content,
            "checksum_mismatch",
        )
        .peak(size + CONTEXT),
        attack(
            "a Huffman tree that is none",
            // 64 literals in one stream of 4 bytes, and no sequences.
            Frame::declaring(64)
                .block(Block::Lie(2, 8, vec![2, 4, 1, 0, 0, 0, 0, 0]))
                .bytes(),
            "corrupt",
        )
        .peak(64 + CONTEXT),
        attack(
            "a sequence whose offset reaches before the content",
            // One literal; one sequence with offset code 5: 32 and more bytes back.
            Frame::declaring_with_window(20, WINDOW_128_KIB)
                .block(Block::Lie(
                    2,
                    8,
                    vec![1 << 3, b'x', 1, 0x54, 1, 5, 16, 0x20],
                ))
                .bytes(),
            "corrupt",
        )
        .peak(20 + CONTEXT),
    ]
}
