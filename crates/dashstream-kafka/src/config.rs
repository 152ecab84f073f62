//! What a consumer is told, and the ranges in which it may be told so.

use core::fmt;
use core::time::Duration;

use dashstream_policy::envelope::{Disclosure, ENVELOPE_BYTES_DEFAULT, REDUCED_BYTES_MAX};

use crate::error::ConfigError;
use crate::settings;

/// Which topic to consume as which group, and within which bounds.
///
/// Every number has a default and a range; a value outside its range is an error, never a silent
/// default. What happens to records that cannot be processed is not here: that is the policy's
/// configuration.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use dashstream_kafka::{Config, Start};
///
/// let config = Config::new("localhost:9092", "dashstream", "gateway")?
///     .start(Start::Latest)
///     .archive_timeout(Duration::from_secs(2))?
///     .set("fetch.wait.max.ms", "50")?;
/// assert_eq!(config.archive_topic_name(), "dashstream-dlq");
/// # Ok::<(), dashstream_kafka::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Config {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    pub(crate) group: String,
    pub(crate) archive_topic: String,
    pub(crate) client_id: String,
    pub(crate) start: Start,
    pub(crate) old_data: OldData,
    pub(crate) archive_in_flight: usize,
    pub(crate) archive_timeout: Duration,
    pub(crate) disclosure: Disclosure,
    pub(crate) envelope_bytes: usize,
    pub(crate) max_poll_interval: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) watermark_interval: Duration,
    pub(crate) stall_after: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// Where a partition begins that the group has never committed an offset for.
///
/// It is used once in a partition's life. As soon as an offset exists, an offset that the broker no
/// longer holds is reported and held, never replaced by this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// The oldest record the broker holds.
    #[default]
    Earliest,
    /// The first record produced after the partition was assigned.
    Latest,
}

/// Which records were already there when the consumer started.
///
/// It labels records and never bypasses the policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OldData {
    /// Those below the partition's high watermark at its first assignment.
    #[default]
    BelowWatermark,
    /// Those whose timestamp is older than the start by more than the grace.
    OlderThan {
        /// How much older. 30 s in existing deployments.
        grace: Duration,
    },
}

impl Config {
    /// Describes a consumer of `topic` as a member of `group`, with defaults for everything else.
    ///
    /// `brokers` is a comma-separated bootstrap list. The archive topic is `topic` with `-dlq` behind
    /// it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] for an empty argument: without a group no offset is ever stored.
    /// [`ConfigError::TopicName`] for a topic that Kafka would refuse.
    pub fn new(
        brokers: impl Into<String>,
        topic: impl Into<String>,
        group: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        let (brokers, topic, group) = (brokers.into(), topic.into(), group.into());
        if brokers.trim().is_empty() {
            return Err(ConfigError::Missing { name: "brokers" });
        }
        if group.trim().is_empty() {
            return Err(ConfigError::Missing { name: "group" });
        }
        check_topic("topic", &topic)?;
        let archive_topic = format!("{topic}-dlq");
        check_topic("archive_topic", &archive_topic)?;
        Ok(Self {
            brokers,
            topic,
            group,
            archive_topic,
            client_id: String::from("dashstream-kafka"),
            start: Start::default(),
            old_data: OldData::default(),
            archive_in_flight: ARCHIVE_IN_FLIGHT.default(),
            archive_timeout: ARCHIVE_TIMEOUT.default_duration(),
            disclosure: Disclosure::default(),
            envelope_bytes: ENVELOPE_BYTES.default(),
            max_poll_interval: MAX_POLL_INTERVAL.default_duration(),
            request_timeout: REQUEST_TIMEOUT.default_duration(),
            watermark_interval: WATERMARK_INTERVAL.default_duration(),
            stall_after: STALL_AFTER.default_duration(),
            drain_timeout: DRAIN_TIMEOUT.default_duration(),
            settings: Vec::new(),
        })
    }

    /// Names the topic that unprocessable records are archived to.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ArchiveIsSource`] when it is the consumed topic,
    /// [`ConfigError::TopicName`] when Kafka would refuse it.
    pub fn archive_topic(mut self, topic: impl Into<String>) -> Result<Self, ConfigError> {
        let topic = topic.into();
        check_topic("archive_topic", &topic)?;
        if topic == self.topic {
            return Err(ConfigError::ArchiveIsSource);
        }
        self.archive_topic = topic;
        Ok(self)
    }

