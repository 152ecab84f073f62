//! The forms of the format that a frame makes use of, read by the letter of RFC 8878 and by nothing else.

use std::collections::BTreeSet;

/// Every form that is looked for: of frame headers, blocks, literals and sequences.
pub fn all() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for segment in ["window", "single segment"] {
        for width in [0, 1, 2, 4, 8] {
            if (segment, width) != ("window", 1) && (segment, width) != ("single segment", 0) {
                all.insert(format!("{segment}, size of {width} bytes"));
            }
        }
    }
    for name in ["checksum", "no checksum", "raw block", "run"] {
        all.insert(name.to_owned());
    }
    for kind in 0..4 {
        for format in 0..4 {
            all.insert(literals(kind, format));
        }
    }
    for width in 0..4 {
        all.insert(count(width));
    }
    for code in CODES {
        for mode in 0..4 {
            all.insert(tables(code, mode));
        }
    }
    all
}

/// The forms in one frame.
pub fn of(frame: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let descriptor = frame[4];
    let single = descriptor & 0x20 != 0;
    let width = match descriptor >> 6 {
        0 => usize::from(single),
        flag => 1 << flag,
    };
    let segment = if single { "single segment" } else { "window" };
    found.insert(format!("{segment}, size of {width} bytes"));
    let checksum = if descriptor & 4 != 0 { "" } else { "no " };
    found.insert(format!("{checksum}checksum"));
    assert_eq!(descriptor & 3, 0, "no dictionary");
    let mut rest = &frame[5 + usize::from(!single) + width..];
    loop {
        let header = u32::from_le_bytes([rest[0], rest[1], rest[2], 0]);
        let (kind, size) = (header >> 1 & 3, (header >> 3) as usize);
        rest = &rest[3..];
        let stored = if kind == 1 { 1 } else { size };
        match kind {
            0 => drop(found.insert("raw block".to_owned())),
            1 => drop(found.insert("run".to_owned())),
            _ => compressed(&rest[..stored], &mut found),
        }
        rest = &rest[stored..];
        if header & 1 != 0 {
            return found;
        }
    }
}

/// The forms in a compressed block.
fn compressed(block: &[u8], found: &mut BTreeSet<String>) {
    let (kind, format) = (block[0] & 3, block[0] >> 2 & 3);
    found.insert(literals(kind, format));
    let mut head = [0; 8];
    for (to, from) in head.iter_mut().zip(block).take(5) {
        *to = *from;
    }
    let word = u64::from_le_bytes(head);
    let (header, stored) = match (kind, format) {
        (0, 0 | 2) => (1, word >> 3 & 0x1F),
        (0, 1) => (2, word >> 4 & 0xFFF),
        (0, _) => (3, word >> 4 & 0xF_FFFF),
        (1, 0 | 2) => (1, 1),
        (1, 1) => (2, 1),
        (1, _) => (3, 1),
        (_, 0 | 1) => (3, word >> 14 & 0x3FF),
        (_, 2) => (4, word >> 18 & 0x3FFF),
        (_, _) => (5, word >> 22 & 0x3_FFFF),
    };
    let sequences = &block[header + stored as usize..];
    let width = match sequences[0] {
        0 => 0,
        1..=127 => 1,
        128..=254 => 2,
        255 => 3,
    };
    found.insert(count(width));
    if width > 0 {
        for code in CODES {
            found.insert(tables(code, sequences[width] >> code.1 & 3));
        }
    }
}

fn literals(kind: u8, format: u8) -> String {
    let kind = ["raw", "run of", "tree and", "treeless"][usize::from(kind)];
    // The size's lowest bit is the format's highest there.
    let format = match (kind, format) {
        ("raw" | "run of", 0 | 2) => 0,
        (_, format) => format,
    };
    format!("{kind} literals, format {format}")
}

fn count(width: usize) -> String {
    format!("count of sequences in {width} bytes")
}

fn tables(code: (&str, u8), mode: u8) -> String {
    let mode = ["predefined", "run", "own", "previous"][usize::from(mode)];
    format!("{}: {mode}", code.0)
}

/// The three codes of a sequence, and where their modes stand.
const CODES: [(&str, u8); 3] = [("literal lengths", 6), ("offsets", 4), ("match lengths", 2)];
