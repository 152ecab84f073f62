//! Why a run needs a snapshot.

use crate::document::ReadError;
use crate::patch::PatchError;

/// Why a run's state cannot be relied on until a full state arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new one is a major release")]
pub enum ResyncReason {
    /// No full state has been seen yet: the run began, began anew, or was joined midstream, without one that
    /// could be taken.
    NoSnapshot,
    /// Messages before this one did not arrive.
    Gap {
        /// How many are missing.
        missing: u64,
    },
    /// The message changes the state but has no place in the sequence.
    NoSequence,
    /// Another producer may be writing: a sequence number came again and not as the same message, or a message
    /// is of an earlier epoch by its time.
    SequenceReused,
    /// The diff names a checkpoint that was never seen.
    UnknownBase,
    /// A checkpoint's body could not be inflated, or did not match its checksum.
    PoisonedCheckpoint,
    /// A full state was refused.
    Snapshot(ReadError),
    /// A diff was refused.
    Patch(PatchError),
    /// The state's hash is not the one the producer sent.
    HashMismatch,
    /// The host lost a message of this run.
    Lost,
}

impl ResyncReason {
    /// Every reason's [`ResyncReason::code`].
    pub const CODES: [&'static str; 10] = [
        "no_snapshot",
        "gap",
        "no_sequence",
        "sequence_reused",
        "unknown_base",
        "poisoned_checkpoint",
        "snapshot_refused",
        "patch_refused",
        "hash_mismatch",
        "lost",
    ];

    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSnapshot => "no_snapshot",
            Self::Gap { .. } => "gap",
            Self::NoSequence => "no_sequence",
            Self::SequenceReused => "sequence_reused",
            Self::UnknownBase => "unknown_base",
            Self::PoisonedCheckpoint => "poisoned_checkpoint",
            Self::Snapshot(_) => "snapshot_refused",
            Self::Patch(_) => "patch_refused",
            Self::HashMismatch => "hash_mismatch",
            Self::Lost => "lost",
        }
    }
}
