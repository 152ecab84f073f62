//! Each limit: one under, exactly at, one over; and raised where the default refuses.

mod frames;

#[cfg(feature = "libzstd")]
use dashstream_zstd::Decoder;
use dashstream_zstd::{Limits, Plan, Refusal, UnknownSize};
use frames::{Block, Frame, skippable};

/// The code of the outcome, decoded and not only planned where the decoder is there.
#[cfg(feature = "libzstd")]
fn outcome(input: &[u8], limits: Limits) -> &'static str {
    match Decoder::new(limits).decompress(input) {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

#[cfg(not(feature = "libzstd"))]
fn outcome(input: &[u8], limits: Limits) -> &'static str {
    match Plan::inspect(input, &limits) {
        Ok(_) => "ok",
        Err(refusal) => refusal.code(),
    }
}

fn runs(size: u64) -> Vec<u8> {
    Frame::declaring(size)
        .blocks(Block::runs(b'x', size))
        .bytes()
}

fn undeclared(size: u64) -> Vec<u8> {
    Frame::undeclared().blocks(Block::runs(b'x', size)).bytes()
}

fn bounded() -> Limits {
    Limits::new().with_unknown_size(UnknownSize::Bounded)
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let limits = Limits::new();
    assert_eq!(limits, Limits::default());
    assert_eq!(limits.output_bytes(), 10 * 1024 * 1024);
    assert_eq!(limits.window_bytes(), 8 * 1024 * 1024);
    assert_eq!((limits.frames(), limits.skippable_frames()), (1, 0));
    assert_eq!(limits.blocks(), 16 + limits.output_bytes());
    assert_eq!(limits.ratio(), None);
    assert_eq!(limits.unknown_size(), UnknownSize::Reject);
}

#[test]
fn the_last_byte_of_declared_output_is_allowed_and_the_next_is_not() {
    let limit = 10 << 20;
    assert_eq!(outcome(&runs(limit - 1), Limits::new()), "ok");
    assert_eq!(outcome(&runs(limit), Limits::new()), "ok");
    assert_eq!(
        outcome(&runs(limit + 1), Limits::new()),
        "declared_too_large"
    );
    let raised = Limits::new().with_output_bytes(limit + 1);
    assert_eq!(outcome(&runs(limit + 1), raised), "ok");
    let lowered = Limits::new().with_output_bytes(99);
    assert_eq!(outcome(&runs(100), lowered), "declared_too_large");
}

#[test]
fn the_last_byte_of_undeclared_output_is_allowed_and_the_next_is_not() {
    let limits = bounded().with_output_bytes(1000);
    assert_eq!(outcome(&undeclared(999), limits.clone()), "ok");
    assert_eq!(outcome(&undeclared(1000), limits.clone()), "ok");
    assert_eq!(outcome(&undeclared(1001), limits), "proven_too_large");
}

#[cfg(feature = "libzstd")]
#[test]
fn the_last_byte_of_unproved_output_is_allowed_and_the_next_is_not() {
    let limits = bounded().with_output_bytes(300_000);
    let repeats = |size| {
        Frame::undeclared()
            .blocks(Block::repeats(b'x', size))
            .bytes()
    };
    assert_eq!(outcome(&repeats(299_999), limits.clone()), "ok");
    assert_eq!(outcome(&repeats(300_000), limits.clone()), "ok");
    assert_eq!(outcome(&repeats(300_001), limits), "output_too_large");
    // A reused buffer with more room changes nothing.
    let mut decoder = Decoder::new(bounded().with_output_bytes(300_000));
    let mut output = Vec::with_capacity(1 << 20);
    let result = decoder.decompress_into(&repeats(300_001), &mut output);
    assert_eq!(
        result.map_err(|error| error.code()),
        Err("output_too_large")
    );
    assert!(output.is_empty());
}

