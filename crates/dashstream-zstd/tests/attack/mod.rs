//! Inputs that other guards get wrong, with what has to happen to each.

#![allow(dead_code, reason = "each of its users needs a part")]
#![allow(
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support: it may panic, and its numbers are its own"
)]

pub mod blocks;
mod headers;
mod several;
mod sizes;

use std::collections::HashSet;
use std::sync::LazyLock;

use dashstream_zstd::{Limits, UnknownSize};

/// An input, the limits it is held against, and the one outcome that is right.
#[derive(Clone, Debug)]
pub struct Attack {
    pub name: &'static str,
    pub input: Vec<u8>,
    pub limits: Limits,
    /// The code of the error: the plan's refusal, unless the attack is told only by decoding.
    pub code: &'static str,
    /// Whether the content is larger than the limits allow.
    pub bomb: bool,
    /// The most heap, libzstd's included; 0 for whatever the plan refuses.
    pub peak: u64,
}

/// Bytes of libzstd's decoding context, and of its input buffer where it decodes block by block.
const CONTEXT: u64 = 96 * 1024;
const INPUT_BUFFER: u64 = 128 * 1024;

/// Every attack, the larger ones included: about 25 MiB.
pub fn corpus() -> &'static [Attack] {
    static CORPUS: LazyLock<Vec<Attack>> = LazyLock::new(|| {
        let all = [headers::all(), sizes::all(), blocks::all(), several::all()].concat();
        let names: HashSet<_> = all.iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), all.len(), "two attacks of one name");
        all
    });
    &CORPUS
}

/// Hands each attack whose name begins with `name` to `check`, of which there has to be one.
pub fn each(name: &str, check: impl Fn(&Attack)) {
    let mut found = corpus()
        .iter()
        .filter(|attack| attack.name.starts_with(name))
        .peekable();
    assert!(found.peek().is_some(), "no attack {name}");
    found.for_each(check);
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

    /// Whether the plan refuses it, or only decoding tells.
    pub const fn is_refused_by_plan(&self) -> bool {
        self.peak == 0
    }
}

pub fn bounded() -> Limits {
    Limits::new().with_unknown_size(UnknownSize::Bounded)
}

const MIB: u64 = 1024 * 1024;

/// The attacks by name, each a test that calls `$check`.
#[macro_export]
macro_rules! tests_by_name {
    ($check:path) => {
        $crate::tests_by_name! { $check =>
            a_bomb_that_declares_its_size: "a run of 100 MiB, declared";
            a_run_of_undeclared_size: "a run of 100 MiB, undeclared";
            compressed_blocks_of_undeclared_size: "100 MiB of compressed blocks";
            sixteen_bytes_declared_and_a_hundred_mebibytes_there: "16 bytes declared";
            a_mebibyte_declared_and_a_hundred_there: "1 MiB declared";
            ten_mebibytes_declared_and_one_byte_there: "10 MiB declared, one byte there";
            a_bomb_behind_a_skippable_frame: "a bomb behind a skippable frame";
            a_bomb_behind_an_empty_frame: "a bomb behind an empty frame";
            a_bomb_behind_a_greeting: "200 MiB behind five bytes";
            a_window_of_128_mebibytes: "a window of 128 MiB";
            the_largest_window_there_is: "the largest window there is";
            a_window_of_a_gibibyte_behind_a_skippable_frame: "a window of 1 GiB behind";
            a_run_larger_than_any_block: "a run of 2,097,151 bytes";
            runs_larger_than_any_block_honestly_declared: "five runs of 2,097,151 bytes";
            sizes_that_libzstd_gives_a_meaning: "a declared size of 2^64";
            a_million_empty_frames: "10 MiB of empty frames";
            millions_of_empty_blocks: "3,400,000 empty blocks";
            bytes_after_the_frame: "trailing: ";
            a_reserved_bit: "the reserved bit";
            a_reserved_block_type: "a reserved block type";
            a_dictionary: "a dictionary";
            a_legacy_format: "a frame of zstd 0.";
            a_frame_without_its_magic_number: "a frame without its magic number";
            a_checksum_of_other_content: "a checksum of other content";
            sequences_that_copy_less_than_declared: "more declared than the sequences";
            sequences_that_copy_more_than_declared: "less declared than the sequences";
            no_bytes_at_all: "no bytes";
            the_first_bytes_of_a_frame: "cut: ";
            a_header_that_declares_a_gibibyte_alone: "a header that declares 1 GiB";
            one_byte_over_the_limit: "one byte over the limit, declared";
            an_offset_of_nothing: "a sequence whose offset is zero";
            an_offset_before_the_content: "a sequence whose offset reaches before";
            a_huffman_tree_that_is_none: "a Huffman tree that is none";
            bytes_after_no_sequences: "no sequences, and bytes after them";
            a_block_in_a_segment_of_no_bytes: "a compressed block in an empty segment";
        }
    };
    ($check:path => $($test:ident: $name:literal;)*) => {
        $(
            #[test]
            fn $test() {
                $crate::attack::each($name, $check);
            }
        )*
    };
}
