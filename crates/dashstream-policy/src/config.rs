//! What the engine is told to do, with a default and a range for every number.

use core::time::Duration;
use std::collections::BTreeMap;

use thiserror::Error;

use crate::{Archiving, Breaker, Escalation, Mode, NullPayload, Ordering, Scope};

/// The longest wait between two attempts, and the first one; each wait doubles the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a doubling has these two ends")]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Backoff {
    /// Waits `first` before the second attempt, then twice as long each time, up to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The wait after attempt number `attempt`, which counts from 1.
    pub(crate) fn after(self, attempt: u32) -> Duration {
        // Attempts are not bounded: sends, stores and seeks are repeated until they succeed.
        let times = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.first.saturating_mul(times).min(self.longest)
    }
}

/// 100 ms doubling to 5 s: what existing producers wait between their own attempts.
impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(5))
    }
}

/// What the engine is told to do. Every setting has a default, a method that sets it and a field
/// that shows it; [`crate::Engine::new`] checks the ranges.
///
/// ```
/// use dashstream_policy::{Archiving, Config, Engine, Mode, Scope};
///
/// let config = Config::default()
///     .mode(Mode::Pause)
///     .scope(Scope::Partition)
///     .archiving(Archiving::Required);
/// assert_eq!(config.archiving, Archiving::Required);
/// let engine = Engine::<()>::new(config)?;
/// assert_eq!(engine.config().mode, Mode::Pause);
/// # Ok::<(), dashstream_policy::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Config {
    /// What happens to a record that cannot be processed.
    pub mode: Mode,
    /// How far a pause reaches.
    pub scope: Scope,
    /// Whether a rejected record goes to the dead-letter queue, and whether its offset waits for the
    /// acknowledgement.
    pub archiving: Archiving,
    /// Whether an acknowledged reduced dead letter counts as archived where the archive is required.
    pub accept_reduced: bool,
    /// What a record without a value means in topics that are not in `null_payload_of`.
    pub null_payload: NullPayload,
    /// What a record without a value means, by the numbers that the host gave to topics.
    pub null_payload_of: BTreeMap<u16, NullPayload>,
    /// What an open breaker does.
    pub escalation: Escalation,
    /// Attempts at a record that failed for a passing reason, the first included.
    pub attempts_max: u32,
    /// Time that all attempts at one record may take together.
    pub retry_for_max: Duration,
    /// The waits between attempts.
    pub retry_backoff: Backoff,
    /// Which records are processed one after another.
    pub ordering: Ordering,
    /// Records that may be taken and not yet below the stored offset.
    pub outstanding_max: usize,
    /// Bytes of records that may be taken and not yet settled.
    pub outstanding_bytes_max: usize,
    /// As `outstanding_max` for one partition, if it is not to be an equal share of it.
    pub partition_outstanding_max: Option<usize>,
    /// As `outstanding_bytes_max` for one partition, if it is not to be an equal share of it.
    pub partition_bytes_max: Option<usize>,
    /// Archive sends that may be under way at once.
    pub archive_in_flight_max: usize,
    /// Bytes of payload that may wait for the archive.
    pub archive_bytes_max: usize,
    /// Time for one archive send.
    pub archive_timeout: Duration,
    /// The waits between sends of one record, and between stores and seeks that failed.
    pub archive_backoff: Backoff,
    /// The longest time without a poll.
    pub keep_polling: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mode: Mode::Skip,
            scope: Scope::Consumer,
            archiving: Archiving::BestEffort,
            accept_reduced: false,
            null_payload: NullPayload::Unprocessable,
            null_payload_of: BTreeMap::new(),
            escalation: Escalation::Off,
            attempts_max: Self::ATTEMPTS_DEFAULT,
            retry_for_max: Self::RETRY_FOR_DEFAULT,
            retry_backoff: Backoff::default(),
            ordering: Ordering::Partition,
            outstanding_max: Self::OUTSTANDING_DEFAULT,
            outstanding_bytes_max: Self::OUTSTANDING_BYTES_DEFAULT,
            partition_outstanding_max: None,
            partition_bytes_max: None,
            archive_in_flight_max: Self::ARCHIVE_IN_FLIGHT_DEFAULT,
            archive_bytes_max: Self::ARCHIVE_BYTES_DEFAULT,
            archive_timeout: Self::ARCHIVE_TIMEOUT_DEFAULT,
            archive_backoff: Backoff::default(),
            keep_polling: Self::KEEP_POLLING_DEFAULT,
        }
    }
}

