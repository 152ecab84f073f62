//! The protobuf encoding: keys, varints, lengths, groups. Nothing here knows the schema.

/// Why bytes are not protobuf, or not of this schema.
///
/// Sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// A value is longer than what is left of its message.
    #[error("{needed} bytes needed, {left} left")]
    Truncated {
        /// The length that the value has or declares; 1 for a varint that goes on.
        needed: u64,
        /// What is left of the innermost message.
        left: usize,
    },
    /// A varint has more than 64 bits.
    #[error("varint of more than 64 bits")]
    BadVarint,
    /// A key names field number 0, a number of 2^29 or more, or a wire type that does not exist.
    #[error("impossible key {key}")]
    BadKey {
        /// The key as it was read.
        key: u64,
    },
    /// A field of the schema has another wire type than the schema gives it.
    #[error("field {number} with wire type {wire_type}")]
    WrongWireType {
        /// The field's number.
        number: u32,
        /// The wire type it came with.
        wire_type: u8,
    },
    /// A group ends that did not begin, or ends under another number.
    #[error("unmatched end of group {number}")]
    UnmatchedGroup {
        /// The number at the end of the group.
        number: u32,
    },
    /// A string is not UTF-8.
    #[error("string of {len} bytes is not UTF-8 from byte {valid_up_to} on")]
    BadUtf8 {
        /// The string's length.
        len: usize,
        /// How much of it is UTF-8.
        valid_up_to: usize,
    },
    /// Groups are nested deeper than messages may be.
    #[error("groups nested too deeply")]
    GroupDepth,
}

impl WireError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "truncated",
            Self::BadVarint => "bad_varint",
            Self::BadKey { .. } => "bad_key",
            Self::WrongWireType { .. } => "wrong_wire_type",
            Self::UnmatchedGroup { .. } => "unmatched_group",
            Self::BadUtf8 { .. } => "bad_utf8",
            Self::GroupDepth => "depth_exceeded",
        }
    }
}

/// A field's number and how its value is written, as one number of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(u32);

impl Key {
    /// The key of field `number` with this wire type, to match on.
    pub(crate) const fn of(number: u32, wire_type: u8) -> u32 {
        number << 3 | wire_type as u32
    }

    pub(crate) const fn get(self) -> u32 {
        self.0
    }

    pub(crate) const fn number(self) -> u32 {
        self.0 >> 3
    }

    pub(crate) const fn wire_type(self) -> u8 {
        (self.0 & 7) as u8
    }

    /// The error for a field of the schema that has another wire type there, or one that does not exist.
    #[cold]
    pub(crate) const fn wrong(self) -> WireError {
        let wire_type = self.wire_type();
        if wire_type > FIXED32 {
            return WireError::BadKey { key: self.0 as u64 };
        }
        WireError::WrongWireType {
            number: self.number(),
            wire_type,
        }
    }
}

pub(crate) const VARINT: u8 = 0;
pub(crate) const FIXED64: u8 = 1;
pub(crate) const LEN: u8 = 2;
pub(crate) const START_GROUP: u8 = 3;
pub(crate) const END_GROUP: u8 = 4;
pub(crate) const FIXED32: u8 = 5;