    /// Names this member towards the broker and in archived records.
    #[must_use]
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = id.into();
        self
    }

    /// Says where a partition without a committed offset begins. Default: [`Start::Earliest`].
    #[must_use]
    pub const fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Says which records are labelled old. Default: [`OldData::BelowWatermark`].
    #[must_use]
    pub const fn old_data(mut self, old: OldData) -> Self {
        self.old_data = old;
        self
    }

    /// Bounds the archive records that await the broker's acknowledgement: 1 to 10,000, default 100
    /// (what existing consumers use). One more is refused with reason `backpressure`. Keep it equal to the policy's own bound.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`].
    pub fn archive_in_flight(mut self, records: usize) -> Result<Self, ConfigError> {
        self.archive_in_flight = ARCHIVE_IN_FLIGHT.check(records)?;
        Ok(self)
    }

    /// Bounds the time to an archive record's acknowledgement: 100 ms to 15 min, default 5 s (what
    /// existing consumers use). After it the attempt failed with reason `timeout`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn archive_timeout(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.archive_timeout = ARCHIVE_TIMEOUT.check_duration(time)?;
        Ok(self)
    }

    /// Says how much of a payload an archived record shows. Default: its size and hash.
    #[must_use]
    pub const fn disclosure(mut self, disclosure: Disclosure) -> Self {
        self.disclosure = disclosure;
        self
    }

    /// Bounds an archived record: 4 KiB to 64 MiB, default [`ENVELOPE_BYTES_DEFAULT`]. What does not
    /// fit is cut.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`].
    pub fn envelope_bytes(mut self, bytes: usize) -> Result<Self, ConfigError> {
        self.envelope_bytes = ENVELOPE_BYTES.check(bytes)?;
        Ok(self)
    }

    /// Bounds the time between two polls before the group evicts this member: 10 s to 24 h, default
    /// 5 min (librdkafka's). The consumer polls far more often, paused or not; this only says how
    /// soon a hung process loses its partitions.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn max_poll_interval(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.max_poll_interval = MAX_POLL_INTERVAL.check_duration(time)?;
        Ok(self)
    }

    /// Bounds each question to the broker, at the start and when partitions are assigned: 100 ms to
    /// 1 min, default 5 s.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn request_timeout(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.request_timeout = REQUEST_TIMEOUT.check_duration(time)?;
        Ok(self)
    }

    /// Says how often the broker is asked for fresh watermarks, for lag and for the stall detector:
    /// 100 ms to 1 h, default 10 s.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn watermark_interval(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.watermark_interval = WATERMARK_INTERVAL.check_duration(time)?;
        Ok(self)
    }

    /// Says after how long without progress a partition that lags is called stalled: 1 s to 24 h,
    /// default 60 s.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn stall_after(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.stall_after = STALL_AFTER.check_duration(time)?;
        Ok(self)
    }

    /// Bounds the time a shutdown waits for records in work and for the archive: 0 to
    /// 10 min, default 10 s.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn drain_timeout(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.drain_timeout = DRAIN_TIMEOUT.check_duration(time)?;
        Ok(self)
    }

    /// Sets a setting of the client library, for the consumer and for the archive's producer where
    /// both know it.
    ///
    /// The value is checked when the consumer starts.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Refused`] for a setting on which offsets depend.
    pub fn set(
        mut self,
        name: &'static str,
        value: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        if let Some(why) = settings::refusal(name) {
            return Err(ConfigError::Refused { name, why });
        }
        self.settings.retain(|(set, _)| *set != name);
        self.settings.push((name, value.into()));
        Ok(self)
    }

    /// The consumed topic.
    #[must_use]
    pub fn topic_name(&self) -> &str {
        &self.topic
    }

    /// The consumer group.
    #[must_use]
    pub fn group_name(&self) -> &str {
        &self.group
    }

    /// The bootstrap list.
    #[must_use]
    pub fn broker_list(&self) -> &str {
        &self.brokers
    }

    /// The topic that unprocessable records are archived to.
    #[must_use]
    pub fn archive_topic_name(&self) -> &str {
        &self.archive_topic
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of client settings are left out: some are passwords.
        let settings: Vec<_> = self.settings.iter().map(|(name, _)| *name).collect();
        f.debug_struct("Config")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("group", &self.group)
            .field("archive_topic", &self.archive_topic)
            .field("client_id", &self.client_id)
            .field("start", &self.start)
            .field("old_data", &self.old_data)
            .field("archive_in_flight", &self.archive_in_flight)
            .field("archive_timeout", &self.archive_timeout)
            .field("disclosure", &self.disclosure)
            .field("envelope_bytes", &self.envelope_bytes)
            .field("max_poll_interval", &self.max_poll_interval)
            .field("request_timeout", &self.request_timeout)
            .field("watermark_interval", &self.watermark_interval)
            .field("stall_after", &self.stall_after)
            .field("drain_timeout", &self.drain_timeout)
            .field("settings", &settings)
            .finish()
    }
}

/// A number's name, default and range.
struct Range {
    name: &'static str,
    default: u64,
    min: u64,
    max: u64,
}

impl Range {
    const fn new(name: &'static str, min: u64, default: u64, max: u64) -> Self {
        Self {
            name,
            default,
            min,
            max,
        }
    }

    fn default(&self) -> usize {
        usize::try_from(self.default).unwrap_or(usize::MAX)
    }

    const fn default_duration(&self) -> Duration {
        Duration::from_millis(self.default)
    }

    fn check(&self, value: usize) -> Result<usize, ConfigError> {
        self.check_u64(u64::try_from(value).unwrap_or(u64::MAX))?;
        Ok(value)
    }

