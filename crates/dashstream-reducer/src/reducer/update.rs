//! What a host hands to a reducer: the place of a message in its run, and what it says.

use core::num::NonZeroU64;

use crate::patch::Operations;

/// Where a message stands in its run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    sequence: Option<NonZeroU64>,
    message_id: Option<[u8; 16]>,
}

impl Stamp {
    /// A message that carries `sequence`. On the wire 0 means "not sequenced", and it does here.
    #[must_use]
    pub const fn new(sequence: u64) -> Self {
        Self {
            sequence: NonZeroU64::new(sequence),
            message_id: None,
        }
    }

    /// Adds the message's id, which tells a redelivery from a sequence number used twice.
    ///
    /// Producers write 16 bytes; an id of another length is taken for absent.
    #[must_use]
    pub fn with_message_id(self, id: &[u8]) -> Self {
        Self {
            message_id: id.try_into().ok(),
            ..self
        }
    }

    /// The sequence number, unless the message has none.
    #[must_use]
    pub const fn sequence(&self) -> Option<NonZeroU64> {
        self.sequence
    }

    /// The message's id, unless the message has none.
    #[must_use]
    pub const fn message_id(&self) -> Option<[u8; 16]> {
        self.message_id
    }
}

/// What a message says about its run's state. Everything is borrowed; what is kept is copied.
///
/// State is JSON text. It is refused on its length before it is looked at.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Update<'a> {
    /// The run begins. Only this update may step back in the sequence: it opens a new epoch.
    Start {
        /// The initial state. Producers leave it out when it is large; the run then waits.
        state: Option<&'a [u8]>,
    },
    /// The complete new state, sent in place of a diff.
    Snapshot {
        /// The state's JSON text.
        state: &'a [u8],
        /// SHA-256 of the state's canonical text, or empty.
        hash: &'a [u8],
    },
    /// Operations that turn the previous state into the new one. No operations: nothing changed.
    Diff {
        /// The operations.
        operations: Operations<'a>,
        /// SHA-256 of the new state's canonical text, or empty.
        hash: &'a [u8],
        /// The last checkpoint that the producer emitted; empty or all zero when there is none.
        base: &'a [u8],
    },
    /// The complete state under an id that later diffs name. An empty text only announces the id.
    Checkpoint {
        /// The checkpoint's id. One of more than 64 bytes is not remembered.
        id: &'a [u8],
        /// The state's JSON text, inflated and with its checksum verified.
        state: &'a [u8],
    },
    /// A checkpoint whose body could not be inflated, or did not match its checksum.
    PoisonedCheckpoint {
        /// The checkpoint's id.
        id: &'a [u8],
    },
    /// A message without state. It must be handed in all the same: sequence numbers count every
    /// message of a run, and a reducer that does not see them all sees gaps.
    Other,
    /// The host knows that a message of this run was lost: its record could not be decoded, or was
    /// skipped.
    Lost,
}
