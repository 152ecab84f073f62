//! A member's name to look for.

use super::node::Member;
use super::text::{INLINE_MAX, Text};

/// A name in the form in which short names are compared fast.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    text: &'a [u8],
    /// Whether a short text can hold the name. Only then the words are its bytes.
    short: bool,
    /// The bytes with zeros behind them, as numbers that compare as they do. The third number
    /// overlaps the second, which is equal where the third counts.
    words: [u64; 3],
}

impl<'a> Name<'a> {
    #[inline]
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            short: text.len() <= INLINE_MAX,
            words: [padded(text, 0), padded(text, WORD), padded(text, LAST)],
        }
    }

    /// The position of the member of this name.
    #[inline]
    pub(crate) fn position(&self, members: &[Member]) -> Option<usize> {
        // A few members are compared for equality only, which needs no order.
        if members.len() <= GROUP {
            return members.iter().position(|member| self.is(&member.key));
        }
        // If the name is there, it is the last that is not behind the name.
        let at = self.rank(members, |member| &member.key).checked_sub(1)?;
        self.is(&members.get(at)?.key).then_some(at)
    }

    /// How many of `entries`, which stand in order, have this name or one before it.
    ///
    /// Passes them in groups and then looks through one: as few keys are looked at as by halving,
    /// but where to look next does not wait for the answer, which is mostly foreseen.
    #[inline]
    pub(crate) fn rank<T>(&self, entries: &[T], key: impl Fn(&T) -> &Text) -> usize {
        let mut passed = 0_usize;
        for group in entries.chunks(GROUP) {
            if group.last().is_some_and(|last| self.is_before(key(last))) {
                // Never `None`: the last entry of the group is behind the name.
                let after = group.iter().position(|entry| self.is_before(key(entry)));
                return passed.saturating_add(after.unwrap_or(0));
            }
            passed = passed.saturating_add(group.len());
        }
        passed
    }

    /// Whether `key` is this name.
    #[inline]
    pub(crate) fn is(&self, key: &Text) -> bool {
        match key {
            Text::Inline { head, bytes } => {
                // A name of the same length is short as well, so that its words are its bytes.
                let [first, second, third] = self.words;
                head.len() == self.text.len()
                    && word(bytes, 0) == first
                    && word(bytes, WORD) == second
                    && word(bytes, LAST) == third
            }
            Text::Shared { text, .. } => text.as_bytes() == self.text,
        }
    }

    /// Whether this name stands before `key`.
    #[inline]
    pub(crate) fn is_before(&self, key: &Text) -> bool {
        match key {
            Text::Inline { head, bytes } if self.short => {
                let [first, second, third] = self.words;
                let key = word(bytes, 0);
                if first != key {
                    return first < key;
                }
                let key = word(bytes, WORD);
                if second != key {
                    return second < key;
                }
                // Where zeros are part of a text, its length decides.
                (third, self.text.len()) < (word(bytes, LAST), head.len())
            }
            Text::Inline { .. } | Text::Shared { .. } => self.text < key.as_bytes(),
        }
    }
}

/// Entries that are looked at one after another.
const GROUP: usize = 8;

/// Where the second and the third number begin.
const WORD: usize = 8;
const LAST: usize = INLINE_MAX - WORD;

fn word(bytes: &[u8; INLINE_MAX], at: usize) -> u64 {
    // Big-endian: the first byte counts most, so that the numbers compare as the bytes do.
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The eight bytes from `at` on, zeros for those that `text` lacks. Copying into a padded array and
/// reading that in larger pieces would stall: the processor cannot forward the one to the other.
#[inline]
fn padded(text: &[u8], at: usize) -> u64 {
    let Some(rest) = text.get(at..) else { return 0 };
    if let Some(word) = rest.first_chunk() {
        return u64::from_be_bytes(*word);
    }
    let missing = WORD.saturating_sub(rest.len()).saturating_mul(8);
    let missing = u32::try_from(missing).unwrap_or(u64::BITS);
    if let Some(word) = text.last_chunk() {
        // All 64 bits may go.
        return u64::from_be_bytes(*word).checked_shl(missing).unwrap_or(0);
    }
    if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        // Four to seven bytes, as two overlapping halves.
        let first = u64::from(u32::from_be_bytes(*first)) << 32;
        return first | u64::from(u32::from_be_bytes(*last)) << missing;
    }
    // Three bytes at most. The empty name has none, and all 64 bits go.
    let bytes = rest.iter();
    let low = bytes.fold(0, |word, byte| word << 8 | u64::from(*byte));
    low.checked_shl(missing).unwrap_or(0)
}

#[cfg(test)]
mod tests;
