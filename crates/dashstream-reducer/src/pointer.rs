//! RFC 6901 pointers.

use crate::patch::PatchErrorKind;

/// A well-formed pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pointer<'a> {
    text: &'a str,
    /// How many tokens; 0 names the root.
    count: usize,
    /// The slashes among the first bytes, a bit each.
    slashes: u64,
    /// Whether a token holds an escape.
    escaped: bool,
}

impl<'a> Pointer<'a> {
    #[inline]
    pub(crate) fn parse(text: &'a str) -> Result<Self, PatchErrorKind> {
        let bytes = text.as_bytes();
        if !matches!(bytes.first(), None | Some(b'/')) {
            return Err(PatchErrorKind::Pointer);
        }
        // The first 64 bytes have a bit each in `slashes`, and are looked at eight at a time. What lies
        // beyond is searched byte by byte, here and in `Tokens::next`.
        let (near, far) = bytes.split_at_checked(MASK).unwrap_or((bytes, &[]));
        let (mut slashes, mut tildes) = (0_u64, 0_u64);
        let mut look = |word, at| {
            slashes |= u64::from(gathered(bytes_that_are(b'/', word))).wrapping_shl(at);
            tildes |= bytes_that_are(b'~', word);
        };
        let mut at = 0_u32;
        for word in near.as_chunks().0 {
            look(u64::from_le_bytes(*word), at);
            at = at.saturating_add(8);
        }
        if let Some(word) = near.last_chunk() {
            // Looks at some bytes twice, which changes nothing.
            let at = u32::try_from(near.len().saturating_sub(8)).unwrap_or(0);
            look(u64::from_le_bytes(*word), at);
        } else {
            // Fewer than eight: zeros fill the word, and are neither slash nor tilde.
            let bytes = near.iter().rev();
            look(bytes.fold(0, |word, byte| word << 8 | u64::from(*byte)), 0);
        }
        let more = far.iter().filter(|byte| **byte == b'/').count();
        let escaped = tildes != 0 || far.contains(&b'~');
        if escaped && !escapes_are_whole(bytes) {
            return Err(PatchErrorKind::Pointer);
        }
        Ok(Self {
            text,
            count: more.saturating_add(slashes.count_ones() as usize),
            slashes,
            escaped,
        })
    }

    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    pub(crate) const fn text(&self) -> &'a str {
        self.text
    }

    pub(crate) fn tokens(&self) -> Tokens<'a> {
        Tokens {
            // The first slash opens the first token. The empty pointer has no token, and `/` has one, which
            // is empty (RFC 6901, section 5).
            rest: self.text.as_bytes().get(1..),
            slashes: self.slashes >> 1,
            far: self.text.len() > MASK,
            escaped: self.escaped,
        }
    }

    /// Whether `other` names something inside what this names.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        // Escaping is the same everywhere, so comparing text compares tokens.
        other
            .text
            .strip_prefix(self.text)
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The tokens of a pointer that were not yet taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tokens<'a> {
    /// What follows the next slash; `None` at the end.
    rest: Option<&'a [u8]>,
    /// The slashes in it, a bit each, as far as they are known.
    slashes: u64,
    /// Whether there may be others.
    far: bool,
    escaped: bool,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    #[inline]
    fn next(&mut self) -> Option<Token<'a>> {
        let rest = self.rest?;
        let slash = if self.slashes != 0 {
            let at = self.slashes.trailing_zeros();
            // In two steps, so that no shift by 64, which overflows, has to be ruled out.
            self.slashes = self.slashes >> at >> 1;
            Some(at as usize)
        } else if self.far {
            // The mask is used up: what slashes are left lie beyond its 64 bytes.
            rest.iter().position(|byte| *byte == b'/')
        } else {
            None
        };
        let (text, rest) = match slash.and_then(|at| rest.split_at_checked(at)) {
            Some((text, rest)) => (text, rest.get(1..)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(Token {
            text,
            escaped: self.escaped,
        })
    }
}

impl Tokens<'_> {
    /// Whether none is left.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_none()
    }
}

/// Bytes of a pointer that are looked at in words of eight; few pointers are longer.
const MASK: usize = 64;

/// The high bit of each of the eight bytes of `word` that is `byte`.
const fn bytes_that_are(byte: u8, word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // A byte is zero where it was `byte`; its high bit stays clear only if no bit of it is set.
    // Subtracting 1 from each byte would be shorter, but it borrows from the byte after a match: in `/.` the
    // dot would count as a slash too.
    let differs = word ^ u64::from_le_bytes([byte; 8]);
    !((differs & LOW).wrapping_add(LOW) | differs | LOW)
}

/// The high bits of the eight bytes side by side, the first byte's lowest.
const fn gathered(high: u64) -> u8 {
    // The factor takes the bit of byte `i` to bit `56 + i`. No two products share a bit: nothing carries.
    ((high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// One token, still escaped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    text: &'a [u8],
    /// Whether its pointer holds an escape somewhere.
    escaped: bool,
}

impl<'a> Token<'a> {
    /// Calls `body` with the member's name. Allocates only when something is escaped.
    #[inline]
    pub(crate) fn with_name<T>(self, body: impl FnOnce(&[u8]) -> T) -> T {
        let unescaped_text;
        let name = if self.escaped && self.text.contains(&b'~') {
            unescaped_text = unescaped(self.text);
            &unescaped_text
        } else {
            self.text
        };
        body(name)
    }

    /// The index of an element that exists in an array of `len`.
    pub(crate) fn element(self, len: usize) -> Result<usize, PatchErrorKind> {
        let index = self.number()?.filter(|index| *index < len);
        index.ok_or(PatchErrorKind::OutOfBounds)
    }

    /// The place for a new element in an array of `len`; `-` is the end.
    pub(crate) fn place(self, len: usize) -> Result<usize, PatchErrorKind> {
        if self.text == b"-" {
            return Ok(len);
        }
        let index = self.number()?.filter(|index| *index <= len);
        index.ok_or(PatchErrorKind::OutOfBounds)
    }

    /// `None` for an index that no array reaches.
    fn number(self) -> Result<Option<usize>, PatchErrorKind> {
        //= rfc6901#section-4
        //# array-index = %x30 / ( %x31-39 *(%x30-39) )
        match self.text {
            [b'0'] => Ok(Some(0)),
            [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => {
                // `None` where the number exceeds a `usize`: no array is that long.
                let digits = core::str::from_utf8(self.text).ok();
                Ok(digits.and_then(|digits| digits.parse().ok()))
            }
            // The element after the last, which is none.
            b"-" => Ok(None),
            _ => Err(PatchErrorKind::Index),
        }
    }
}

fn escapes_are_whole(text: &[u8]) -> bool {
    //= rfc6901#section-3
    //# escaped         = "~" ( "0" / "1" )
    let mut behind = text.split(|byte| *byte == b'~').skip(1);
    behind.all(|rest| matches!(rest.first(), Some(b'0' | b'1')))
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    //= rfc6901#section-4
    //# by first transforming any occurrence of the sequence '~1' to '/', and then
    //# transforming any occurrence of the sequence '~0' to '~'.
    let mut name = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        name.push(match byte {
            // In one pass: what one escape yields is never read as part of another.
            b'~' => match bytes.next() {
                Some(b'1') => b'/',
                // `parse` refused every other escape, so that this is `~0`.
                Some(_) | None => b'~',
            },
            plain => plain,
        });
    }
    name
}

#[cfg(test)]
mod tests;
