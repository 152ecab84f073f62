//! What a health page is made from.

use core::time::Duration;

use dashstream_policy::TopicPartition;

use crate::archive_finding::ArchiveFinding;
use crate::client_code::ClientCode;
use crate::standing_errors::StandingError;

/// The consumer at one moment. All times are on the clock of [`Handle::now`](crate::Handle::now).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// When this was taken. The consumer renews it several times a second; one that is seconds old
    /// says that its thread hangs.
    pub at: Duration,
    /// Whether the consumer has ended: it hands nothing out any more. It commits what is stored and leaves the
    /// group right after this was taken, of which [`Closing`] tells. Before it
    /// [`Taking::Draining`](dashstream_policy::Taking::Draining) says that it finishes what it took.
    pub closed: bool,
    /// Held partitions, the archive's backlog, the counts.
    pub policy: dashstream_policy::Status,
    /// The partitions assigned now, in order.
    pub partitions: Vec<PartitionLag>,
    /// Partitions of the archive topic, any number of which will do. Nothing where the policy archives nothing,
    /// or where there was no such topic at the start: a broker may create it with the first record.
    pub archive_partitions: Option<usize>,
    /// What the start-up check found wrong with how that topic is set, or could not learn.
    pub archive_findings: Vec<ArchiveFinding>,
    /// Records received since the start.
    pub received: u64,
    /// Errors the client reported since the start.
    pub client_errors: u64,
    /// The last of them, and when it was reported.
    pub last_client_error: Option<(Duration, ClientCode)>,
    /// Errors that have not ended, in the order in which they began.
    pub standing_errors: Vec<StandingError>,
}

/// How far a partition is behind, and whether it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionLag {
    /// Which one.
    pub partition: TopicPartition,
    /// The offset of the next record expected, once it is known.
    pub next: Option<i64>,
    /// The oldest offset the broker holds, at the last answer.
    pub low: Option<i64>,
    /// The offset the next produced record gets, at the last answer.
    pub high: Option<i64>,
    /// When that answer came. An old one makes the lag unknown, not zero.
    pub watermarks_at: Option<Duration>,
    /// Whether the client was told to pause it.
    pub paused: bool,
    /// Since when it does not move although it lags and nothing pauses it.
    pub stalled_since: Option<Duration>,
    /// Time after which retention may have taken the record that is held, at the earliest: by its
    /// timestamp and the topic's `retention.ms`, or by the speed at which the log's start has come
    /// nearer since it is held. Nothing where no record is held, or where it cannot be told.
    pub loss_in: Option<Duration>,
}

impl PartitionLag {
    /// Records still to read, as of the last answer; unknown before the first.
    #[must_use]
    pub fn lag(&self) -> Option<u64> {
        let (next, high) = (self.next?, self.high?);
        // A position above the end as it was last seen leaves nothing to read that is known of.
        u64::try_from(high.saturating_sub(next)).ok().or(Some(0))
    }
}

/// How a shutdown went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "says whether anything was left behind"]
pub struct Closing {
    /// Records that were still with the host when its time was up. They are read again.
    pub unfinished: usize,
    /// Records that still waited for the archive. They are read again where the policy requires the
    /// archive.
    pub unarchived: usize,
    /// Whether every stored offset was committed. If not, processed records are read again.
    pub committed: bool,
    /// Whether the client had closed in time. If not, it goes on closing on its own thread.
    pub closed: bool,
}

#[cfg(test)]
mod tests;
