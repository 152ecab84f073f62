//! What the engine asks of the host.

use core::time::Duration;

use crate::{
    Assignment, Backlog, Cause, Delivered, Disposition, FailureReason, NextOffset, Offset,
    OperatorCommand, Rejected, TopicPartition,
};

/// One thing to do, in the order in which [`crate::Engine::poll_action`] hands them out.
#[expect(clippy::exhaustive_enums, reason = "a host carries out each of them")]
#[derive(Debug, PartialEq, Eq)]
pub enum Action<P> {
    /// Store this offset, by the client's list call, and answer with [`crate::Input::Stored`].
    Store(StoreOffset),
    /// Send this record's payload to the archive and answer with [`crate::Input::Archived`].
    Archive(ArchiveRequest),
    /// Pause the partition at the client.
    Pause {
        /// The partition.
        partition: TopicPartition,
        /// Its assignment, the current one.
        assignment: Assignment,
    },
    /// Let the next delivered record be the one at this position, throw away what was fetched
    /// before, and answer with [`crate::Input::SeekCompleted`].
    Seek {
        /// The partition.
        partition: TopicPartition,
        /// Its assignment, the current one; to be given back in the answer.
        assignment: Assignment,
        /// The offset of the next record to be delivered.
        to: Offset,
    },
    /// Resume the partition at the client.
    Resume {
        /// The partition.
        partition: TopicPartition,
        /// Its assignment, the current one.
        assignment: Assignment,
    },
    /// Take no more records from the client until [`Action::ResumePolling`].
    StopPolling,
    /// Take records, and keep polling even where every partition is paused.
    ResumePolling,
    /// Process a record that was given back: it failed for a passing reason, it was deferred, or it
    /// had to wait for a record before it.
    Deliver {
        /// The record's token.
        delivered: Delivered,
        /// What the host gave with it.
        payload: P,
    },
    /// Count a fact.
    Count(Count),
    /// Write a command's outcome to the audit log.
    Audit(Audit),
}

/// An offset that may be stored, with the reason why.
///
/// Only the engine makes one, after every delivered record before it was settled.
///
/// ```compile_fail,E0451
/// use dashstream_policy::{StoreReason, Assignment, NextOffset, StoreOffset, TopicPartition};
/// fn forge(partition: TopicPartition, assignment: Assignment, next: NextOffset) -> StoreOffset {
///     StoreOffset { partition, assignment, next, reason: StoreReason::Processed }
/// }
/// ```
///
/// ```
/// use dashstream_policy::{StoreReason, Assignment, NextOffset, StoreOffset, TopicPartition};
/// fn read(store: &StoreOffset) -> (TopicPartition, Assignment, NextOffset, StoreReason) {
///     (store.partition(), store.assignment(), store.next(), store.reason())
/// }
/// # let _ = read;
/// ```
#[must_use = "an offset that is not stored is read again after a restart"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreOffset {
    pub(crate) partition: TopicPartition,
    pub(crate) assignment: Assignment,
    pub(crate) next: NextOffset,
    pub(crate) reason: StoreReason,
    pub(crate) commit_now: bool,
}

getters! { StoreOffset:
    /// The partition.
    partition: TopicPartition,
    /// Under which assignment; it is the current one of the partition.
    assignment: Assignment,
    /// The offset to store, as it is: one past the last settled record.
    next: NextOffset,
    /// Why the record before it counts as settled.
    reason: StoreReason,
    /// Whether an explicit commit should follow at once. It does where a record was rejected, so that
    /// a crash does not meet it again, and where an operator moved the position, even to a lower one.
    commit_now: bool,
}

labels! {
    /// Why a record counts as settled.
    StoreReason {
        /// The handler was done with it.
        Processed = "processed",
        /// It had no value and the topic's rule is to ignore that.
        Ignored = "ignored",
        /// The configuration says to drop it, with no archive or with one that is not waited for.
        Configured = "configured",
        /// The archive acknowledged it.
        Archived = "archived",
        /// An operator released it.
        Ordered = "ordered",
    }
}

impl StoreReason {
    /// Whether the record was not processed.
    pub(crate) const fn is_rejection(self) -> bool {
        match self {
            Self::Processed | Self::Ignored => false,
            Self::Configured | Self::Archived | Self::Ordered => true,
        }
    }
}

/// Names one record's way to the archive; the same for every attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct ArchiveId(pub(crate) u64);

impl ArchiveId {
    /// The number, for logs.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

labels! {
    /// How much of the record is sent.
    Form {
        /// The dead letter as configured.
        Full = "full",
        /// Less than that for want of room: the beginning of the payload, or only the pointer, the hash
        /// and the first bytes.
        Reduced = "reduced",
    }
}

/// A send to the archive. The payload is lent by [`crate::Engine::payload`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchiveRequest {
    /// Names the record in [`crate::Input::Archived`].
    pub id: ArchiveId,
    /// Which send of this record it is, from 1; to be given back in [`crate::Input::Archived`].
    pub attempt: u32,
    /// How much to send.
    pub form: Form,
    /// Whether a record counts from which something was left out for want of room. If not, answer
    /// [`crate::ArchiveFault::TooLarge`] instead of sending one.
    pub may_cut: bool,
    /// When the engine counts the send as timed out.
    pub deadline: Duration,
    /// Where the record stands.
    pub partition: TopicPartition,
    /// The assignment it was read under.
    pub assignment: Assignment,
    /// Offset of the record.
    pub offset: Offset,
    /// Why it could not be processed.
    pub cause: Cause,
    /// Whether the record was there before the consumer began to follow.
    pub backlog: Backlog,
}

