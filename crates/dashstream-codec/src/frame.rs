//! The one byte in front of a payload.

use crate::error::DecodeError;

/// How a payload is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Encoding {
    /// The payload is protobuf.
    Raw,
    /// The payload is zstd, its content protobuf.
    Zstd,
}

/// A record taken apart: how its payload is stored, and the payload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame<'a> {
    pub(crate) encoding: Encoding,
    /// Whether the record had a frame byte; without one it is of the older form.
    pub(crate) framed: bool,
    /// The rest of the record, or all of it when there was no frame byte. May be empty.
    pub(crate) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Splits `record` into frame byte and payload without looking into the payload. `compatible` takes
    /// records without frame byte as well.
    #[inline(always)]
    pub(crate) const fn parse(record: &'a [u8], compatible: bool) -> Result<Self, DecodeError> {
        let Some((&byte, rest)) = record.split_first() else {
            return Err(DecodeError::Empty);
        };
        let (encoding, framed, payload) = match (byte, compatible) {
            (RAW, _) => (Encoding::Raw, true, rest),
            (ZSTD, _) => (Encoding::Zstd, true, rest),
            // The keys of fields 1 to 9 with wire type LEN, with which a message begins. 0x00 and 0x01 would
            // be keys of field number 0, so that no first byte has two meanings.
            (0x0A | 0x12 | 0x1A | 0x22 | 0x2A | 0x32 | 0x3A | 0x42 | 0x4A, true) => {
                (Encoding::Raw, false, record)
            }
            // Read as a key, 0x28 is field 5 as a varint, but field 5 is a message: no message begins so.
            // All four bytes are compared, so that what is no zstd is refused for its first byte.
            (0x28, true) if matches!(record, [0x28, 0xB5, 0x2F, 0xFD, ..]) => {
                (Encoding::Zstd, false, record)
            }
            _ => return Err(DecodeError::UnknownFrameByte { byte }),
        };
        Ok(Self {
            encoding,
            framed,
            payload,
        })
    }
}

/// In front of plain protobuf.
pub(crate) const RAW: u8 = 0x00;

/// In front of one zstd frame.
pub(crate) const ZSTD: u8 = 0x01;

#[cfg(test)]
mod tests;