#[test]
fn the_window_may_be_as_large_as_its_limit_and_no_larger() {
    let with = |window| {
        let frame = Frame {
            window: Some(window),
            ..Frame::undeclared()
        };
        frame.block(Block::Raw(vec![0])).bytes()
    };
    // 7.5 MiB, 8 MiB, 9 MiB: the nearest descriptors.
    assert_eq!(outcome(&with((12 << 3) | 7), bounded()), "ok");
    assert_eq!(outcome(&with(13 << 3), bounded()), "ok");
    assert_eq!(outcome(&with((13 << 3) | 1), bounded()), "window_too_large");
    let raised = bounded().with_window_bytes(9 << 20);
    assert_eq!(outcome(&with((13 << 3) | 1), raised), "ok");
    assert_eq!(
        outcome(&with(0), bounded().with_window_bytes(1023)),
        "window_too_large"
    );
    // The content of a single segment is its window, and only the output limit binds it.
    assert_eq!(outcome(&runs(9 << 20), bounded()), "ok");
}

#[test]
fn frames_are_counted() {
    let frame = runs(10);
    let limits = Limits::new().with_frames(3);
    assert_eq!(outcome(&frame.repeat(2), limits.clone()), "ok");
    assert_eq!(outcome(&frame.repeat(3), limits.clone()), "ok");
    assert_eq!(outcome(&frame.repeat(4), limits), "too_many_frames");
    assert_eq!(
        outcome(&frame, Limits::new().with_frames(0)),
        "too_many_frames"
    );
    let plan = Plan::inspect(&frame.repeat(3), &Limits::new().with_frames(3));
    assert_eq!(
        plan.map(|plan| (plan.frames, plan.declared_bytes())),
        Ok((3, Some(30)))
    );
}

#[test]
fn skippable_frames_are_counted_wherever_they_stand() {
    let input = [skippable(0), skippable(9), runs(10), skippable(300)].concat();
    for (limit, expected) in [(4, "ok"), (3, "ok"), (2, "skippable_frame")] {
        assert_eq!(
            outcome(&input, Limits::new().with_skippable_frames(limit)),
            expected
        );
    }
    let plan = Plan::inspect(&input, &Limits::new().with_skippable_frames(3));
    assert_eq!(
        plan.map(|plan| (plan.frames, plan.skippable_frames)),
        Ok((1, 3))
    );
}

#[test]
fn blocks_are_counted_over_all_frames_and_skippable_frames_with_them() {
    let empty = (0..5).map(|_| Block::Raw(Vec::new()));
    let frame = Frame::declaring(0).blocks(empty).bytes();
    let input = [skippable(0), frame.clone(), frame].concat();
    let limits = Limits::new().with_frames(2).with_skippable_frames(1);
    for (limit, expected) in [(12, "ok"), (11, "ok"), (10, "too_many_blocks")] {
        assert_eq!(outcome(&input, limits.clone().with_blocks(limit)), expected);
    }
}

#[test]
fn unless_a_number_is_set_sixteen_blocks_may_be_empty_and_any_may_hold_a_byte() {
    let with = |empty: usize, bytes: usize| {
        let empty = (0..empty).map(|_| Block::Raw(Vec::new()));
        let held = (0..bytes).map(|_| Block::Raw(vec![b'x']));
        Frame::declaring(bytes as u64)
            .blocks(empty)
            .blocks(held)
            .bytes()
    };
    for bytes in [0, 1, 2560] {
        let limits = Limits::new().with_output_bytes(2560);
        assert_eq!(outcome(&with(15, bytes), limits.clone()), "ok");
        assert_eq!(outcome(&with(16, bytes), limits.clone()), "ok");
        assert_eq!(outcome(&with(17, bytes), limits), "too_many_blocks");
    }
    // Counted over all frames, and skippable frames with them.
    let limits = Limits::new().with_frames(2).with_skippable_frames(1);
    for (empty, expected) in [(14, "ok"), (15, "ok"), (16, "too_many_blocks")] {
        let input = [skippable(0), with(empty, 9), with(0, 9)].concat();
        assert_eq!(outcome(&input, limits.clone()), expected);
    }
    let refused = Plan::inspect(&with(17, 0), &Limits::new());
    let (offset, limit) = (6 + 16 * 3, 16);
    assert_eq!(refused, Err(Refusal::TooManyBlocks { offset, limit }));
}