/// A fact worth counting. Records that were processed are not announced one by one: read
/// [`crate::Engine::counters`].
#[expect(clippy::exhaustive_enums, reason = "a host counts each of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// A record cannot be processed.
    Unprocessable {
        /// Why it was rejected.
        cause: Cause,
        /// Whether it was there before the consumer began to follow.
        backlog: Backlog,
    },
    /// What became of such a record, once and for good.
    Settled {
        /// Why it could not be processed.
        cause: Cause,
        /// What became of it.
        disposition: Disposition,
    },
    /// The archive took a record.
    ArchiveAcked {
        /// Why it could not be processed.
        cause: Cause,
        /// How much of the record it has.
        form: Form,
    },
    /// A send to the archive failed.
    ArchiveFailed {
        /// Why it could not be processed.
        cause: Cause,
        /// Why the send failed.
        reason: FailureReason,
    },
    /// A partition is held from now on.
    Held {
        /// Why the record at which it is held was rejected, or cannot be had.
        cause: Cause,
        /// What holds it.
        by: HeldBy,
    },
    /// Something arrived under an assignment, or for a send, that is no longer current.
    Fenced,
    /// A record of the current assignment arrived that had been taken before.
    Duplicate,
    /// A record was refused and will be fetched again.
    Refused(RefusalReason),
}

labels! {
    /// What holds a partition.
    HeldBy {
        /// The pause mode, configured or by escalation.
        Policy = "policy",
        /// A required archive that refused the record.
        Archive = "archive",
        /// An operator's pause.
        Operator = "operator",
        /// A batch that cannot be decoded, or a position beyond the end of the log; the cause says which.
        Unfetchable = "unfetchable",
        /// Records that were deleted before they were settled.
        RecordDeleted = "evidence_lost",
        /// A record that the host has no resources for now. It is tried again and never skipped.
        HostResources = "host_resources",
    }
}

labels! {
    /// Why a record of the current assignment was not taken. The engine seeks back to it in time.
    RefusalReason {
        /// Its partition, or with [`crate::Scope::Consumer`] another one, is held.
        Held = "held",
        /// The partition is to be read from another position first.
        Seeking = "seeking",
        /// The engine has no room.
        Full = "full",
        /// The host is about to stop.
        Draining = "draining",
    }
}

/// What the engine makes of a delivered record.
#[expect(clippy::exhaustive_enums, reason = "a host has to act on each of them")]
#[must_use = "a record that was taken has to be processed"]
#[derive(Debug, PartialEq, Eq)]
pub enum Admission {
    /// Process it, after those before it that it is ordered with.
    Take(Delivered),
    /// A record before it that it is ordered with is in trouble. Hand it to [`crate::Engine::queue`].
    Queue(Delivered),
    /// The configuration rejects it; hand its payload to [`crate::Engine::rejected`].
    Rejected(Rejected),
    /// It is settled already. Throw it away.
    Ignored,
    /// It arrived a second time, and the first is settled or under way. Throw it away.
    Duplicate,
    /// Its assignment has ended. Throw it away.
    Fenced,
    /// It cannot be taken now. Throw it away; it will be delivered again.
    Refused(RefusalReason),
}

/// A command and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Time at which it was given, by the clock of the `now` passed to the engine.
    pub at: Duration,
    /// What was asked, by whom, and why.
    pub command: OperatorCommand,
    /// What became of it.
    pub outcome: CommandOutcome,
}

/// What became of a command.
#[expect(clippy::exhaustive_enums, reason = "a tool explains each of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandOutcome {
    /// It is carried out, at this offset if one was held.
    Applied {
        /// The held record, or the position.
        offset: Option<Offset>,
    },
    /// The held record still has to be acknowledged by the archive; then it is skipped.
    AwaitsArchive {
        /// The held record.
        offset: Offset,
    },
    /// The partition is not assigned here.
    NotAssigned,
    /// There is nothing to retry or to skip.
    NotHeld,
    /// There is no record to skip, only a place where one cannot be had; skip to a position instead.
    NoRecord,
    /// The position is the held one or lies before it.
    Backwards,
    /// The position lies beyond the end of the log: records that are produced there later would be
    /// passed unseen.
    BeyondEnd {
        /// The end, which is the last position that is accepted.
        end: Offset,
    },
    /// The position lies before the start of the log.
    BelowStart {
        /// The start, which is the first position that is accepted.
        start: Offset,
    },
    /// Nobody said where the log ends, so that no position can be accepted.
    EndUnknown,
}

codes! {
    CommandOutcome {
        Applied = "applied",
        AwaitsArchive = "awaits_archive",
        NotAssigned = "not_assigned",
        NotHeld = "not_held",
        NoRecord = "no_record",
        Backwards = "backwards",
        BeyondEnd = "beyond_end",
        BelowStart = "below_start",
        EndUnknown = "end_unknown",
    }
}
