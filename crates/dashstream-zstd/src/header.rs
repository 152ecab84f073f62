//! The header of a frame, RFC 8878 section 3.1.1.1.

use crate::input::Input;
use crate::refusal::Refusal;

/// The first four bytes of a frame, or of what is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    Frame,
    Skippable,
    Legacy { version: u8 },
    Unknown,
}

impl Magic {
    pub(crate) const fn of(word: u32) -> Self {
        match word {
            FRAME_MAGIC => Self::Frame,
            // All sixteen are equivalent; the low four bits are for applications.
            0x184D_2A50..=0x184D_2A5F => Self::Skippable,
            // The formats of zstd 0.1 and 0.2 to 0.7, each with its own magic number.
            0xFD2F_B51E => Self::Legacy { version: 1 },
            0xFD2F_B522 => Self::Legacy { version: 2 },
            0xFD2F_B523 => Self::Legacy { version: 3 },
            0xFD2F_B524 => Self::Legacy { version: 4 },
            0xFD2F_B525 => Self::Legacy { version: 5 },
            0xFD2F_B526 => Self::Legacy { version: 6 },
            0xFD2F_B527 => Self::Legacy { version: 7 },
            _ => Self::Unknown,
        }
    }
}

/// A frame header, parsed, with nothing held against limits yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Where the descriptor is.
    pub(crate) offset: usize,
    /// The window descriptor and where it is; `None` for a single segment.
    pub(crate) window: Option<Located<u64>>,
    /// The dictionary it names. An id of 0 names none, whatever its width.
    pub(crate) dictionary: Option<Located<u32>>,
    /// The declared size of the content.
    pub(crate) declared: Option<Located<u64>>,
    pub(crate) checksum: bool,
}

/// A value and where it stands in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located<T> {
    pub(crate) offset: usize,
    pub(crate) value: T,
}

impl Header {
    /// Parses what follows the magic number.
    #[inline]
    pub(crate) fn parse(input: &mut Input<'_>) -> Result<Self, Refusal> {
        let offset = input.offset();
        let &[descriptor] = input.array()?;
        // Bit 4 is unused: a decoder has to ignore it. Bit 3 is reserved: it has to be zero.
        if descriptor & 0x08 != 0 {
            return Err(Refusal::ReservedBit { offset });
        }
        let single_segment = descriptor & 0x20 != 0;
        let window = if single_segment {
            None
        } else {
            let offset = input.offset();
            let &[byte] = input.array()?;
            Some(Located {
                offset,
                value: window_bytes(byte),
            })
        };
        let dictionary_at = input.offset();
        let id = match descriptor & 0x03 {
            0 => 0,
            1 => u32::from(u8::from_le_bytes(*input.array()?)),
            2 => u32::from(u16::from_le_bytes(*input.array()?)),
            _ => u32::from_le_bytes(*input.array()?),
        };
        let dictionary = (id != 0).then_some(Located {
            offset: dictionary_at,
            value: id,
        });
        let declared_at = input.offset();
        let declared = match (descriptor >> 6, single_segment) {
            (0, false) => None,
            (0, true) => Some(u64::from(u8::from_le_bytes(*input.array()?))),
            // Two bytes count from 256: smaller sizes have the one-byte form.
            (1, _) => Some(u64::from(u16::from_le_bytes(*input.array()?)).saturating_add(256)),
            (2, _) => Some(u64::from(u32::from_le_bytes(*input.array()?))),
            (_, _) => Some(u64::from_le_bytes(*input.array()?)),
        };
        let declared = declared.map(|value| Located {
            offset: declared_at,
            value,
        });
        Ok(Self {
            offset,
            window,
            dictionary,
            declared,
            checksum: descriptor & 0x04 != 0,
        })
    }

    /// The largest content and the largest compressed size of one block.
    pub(crate) fn block_bytes_max(&self) -> u32 {
        let window = match (self.window, self.declared) {
            (Some(window), _) => window.value,
            // A single segment always declares its size, which is its window.
            (None, Some(declared)) => declared.value,
            (None, None) => 0,
        };
        u32::try_from(window).map_or(BLOCK_BYTES_MAX, |window| window.min(BLOCK_BYTES_MAX))
    }
}

/// The window that a window descriptor asks for: 1 KiB to 3.75 TiB.
const fn window_bytes(descriptor: u8) -> u64 {
    // Five bits of exponent: at most 2^10 * 2^31.
    let base = 1024_u64.wrapping_shl((descriptor >> 3) as u32);
    base.saturating_add((base >> 3).saturating_mul((descriptor & 0x07) as u64))
}

/// The magic number of a frame with content.
pub(crate) const FRAME_MAGIC: u32 = 0xFD2F_B528;

/// The largest block of any frame, whatever its window: 128 KiB (RFC 8878 section 3.1.1.2.4).
pub(crate) const BLOCK_BYTES_MAX: u32 = 128 * 1024;
