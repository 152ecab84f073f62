//! Strings: short ones in place, long ones shared, both with their escaped length at hand.

use core::cmp::Ordering;
use std::sync::Arc;

use crate::document::sink::Sink;
use crate::document::weight::{ARC_HEADER, Weight};

/// Bytes of a string that is kept in place: what fits beside the length in 24 bytes.
pub(crate) const INLINE_MAX: usize = 22;

/// An immutable string that clones without copying more than 24 bytes.
#[derive(Clone)]
pub(crate) enum Text {
    /// UTF-8, and zeros behind it.
    Inline {
        head: Head,
        bytes: [u8; INLINE_MAX],
    },
    Shared {
        extra: Extra,
        text: Arc<str>,
    },
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        if text.len() <= INLINE_MAX {
            Self::inline(text, has_escape(text.as_bytes()))
        } else {
            Self::shared(text, escape_extra(text.as_bytes()))
        }
    }

    /// A string in which nothing has to be escaped.
    pub(crate) fn plain(text: &str) -> Self {
        if text.len() <= INLINE_MAX {
            Self::inline(text, false)
        } else {
            Self::shared(text, 0)
        }
    }

    #[inline]
    fn inline(text: &str, escaped: bool) -> Self {
        // The callers have checked the length, so that neither step below can fail.
        let mut bytes = [0; INLINE_MAX];
        if let Some(target) = bytes.get_mut(..text.len()) {
            target.copy_from_slice(text.as_bytes());
        }
        let len = u8::try_from(text.len()).unwrap_or(0);
        let head = Head::new(len, escaped);
        Self::Inline { head, bytes }
    }

    fn shared(text: &str, extra: u64) -> Self {
        Self::Shared {
            extra: Extra::new(extra),
            text: Arc::from(text),
        }
    }

    /// Marks that a U+FFFD in it replaces half a surrogate pair, which UTF-8 cannot hold.
    pub(crate) fn with_replaced(self) -> Self {
        match self {
            Self::Inline { head, bytes } => Self::Inline {
                head: Head(head.0 | Head::REPLACED),
                bytes,
            },
            Self::Shared { extra, text } => Self::Shared {
                extra: Extra(extra.0 | Extra::REPLACED),
                text,
            },
        }
    }

    pub(crate) const fn is_replaced(&self) -> bool {
        match self {
            Self::Inline { head, .. } => head.0 & Head::REPLACED != 0,
            Self::Shared { extra, .. } => extra.0 & Extra::REPLACED != 0,
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Inline { head, bytes } => bytes.get(..head.len()).unwrap_or_default(),
            Self::Shared { text, .. } => text.as_bytes(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            // Copied from a whole string, so the check cannot fail; it costs a few nanoseconds.
            Self::Inline { .. } => core::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Shared { text, .. } => text,
        }
    }

    /// Bytes of memory that it takes beside its slot. Constant time.
    #[inline]
    pub(crate) fn heap_bytes(&self) -> u64 {
        match self {
            Self::Inline { .. } => 0,
            Self::Shared { text, .. } => heap_of(text.len()),
        }
    }

    /// What a string adds to the containers around it.
    pub(crate) fn weight(&self) -> Weight {
        Weight {
            heap: self.heap_bytes(),
            ..Weight::scalar(self.canonical_len())
        }
    }

    /// Bytes of the canonical text, with its quotes. Constant time.
    pub(crate) fn canonical_len(&self) -> u64 {
        let (len, extra) = match self {
            Self::Inline { head, .. } if head.is_plain() => (head.len(), 0),
            // The head has no room for the count; 22 bytes are soon counted.
            Self::Inline { head, .. } => (head.len(), escape_extra(self.as_bytes())),
            Self::Shared { extra, text } => (
                text.len(),
                extra.get().unwrap_or_else(|| escape_extra(text.as_bytes())),
            ),
        };
        (len as u64).saturating_add(extra).saturating_add(2)
    }

    /// Appends the string, escaped, between `before` and `after`.
    pub(super) fn write_between<const B: usize, const A: usize>(
        &self,
        before: [u8; B],
        after: [u8; A],
        out: &mut impl Sink,
    ) {
        match self {
            Self::Inline { head, bytes } if head.is_plain() => {
                out.short(before, *bytes, head.len(), after);
            }
            Self::Shared { extra, text } if extra.get() == Some(0) => {
                out.extend(&before);
                out.extend(text.as_bytes());
                out.extend(&after);
            }
            Self::Inline { .. } | Self::Shared { .. } => {
                out.extend(&before);
                write_escaped(self.as_bytes(), out);
                out.extend(&after);
            }
        }
    }

    /// Whether both are the same allocation. Short strings never are.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Shared { text: a, .. }, Self::Shared { text: b, .. }) => Arc::ptr_eq(a, b),
            (Self::Inline { .. } | Self::Shared { .. }, _) => false,
        }
    }
}

/// The length of a string that is kept in place, and whether it must be escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head(u8);

impl Head {
    // The length, 22 at most, leaves these bits free.
    const ESCAPED: u8 = 0x80;
    const REPLACED: u8 = 0x40;

    const fn new(len: u8, escaped: bool) -> Self {
        Self(if escaped { len | Self::ESCAPED } else { len })
    }

    pub(super) const fn len(self) -> usize {
        (self.0 & !(Self::ESCAPED | Self::REPLACED)) as usize
    }

