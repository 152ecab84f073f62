//! The header of a frame, RFC 8878 section 3.1.1.1.

use crate::input::{Input, number};
use crate::refusal::{Refusal, cold};

/// The magic number of a frame with content.
pub(crate) const FRAME_MAGIC: u32 = 0xFD2F_B528;

/// A frame header, parsed, with nothing held against limits yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Where the descriptor is; the other fields follow it.
    pub(crate) offset: usize,
    pub(crate) descriptor: Descriptor,
    /// The window that the descriptor asks for; a single segment's is its content.
    pub(crate) window: u64,
    /// The dictionary that is named. 0 names none, whatever the width of the field.
    pub(crate) dictionary: u32,
    /// The declared size of the content.
    pub(crate) declared: Option<u64>,
}

impl Header {
    /// Parses what follows the magic number.
    #[inline(always)]
    pub(crate) fn parse(input: &mut Input<'_>) -> Result<Self, Refusal> {
        let offset = input.offset();
        let &[byte] = input.array()?;
        let descriptor = Descriptor(byte);
        if descriptor.reserved_bit() {
            return Err(cold(Refusal::ReservedBit { offset }));
        }
        let window = if descriptor.single_segment() {
            None
        } else {
            let &[byte] = input.array()?;
            Some(window_bytes(byte))
        };
        let dictionary = match descriptor.dictionary_width() {
            0 => 0,
            // Four bytes at most.
            width => u32::try_from(number(input.bytes(width)?)).unwrap_or(u32::MAX),
        };
        let declared = match descriptor.size_width() {
            0 => None,
            1 => Some(u64::from(u8::from_le_bytes(*input.array()?))),
            // Two bytes count from 256: smaller sizes have the form of one byte.
            2 => Some(u64::from(u16::from_le_bytes(*input.array()?)).saturating_add(256)),
            4 => Some(u64::from(u32::from_le_bytes(*input.array()?))),
            _ => Some(u64::from_le_bytes(*input.array()?)),
        };
        // A single segment always declares its size.
        let window = window.or(declared).unwrap_or(0);
        Ok(Self {
            offset,
            descriptor,
            window,
            dictionary,
            declared,
        })
    }

    /// The largest content and the largest compressed size of one block.
    pub(crate) fn block_bytes_max(&self) -> u32 {
        // `min` first, so that the conversion cannot fail.
        let max = self.window.min(u64::from(BLOCK_BYTES_MAX));
        u32::try_from(max).unwrap_or(BLOCK_BYTES_MAX)
    }

    /// Where the window descriptor is.
    pub(crate) const fn window_at(&self) -> usize {
        self.offset.saturating_add(1)
    }

    /// Where the dictionary's id is.
    pub(crate) fn dictionary_at(&self) -> usize {
        self.window_at()
            .saturating_add(usize::from(!self.descriptor.single_segment()))
    }

    /// Where the declared size is.
    pub(crate) fn declared_at(&self) -> usize {
        self.dictionary_at()
            .saturating_add(self.descriptor.dictionary_width() as usize)
    }
}

/// The first byte of a frame header, which says what follows it.
///
/// Its bit 4 is unused: a decoder has to ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor(u8);

impl Descriptor {
    pub(crate) const fn single_segment(self) -> bool {
        self.0 & 0x20 != 0
    }

    pub(crate) const fn checksum(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// The bit that the format reserves: it has to be zero.
    const fn reserved_bit(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// 0, 1, 2 or 4 bytes.
    const fn dictionary_width(self) -> u32 {
        // The flag is 0 to 3: 1, 2, 4 or 8, halved.
        1_u32.wrapping_shl((self.0 & 0x03) as u32) >> 1
    }

    const fn size_width(self) -> usize {
        match self.0 >> 6 {
            0 if self.single_segment() => 1,
            0 => 0,
            1 => 2,
            2 => 4,
            _ => 8,
        }
    }
}

/// The window that a window descriptor asks for: 1 KiB to 3.75 TiB.
const fn window_bytes(descriptor: u8) -> u64 {
    // RFC 8878 section 3.1.1.1.2: five bits of exponent, so that the base is at most 2^41; the low three bits
    // add eighths of it.
    let base = 1024_u64.wrapping_shl((descriptor >> 3) as u32);
    base.saturating_add((base >> 3).saturating_mul((descriptor & 0x07) as u64))
}

/// The largest block of any frame, whatever its window: 128 KiB (RFC 8878 section 3.1.1.2.4).
const BLOCK_BYTES_MAX: u32 = 128 * 1024;