impl Config {
    /// Attempts at one record before a passing failure becomes a verdict: what existing producers
    /// allow themselves.
    pub const ATTEMPTS_DEFAULT: u32 = 3;
    /// Time that all attempts at one record may take together: one tenth of the five minutes after
    /// which a broker counts a silent consumer as dead.
    pub const RETRY_FOR_DEFAULT: Duration = Duration::from_secs(30);
    /// Records that are taken and not yet below the stored offset: 32 for each of 512 partitions.
    pub const OUTSTANDING_DEFAULT: usize = 16_384;
    /// The highest number that may be configured; at 72 bytes a record it is about 72 MB.
    pub const OUTSTANDING_MAX: usize = 1_000_000;
    /// Bytes of records that are taken and not yet settled: the 64 MiB that Kafka clients keep in
    /// their own receive queues.
    pub const OUTSTANDING_BYTES_DEFAULT: usize = 64 * 1024 * 1024;
    /// Archive sends under way at once: existing consumers' `MAX_CONCURRENT_DLQ_SENDS`.
    pub const ARCHIVE_IN_FLIGHT_DEFAULT: usize = 100;
    /// Bytes of payload that wait for the archive: the 64 MiB that Kafka clients keep in their own
    /// receive queues.
    pub const ARCHIVE_BYTES_DEFAULT: usize = 64 * 1024 * 1024;
    /// Time for one archive send: existing consumers' `DLQ_SEND_TIMEOUT_SECS`.
    pub const ARCHIVE_TIMEOUT_DEFAULT: Duration = Duration::from_secs(5);
    /// Longest time without a poll: half of the client's default `max.poll.interval.ms` of 300 s.
    pub const KEEP_POLLING_DEFAULT: Duration = Duration::from_secs(150);

    /// Sets what a record without a value means in `topic`.
    #[must_use]
    pub fn null_payload_of(mut self, topic: u16, meaning: NullPayload) -> Self {
        self.null_payload_of.insert(topic, meaning);
        self
    }

    /// Sets how often and for how long a record that failed for a passing reason is tried, the
    /// first attempt included. Defaults: 3 attempts, 30 s, [`Backoff::default`].
    #[must_use]
    pub const fn retry(mut self, attempts: u32, total: Duration, backoff: Backoff) -> Self {
        self.attempts_max = attempts;
        self.retry_for_max = total;
        self.retry_backoff = backoff;
        self
    }

    /// Sets how long one archive send may take, and the waits between sends of one record.
    /// Defaults: [`Config::ARCHIVE_TIMEOUT_DEFAULT`], [`Backoff::default`].
    #[must_use]
    pub const fn archive_timing(mut self, timeout: Duration, backoff: Backoff) -> Self {
        self.archive_timeout = timeout;
        self.archive_backoff = backoff;
        self
    }

    /// What a record without a value means in `topic`.
    #[must_use]
    pub fn null_payload_in(&self, topic: u16) -> NullPayload {
        self.null_payload_of
            .get(&topic)
            .copied()
            .unwrap_or(self.null_payload)
    }

    /// The mode in force while the breaker is so. Only under [`Mode::Pause`] a rejected record is held
    /// as soon as it is given back.
    #[must_use]
    pub const fn mode_under(&self, breaker: Breaker) -> Mode {
        match (self.escalation, breaker) {
            (Escalation::Pause, Breaker::Open) => Mode::Pause,
            (Escalation::Off | Escalation::Pause, _) => self.mode,
        }
    }

    /// Records and bytes that one of so many partitions may have outstanding.
    pub(crate) fn share(&self, assigned: usize) -> (usize, usize) {
        let of = |all: usize| all.div_euclid(assigned.max(1));
        let records = self.partition_outstanding_max;
        let bytes = self.partition_bytes_max;
        let records = records.unwrap_or_else(|| of(self.outstanding_max));
        let bytes = bytes.unwrap_or_else(|| of(self.outstanding_bytes_max));
        // With more partitions than records a share rounds to zero, and no partition could ever take one. The
        // limits over all partitions still hold.
        // No more bytes than there are, or a part of the share could never be free (`Limits::has_plenty`).
        (records.max(1), bytes.min(self.outstanding_bytes_max).max(1))
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for asked in [Some(self.outstanding_max), self.partition_outstanding_max] {
            if let Some(asked) = asked
                && (asked == 0 || asked > Self::OUTSTANDING_MAX)
            {
                return Err(ConfigError::Outstanding { asked });
            }
        }
        if self.outstanding_bytes_max == 0 || self.partition_bytes_max == Some(0) {
            return Err(ConfigError::NoBytes);
        }
        if self.attempts_max == 0 {
            return Err(ConfigError::NoAttempts);
        }
        if self.archive_in_flight_max == 0 || self.archive_bytes_max == 0 {
            return Err(ConfigError::NoArchiveRoom);
        }
        if self.archive_timeout.is_zero() || self.keep_polling.is_zero() {
            return Err(ConfigError::NoTime);
        }
        // No zero waits: `Engine::advance` relies on a timer being due later than the one that sets it.
        for backoff in [self.retry_backoff, self.archive_backoff] {
            if backoff.first.is_zero() || backoff.longest < backoff.first {
                return Err(ConfigError::Backoff {
                    first: backoff.first,
                    longest: backoff.longest,
                });
            }
        }
        Ok(())
    }
}