#[test]
fn unless_a_number_is_set_tables_cost_128_bytes_of_proven_content_and_a_mebibyte_is_lent() {
    // Three bytes of what each block proves are copied.
    let with = |blocks: usize, proven: usize| {
        let block = frames::tables(&vec![b'x'; proven - 3]);
        Frame::undeclared()
            .block(Block::Raw(b"abcd".to_vec()))
            .blocks(core::iter::repeat_n(block, blocks))
            .bytes()
    };
    let most = ((1 << 20) + 4) / (128 - 3);
    for (blocks, proven, expected) in [
        (most - 1, 3, "ok"),
        (most, 3, "ok"),
        (most + 1, 3, "too_many_blocks"),
        (2 * most, 127, "ok"),
        (2 * most, 128, "ok"),
        (2 * most, 129, "ok"),
    ] {
        assert_eq!(outcome(&with(blocks, proven), bounded()), expected);
    }
    // What earlier blocks prove beyond 128 pays for later ones.
    let rich = Frame::undeclared()
        .block(Block::Raw(vec![b'x'; 128 + 125]))
        .blocks(core::iter::repeat_n(frames::tables(&[]), most + 1));
    assert_eq!(outcome(&rich.bytes(), bounded()), "ok");
    let limits = bounded().with_blocks(most as u64 + 2);
    assert_eq!(outcome(&with(most + 1, 3), limits), "ok");
    let (offset, limit) = (with(most, 3).len(), 8192);
    let refused = Plan::inspect(&with(most + 1, 3), &bounded());
    assert_eq!(refused, Err(Refusal::TooManyBlocks { offset, limit }));
}

#[test]
fn the_ratio_leaves_its_slack_and_no_more() {
    for input in [runs(1000), undeclared(1000)] {
        let len = input.len() as u64;
        for (slack, expected) in [(1001, "ok"), (1000, "ok"), (999, "ratio_too_high")] {
            let (factor, slack) = (10, slack - 10 * len);
            let limits = bounded().with_ratio(factor, slack);
            assert_eq!(limits.ratio(), Some((factor, slack)));
            assert_eq!(outcome(&input, limits), expected);
        }
    }
    // A ratio that allows more than the output limit does not raise it.
    let loose = Limits::new().with_output_bytes(999).with_ratio(1 << 20, 0);
    assert_eq!(outcome(&runs(1000), loose), "declared_too_large");
}

#[test]
fn output_and_window_cannot_be_unlimited() {
    let limits = Limits::new()
        .with_output_bytes(u64::MAX)
        .with_window_bytes(u64::MAX);
    assert_eq!(limits.output_bytes(), Limits::BYTES_MAX);
    assert_eq!(limits.window_bytes(), Limits::BYTES_MAX);
}

#[test]
fn a_refusal_tells_where_and_how_much() {
    let limits = Limits::new().with_frames(2).with_output_bytes(100);
    let input = [runs(60), runs(50)].concat();
    let second = runs(60).len();
    assert_eq!(
        Plan::inspect(&input, &limits),
        Err(Refusal::DeclaredTooLarge {
            offset: second + 5,
            declared: 50,
            limit: 40
        })
    );
    assert_eq!(
        Plan::inspect(&undeclared(300_000), &bounded().with_output_bytes(200_000)),
        Err(Refusal::ProvenTooLarge {
            offset: 10,
            proven: 262_144,
            limit: 200_000
        })
    );
    let lie = Frame::declaring(9)
        .block(Block::Raw(b"four".to_vec()))
        .bytes();
    assert_eq!(
        Plan::inspect(&lie, &limits),
        Err(Refusal::DeclaredAboveProof {
            offset: 0,
            declared: 9,
            bound: 4
        })
    );
    assert_eq!(
        Plan::inspect(&lie[..8], &limits),
        Err(Refusal::Truncated {
            offset: 6,
            needed: 3,
            left: 2
        })
    );
}