    const fn is_plain(self) -> bool {
        self.0 & Self::ESCAPED == 0
    }
}

/// What escaping adds to a string that is shared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extra(u32);

impl Extra {
    const REPLACED: u32 = 1 << 31;
    /// It does not fit and must be counted.
    const MANY: u32 = Self::REPLACED - 1;

    fn new(extra: u64) -> Self {
        Self(u32::try_from(extra).map_or(Self::MANY, |extra| extra.min(Self::MANY)))
    }

    fn get(self) -> Option<u64> {
        let extra = self.0 & Self::MANY;
        (extra != Self::MANY).then(|| u64::from(extra))
    }
}

/// What a shared string of `len` bytes takes: it is laid out in words.
pub(crate) const fn heap_of(len: usize) -> u64 {
    ((len as u64).saturating_add(7) & !7).saturating_add(ARC_HEADER)
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        // The bytes decide: whether a character was replaced changes no text, and is not compared.
        self.is_same(other) || self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By UTF-8 bytes, which is by code point: the order of members in the canonical text.
impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

/// Bytes that escaping adds to `text`.
pub(crate) fn escape_extra(text: &[u8]) -> u64 {
    let mut extra = 0_u64;
    for chunk in text.chunks(CHUNK) {
        if has_escape(chunk) {
            for byte in chunk {
                extra = extra.saturating_add(u64::from(extra_of(*byte)));
            }
        }
    }
    extra
}

/// Appends `text` escaped as serde_json does: the short forms, `\u00xx` in lower case
/// for other controls, everything else as it is.
fn write_escaped(text: &[u8], out: &mut impl Sink) {
    for chunk in text.chunks(CHUNK) {
        if !has_escape(chunk) {
            out.extend(chunk);
            continue;
        }
        for byte in chunk {
            match (*byte, extra_of(*byte)) {
                (plain, 0) => out.push(plain),
                (b'"', _) => out.extend(b"\\\""),
                (b'\\', _) => out.extend(b"\\\\"),
                (0x08, _) => out.extend(b"\\b"),
                (b'\t', _) => out.extend(b"\\t"),
                (b'\n', _) => out.extend(b"\\n"),
                (0x0C, _) => out.extend(b"\\f"),
                (b'\r', _) => out.extend(b"\\r"),
                (control, _) => {
                    out.extend(b"\\u00");
                    out.push(hex(control >> 4));
                    out.push(hex(control & 0x0F));
                }
            }
        }
    }
}

/// Bytes looked at in one go; the check compiles to vector compares.
const CHUNK: usize = 32;

pub(super) fn has_escape(chunk: &[u8]) -> bool {
    // `|` and no early exit: only without branches does it compile to vector compares.
    chunk.iter().fold(false, |found, byte| {
        found | (*byte < 0x20) | (*byte == b'"') | (*byte == b'\\')
    })
}

/// Where the first byte stands that has to be escaped; the length where there is none.
pub(super) fn first_escape(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    // Most strings are short: two words before anything that is made for long ones.
    for _ in 0..2 {
        let Some((word, after)) = rest.split_first_chunk() else {
            break;
        };
        if let Some(at) = escape_in(*word) {
            return bytes.len().saturating_sub(rest.len()).saturating_add(at);
        }
        rest = after;
    }
    while let Some((chunk, after)) = rest.split_first_chunk::<CHUNK>() {
        // The chunk is not passed: the words below find the place in it.
        if has_escape(chunk) {
            break;
        }
        rest = after;
    }
    while let Some((word, after)) = rest.split_first_chunk() {
        if let Some(at) = escape_in(*word) {
            return bytes.len().saturating_sub(rest.len()).saturating_add(at);
        }
        rest = after;
    }
    let plain = rest.iter().position(|byte| extra_of(*byte) > 0);
    let left = rest.len().saturating_sub(plain.unwrap_or(rest.len()));
    bytes.len().saturating_sub(left)
}

/// Where the first of eight bytes stands that has to be escaped.
///
/// Eight at a time in one number: a byte's highest bit is set where it is below a space, or where it is
/// zero after the difference with a quote or a backslash. A borrow sets bits of later bytes only.
#[inline]
fn escape_in(bytes: [u8; 8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    // The first byte is the lowest: the trailing zeros lead to the first that was found.
    let word = u64::from_le_bytes(bytes);
    // Bytes from 0x80 up belong to characters that are not escaped: `!word` leaves them out.
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES.wrapping_mul(bound.into())) & !word;
    let is = |byte: u8| below(word ^ ONES.wrapping_mul(byte.into()), 1);
    let found = (below(word, 0x20) | is(b'"') | is(b'\\')) & HIGH;
    (found != 0).then(|| (found.trailing_zeros() / 8) as usize)
}

const fn extra_of(byte: u8) -> u8 {
    match byte {
        b'"' | b'\\' | 0x08 | b'\t' | b'\n' | 0x0C | b'\r' => 1,
        // `\u00xx` takes six bytes, and the control itself one.
        0..0x20 => 5,
        _ => 0,
    }
}

const fn hex(nibble: u8) -> u8 {
    match nibble {
        0..10 => b'0'.saturating_add(nibble),
        _ => b'a'.saturating_add(nibble.saturating_sub(10)),
    }
}

#[cfg(test)]
mod tests;
