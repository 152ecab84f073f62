//! Texts in an envelope: cut, and hexadecimal.

use core::fmt::Write;

/// The longest beginning of `text` that takes at most `limit` bytes as a JSON string's inside.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    let mut used = 0_usize;
    for (at, character) in text.char_indices() {
        let written = match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\u{0}'..='\u{1f}' => 6,
            _ => character.len_utf8(),
        };
        used = used.saturating_add(written);
        if used > limit {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Lower-case hexadecimal, two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The list spelling that existing consumers write: `[0a, 1b]`.
pub(super) fn hex_list(bytes: &[u8]) -> String {
    format!("{bytes:02x?}")
}

/// The bytes of [`hex`]'s text, and of no other.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect();
    bytes
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(character.wrapping_sub(b'a').wrapping_add(10)),
        _ => None,
    }
}

/// The bytes of [`hex_list`]'s text; an empty text is what stands for no bytes at all.
pub(super) fn unhex_list(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text == "[]" {
        return Some(Vec::new());
    }
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let one = |word: &str| match unhex(word)?.as_slice() {
        [byte] => Some(*byte),
        _ => None,
    };
    inside.split(", ").map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_by_what_it_takes_when_written() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "abc");
        assert_eq!(cut("a\"b", 3), "a\"");
        assert_eq!(cut("\u{1}b", 6), "\u{1}");
        assert_eq!(cut("\u{1}b", 5), "");
        assert_eq!(cut("aé", 2), "a");
    }

    #[test]
    fn both_spellings_of_hexadecimal_are_as_documented_and_no_other_is_read() {
        assert_eq!(hex(&[0x0a, 0x1b]), "0a1b");
        assert_eq!(hex_list(&[0x0a, 0x1b]), "[0a, 1b]");
        for bytes in [&[][..], &[0], &[0xff, 0, 7]] {
            assert_eq!(unhex(&hex(bytes)).as_deref(), Some(bytes));
            assert_eq!(unhex_list(&hex_list(bytes)).as_deref(), Some(bytes));
        }
        for text in ["0", "0A", "0x", "0g", " 00"] {
            assert_eq!(unhex(text), None, "{text}");
        }
        for text in ["[", "[0a,1b]", "0a, 1b", "[0a, ]", "[0a1b]", "[0A]"] {
            assert_eq!(unhex_list(text), None, "{text}");
        }
    }
}
