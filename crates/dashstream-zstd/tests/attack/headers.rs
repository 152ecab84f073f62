//! Frame headers that are none, or ask for what nobody gives.

use super::{Attack, attack, bounded};
use crate::frames::{Block, Frame};

pub(super) fn all() -> Vec<Attack> {
    [malformed(), windows()].concat()
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
        attack("cut: one byte of a magic number", vec![0x28], "truncated"),
        attack(
            "cut: two bytes of a magic number",
            vec![0x28, 0xB5],
            "truncated",
        ),
        attack(
            "cut: three bytes of a magic number",
            vec![0x28, 0xB5, 0x2F],
            "truncated",
        ),
        attack(
            "cut: a magic number alone",
            vec![0x28, 0xB5, 0x2F, 0xFD],
            "truncated",
        ),
        attack(
            "cut: a descriptor without its fields",
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
        attack("trailing: a newline", trailing(b"\n"), "trailing_bytes"),
        attack(
            "trailing: half a magic number",
            trailing(&[0x28, 0xB5]),
            "trailing_bytes",
        ),
        attack("trailing: text", trailing(b"trailing"), "trailing_bytes"),
        attack(
            "a second frame",
            trailing(&hello().bytes()),
            "too_many_frames",
        ),
    ];
    let zeros = [
        "trailing: 1 zero byte",
        "trailing: 2 zero bytes",
        "trailing: 3 zero bytes",
        "trailing: 4 zero bytes",
        "trailing: 5 zero bytes",
        "trailing: 6 zero bytes",
        "trailing: 7 zero bytes",
        "trailing: 8 zero bytes",
    ];
    all.extend(
        (1..)
            .zip(zeros)
            .map(|(count, name)| attack(name, trailing(&vec![0; count]), "trailing_bytes")),
    );
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
        attack("a window of 1 GiB", with(20 << 3), "window_too_large").under(bounded()),
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
