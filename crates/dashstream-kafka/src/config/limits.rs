//! Ranges of the configuration.

use core::time::Duration;

use dashstream_dlq::{ENCODED_BYTES_DEFAULT, REDUCED_BYTES_MAX};
use dashstream_policy::trace::Trace;

use crate::error::ConfigError;

/// A number's name, default and range.
pub(super) struct Range {
    name: &'static str,
    default: u64,
    min: u64,
    max: u64,
}

impl Range {
    pub(super) const fn new(name: &'static str, min: u64, default: u64, max: u64) -> Self {
        Self {
            name,
            default,
            min,
            max,
        }
    }

    pub(super) fn default(&self) -> usize {
        usize::try_from(self.default).unwrap_or(usize::MAX)
    }

    pub(super) const fn default_duration(&self) -> Duration {
        Duration::from_millis(self.default)
    }

    pub(super) fn check(&self, value: usize) -> Result<usize, ConfigError> {
        // What does not fit the type is beyond the range as well: every `max` is far below `u64::MAX`.
        self.check_u64(u64::try_from(value).unwrap_or(u64::MAX))?;
        Ok(value)
    }

    pub(super) fn check_duration(&self, value: Duration) -> Result<Duration, ConfigError> {
        self.check_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))?;
        Ok(value)
    }

    pub(super) fn check_u64(&self, value: u64) -> Result<(), ConfigError> {
        if (self.min..=self.max).contains(&value) {
            return Ok(());
        }
        Err(ConfigError::OutOfRange {
            name: self.name,
            value,
            min: self.min,
            max: self.max,
        })
    }
}

pub(super) const LETTER_BYTES: Range = Range::new(
    "letter_bytes",
    REDUCED_BYTES_MAX as u64,
    ENCODED_BYTES_DEFAULT as u64,
    LETTER_BYTES_MAX as u64,
);

/// The largest letter that any configuration allows.
pub(crate) const LETTER_BYTES_MAX: usize = 64 * 1024 * 1024;

pub(super) const TOPICS: Range = Range::new("topics", 1, 1, 64);
// With one death, a `kill` at the wrong moment would reject a record.
pub(super) const CRASH_DEATHS: Range = Range::new("crash_loop", 2, 3, 100);
// At 150 bytes a call, 150 MB.
pub(super) const TRACE_CALLS: Range =
    Range::new("trace", 1, Trace::CALLS_DEFAULT as u64, 1_000_000);

// In milliseconds.
// At least the minute that somebody needs to look at a record; at most ten years.
pub(super) const ARCHIVE_KEEPS: Range =
    Range::new("archive_keeps", 60_000, 604_800_000, 315_360_000_000);
pub(super) const ARCHIVE_TIMEOUT: Range = Range::new("archive_timeout", 100, 5_000, 15 * 60_000);
// Below 10 s one slow answer during a rebalance would cost the membership; the upper end is librdkafka's.
pub(super) const MAX_POLL_INTERVAL: Range =
    Range::new("max_poll_interval", 10_000, 300_000, 86_400_000);
pub(super) const REQUEST_TIMEOUT: Range = Range::new("request_timeout", 100, 5_000, 60_000);
pub(super) const WATERMARK_INTERVAL: Range =
    Range::new("watermark_interval", 100, 10_000, 3_600_000);
pub(super) const STALL_AFTER: Range = Range::new("stall_after", 1_000, 60_000, 86_400_000);
// At least about the time that a near broker takes for an answer;
// at most a minute of records to be delivered again after a crash.
pub(super) const COMMIT_INTERVAL: Range = Range::new("commit_interval", 10, 100, 60_000);
pub(super) const DRAIN_TIMEOUT: Range = Range::new("drain_timeout", 0, 10_000, 600_000);

/// Longest topic name that Kafka accepts.
const TOPIC_BYTES_MAX: usize = 249;

/// Kafka's rule for topic names: letters, digits, `.`, `_`, `-`; neither `.` nor `..`.
pub(crate) fn check_topic(name: &'static str, topic: &str) -> Result<(), ConfigError> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if topic.is_empty() {
        return Err(ConfigError::Missing { name });
    }
    if topic.len() > TOPIC_BYTES_MAX || matches!(topic, "." | "..") || !topic.bytes().all(legal) {
        return Err(ConfigError::TopicName { name });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
