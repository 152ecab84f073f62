//! Texts in a letter: cut, and hexadecimal.

use core::fmt::Write;

/// The longest beginning of `text` that takes at most `limit` bytes as a JSON string's inside.
pub(crate) fn cut(text: &str, limit: usize) -> &str {
    let mut used = 0_usize;
    for (at, character) in text.char_indices() {
        // What serde_json's escapes take: two bytes where JSON has a short form, six for other control
        // characters. A header holds the text without escapes, so that this bounds it there too.
        let written = match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            '\u{0}'..='\u{1f}' => 6,
            _ => character.len_utf8(),
        };
        used = used.saturating_add(written);
        if used > limit {
            // `at` is where a character begins, so that this is never inside one.
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// Lower-case hexadecimal, two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The list spelling that existing consumers write: `[0a, 1b]`.
pub(crate) fn hex_list(bytes: &[u8]) -> String {
    format!("{bytes:02x?}")
}

/// The bytes of [`hex`]'s text, and of no other.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    // Upper case is refused: no writer uses it, and each value has one spelling only.
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => digit.checked_sub(b'0'),
        b'a'..=b'f' => digit.checked_sub(b'a' - 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    bytes.collect()
}

/// The bytes of [`hex_list`]'s text; an empty text is what stands for no bytes at all.
pub(crate) fn unhex_list(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || text == "[]" {
        return Some(Vec::new());
    }
    // The separator is matched exactly, since `{:02x?}` puts one blank behind each comma and no other.
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    let one = |word: &str| match unhex(word)?.as_slice() {
        [byte] => Some(*byte),
        _ => None,
    };
    inside.split(", ").map(one).collect()
}

#[cfg(test)]
mod tests;