    fn check_duration(&self, value: Duration) -> Result<Duration, ConfigError> {
        self.check_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))?;
        Ok(value)
    }

    fn check_u64(&self, value: u64) -> Result<(), ConfigError> {
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

const ARCHIVE_IN_FLIGHT: Range = Range::new("archive_in_flight", 1, 100, 10_000);
const ENVELOPE_BYTES: Range = Range::new(
    "envelope_bytes",
    REDUCED_BYTES_MAX as u64,
    ENVELOPE_BYTES_DEFAULT as u64,
    64 * 1024 * 1024,
);

// In milliseconds.
const ARCHIVE_TIMEOUT: Range = Range::new("archive_timeout", 100, 5_000, 15 * 60_000);
// Below 10 s one slow answer during a rebalance would cost the membership; the upper end is librdkafka's.
const MAX_POLL_INTERVAL: Range = Range::new("max_poll_interval", 10_000, 300_000, 86_400_000);
const REQUEST_TIMEOUT: Range = Range::new("request_timeout", 100, 5_000, 60_000);
const WATERMARK_INTERVAL: Range = Range::new("watermark_interval", 100, 10_000, 3_600_000);
const STALL_AFTER: Range = Range::new("stall_after", 1_000, 60_000, 86_400_000);
const DRAIN_TIMEOUT: Range = Range::new("drain_timeout", 0, 10_000, 600_000);

/// Longest topic name that Kafka accepts.
const TOPIC_BYTES_MAX: usize = 249;

/// Kafka's rule for topic names: letters, digits, `.`, `_`, `-`; neither `.` nor `..`.
fn check_topic(name: &'static str, topic: &str) -> Result<(), ConfigError> {
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
mod tests {
    use super::*;

    fn config() -> Config {
        Config::new("b:9092", "t", "g").unwrap()
    }

    fn out_of_range(result: Result<Config, ConfigError>) -> bool {
        matches!(result, Err(ConfigError::OutOfRange { .. }))
    }

    #[test]
    fn each_end_of_a_range_is_accepted_and_one_beyond_is_not() {
        let ms = Duration::from_millis;
        type Set = fn(Config, Duration) -> Result<Config, ConfigError>;
        let durations: [(&Range, Set); 6] = [
            (&ARCHIVE_TIMEOUT, Config::archive_timeout),
            (&MAX_POLL_INTERVAL, Config::max_poll_interval),
            (&REQUEST_TIMEOUT, Config::request_timeout),
            (&WATERMARK_INTERVAL, Config::watermark_interval),
            (&STALL_AFTER, Config::stall_after),
            (&DRAIN_TIMEOUT, Config::drain_timeout),
        ];
        for (range, set) in durations {
            let (min, max) = (range.min, range.max);
            assert!(set(config(), ms(min)).is_ok(), "{}", range.name);
            assert!(set(config(), ms(max)).is_ok(), "{}", range.name);
            assert!(out_of_range(set(config(), ms(max + 1))), "{}", range.name);
            if let Some(below) = min.checked_sub(1) {
                assert!(out_of_range(set(config(), ms(below))), "{}", range.name);
            }
        }
        for (range, set) in [
            (
                &ARCHIVE_IN_FLIGHT,
                Config::archive_in_flight as fn(_, _) -> _,
            ),
            (&ENVELOPE_BYTES, Config::envelope_bytes),
        ] {
            let size = |value| usize::try_from(value).unwrap();
            let (min, max) = (size(range.min), size(range.max));
            assert!(set(config(), min).is_ok(), "{}", range.name);
            assert!(set(config(), max).is_ok(), "{}", range.name);
            assert!(out_of_range(set(config(), min - 1)), "{}", range.name);
            assert!(out_of_range(set(config(), max + 1)), "{}", range.name);
        }
    }

    #[test]
    fn a_topic_name_of_249_bytes_is_legal_and_of_250_is_not() {
        let named = |len: usize| {
            Config::new("b", "t", "g")
                .unwrap()
                .archive_topic("x".repeat(len))
        };
        assert!(named(248).is_ok());
        assert!(named(249).is_ok());
        assert_eq!(
            named(250).err(),
            Some(ConfigError::TopicName {
                name: "archive_topic"
            })
        );
    }

    #[test]
    fn what_kafka_would_refuse_is_refused_here() {
        for topic in [".", "..", "a b", "a/b", "ä"] {
            let error = Config::new("b", topic, "g").err();
            assert_eq!(
                error,
                Some(ConfigError::TopicName { name: "topic" }),
                "{topic}"
            );
        }
        for (brokers, topic, group, name) in [
            (" ", "t", "g", "brokers"),
            ("b", "", "g", "topic"),
            ("b", "t", "", "group"),
        ] {
            let error = Config::new(brokers, topic, group).err();
            assert_eq!(error, Some(ConfigError::Missing { name }));
        }
    }

    #[test]
    fn the_archive_is_never_the_consumed_topic() {
        assert_eq!(
            config().archive_topic("t").err(),
            Some(ConfigError::ArchiveIsSource)
        );
    }

    #[test]
    fn debug_shows_names_of_settings_but_no_value() {
        let shown = format!("{:?}", config().set("sasl.password", "hunter2").unwrap());
        assert!(shown.contains("sasl.password"));
        assert!(!shown.contains("hunter2"));
    }
}
