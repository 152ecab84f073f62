//! Frames behind frames, and more of them than anybody needs.

use dashstream_zstd::Limits;

use super::{Attack, MIB, attack, bounded};
use crate::frames::{Block, Frame, skippable};

pub(super) fn all() -> Vec<Attack> {
    [hidden_behind_other_frames(), work()].concat()
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
