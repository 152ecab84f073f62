use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::UnknownSize;

/// The smallest window there is, which is the largest block too.
const WINDOW: usize = 1024;

/// A frame that declares no size, with blocks of `(compressed, size)`.
fn frame(blocks: &[(bool, usize)], checksum: bool) -> Vec<u8> {
    let mut frame = vec![0x28, 0xB5, 0x2F, 0xFD, u8::from(checksum) << 2, 0];
    let mut blocks = blocks.iter().peekable();
    while let Some((compressed, size)) = blocks.next() {
        let literals = u16::try_from(size << 4 | 1 << 2).unwrap().to_le_bytes();
        // Literals as they are, of a size in twelve bits, and no sequences.
        let content = match compressed {
            true => [&literals[..], &vec![b'x'; *size], &[0]].concat(),
            false => vec![b'x'; *size],
        };
        let last = u32::from(blocks.peek().is_none());
        let kind = u32::from(*compressed) << 2;
        let header = u32::try_from(content.len()).unwrap() << 3 | kind | last;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.extend(content);
    }
    frame.extend(checksum.then_some([0; 4]).into_iter().flatten());
    frame
}

fn declaring(content: &[u8]) -> Vec<u8> {
    let size = u8::try_from(content.len()).unwrap();
    let head = [0x28, 0xB5, 0x2F, 0xFD, 0x20, size, size << 3 | 1, 0, 0];
    [&head, content].concat()
}

const SKIPPABLE: &[u8] = &[0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0];

fn plan(frames: &[&[u8]]) -> Plan {
    let limits = Limits::new()
        .with_unknown_size(UnknownSize::Bounded)
        .with_frames(2)
        .with_skippable_frames(1);
    Plan::inspect(&frames.concat(), &limits).unwrap()
}

/// libzstd's one-shot decoder holds no block of several against the window.
#[test]
fn one_call_decodes_where_the_total_bounds_every_block() {
    let half = WINDOW / 2;
    for (blocks, one_shot) in [
        (&[(true, half), (true, half - 1)][..], true),
        (&[(true, half), (true, half)], true),
        (&[(true, half), (true, half + 1)], false),
        (&[(false, half), (true, half + 1)], true),
        (&[(false, half), (false, half + 1)], true),
        (&[(true, half), (false, 9), (true, half)], false),
    ] {
        assert_eq!(
            plan(&[&frame(blocks, false)]).one_shot,
            one_shot,
            "{blocks:?}"
        );
    }
}

#[test]
fn one_call_decodes_one_frame_and_nothing_beside_it() {
    let one = declaring(b"hello");
    assert!(plan(&[&one]).one_shot);
    assert!(!plan(&[&one, &one]).one_shot);
    assert!(!plan(&[&one, SKIPPABLE]).one_shot);
    assert!(!plan(&[SKIPPABLE, &one]).one_shot);
    let lax = frame(&[(true, 600), (true, 600)], false);
    assert!(!plan(&[SKIPPABLE, &lax]).one_shot);
}

#[test]
fn a_size_and_a_checksum_are_those_of_every_frame() {
    let (sized, unsized_) = (declaring(b"hello"), frame(&[(false, 5)], false));
    assert_eq!(plan(&[&sized, &sized]).declared_bytes(), Some(10));
    assert_eq!(plan(&[&sized, &unsized_]).declared_bytes(), None);
    assert_eq!(plan(&[&unsized_, &sized]).declared_bytes(), None);
    assert_eq!(plan(&[&unsized_, &unsized_]).declared_bytes(), None);
    let (summed, bare) = (frame(&[(false, 5)], true), unsized_);
    for (frames, all) in [
        ([&summed, &summed], true),
        ([&summed, &bare], false),
        ([&bare, &summed], false),
        ([&bare, &bare], false),
    ] {
        assert_eq!(plan(&frames.map(Vec::as_slice)).has_checksum, all);
    }
}
