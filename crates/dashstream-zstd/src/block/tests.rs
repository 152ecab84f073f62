use alloc::vec::Vec;

use super::*;

/// A compressed block of no literals and `count` sequences, which begin with these modes.
fn block(literals: &[u8], count: &[u8], modes: &[u8]) -> Vec<u8> {
    [literals, count, modes, &[0xAA; 4]].concat()
}

fn brings_tables(content: &[u8], compressed: bool) -> bool {
    let block = Block {
        content,
        last: true,
        compressed,
        least: 0,
        most: 0,
    };
    block.brings_tables()
}

const NO_LITERALS: &[u8] = &[0x00];

/// RFC 8878 section 3.1.1.3.2.1: literals lengths, offsets and match lengths, from the highest bits
/// down; 2 is a distribution that the block brings, 0 a predefined one, 1 a single symbol, 3 the last one.
#[test]
fn a_block_brings_tables_where_one_of_three_modes_says_so() {
    for count in [
        &[1][..],
        &[127],
        &[128, 0],
        &[254, 7],
        &[255, 0, 0],
        &[255, 9, 9],
    ] {
        for lengths in 0..4_u8 {
            for offsets in 0..4_u8 {
                for matches in 0..4_u8 {
                    let modes = lengths << 6 | offsets << 4 | matches << 2;
                    let content = block(NO_LITERALS, count, &[modes]);
                    let own = [lengths, offsets, matches].contains(&2);
                    assert_eq!(brings_tables(&content, true), own, "{count:?} {modes:08b}");
                    assert!(!brings_tables(&content, false), "stored as it is");
                }
            }
        }
    }
}

#[test]
fn literals_bring_a_tree_where_their_type_says_so() {
    // Sizes of nothing, of three bytes of header; the types 2 and 3 are Huffman-coded.
    for (kind, brings) in [(0, false), (1, false), (2, true), (3, false)] {
        let header = [kind, 0, 0];
        let header = if kind < 2 { &header[..1] } else { &header[..] };
        let symbol = if kind == 1 { &[b'x'][..] } else { &[] };
        let content = block(&[header, symbol].concat(), &[1], &[0]);
        assert_eq!(brings_tables(&content, true), brings, "type {kind}");
    }
}

#[test]
fn what_ends_before_its_modes_brings_none() {
    assert!(!brings_tables(&[], true));
    assert!(!brings_tables(NO_LITERALS, true));
    assert!(!brings_tables(&[0x00, 1], true));
    assert!(!brings_tables(&[0x00, 255, 0, 0], true));
}