/// A cursor over the bytes of one message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Lends a copy to what is rare and not inlined, and takes it back: a cursor that is lent itself
    /// does not live in registers, and every field of every message would pay for that.
    #[inline(always)]
    pub(crate) fn apart<T>(&mut self, rare: impl FnOnce(&mut Self) -> T) -> T {
        let mut copy = *self;
        let result = rare(&mut copy);
        *self = copy;
        result
    }

    /// The next field's key, or `None` at the end of the message. A wire type that does not exist is found
    /// by what reads the value: there it costs nothing.
    #[inline(always)]
    pub(crate) fn key(&mut self) -> Result<Option<Key>, WireError> {
        let Some((&first, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        // Numbers below 16 take one byte, and the schema has no others.
        // 0x00 to 0x07 would be field number 0, and find their error on the long way.
        if (0x08..0x80).contains(&first) {
            self.rest = rest;
            return Ok(Some(Key(u32::from(first))));
        }
        self.apart(Self::long_key).map(Some)
    }

    #[cold]
    fn long_key(&mut self) -> Result<Key, WireError> {
        // 32 bits hold the largest field number, 2^29 - 1, and the wire type.
        let key = self.varint()?;
        match u32::try_from(key) {
            Ok(short) if short >> 3 > 0 => Ok(Key(short)),
            _ => Err(WireError::BadKey { key }),
        }
    }

    #[inline(always)]
    pub(crate) fn varint(&mut self) -> Result<u64, WireError> {
        match self.rest {
            [first, rest @ ..] if *first < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*first))
            }
            // The first byte has its high bit set here, or the arm above had matched.
            [first, second, rest @ ..] if *second < 0x80 => {
                self.rest = rest;
                Ok(u64::from(first & 0x7F) | u64::from(*second) << 7)
            }
            _ => self.long_varint(),
        }
    }

    #[inline]
    fn long_varint(&mut self) -> Result<u64, WireError> {
        if let Some((word, rest)) = self.rest.split_first_chunk::<8>() {
            // Eight bytes at once: the first byte below 0x80 ends the number, what is behind it is
            // cut off, and the groups of seven bits are closed up in three steps.
            let word = u64::from_le_bytes(*word);
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                let bits = ends.trailing_zeros().wrapping_add(1);
                // `bits` is 8 to 64, so that the shift is 0 to 56 and `& 63` changes nothing.
                let kept = word & (u64::MAX >> (64_u32.wrapping_sub(bits) & 63));
                let kept = kept & 0x7F7F_7F7F_7F7F_7F7F;
                let kept = kept & 0x007F_007F_007F_007F | (kept & 0x7F00_7F00_7F00_7F00) >> 1;
                let kept = kept & 0x0000_3FFF_0000_3FFF | (kept & 0x3FFF_0000_3FFF_0000) >> 2;
                let kept = kept & 0x0FFF_FFFF | (kept & 0x0FFF_FFFF_0000_0000) >> 4;
                let len = (bits >> 3) as usize;
                // `len` is at most 8, so that these are always there; the default only rules out a panic.
                self.rest = self.rest.get(len..).unwrap_or(rest);
                return Ok(kept);
            }
        }
        self.apart(Self::slow_varint)
    }

    /// Takes the key of the field that stands here, if it is this one.
    #[inline(always)]
    pub(crate) fn take(&mut self, key: u32) -> bool {
        match self.rest {
            [first, rest @ ..] if u32::from(*first) == key => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Skips a varint.
    #[inline(always)]
    fn skip_varint(&mut self) -> Result<(), WireError> {
        if let Some((word, _)) = self.rest.split_first_chunk::<8>() {
            let ends = !u64::from_le_bytes(*word) & 0x8080_8080_8080_8080;
            let len = (ends.trailing_zeros() >> 3).wrapping_add(1) as usize;
            // `ends` is 0 for a number of more than eight bytes, which the slow way checks.
            if let (1.., Some(rest)) = (ends, self.rest.get(len..)) {
                self.rest = rest;
                return Ok(());
            }
        }
        self.apart(Self::slow_varint).map(drop)
    }

    /// Skips the strings, byte strings and messages that stand here under the numbers 2 to 15, as long as
    /// their lengths take one byte or two, and returns how many these were: at most `max`.
    ///
    /// They are most of a message, and this takes half of what [`key`](Self::key) and
    /// [`skip`](Self::skip) take.
    #[inline(always)]
    pub(crate) fn skip_short(&mut self, max: u32) -> u32 {
        // Field 1 is left alone: in the messages that a peek reads it is the header.
        let mut left = max;
        while let [key, rest @ ..] = self.rest
            && key & 0x87 == LEN
            && *key > LEN | 1 << 3
            && let Some((len, rest)) = short_len(rest)
            && let Some(rest) = rest.get(len..)
            && let Some(fewer) = left.checked_sub(1)
        {
            (self.rest, left) = (rest, fewer);
        }
        max.wrapping_sub(left)
    }

    /// A varint at the end of the message, or of nine or ten bytes.
    #[cold]
    fn slow_varint(&mut self) -> Result<u64, WireError> {
        let mut value = 0_u64;
        let mut shift = 0_u32;
        let mut bytes = self.rest.iter();
        for &byte in bytes.by_ref().take(VARINT_BYTES_MAX) {
            let bits = u64::from(byte & 0x7F);
            // The tenth byte holds the 64th bit alone.
            if shift == 63 && byte > 1 {
                return Err(WireError::BadVarint);
            }
            value |= bits.wrapping_shl(shift);
            if byte < 0x80 {
                self.rest = bytes.as_slice();
                return Ok(value);
            }
            shift = shift.wrapping_add(7);
        }
        // A tenth byte has ended it either way.
        Err(WireError::Truncated { needed: 1, left: 0 })
    }

    /// A value with its length in front.
    #[inline(always)]
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let len = self.varint()?;
        // A length beyond the address space is longer than what is left, like any other that is too long.
        let whole = usize::try_from(len)
            .ok()
            .and_then(|len| self.rest.split_at_checked(len));
        let Some((value, rest)) = whole else {
            return Err(WireError::Truncated {
                needed: len,
                left: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(value)
    }

    /// A string with its length in front.
    #[inline(always)]
    pub(crate) fn string(&mut self) -> Result<&'a str, WireError> {
        utf8(self.bytes()?)
    }

    /// A string with its length in front, which is UTF-8, as bytes.
    #[inline(always)]
    pub(crate) fn text(&mut self) -> Result<&'a [u8], WireError> {
        let bytes = self.bytes()?;
        // ASCII is UTF-8, and is found several bytes at a time.
        if is_ascii(bytes) {
            return Ok(bytes);
        }
        utf8(bytes).map(str::as_bytes)
    }

    #[inline(always)]
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let Some((value, rest)) = self.rest.split_first_chunk() else {
            return Err(WireError::Truncated {
                needed: N as u64,
                left: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(*value)
    }

    /// Skips the value of a field that the schema does not know, and everything in it when it is a
    /// group, and returns how many fields were in it. `depth_left` is how many levels of groups may be open.
    #[inline(always)]
    pub(crate) fn skip(&mut self, key: Key, depth_left: u32) -> Result<u32, WireError> {
        // For every wire type and not only for groups: prost holds the depth against each field it skips.
        if depth_left == 0 {
            return Err(WireError::GroupDepth);
        }
        // Most of what is skipped is strings and messages.
        if key.wire_type() == LEN {
            self.bytes()?;
            return Ok(0);
        }
        match key.wire_type() {
            VARINT => self.skip_varint()?,
            FIXED64 => self.fixed::<8>().map(drop)?,
            FIXED32 => self.fixed::<4>().map(drop)?,
            START_GROUP => return self.apart(|it| it.group(key.number(), depth_left)),
            END_GROUP => {
                return Err(WireError::UnmatchedGroup {
                    number: key.number(),
                });
            }
            _ => return Err(key.wrong()),
        }
        Ok(0)
    }

    #[cold]
    fn group(&mut self, number: u32, depth_left: u32) -> Result<u32, WireError> {
        let mut fields = 0_u32;
        loop {
            let Some(key) = self.key()? else {
                return Err(WireError::Truncated { needed: 1, left: 0 });
            };
            // The end of the group is counted as well: it is a key that was read.
            fields = fields.saturating_add(1);
            if key.wire_type() == END_GROUP {
                if key.number() != number {
                    return Err(WireError::UnmatchedGroup {
                        number: key.number(),
                    });
                }
                return Ok(fields);
            }
            // `skip` calls `group` for a group in the group, until it refuses a depth of 0.
            let inner = self.skip(key, depth_left.saturating_sub(1))?;
            fields = fields.saturating_add(inner);
        }
    }
}

/// A length of one byte or two, and what follows it.
#[inline(always)]
fn short_len(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [len, rest @ ..] if *len < 0x80 => Some((usize::from(*len), rest)),
        [low, high, rest @ ..] if *high < 0x80 => {
            Some((usize::from(low & 0x7F) | usize::from(*high) << 7, rest))
        }
        _ => None,
    }
}

/// The key and the value of a map's entry that consists of both, in this order, length-delimited and
/// short; the key is ASCII.
#[inline(always)]
pub(crate) fn short_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    const KEY: u8 = 1 << 3 | LEN;
    const VALUE: u8 = 2 << 3 | LEN;
    let (len, rest) = short_len(bytes.strip_prefix(&[KEY])?)?;
    let (key, rest) = rest.split_at_checked(len)?;
    let (len, value) = short_len(rest.strip_prefix(&[VALUE])?)?;
    // Nothing may follow the value. A key that is not ASCII goes the long way, where UTF-8 is checked.
    (value.len() == len && is_ascii(key)).then_some((key, value))
}

/// A message's first key, if it takes one byte, and what follows it.
#[inline(always)]
pub(crate) fn short_key(message: &[u8]) -> Option<(Key, &[u8])> {
    match message {
        [key @ 0x08..0x80, rest @ ..] => Some((Key(u32::from(*key)), rest)),
        _ => None,
    }
}

/// The length of the ASCII string that `bytes` is.
#[inline(always)]
pub(crate) fn short_text(bytes: &[u8]) -> Option<usize> {
    let (len, text) = short_len(bytes)?;
    (text.len() == len && is_ascii(text)).then_some(len)
}

/// Whether `bytes` is one number of up to 63 bits.
#[inline(always)]
pub(crate) fn is_one_varint(bytes: &[u8]) -> bool {
    match bytes {
        [last] => *last < 0x80,
        // Up to nine bytes hold at most 63 bits and cannot overflow; ten are left to the long way.
        [first @ .., last] if bytes.len() < VARINT_BYTES_MAX => {
            *last < 0x80 && first.iter().all(|byte| *byte >= 0x80)
        }
        _ => false,
    }
}

#[inline(always)]
fn utf8(bytes: &[u8]) -> Result<&str, WireError> {
    core::str::from_utf8(bytes).map_err(|error| WireError::BadUtf8 {
        len: bytes.len(),
        valid_up_to: error.valid_up_to(),
    })
}

/// As the standard library's, for the strings of telemetry: most are shorter than the 64 bytes that
/// it is made for, and it looks at the last few of them one by one.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    if bytes.len() >= 64 {
        return bytes.is_ascii();
    }
    // The last eight bytes overlap the words before them, and so do the first and the last four of a shorter
    // string: nothing of eight bytes or more, or of four to seven, is read byte by byte.
    let high = if let Some(last) = bytes.last_chunk() {
        let (words, _) = bytes.as_chunks();
        words.iter().fold(u64::from_le_bytes(*last), |high, word| {
            high | u64::from_le_bytes(*word)
        })
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        u64::from(u32::from_le_bytes(*first) | u32::from_le_bytes(*last))
    } else {
        u64::from(bytes.iter().fold(0, |high, byte| high | byte))
    };
    high & 0x8080_8080_8080_8080 == 0
}

/// 64 bits in groups of seven.
const VARINT_BYTES_MAX: usize = 10;

#[cfg(test)]
mod tests;
