//! Times as the texts that envelopes hold, both ways.

use core::time::Duration;

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

/// The time of an RFC 3339 text since the Unix epoch, in any zone. None for a date before it,
/// at a leap second, and for anything else.
pub(super) fn parse_rfc3339(text: &str) -> Option<Duration> {
    let (date, time) = text.split_once('T')?;
    let (time, ahead) = zone(time)?;
    let (time, nanos) = match time.split_once('.') {
        Some((time, digits)) => (time, fraction(digits)?),
        None => (time, 0),
    };
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(date)?;
    let seconds = days
        .checked_mul(86_400)?
        .checked_add(i64::from(hour).checked_mul(3_600)?)?
        .checked_add(i64::from(minute).checked_mul(60)?)?
        .checked_add(i64::from(second))?
        .checked_sub(ahead)?;
    Some(Duration::new(u64::try_from(seconds).ok()?, nanos))
}

/// Splits the zone off a time: what is left, and the seconds that its clocks are ahead of UTC.
fn zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let at = time.rfind(['+', '-'])?;
    let (time, zone) = time.split_at_checked(at)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let [hours, minutes] = numbers(zone, ':', [2, 2])?;
    if hours > 23 || minutes > 59 {
        return None;
    }
    let ahead = i64::from(hours)
        .checked_mul(3_600)?
        .checked_add(i64::from(minutes).checked_mul(60)?)?;
    Some((
        time,
        if sign == "-" {
            ahead.checked_neg()?
        } else {
            ahead
        },
    ))
}

/// Nanoseconds of one to nine decimals.
fn fraction(digits: &str) -> Option<u32> {
    let missing = u32::try_from(digits.len())
        .ok()
        .and_then(|len| 9_u32.checked_sub(len))?;
    let [number] = numbers(digits, ':', [digits.len()])?;
    number.checked_mul(10_u32.checked_pow(missing)?)
}

/// Numbers of so many digits each between separators.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut words = text.split(between);
    let mut found = [0; N];
    for (number, digits) in found.iter_mut().zip(digits) {
        let word = words.next()?;
        if word.is_empty() || word.len() != digits || !word.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = word.parse().ok()?;
    }
    words.next().is_none().then_some(found)
}

/// The number of a Gregorian date's day, by [`civil`]'s count backwards; the date has to be one that
/// [`civil`] gives.
fn days_since_1970(date: &str) -> Option<i64> {
    let (year, rest) = date.split_once('-')?;
    let [month, day] = numbers(rest, '-', [2, 2])?;
    if year.len() < 4 || (year.len() > 4 && year.starts_with('0')) {
        return None;
    }
    let whole: u64 = year
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| year.parse().ok())??;
    let named = (whole, u64::from(month), u64::from(day));
    // March is the first month, as in `civil`.
    let (year, month) = if month > 2 {
        (whole, month.checked_sub(3)?)
    } else {
        (whole.checked_sub(1)?, month.checked_add(9)?)
    };
    let leaps = (year / 4)
        .checked_sub(year / 100)?
        .checked_add(year / 400)?;
    let days = year
        .checked_mul(365)?
        .checked_add(leaps)?
        .checked_add(u64::from(month.checked_mul(153)?.checked_add(2)? / 5))?
        .checked_add(u64::from(day.checked_sub(1)?))?;
    let since = i64::try_from(days).ok()?.checked_sub(719_468)?;
    (civil(u64::try_from(since).ok()?) == named).then_some(since)
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
    fn every_day_is_read_back_and_texts_that_are_no_time_are_not() {
        for day in (0..400 * 366).step_by(7) {
            let at = Duration::new(day * 86_400 + 86_399, 999_999_000);
            assert_eq!(parse_rfc3339(&rfc3339(at)), Some(at), "{}", rfc3339(at));
        }
        let longest = Duration::new(u64::MAX / 1_000, 0);
        assert_eq!(parse_rfc3339(&rfc3339(longest)), Some(longest));
        for (text, seconds, nanos) in [
            ("1970-01-01T00:00:00Z", 0, 0),
            ("1970-01-01T02:00:00.5+02:00", 0, 500_000_000),
            ("1970-01-01T23:30:00.000000001-00:30", 86_400, 1),
            (
                "2026-11-24T11:29:21.123456789+00:00",
                1_795_519_761,
                123_456_789,
            ),
        ] {
            let at = Duration::new(seconds, nanos);
            assert_eq!(parse_rfc3339(text), Some(at), "{text}");
        }
        for text in [
            "",
            "1970-01-01",
            "1970-01-01 00:00:00Z",
            "1970-01-01T00:00:00",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "1969-12-31T23:30:00-00:30",
            "2023-02-29T00:00:00Z",
            "2023-04-31T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-00T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2023-1-01T00:00:00Z",
            "02023-01-01T00:00:00Z",
            "2023-01-01T00:00:00.Z",
            "2023-01-01T00:00:00.1234567890Z",
            "2023-01-01T00:00:00+0000",
            "2023-01-01T00:00:0+Z",
            "99999999999999999999-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
