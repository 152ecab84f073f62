//! Consumer configuration and its ranges.

mod getters;
mod limits;
mod refused;

use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::path::PathBuf;

use dashstream_dlq::{Disclosure, LetterFormat};

use self::limits::{
    ARCHIVE_KEEPS, ARCHIVE_TIMEOUT, COMMIT_INTERVAL, CRASH_DEATHS, DRAIN_TIMEOUT, LETTER_BYTES,
    MAX_POLL_INTERVAL, REQUEST_TIMEOUT, STALL_AFTER, TOPICS, TRACE_CALLS, WATERMARK_INTERVAL,
};
pub(crate) use self::limits::{LETTER_BYTES_MAX, check_topic};
use crate::error::ConfigError;
use crate::oauth::{OAuthToken, Tokens};

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
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) brokers: String,
    pub(crate) topic: String,
    pub(crate) more_topics: Vec<String>,
    pub(crate) group: String,
    pub(crate) archive_topic: String,
    pub(crate) client_id: String,
    pub(crate) start: Start,
    pub(crate) old_data: OldData,
    pub(crate) archive_timeout: Duration,
    pub(crate) letter_format: LetterFormat,
    pub(crate) disclosure: Disclosure,
    pub(crate) letter_bytes: usize,
    pub(crate) archive_keeps: Option<Duration>,
    pub(crate) crash_loop: Option<CrashLoopConfig>,
    pub(crate) trace: Option<TraceFile>,
    pub(crate) max_poll_interval: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) watermark_interval: Duration,
    pub(crate) stall_after: Duration,
    pub(crate) drain_timeout: Duration,
    pub(crate) commit_interval: Duration,
    pub(crate) commit_rejections: bool,
    pub(crate) settings: ClientSettings,
    pub(crate) tokens: Tokens,
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

/// Crash-loop detection: after how many consecutive deaths on a record it is rejected.
#[derive(Clone, Debug)]
pub(crate) struct CrashLoopConfig {
    pub(crate) path: PathBuf,
    pub(crate) deaths_max: u32,
}

/// Where the policy engine's calls are written, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceFile {
    pub(crate) path: PathBuf,
    pub(crate) calls_max: usize,
}

