//! What became of an update.

use crate::hash::HashVerdict;
use crate::reducer::ResyncReason;

/// What became of one update.
///
/// A refused update is an outcome, not an error: the record was processed, and the run says that
/// it needs a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an outcome may say that the run needs a snapshot"]
#[expect(clippy::exhaustive_enums, reason = "a new one is a major release")]
pub enum Outcome {
    /// The state is that of this update, and the run was in step before it.
    Applied(HashVerdict),
    /// The state is right again: a snapshot, or the message that was missing, ended a wait.
    Recovered {
        /// Diffs that were waiting and have been applied after it.
        replayed: u32,
    },
    /// Nothing about the state, and in its place: the run goes on as it was.
    Unchanged,
    /// Seen before; nothing was done.
    Duplicate,
    /// Older than the state or than the epoch, as far as can be told: the state stays as it is, and so does
    /// what the run waits for. A checkpoint's id is remembered all the same.
    Stale,
    /// The run waits, and the diff is kept for the replay after the snapshot.
    Buffered,
    /// The run waits, and this update neither ended the wait nor is needed for the replay.
    Waiting,
    /// This update is the reason why the run now needs a snapshot, or needs it for a new reason.
    Resync(ResyncReason),
    /// The message names no run. Only [`Runs`](crate::Runs) answers this.
    Quarantined,
}

impl Outcome {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Applied(_) => "applied",
            Self::Recovered { .. } => "recovered",
            Self::Unchanged => "unchanged",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Buffered => "buffered",
            Self::Waiting => "waiting",
            Self::Resync(_) => "resync",
            Self::Quarantined => "quarantined",
        }
    }
}

/// What the host is asked to do. Drain with [`Reducer::poll_effect`](crate::Reducer::poll_effect)
/// after every `apply` and every `handle_timeout`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an effect is a request to the host"]
#[expect(clippy::exhaustive_enums, reason = "a new one is a major release")]
pub enum Effect {
    /// Ask the producer for a full state. The wire has no such request: a host without a channel
    /// of its own to the producer waits for the next snapshot.
    RequestSnapshot {
        /// Why the run waits.
        reason: ResyncReason,
        /// How many requests of this wait came before.
        attempt: u32,
    },
}