setters! { Config:
    /// Sets what happens to a record that cannot be processed. Default: [`Mode::Skip`].
    mode: Mode,
    /// Sets how far a pause reaches. Default: [`Scope::Consumer`].
    scope: Scope,
    /// Sets whether a rejected record goes to the dead-letter queue, and whether its offset waits for the
    /// acknowledgement. Default: [`Archiving::BestEffort`].
    archiving: Archiving,
    /// Sets whether an acknowledged reduced dead letter counts as archived when the full one was too
    /// large. Default: it does not, and the record is held: under [`Archiving::Required`] nothing is
    /// passed of which less was kept than configured.
    accept_reduced: bool,
    /// Sets what a record without a value means where [`Config::null_payload_of`] says nothing.
    /// Default: [`NullPayload::Unprocessable`].
    null_payload: NullPayload,
    /// Sets what an open breaker does. Default: [`Escalation::Off`].
    escalation: Escalation,
    /// Sets how many records may be taken and not yet below the stored offset, over all partitions.
    /// At the limit the engine stops taking; it never forgets a record. Default:
    /// [`Config::OUTSTANDING_DEFAULT`], range 1 to [`Config::OUTSTANDING_MAX`].
    outstanding_max: usize,
    /// Sets how many bytes of records may be taken and not yet settled, over all partitions. A record
    /// is taken while there is any room, and by a partition that has none out; so each partition may
    /// go beyond it by one record. Default: [`Config::OUTSTANDING_BYTES_DEFAULT`], at least 1.
    outstanding_bytes_max: usize,
    /// Sets how many records of one partition may be taken and not yet below its stored offset.
    /// Default: [`Config::outstanding_max`] over the number of assigned partitions, so that a
    /// partition which is slow, or held back, leaves the others their room. At least one.
    partition_outstanding_max: Option<usize>,
    /// Sets how many bytes of records of one partition may be taken and not yet settled; one record
    /// may go beyond it. Default: [`Config::outstanding_bytes_max`] over the number of assigned
    /// partitions.
    partition_bytes_max: Option<usize>,
    /// Sets which records are processed one after another. Default: [`Ordering::Partition`].
    ordering: Ordering,
    /// Sets how many archive sends may be under way at once. Default:
    /// [`Config::ARCHIVE_IN_FLIGHT_DEFAULT`], at least 1.
    archive_in_flight_max: usize,
    /// Sets how many bytes of payload may wait for the archive. At the limit a best-effort send
    /// fails for [`crate::FailureReason::Backpressure`], and a required one stops the taking of
    /// further records. Default: [`Config::ARCHIVE_BYTES_DEFAULT`], at least 1.
    archive_bytes_max: usize,
    /// Sets the longest time that [`crate::Action::StopPolling`] is in force before the engine
    /// pauses every partition and lets the host poll again. Keep it at or below half of the
    /// client's `max.poll.interval.ms`. Default: [`Config::KEEP_POLLING_DEFAULT`].
    keep_polling: Duration,
}

/// A setting outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The number of outstanding records.
    #[error("{asked} outstanding records asked for, 1 to 1000000 are possible")]
    Outstanding {
        /// The number that was configured.
        asked: usize,
    },
    /// A limit of zero bytes, under which no record would fit.
    #[error("room for at least one byte of outstanding records is needed")]
    NoBytes,
    /// A record needs at least one attempt.
    #[error("at least one attempt is needed")]
    NoAttempts,
    /// The archive needs room for one send of one byte.
    #[error("the archive needs room for at least one send")]
    NoArchiveRoom,
    /// A timeout of zero has always passed.
    #[error("a timeout must be longer than zero")]
    NoTime,
    /// A wait of zero would spin, and the longest wait is no shorter than the first.
    #[error("a backoff from {first:?} to {longest:?} is not possible")]
    Backoff {
        /// The wait that was configured before the second attempt.
        first: Duration,
        /// The longest wait that was configured.
        longest: Duration,
    },
}

codes! {
    ConfigError {
        Outstanding = "outstanding_out_of_range",
        NoBytes = "no_outstanding_bytes",
        NoAttempts = "no_attempts",
        NoArchiveRoom = "no_archive_room",
        NoTime = "no_time",
        Backoff = "backoff_out_of_range",
    }
}