/// Names and values of the client's settings.
#[derive(Clone, Default)]
pub(crate) struct ClientSettings(pub(crate) Vec<(String, String)>);

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the values: some are passwords.
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Config {
    /// Describes a consumer of `topic` as a member of `group`, with defaults for everything else.
    ///
    /// `brokers` is a comma-separated bootstrap list. The archive topic is `topic` with `-dlq` behind
    /// it; where that is too long for Kafka, a consumer that archives is refused at the start unless
    /// [`Config::archive_topic`] names another.
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
        // With the suffix it may be longer than Kafka accepts. It is checked at the start, since
        // `archive_topic` may replace it.
        let archive_topic = format!("{topic}-dlq");
        Ok(Self {
            brokers,
            topic,
            more_topics: Vec::new(),
            group,
            archive_topic,
            client_id: String::from("dashstream-kafka"),
            start: Start::default(),
            old_data: OldData::default(),
            archive_timeout: ARCHIVE_TIMEOUT.default_duration(),
            letter_format: LetterFormat::Record,
            disclosure: Disclosure::Full,
            letter_bytes: LETTER_BYTES.default(),
            archive_keeps: None,
            crash_loop: None,
            trace: None,
            max_poll_interval: MAX_POLL_INTERVAL.default_duration(),
            request_timeout: REQUEST_TIMEOUT.default_duration(),
            watermark_interval: WATERMARK_INTERVAL.default_duration(),
            stall_after: STALL_AFTER.default_duration(),
            drain_timeout: DRAIN_TIMEOUT.default_duration(),
            commit_interval: COMMIT_INTERVAL.default_duration(),
            commit_rejections: true,
            settings: ClientSettings::default(),
            tokens: Tokens::default(),
        })
    }

    /// Names the topic that rejected records are archived to.
    ///
    /// # Errors
    ///
    /// [`ConfigError::ArchiveIsSource`] when it is the consumed topic,
    /// [`ConfigError::TopicName`] when Kafka would refuse it.
    pub fn archive_topic(mut self, topic: impl Into<String>) -> Result<Self, ConfigError> {
        let topic = topic.into();
        check_topic("archive_topic", &topic)?;
        if self.topics().any(|consumed| consumed == topic) {
            return Err(ConfigError::ArchiveIsSource);
        }
        self.archive_topic = topic;
        Ok(self)
    }

    /// Adds a topic to be consumed as well, up to 64: a choice. Each has its own number, by which events,
    /// status and orders name its partitions: 0 for the first, 1 for the one that is added first.
    ///
    /// Rejected records of all topics go to one archive topic; a letter names the topic that its record came from.
    ///
    /// # Errors
    ///
    /// [`ConfigError::TopicName`] for a topic that Kafka would refuse, [`ConfigError::TopicTwice`] for one that is
    /// consumed already, [`ConfigError::ArchiveIsSource`] for the archive topic,
    /// [`ConfigError::OutOfRange`] for one too many.
    pub fn add_topic(mut self, topic: impl Into<String>) -> Result<Self, ConfigError> {
        let topic = topic.into();
        check_topic("topic", &topic)?;
        if self.topics().any(|consumed| consumed == topic) {
            return Err(ConfigError::TopicTwice);
        }
        if topic == self.archive_topic {
            return Err(ConfigError::ArchiveIsSource);
        }
        self.more_topics.push(topic);
        TOPICS.check(self.topics().count())?;
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

    /// Bounds the time to an archive record's acknowledgement: 100 ms to 15 min, default 5 s (what
    /// existing consumers use). After it the attempt failed with reason `timeout`. The policy's
    /// [`archive_timing`](dashstream_policy::Config::archive_timing) counts where it is shorter; the
    /// engine itself waits at least two seconds longer, so that the client's answer is the one it hears.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn archive_timeout(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.archive_timeout = ARCHIVE_TIMEOUT.check_duration(time)?;
        Ok(self)
    }

    /// Says how dead letters are written, and how much of a record they show. Default:
    /// [`LetterFormat::Record`] with [`Disclosure::Full`], the record byte for byte, which can be sent again:
    /// whoever may read the archive topic reads what the source topic holds. Existing deployments read
    /// [`LetterFormat::Versioned`] with [`Disclosure::Truncated`].
    ///
    /// With less than all of it a letter is a reduced one that names its source: an archive that is required then
    /// counts it only where the policy accepts reduced letters, and the start is refused otherwise.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Letters`] for a disclosure that the format cannot show.
    pub fn letters(
        mut self,
        format: LetterFormat,
        disclosure: Disclosure,
    ) -> Result<Self, ConfigError> {
        (self.letter_format, self.disclosure) = (format, disclosure);
        self.check_letters()?;
        Ok(self)
    }

    /// Holds the disclosure against the format.
    pub(crate) const fn check_letters(&self) -> Result<(), ConfigError> {
        if self.letter_format.can_show(self.disclosure) {
            return Ok(());
        }
        Err(ConfigError::Letters {
            format: self.letter_format.label(),
            disclosure: self.disclosure.label(),
        })
    }

    /// Says how much of a payload an archived record shows. Default: [`Disclosure::Full`]. One that the format
    /// cannot show is refused at the start.
    #[must_use]
    pub const fn disclosure(mut self, disclosure: Disclosure) -> Self {
        self.disclosure = disclosure;
        self
    }

    /// Bounds an archived record: 4 KiB to 64 MiB, default
    /// [`ENCODED_BYTES_DEFAULT`](dashstream_dlq::ENCODED_BYTES_DEFAULT): of [`LetterFormat::Record`] its
    /// key, value and headers with up to 4 KiB of headers about the failure, of the others the JSON. A
    /// payload that is shown and does not fit, in JSON four bytes for three, is cut or left out; a
    /// required archive then holds the record unless the policy accepts reduced letters. The producer's `message.max.bytes` follows; the
    /// archive topic's is checked at the start.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`].
    pub fn letter_bytes(mut self, bytes: usize) -> Result<Self, ConfigError> {
        self.letter_bytes = LETTER_BYTES.check(bytes)?;
        Ok(self)
    }

    /// Says for how long the archive topic must keep a record at least: 1 min to 10 years. Without it,
    /// as long as the consumed topic. It is checked at the start, where the broker tells.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn archive_keeps(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.archive_keeps = Some(ARCHIVE_KEEPS.check_duration(time)?);
        Ok(self)
    }

    /// Rejects a record that the process died of after `deaths` deaths in a row on it
    /// alone, with cause `crash_loop`: 2 to 100. Off by default; three is a good number. What a process leaves
    /// behind for the one that takes its place is in a file at `path`, whose folder has to exist. Where
    /// partitions wander between several processes, each with its file, a loop ends later and ends all the same.
    ///
    /// The death that comes first does not count: it does not say which record it was. The process
    /// that starts after it hands out one record at a time, each with a mark, until it is past what
    /// the dead one may have had. An end that the process does not survive counts whatever its reason,
    /// which is why a single one is not enough.
    ///
    /// The file is written, with `fsync`, once for each 1,000 offsets of a partition, and for the records that a
    /// process that died may have had, once or twice for each. It has one line for each partition and is removed by
    /// nobody; delete it when its topic is made anew, since offsets begin again then.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`].
    pub fn crash_loop(
        mut self,
        path: impl Into<PathBuf>,
        deaths: u32,
    ) -> Result<Self, ConfigError> {
        CRASH_DEATHS.check_u64(u64::from(deaths))?;
        self.crash_loop = Some(CrashLoopConfig {
            path: path.into(),
            deaths_max: deaths,
        });
        Ok(self)
    }

    /// Records up to `calls` calls of the policy engine from its first one on, 1 to 1,000,000, and
    /// writes them to the file at `path` whenever a partition is put on hold, and at the end. Off by
    /// default. [`Trace::parse`](dashstream_policy::trace::Trace::parse) reads it, and
    /// [`Trace::replay`](dashstream_policy::trace::Trace::replay) does the same again.
    ///
    /// A call takes about 150 bytes of memory and 30 of the file. There is no payload in it. What
    /// comes after the last of `calls` is not recorded.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`].
    pub fn trace(mut self, path: impl Into<PathBuf>, calls: usize) -> Result<Self, ConfigError> {
        let calls_max = TRACE_CALLS.check(calls)?;
        let path = path.into();
        self.trace = Some(TraceFile { path, calls_max });
        Ok(self)
    }

    /// Bounds the time between two polls before the group evicts this member: 10 s to 24 h, default
    /// 5 min (librdkafka's). A session may not be longer: below 45 s the client's `session.timeout.ms`
    /// goes down with it, and one that is set and longer is refused at the start by its name. The consumer polls far more often, paused or not; this only says how
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
    /// 1 min, default 5 s. The first ones may take two seconds whatever this is, since a connection is
    /// made before them.
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

    /// Says how often the client commits what is stored: 10 ms to 1 min, default 100 ms. Where nothing was
    /// stored since, nothing is sent; one request takes along every partition that moved.
    ///
    /// What was processed and not committed when a process dies is delivered again: at 2,000 records a
    /// second some 200 by default.
    ///
    /// # Errors
    ///
    /// [`ConfigError::OutOfRange`], in milliseconds.
    pub fn commit_interval(mut self, time: Duration) -> Result<Self, ConfigError> {
        self.commit_interval = COMMIT_INTERVAL.check_duration(time)?;
        Ok(self)
    }

    /// Says whether the offset of a rejected record is committed as soon as everything before it in
    /// its partition is settled, so that a process that dies afterwards does not meet it again.
    /// Default: it is. Without it, and for processed records in any case, that takes
    /// [`Config::commit_interval`].
    ///
    /// It costs one request for a rejection, or for all that came about while the last one was under
    /// way.
    #[must_use]
    pub const fn commit_rejections(mut self, at_once: bool) -> Self {
        self.commit_rejections = at_once;
        self
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
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, ConfigError> {
        let name = name.into();
        if let Some(refused) = refused::refusal(&name) {
            return Err(refused);
        }
        // One value for each name: the checks at the start look at
        // the first that they find, and the client takes the last.
        self.settings.0.retain(|(set, _)| *set != name);
        self.settings.0.push((name, value.into()));
        Ok(self)
    }

    /// Gives tokens for SASL/OAUTHBEARER, which `sasl.mechanism` asks for and the feature `tls` brings.
    ///
    /// Each client calls it before it connects and again when four fifths of a token's time have passed, on a
    /// thread that polls: it must not wait long, so get tokens elsewhere and hand out the newest. An error is
    /// reported as an authentication that failed, and it is called again 10 s later.
    ///
    /// How topics are set cannot be asked with a token, since the client library serves no tokens to the
    /// client that asks: [`ArchiveFinding::Unanswered`](crate::ArchiveFinding::Unanswered) says so at the start,
    /// a held record's time to loss is known by size only, and the topic of redriven records has to be there.
    #[must_use]
    pub fn oauth_tokens(
        mut self,
        source: impl Fn() -> Result<OAuthToken, Box<dyn Error + Send + Sync>> + Send + Sync + 'static,
    ) -> Self {
        self.tokens = Tokens::new(source);
        self
    }
}

#[cfg(test)]
mod tests;
