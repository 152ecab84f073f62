//! What the engine would tell a health page.

use core::time::Duration;

use crate::{
    Assignment, Breaker, Cause, Counters, Grade, HeldBy, Mode, NextOffset, Offset, TopicPartition,
};

/// The engine's state at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// When this was taken; a host that shows it later must say how old it is.
    pub at: Duration,
    /// The mode in force: the configured one, or pause by escalation.
    pub mode: Mode,
    /// What the host's rate gate last said.
    pub breaker: Breaker,
    /// Whether records may be taken.
    pub taking: Taking,
    /// The worst grade of all that is the case now.
    pub grade: Grade,
    /// Every partition that was assigned since the engine was made, in order.
    pub partitions: Vec<PartitionStatus>,
    /// What waits for the archive.
    pub archive: ArchiveStatus,
    /// The counts.
    pub counters: Counters,
}

/// Whether records may be taken.
#[expect(clippy::exhaustive_enums, reason = "a health page shows each of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// Records are taken.
    Open,
    /// No, since there is no room.
    Full {
        /// Time at which room ran out.
        since: Duration,
    },
    /// No, since the host is about to stop.
    Draining,
}

/// One partition's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionStatus {
    /// The partition.
    pub partition: TopicPartition,
    /// Its last assignment.
    pub assignment: Assignment,
    /// Whether it runs.
    pub state: PartitionState,
    /// What the engine last released for storing, or what was committed at assignment.
    pub stored: Option<NextOffset>,
    /// What the next record is expected at or after.
    pub position: Option<Offset>,
    /// Records taken and not yet below the stored offset.
    pub outstanding: usize,
    /// Bytes of those that are not settled.
    pub bytes: usize,
    /// Records among them that wait for one before them that is in trouble.
    pub queued: usize,
    /// When the record that holds the offset back was taken, later by the time that it was deferred
    /// or queued.
    pub oldest_since: Option<Duration>,
    /// Records that handlers have and did not give back.
    pub with_host: usize,
    /// The one of them that has been out longest: its offset, and when it was handed out, the last time if
    /// there were several attempts. A host that keeps it for ever, or whose handler
    /// hangs, is seen here: the stored offset never passes it.
    pub oldest_with_host: Option<(Offset, Duration)>,
}

/// Whether a partition runs.
#[expect(clippy::exhaustive_enums, reason = "a health page shows each of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionState {
    /// Its records are taken.
    Running,
    /// Its next position is being set.
    Seeking {
        /// The offset that the client was asked to go on from.
        to: Offset,
    },
    /// It waits: another partition is held and the scope is the consumer, or there is no room.
    Waiting,
    /// It is held.
    Held {
        /// What holds it.
        by: HeldBy,
        /// Why, if a record cannot be processed or be had.
        cause: Option<Cause>,
        /// The held record, the first deferred one, or the position at which there is none to be had.
        offset: Option<Offset>,
        /// Time at which it was held.
        since: Duration,
    },
    /// It belongs to somebody else now.
    Revoked {
        /// Time at which its assignment ended.
        since: Duration,
    },
}

/// What waits for the archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveStatus {
    /// Sends without an answer.
    pub in_flight: usize,
    /// Records that wait for a free send.
    pub waiting: usize,
    /// Records that wait to be sent again.
    pub again: usize,
    /// Records that the archive refused for good; each holds its partition.
    pub refused: usize,
    /// Records whose last send failed and that have no acknowledgement yet, under way again or not.
    pub failing: usize,
    /// Sends that failed since the last acknowledgement, refusals for want of room included.
    pub failed_in_a_row: u64,
    /// When the first of them failed.
    pub failing_since: Option<Duration>,
    /// Bytes of payload kept for the archive, refused letters included.
    pub bytes: usize,
    /// When the oldest record that waits for the archive was rejected.
    pub oldest_since: Option<Duration>,
}
