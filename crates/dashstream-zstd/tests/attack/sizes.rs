//! Sizes: declared, not declared, and lied about.

use dashstream_zstd::Limits;

use super::{Attack, CONTEXT, INPUT_BUFFER, MIB, attack, bounded};
use crate::frames::{BLOCK_MAX, Block, Frame, WINDOW_128_KIB};

pub(super) fn all() -> Vec<Attack> {
    [declared_bombs(), undeclared_bombs(), lies_about_the_size()].concat()
}

fn declared_bombs() -> Vec<Attack> {
    let over = 10 * MIB + 1;
    let ratio = Limits::new().with_ratio(100, 4096);
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
        .under(bounded().with_ratio(100, 4096))
        .bomb(),
        attack(
            "100 MiB of compressed blocks, undeclared",
            compressed.clone(),
            "unknown_size",
        )
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
