//! Times as the texts that dead letters hold.

use core::time::Duration;

use jiff::Timestamp;
use jiff::fmt::strtime;

/// RFC 3339 in UTC with microseconds, for a time since the Unix epoch. A later time than
/// 9999-12-30T22:00:00.999999Z, the last that jiff has, is shown as that one.
#[must_use]
pub fn rfc3339(at: Duration) -> String {
    // Two limits: seconds beyond `i64`, and beyond jiff's range. Both end at the latest time.
    let at = at.try_into().ok();
    let at = at.and_then(|at| Timestamp::from_duration(at).ok());
    // Further digits are cut off, not rounded: the text is never later than the time.
    format!("{:.6}", at.unwrap_or(Timestamp::MAX))
}

/// The time of an RFC 3339 text since the Unix epoch, in any zone; none before it.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<Duration> {
    // jiff's `%:z` takes an offset with a colon only, and not the letter.
    let at = match text.strip_suffix('Z') {
        Some(utc) => strtime::parse(TIME, format!("{utc}+00:00")),
        None => strtime::parse(TIME, text),
    };
    let at = at.and_then(|at| at.to_timestamp()).ok()?;
    // Fails for a time before the epoch, which no `Duration` holds.
    Duration::try_from(at.as_duration()).ok()
}

/// jiff's own reader takes more: other separators, zones by name, dates without a time.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.f%:z";

#[cfg(test)]
mod tests;
