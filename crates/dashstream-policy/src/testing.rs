//! A conformance test for hosts of the engine: code that carries out actions, tried out against a log and an
//! archive in memory that know what the contract says.
//!
//! A host under test is a function over a [`Testbed`], which stands for the engine and for everything that
//! the host would call: its client, its archive, its handlers. [`conforms`] drives it through random
//! schedules and returns the first [`Mistake`] that it makes. It is for logs with offsets (Kafka, Kinesis,
//! files): a queue that acknowledges message by message has no offset that could pass a record.

mod bed;
mod schedule;

use crate::{
    ArchiveFault, ArchiveId, Assignment, Cause, Delivered, Delivery, Form, Offset, OperatorCommand,
    TopicPartition,
};

pub use bed::Testbed;
pub use schedule::conforms;

/// Something that happens to a host.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a host answers each of them")]
pub enum Event {
    /// The group gave it the partition.
    Assigned(TopicPartition, Assignment, Option<Offset>),
    /// The group takes the partition away.
    Revoked(TopicPartition, Assignment),
    /// Its client has a record, which a handler is to get if the engine takes it.
    Fetched(Delivery),
    /// A handler is done with a record.
    Accepted(Delivered),
    /// A handler says that a record cannot be processed.
    Rejected(Delivered, Cause, i64),
    /// The archive has answered.
    Archived(ArchiveId, u32, Result<Form, ArchiveFault>),
    /// An operator's command.
    Ordered(OperatorCommand),
    /// Time has passed.
    Tick,
}

/// What a host did that the contract does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// An action was not carried out before the next event.
    #[error("an action was left out: {0}")]
    LeftOut(String),
    /// Actions were carried out in another order than they were handed out, or one that nobody asked for.
    #[error("{done} was carried out where {asked} was asked for")]
    OutOfOrder {
        /// What the engine asked for next.
        asked: String,
        /// The call that the host made.
        done: String,
    },
    /// An offset was stored for an assignment that has ended.
    #[error("a store after its partition was revoked")]
    StoreAfterRevoke,
    /// A store or a seek was carried out and the engine was not told how it ended.
    #[error("no answer to {0}")]
    Unanswered(String),
    /// A handler got a record that lies behind a held one.
    #[error("offset {offset} was handed out behind the hold at {held}")]
    BehindHold {
        /// Offset of the record that was handed out.
        offset: i64,
        /// The held one.
        held: i64,
    },
    /// The engine was given an earlier time than before.
    #[error("time ran back")]
    TimeRanBack,
    /// Something happened and the engine was not told.
    #[error("an event did not reach the engine: {0}")]
    NotTold(String),
    /// At the end, when all records had been offered and every hold was ended, an offset was missing.
    #[error("the log ends at {end} and the host stored {stored:?}")]
    NotStored {
        /// The end of the log.
        end: i64,
        /// The last offset stored.
        stored: Option<i64>,
    },
}
