//! What a block's header, and the head of its content, prove about the block's content.

use crate::input::Input;
use crate::refusal::Refusal;

/// A block, its content skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) last: bool,
    pub(crate) compressed: bool,
    /// The least content the block can yield.
    pub(crate) least: u32,
    /// The most content the block can yield.
    pub(crate) most: u32,
}

impl Block {
    /// Walks over the next block of a frame whose largest block is `max`.
    #[inline(always)]
    pub(crate) fn walk(input: &mut Input<'_>, max: u32) -> Result<Self, Refusal> {
        let offset = input.offset();
        let &[a, b, c] = input.array()?;
        let header = u32::from_le_bytes([a, b, c, 0]);
        let last = header & 1 != 0;
        let size = header >> 3;
        let too_large = |size: u32| Refusal::BlockTooLarge {
            offset,
            size: u64::from(size),
            limit: u64::from(max),
        };
        // For a run the size is that of the content, whose one byte is all the input has.
        // libzstd's one-shot decoder takes runs and raw blocks of up to 2 MiB; the format does not.
        if size > max {
            return Err(too_large(size));
        }
        match header >> 1 & 0x03 {
            0 => {
                input.bytes(size)?;
                Ok(Self {
                    last,
                    compressed: false,
                    least: size,
                    most: size,
                })
            }
            1 => {
                // The window of an empty single segment has no room for that byte either.
                if max == 0 {
                    return Err(too_large(1));
                }
                input.bytes(1)?;
                Ok(Self {
                    last,
                    compressed: false,
                    least: size,
                    most: size,
                })
            }
            2 => {
                let at = input.offset();
                let content = input.bytes(size)?;
                let Some(sections) = Sections::parse(content) else {
                    return Err(Refusal::MalformedBlock { offset: at });
                };
                let least = sections.least();
                if least > max {
                    return Err(too_large(least));
                }
                // One sequence may copy more than the largest block, so that any number of them
                // proves nothing more.
                let most = if sections.sequences == 0 { least } else { max };
                Ok(Self {
                    last,
                    compressed: true,
                    least,
                    most,
                })
            }
            _ => Err(Refusal::ReservedBlock { offset }),
        }
    }
}

/// The counts at the head of the two sections of a compressed block, RFC 8878 section 3.1.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sections {
    literals: u32,
    sequences: u32,
}

impl Sections {
    /// `None` when the sections cannot be what `content` holds.
    fn parse(content: &[u8]) -> Option<Self> {
        let (literals, rest) = literals(content)?;
        let sequences = sequences(rest)?;
        // Without sequences nothing may follow their count.
        Some(Self {
            literals,
            sequences,
        })
    }

    /// Every literal is copied once, and every sequence copies at least three bytes more.
    const fn least(self) -> u32 {
        self.literals
            .saturating_add(self.sequences.saturating_mul(3))
    }
}

/// The regenerated size of the literals, and what follows their section.
fn literals(content: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, after) = content.split_first()?;
    let format = first >> 2 & 0x03;
    match first & 0x03 {
        // Raw literals, and a run of one byte.
        kind @ (0 | 1) => {
            let (size, rest) = match format {
                0 | 2 => (u32::from(first >> 3), after),
                1 => {
                    let (&[b], rest) = after.split_first_chunk()?;
                    (u32::from_le_bytes([first, b, 0, 0]) >> 4, rest)
                }
                _ => {
                    let (&[b, c], rest) = after.split_first_chunk()?;
                    (u32::from_le_bytes([first, b, c, 0]) >> 4, rest)
                }
            };
            let stored = if kind == 0 { size } else { 1 };
            let (_, rest) = rest.split_at_checked(usize::try_from(stored).ok()?)?;
            Some((size, rest))
        }
        // Huffman-coded, with a tree of their own or the previous block's.
        _ => {
            let (size, stored, rest) = match format {
                0 | 1 => {
                    let (&[b, c], rest) = after.split_first_chunk()?;
                    let word = u32::from_le_bytes([first, b, c, 0]);
                    (word >> 4 & 0x3FF, word >> 14, rest)
                }
                2 => {
                    let (&[b, c, d], rest) = after.split_first_chunk()?;
                    let word = u32::from_le_bytes([first, b, c, d]);
                    (word >> 4 & 0x3FFF, word >> 18, rest)
                }
                _ => {
                    let (&[b, c, d, e], rest) = after.split_first_chunk()?;
                    let word = u64::from_le_bytes([first, b, c, d, e, 0, 0, 0]);
                    let size = u32::try_from(word >> 4 & 0x3_FFFF).ok()?;
                    (size, u32::try_from(word >> 22 & 0x3_FFFF).ok()?, rest)
                }
            };
            let (_, rest) = rest.split_at_checked(usize::try_from(stored).ok()?)?;
            Some((size, rest))
        }
    }
}

/// The number of sequences at the head of their section.
///
/// `None` also where nothing may follow, because there are none, and something does; and where the
/// reserved bits of the byte that follows are set.
fn sequences(section: &[u8]) -> Option<u32> {
    let (&first, after) = section.split_first()?;
    let (sequences, rest) = match first {
        0..=127 => (u32::from(first), after),
        128..=254 => {
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
