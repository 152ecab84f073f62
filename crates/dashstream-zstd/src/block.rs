//! What a block's header, and the head of its content, prove about the block's content.

use crate::input::{Input, number};
use crate::refusal::{Refusal, cold};

/// A block, its content skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block<'a> {
    /// What is stored of it.
    content: &'a [u8],
    pub(crate) last: bool,
    pub(crate) compressed: bool,
    /// The least content the block can yield.
    pub(crate) least: u32,
    /// The most content the block can yield.
    pub(crate) most: u32,
}

impl<'a> Block<'a> {
    /// Walks over the next block of a frame whose largest block is `max`.
    #[inline(always)]
    pub(crate) fn walk(input: &mut Input<'a>, max: u32) -> Result<Self, Refusal> {
        let offset = input.offset();
        let &[a, b, c] = input.array()?;
        let header = u32::from_le_bytes([a, b, c, 0]);
        let last = header & 1 != 0;
        let size = header >> 3;
        let kind = header >> 1 & 0x03;
        // For a run the size is that of the content, whose one byte is all the input has.
        // libzstd's one-shot decoder takes runs and raw blocks of up to 2 MiB; the format does not.
        if size > max {
            return Err(too_large(offset, size, max));
        }
        let stored = match kind {
            RESERVED => return Err(cold(Refusal::ReservedBlock { offset })),
            // The window of an empty single segment has no room for that byte either.
            RUN if max == 0 => return Err(too_large(offset, 1, max)),
            RUN => 1,
            _ => size,
        };
        let at = input.offset();
        let content = input.bytes(stored)?;
        let compressed = kind == COMPRESSED;
        let (least, most) = if compressed {
            let Some((literals, sequences)) = sections(content) else {
                return Err(cold(Refusal::MalformedBlock { offset: at }));
            };
            // Every literal is copied once, and every sequence copies at least three bytes more.
            let least = literals.saturating_add(sequences.saturating_mul(3));
            if least > max {
                return Err(too_large(offset, least, max));
            }
            // One sequence may copy more than the largest block, so that any number of them proves
            // nothing more.
            (least, if sequences == 0 { least } else { max })
        } else {
            (size, size)
        };
        Ok(Self {
            content,
            last,
            compressed,
            least,
            most,
        })
    }

    /// Whether tables have to be built for it: it brings a Huffman tree, or distributions of its own.
    pub(crate) fn brings_tables(&self) -> bool {
        let tree = self.content.first().is_some_and(|head| head & 0x03 == TREE);
        let modes = || {
            let (_, section) = literals(self.content)?;
            let (&first, after) = section.split_first()?;
            // How many bytes of the number of sequences follow its first; the modes stand behind them.
            let width = match first {
                0..=127 => 0,
                128..=254 => 1,
                255 => 2,
            };
            after.get(width)
        };
        // One of the three modes of two bits each, from the highest down, is 2.
        let own = |modes: &u8| modes & !(modes << 1) & 0b1010_1000 != 0;
        self.compressed && (tree || modes().is_some_and(own))
    }
}

/// The types of blocks beside 0, raw: RFC 8878 section 3.1.1.2.2.
const RUN: u32 = 1;
const COMPRESSED: u32 = 2;
const RESERVED: u32 = 3;

#[cold]
#[inline(never)]
fn too_large(offset: usize, size: u32, max: u32) -> Refusal {
    Refusal::BlockTooLarge {
        offset,
        size: u64::from(size),
        limit: u64::from(max),
    }
}

/// How many literals and sequences a compressed block has, RFC 8878 section 3.1.1.3; `None` when its
/// sections cannot be what `content` holds.
#[inline(always)]
fn sections(content: &[u8]) -> Option<(u32, u32)> {
    let (literals, section) = literals(content)?;
    Some((literals, sequences(section)?))
}

/// The regenerated size of the literals, and what follows their section.
#[inline(always)]
fn literals(content: &[u8]) -> Option<(u32, &[u8])> {
    // The longest header has five bytes. What is not there reads as zero, and is missed below.
    let word = match content.first_chunk() {
        Some(&[a, b, c, d, e]) => u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]),
        None => number(content),
    };
    let (kind, format) = (word & 0x03, word >> 2 & 0x03);
    // Bytes of the header, where the size stands in it, and bits of the size.
    let (header, at, bits) = match (kind, format) {
        (RAW_LITERALS | RUN_OF_LITERALS, 0 | 2) => (1, 3, 5),
        (RAW_LITERALS | RUN_OF_LITERALS, 1) => (2, 4, 12),
        (RAW_LITERALS | RUN_OF_LITERALS, _) => (3, 4, 20),
        // Huffman-coded, with a tree of their own or the previous block's.
        (_, 0 | 1) => (3, 4, 10),
        (_, 2) => (4, 4, 14),
        (_, _) => (5, 4, 18),
    };
    let field = |at: u32| word.wrapping_shr(at) & 1_u64.wrapping_shl(bits).wrapping_sub(1);
    let size = field(at);
    let stored = match kind {
        RAW_LITERALS => size,
        RUN_OF_LITERALS => 1,
        _ => field(bits.wrapping_add(at)),
    };
    // At most 20 bits and a few bytes.
    let (_, rest) = content.split_at_checked(usize::try_from(stored.wrapping_add(header)).ok()?)?;
    Some((u32::try_from(size).ok()?, rest))
}

/// The types of literals that are not Huffman-coded: RFC 8878 section 3.1.1.3.1.1.
const RAW_LITERALS: u64 = 0;
const RUN_OF_LITERALS: u64 = 1;

/// The type of literals that come with their Huffman tree.
const TREE: u8 = 2;

/// The number of sequences at the head of their section.
///
/// `None` also where nothing may follow, because there are none, and something does; and where the
/// reserved bits of the byte that follows are set.
#[inline(always)]
fn sequences(section: &[u8]) -> Option<u32> {
    let (&first, after) = section.split_first()?;
    let (sequences, rest) = match first {
        0..=127 => (u32::from(first), after),
        128..=254 => {
            // The high byte comes first in this form, and last in the one below.
            let (&[low], rest) = after.split_first_chunk()?;
            (u32::from(u16::from_be_bytes([first & 0x7F, low])), rest)
        }
        255 => {
            let (&[low, high], rest) = after.split_first_chunk()?;
            (
                u32::from(u16::from_le_bytes([low, high])).saturating_add(0x7F00),
                rest,
            )
        }
    };
    let sound = match (sequences, rest.first()) {
        (0, rest) => rest.is_none(),
        (_, modes) => modes.is_some_and(|modes| modes & 0x03 == 0),
    };
    sound.then_some(sequences)
}

#[cfg(test)]
mod tests;
