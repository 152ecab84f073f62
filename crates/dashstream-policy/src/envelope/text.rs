//! Texts in an envelope: cut, hexadecimal, and dates.

use core::fmt::Write;
use core::time::Duration;

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

/// RFC 3339 in UTC with microseconds, for a time since the Unix epoch.
pub(super) fn rfc3339(at: Duration) -> String {
    let seconds = at.as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60,
        at.subsec_micros()
    )
}

/// The Gregorian date of a day since 1970-01-01.
///
/// Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let day = days.saturating_add(719_468);
    let (era, day) = (day / 146_097, day % 146_097);
    let leaps = (day / 1_460)
        .saturating_add(day / 146_096)
        .saturating_sub(day / 36_524);
    let year = day.saturating_sub(leaps) / 365;
    let start = year
        .saturating_mul(365)
        .saturating_add(year / 4)
        .saturating_sub(year / 100);
    let day = day.saturating_sub(start);
    let month = day.saturating_mul(5).saturating_add(2) / 153;
    let first = month.saturating_mul(153).saturating_add(2) / 5;
    let day = day.saturating_sub(first).saturating_add(1);
    let year = era.saturating_mul(400).saturating_add(year);
    if month < 10 {
        (year, month.saturating_add(3), day)
    } else {
        (year.saturating_add(1), month.saturating_sub(9), day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_around_leap_days_and_centuries_are_the_calendars() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000Z"),
            (253_402_300_799, "9999-12-31T23:59:59.000000Z"),
        ] {
            assert_eq!(rfc3339(Duration::from_secs(seconds)), text);
        }
        assert_eq!(
            rfc3339(Duration::from_micros(1_000_001)),
            "1970-01-01T00:00:01.000001Z"
        );
    }

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
    fn both_spellings_of_hexadecimal_are_as_documented() {
        assert_eq!(hex(&[0x0a, 0x1b]), "0a1b");
        assert_eq!(hex_list(&[0x0a, 0x1b]), "[0a, 1b]");
    }
}
