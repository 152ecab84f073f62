//! What a host hands to a reducer: the place of a message in its run, and what it says.

use core::num::NonZeroU64;

use crate::patch::Operations;

/// Where a record stands in its topic's log. All positions of one run are of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "Kafka's log has these two")]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

impl Position {
    /// Whether this is a later place than `other`; `None` in another partition, which has an order of
    /// its own.
    pub(crate) fn is_after(&self, other: &Self) -> Option<bool> {
        (self.partition == other.partition).then_some(self.offset > other.offset)
    }
}

/// Where a message stands in its run, and what tells it from another one with the same number.
///
/// The number alone does not: a producer that starts again under the same thread id counts from 1
/// again. The record's position tells a redelivery from a new record, and the header's time an earlier
/// epoch from a later one. Without them the order of arrival counts, and what cannot be told apart
/// needs a full state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    sequence: Option<NonZeroU64>,
    message_id: Option<[u8; 16]>,
    position: Option<Position>,
    time: Option<i64>,
}

impl Stamp {
    /// A message that carries `sequence`. On the wire 0 means "not sequenced", and it does here.
    #[must_use]
    pub const fn new(sequence: u64) -> Self {
        Self {
            sequence: NonZeroU64::new(sequence),
            message_id: None,
            position: None,
            time: None,
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

    /// Adds where the record stands. The messages of one record share its position.
    #[must_use]
    pub fn with_position(self, position: impl Into<Option<Position>>) -> Self {
        Self {
            position: position.into(),
            ..self
        }
    }

    /// Adds the header's time in microseconds since 1970, by the producer's clock. On the wire 0 means
    /// that there is none, and it does here.
    #[must_use]
    pub const fn with_time_us(self, time_us: i64) -> Self {
        Self {
            time: if time_us == 0 { None } else { Some(time_us) },
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

    /// Where the record stands, if the host said so.
    #[must_use]
    pub const fn position(&self) -> Option<Position> {
        self.position
    }

    /// The header's time in microseconds since 1970, unless the message has none.
    #[must_use]
    pub const fn time_us(&self) -> Option<i64> {
        self.time
    }
}

/// What a message says about its run's state. Everything is borrowed; what is kept is copied.
///
/// State is JSON text. It is refused on its length before it is looked at.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Update<'a> {
    /// The run begins. With a number that was taken it opens a new epoch, in which numbers count anew;
    /// one that comes late takes the place that is free for it, or is stale.
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
    /// The run ended, as far as its producer knows. It takes its place as [`Update::Other`] does; a run
    /// that ended is the first to go when memory is short.
    End,
    /// A message without state. It must be handed in all the same: sequence numbers count every
    /// message of a run, and a reducer that does not see them all sees gaps.
    Other,
    /// The host knows that a message of this run was lost: its record could not be decoded, or was
    /// skipped.
    Lost,
}
