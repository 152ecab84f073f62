//! What happened, as it happens: for a host's metrics and logs.

use core::time::Duration;
use std::sync::Arc;

use dashstream_policy::{Audit, Backlog, Cause, Count, StoreReason, TopicPartition};

use crate::archive_finding::ArchiveFinding;
use crate::client_code::ClientCode;
use crate::error::MarkerError;

/// Something that happened on the consumer's thread.
///
/// Events are reported in order, to the function given to
/// [`Consumer::start`](crate::Consumer::start). It must not block: the consumer polls on the same
/// thread.
#[expect(clippy::exhaustive_enums, reason = "a host counts each of them")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsumerEvent {
    /// The policy counted something.
    Count(Count),
    /// The policy carried out an operator's order, or did not.
    Audit(Audit),
    /// A record arrived from the broker and was taken. The host gets it from
    /// [`Consumer::recv`](crate::Consumer::recv) unless one of the next two events is about it too.
    Received {
        /// The partition of the record.
        partition: TopicPartition,
        /// The offset of the record.
        offset: i64,
        /// Its payload's size, nothing for a null payload.
        bytes: Option<usize>,
    },
    /// A record that was received is rejected without the host's having seen it.
    Rejected {
        /// The partition of the record.
        partition: TopicPartition,
        /// The offset of the record.
        offset: i64,
        /// The cause for which it is rejected: a null payload, or a crash loop.
        cause: Cause,
        /// Whether it counts as old, as [`Record::backlog`](crate::Record::backlog) says of others.
        backlog: Backlog,
    },
    /// A record that was received is settled without the host's having seen it: it has no value, and
    /// the policy says to ignore that.
    Ignored {
        /// The partition of the record.
        partition: TopicPartition,
        /// The offset of the record.
        offset: i64,
    },
    /// The start-up check found something about the archive topic that does not keep the consumer from
    /// starting. Where the archive is required this comes before anything else, otherwise when the
    /// broker has answered or failed to.
    Archive(ArchiveFinding),
    /// The crash marker could not be written. The consumer goes on; a crash from now on may not be
    /// counted.
    MarkerFailed(MarkerError),
    /// The recording of the policy engine was written to its file, or could not be.
    TraceWritten {
        /// Whether it was.
        ok: bool,
    },
    /// A partition was assigned.
    Assigned {
        /// Which one.
        partition: TopicPartition,
        /// What the group had committed for it; nothing where it had committed nothing, or where that could
        /// not be learned.
        committed: Option<i64>,
        /// Whether it could be learned. If not, the client asks again by itself, and goes on at what it is told.
        is_known: bool,
    },
    /// A partition was taken away.
    Revoked {
        /// Which one.
        partition: TopicPartition,
        /// Whether the membership had ended before this was known, so that the last stored offsets
        /// could not be committed.
        lost: bool,
    },
    /// An offset was stored; the client commits it within its commit interval.
    Stored {
        /// The partition whose offset it is.
        partition: TopicPartition,
        /// The offset of the next record.
        next: i64,
        /// Why the record before it counts as settled.
        because: StoreReason,
    },
    /// The client committed what was stored, or could not.
    Committed {
        /// Whether it could.
        ok: bool,
    },
    /// The broker was asked for the watermarks of the assigned partitions.
    WatermarksPolled {
        /// How long the answer took, or the waiting for it.
        took: Duration,
        /// Whether every partition got an answer.
        complete: bool,
    },
    /// A partition has not moved for [`Config::stall_after`](crate::Config::stall_after), although
    /// it lags and nothing pauses it.
    Stalled {
        /// Which one.
        partition: TopicPartition,
    },
    /// A stalled partition moves again, or has nothing left to read.
    Unstalled {
        /// Which one.
        partition: TopicPartition,
    },
    /// The host dropped a record without saying what became of it. It counts as failed with
    /// [`Cause::Dropped`] and comes back while its attempts last.
    Dropped {
        /// The partition of the record.
        partition: TopicPartition,
        /// The offset of the record.
        offset: i64,
    },
    /// The client's statistics, as the JSON that librdkafka describes in its `STATISTICS.md`; once in
    /// [`Config::watermark_interval`](crate::Config::watermark_interval).
    Statistics(Arc<str>),
    /// The client reported an error. Most pass by themselves.
    ClientError(ClientCode),
}
