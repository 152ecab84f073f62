//! What the plan alone says to every attack: this needs no libzstd.

mod attack;
mod frames;

use attack::{Attack, corpus};
use dashstream_testkit::{alloc, stack, sweep};
use dashstream_zstd::{Limits, Plan, UnknownSize};
use frames::{BLOCK_MAX, Block, Frame, WINDOW_128_KIB, skippable};

tests_by_name!(is_planned);

/// A refusal has its code and allocates nothing; what only decoding tells is bounded by the limits.
fn is_planned(attack: &Attack) {
    let (plan, usage) = alloc::measure(|| Plan::inspect(&attack.input, &attack.limits));
    assert_eq!(usage, alloc::Usage::default(), "{}", attack.name);
    match plan {
        Err(refusal) => {
            assert!(attack.is_refused_by_plan(), "{}: {refusal}", attack.name);
            assert_eq!(refusal.code(), attack.code, "{}", attack.name);
            assert!(refusal.offset() <= attack.input.len(), "{}", attack.name);
        }
        Ok(plan) => {
            assert!(!attack.is_refused_by_plan(), "{}: {plan:?}", attack.name);
            assert!(!attack.bomb, "{}", attack.name);
            assert!(
                plan.output_bytes_min <= attack.limits.output_bytes(),
                "{}",
                attack.name
            );
        }
    }
}

#[test]
fn every_attack_is_refused_without_a_byte_of_heap_or_bounded_on_a_small_stack() {
    let corpus = corpus();
    let refused = corpus.iter().filter(|attack| attack.is_refused_by_plan());
    assert!(refused.count() > 70, "{} attacks", corpus.len());
    stack::small(move || corpus.iter().for_each(is_planned));
}

/// Frames of every kind of block, some of several, each with the ends of its parts.
fn legal() -> Vec<(Frame, Vec<usize>)> {
    let text: Vec<u8> = (0..1000_u32).flat_map(u32::to_le_bytes).collect();
    let frames = [
        Frame::declaring(5).block(Block::Raw(b"hello".to_vec())),
        Frame::declaring(0).block(Block::Raw(Vec::new())),
        Frame::declaring_with_window(4000, WINDOW_128_KIB).block(Block::Literals(text.clone())),
        Frame::undeclared().blocks(Block::runs(b'r', 300_000)),
        Frame::declaring_with_window(300_000, WINDOW_128_KIB).blocks(Block::repeats(b'x', 300_000)),
        Frame::declaring(300_000).blocks(Block::raw(&text.repeat(75))),
        Frame {
            checksum: Some([1, 2, 3, 4]),
            dictionary: (0, 4),
            unused_bit: true,
            ..Frame::declaring(8)
        }
        .block(Block::Repeat(b'd', 8)),
    ];
    frames
        .into_iter()
        .map(|frame| {
            let ends = frame.ends_of_parts();
            (frame, ends)
        })
        .collect()
}

fn any_size() -> Limits {
    Limits::new().with_unknown_size(UnknownSize::Bounded)
}

#[test]
fn no_truncation_of_a_frame_is_admitted_on_a_small_stack() {
    stack::small(|| {
        for (frame, ends) in legal() {
            let input = frame.bytes();
            assert_eq!(ends.last(), Some(&input.len()));
            assert!(Plan::inspect(&input, &any_size()).is_ok());
            sweep::truncations(&input, &ends, |cut| {
                let (plan, usage) = alloc::measure(|| Plan::inspect(cut, &any_size()));
                let expected = if cut.is_empty() { "empty" } else { "truncated" };
                assert_eq!(plan.map_err(|refusal| refusal.code()), Err(expected));
                assert_eq!(usage, alloc::Usage::default());
            });
        }
    });
}

#[test]
fn a_damaged_byte_is_refused_or_leaves_a_plan_within_the_limits_on_a_small_stack() {
    stack::small(|| {
        for (frame, ends) in legal() {
            let input = [skippable(3), frame.bytes(), frame.bytes()].concat();
            let limits = any_size().with_frames(2).with_skippable_frames(1);
            assert!(Plan::inspect(&input, &limits).is_ok());
            let offset = skippable(3).len();
            let ends: Vec<_> = ends.iter().map(|end| offset.saturating_add(*end)).collect();
            sweep::byte_flips(&input, &ends, |damaged| {
                let (plan, usage) = alloc::measure(|| Plan::inspect(damaged, &limits));
                assert_eq!(usage, alloc::Usage::default());
                match plan {
                    Err(refusal) => assert!(refusal.offset() <= damaged.len()),
                    Ok(plan) => assert!(plan.output_bytes_min <= limits.output_bytes()),
                }
            });
        }
    });
}

#[test]
fn a_plan_knows_what_a_frame_holds_as_far_as_its_headers_say() {
    for (frame, _) in legal() {
        let plan = Plan::inspect(&frame.bytes(), &any_size()).expect("a legal frame");
        let size = frame.content().len() as u64;
        let compressed = |block: &&Block| matches!(block, Block::Repeat(..));
        let unproved = frame.blocks.iter().filter(compressed).count() as u64;
        assert_eq!(plan.declared_bytes(), frame.declared.map(|_| size));
        assert_eq!(plan.blocks, frame.blocks.len() as u64);
        assert_eq!((plan.frames, plan.skippable_frames), (1, 0));
        assert_eq!(plan.has_checksum, frame.checksum.is_some());
        assert!(plan.output_bytes_min <= size && size <= plan.output_bytes_max);
        if unproved == 0 {
            assert_eq!((plan.output_bytes_min, plan.output_bytes_max), (size, size));
        } else {
            assert!(plan.output_bytes_max <= size.max(unproved * u64::from(BLOCK_MAX)));
        }
    }
}

#[test]
fn the_count_of_sequences_is_read_in_each_of_its_three_forms() {
    let limits = Limits::new().with_unknown_size(UnknownSize::Bounded);
    // Raw literals of no bytes; the count; three codes in run mode, and what the plan does not read.
    for (count, sequences) in [
        (&[1][..], 1_u64),
        (&[127], 127),
        (&[0x80, 128], 128),
        (&[0x81, 0], 256),
        (&[0xFE, 0xFF], 0x7EFF),
        (&[0xFF, 0, 0], 0x7F00),
        (&[0xFF, 1, 1], 0x7F00 + 0x101),
    ] {
        let content = [&[0], count, &[0b0101_0100, 0, 0, 0]].concat();
        let size = u32::try_from(content.len()).expect("a few bytes");
        let frame = Frame::undeclared().block(Block::Lie(2, size, content));
        let plan = Plan::inspect(&frame.bytes(), &limits).expect("sound headers");
        assert_eq!(plan.output_bytes_min, 3 * sequences, "{count:?}");
        assert_eq!(plan.output_bytes_max, u64::from(BLOCK_MAX));
    }
}

#[test]
fn a_run_of_nothing_has_no_room_in_a_segment_of_no_bytes() {
    let run = |size| Frame::declaring(size).block(Block::Run(b'x', 0)).bytes();
    let code = |frame: Vec<u8>| Plan::inspect(&frame, &Limits::new()).map(|plan| plan.blocks);
    assert_eq!(
        code(run(0)).map_err(|refusal| refusal.code()),
        Err("block_too_large")
    );
    assert_eq!(
        code(run(1)).map_err(|refusal| refusal.code()),
        Err("declared_above_proof")
    );
}
