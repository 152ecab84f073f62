//! A member's name to look for.

use core::cmp::Ordering;

use super::node::Member;
use super::text::{INLINE_MAX, Text};

/// A name in the form in which short names are compared fast.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    text: &'a [u8],
    /// `None` for a name that no short text can hold.
    words: Option<Words>,
}

/// The bytes of a short text, with zeros behind them, as numbers that compare as they do. The third
/// number overlaps the second, which is equal where the third counts.
type Words = [u64; 3];

impl<'a> Name<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let words = (text.len() <= INLINE_MAX).then(|| {
            let word = |at| padded(text, at);
            [word(0), word(WORD), word(LAST)]
        });
        Self { text, words }
    }

    /// How `key` compares with this name.
    pub(crate) fn order_of(&self, key: &Text) -> Ordering {
        match (self.words, key) {
            (Some([first, second, third]), Text::Inline { head, bytes }) => word(bytes, 0)
                .cmp(&first)
                .then_with(|| word(bytes, WORD).cmp(&second))
                .then_with(|| word(bytes, LAST).cmp(&third))
                // Where zeros are part of a text, its length decides.
                .then_with(|| head.len().cmp(&self.text.len())),
            (Some(_) | None, _) => key.as_bytes().cmp(self.text),
        }
    }

    /// The position of the member of this name.
    pub(crate) fn position(&self, members: &[Member]) -> Option<usize> {
        match self.words {
            Some([first, second, third]) if members.len() <= FEW => {
                let len = self.text.len();
                members.iter().position(|member| match &member.key {
                    Text::Inline { head, bytes } => {
                        head.len() == len
                            && word(bytes, 0) == first
                            && word(bytes, WORD) == second
                            && word(bytes, LAST) == third
                    }
                    Text::Shared { .. } => false,
                })
            }
            Some(_) | None => members
                .binary_search_by(|member| self.order_of(&member.key))
                .ok(),
        }
    }
}

/// Members up to which looking at one after another is faster than halving.
const FEW: usize = 8;

/// Where the second and the third number begin.
const WORD: usize = 8;
const LAST: usize = INLINE_MAX - WORD;

fn word(bytes: &[u8; INLINE_MAX], at: usize) -> u64 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The eight bytes from `at` on, zeros for those that `text` lacks. Copying into a padded array and
/// reading that in larger pieces would stall: the processor cannot forward the one to the other.
fn padded(text: &[u8], at: usize) -> u64 {
    let Some(rest) = text.get(at..) else { return 0 };
    if let Some(word) = rest.first_chunk() {
        return u64::from_be_bytes(*word);
    }
    let missing = WORD.saturating_sub(rest.len()).saturating_mul(8);
    let low = if let Some(word) = text.last_chunk() {
        u64::from_be_bytes(*word)
    } else if let (Some(first), Some(last)) = (rest.first_chunk(), rest.last_chunk()) {
        // Four to seven bytes, as two overlapping halves.
        let first = u64::from(u32::from_be_bytes(*first)) << 32;
        return first | u64::from(u32::from_be_bytes(*last)) << missing;
    } else {
        let bytes = rest.iter();
        bytes.fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    // All 64 bits may go.
    u32::try_from(missing)
        .ok()
        .and_then(|missing| low.checked_shl(missing))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_compare_as_their_bytes_do() {
        let long = "y".repeat(30);
        let names = [
            "",
            "\0",
            "\0\0",
            "a",
            "a\0",
            "a\0b",
            "ab",
            "exactly_sixteen_",
            "exactly_sixteen_\0",
            "exactly_sixteen_a",
            "exactly_sixteen_abcdef",
            "exactly_sixteen_abcdefg",
            "é",
            "\u{10FFFF}",
            &long,
        ];
        for a in names {
            for b in names {
                let name = Name::new(b.as_bytes());
                assert_eq!(name.order_of(&Text::new(a)), a.cmp(b), "{a:?} {b:?}");
            }
        }
    }
}
