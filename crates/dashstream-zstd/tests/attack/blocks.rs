//! Blocks: too large, malformed, corrupt.

use super::{Attack, CONTEXT, attack, bounded};
use crate::frames::{Block, Frame, WINDOW_128_KIB};

pub(super) fn all() -> Vec<Attack> {
    [blocks(), corrupt()].concat()
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
            "a compressed block in an empty segment",
            // No literals and no sequences: two bytes where a block has room for none.
            Frame::declaring(0)
                .block(Block::Lie(2, 2, vec![0, 0]))
                .bytes(),
            "block_too_large",
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

/// A message with its checksum, and nothing wrong with it.
pub fn sealed() -> Frame {
    let text = br#"{"thread":"4c2f","sequence":17}"#;
    Frame {
        checksum: Some([0xCF, 0xF8, 0x4E, 0xA4]),
        ..Frame::declaring(text.len() as u64).block(Block::Raw(text.to_vec()))
    }
}

fn corrupt() -> Vec<Attack> {
    let sealed = sealed();
    let size = sealed.content().len() as u64;
    let other = [0; 4];
    let bad_checksum = Frame {
        checksum: Some(other),
        ..sealed.clone()
    };
    let mut bad_content = sealed.bytes();
    bad_content[20] ^= 0xFF;
    vec![
        attack(
            "a checksum of other content",
            bad_checksum.bytes(),
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
            "a sequence whose offset is zero",
            // No literal, and the first repeated offset less one, which is 1 less 1.
            Frame::declaring_with_window(4, WINDOW_128_KIB)
                .block(Block::Lie(2, 8, vec![1 << 3, b'x', 1, 0x54, 0, 1, 0, 0x03]))
                .bytes(),
            "corrupt",
        )
        .peak(4 + CONTEXT),
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
