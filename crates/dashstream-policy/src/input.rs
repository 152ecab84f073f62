//! What the host tells the engine.

use thiserror::Error;

use crate::{ArchiveId, Assignment, Backlog, Form, LogRange, NextOffset, Offset, TopicPartition};

/// What happened outside. Records have calls of their own, since they carry tokens:
/// [`crate::Engine::delivered`], [`crate::Engine::accept`], [`crate::Engine::reject`],
/// [`crate::Engine::release`], [`crate::Engine::defer`], [`crate::Engine::queue`],
/// [`crate::Engine::rejected`].
#[expect(clippy::exhaustive_enums, reason = "hosts make all of these")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "trace", serde(rename_all = "snake_case"))]
pub enum Input {
    /// The group gave this consumer a partition.
    Assigned {
        /// The partition.
        partition: TopicPartition,
        /// Greater than every earlier one of this partition; otherwise the input is ignored.
        assignment: Assignment,
        /// The committed position, if the group has one.
        committed: Option<Offset>,
        /// The first offset that the broker still has, if the host asked. With a committed position
        /// before it, records are gone that nobody settled, and the partition is held.
        low: Option<Offset>,
    },
    /// The group took a partition away, or it is lost. Drain the actions before this input to store
    /// what is settled: afterwards nothing of this assignment is stored.
    Revoked {
        /// The partition.
        partition: TopicPartition,
        /// The assignment that ends.
        assignment: Assignment,
    },
    /// The client cannot fetch what comes next.
    FetchFailed {
        /// The partition.
        partition: TopicPartition,
        /// The assignment that the client fetched for; an earlier one is fenced.
        assignment: Assignment,
        /// What is in the way.
        fault: FetchFault,
    },
    /// What the log has, asked for while the position was where it is now. A position beyond its end
    /// holds the partition, with [`crate::Cause::OffsetOutOfRange`]: the log was truncated or created again.
    Log {
        /// Which partition.
        partition: TopicPartition,
        /// The assignment that the question was asked under; an earlier one is fenced.
        assignment: Assignment,
        /// From where to where it goes.
        log: LogRange,
    },
    /// How a send to the archive ended.
    Archived {
        /// The send's id, from [`crate::Action::Archive`].
        id: ArchiveId,
        /// The attempt that is answered, from the same. An attempt that was given up may fail long
        /// after: that says nothing about the one that followed. Its acknowledgement still counts.
        attempt: u32,
        /// The form in which the archive has acknowledged the record: [`Form::Full`] only if nothing was left
        /// out of it for want of room. Enqueuing is no acknowledgement.
        #[cfg_attr(feature = "trace", serde(with = "crate::trace::ArchiveResult"))]
        result: Result<Form, ArchiveFault>,
    },
    /// How [`crate::Action::Store`] ended. A store that failed is repeated.
    Stored {
        /// The partition, as in the action.
        partition: TopicPartition,
        /// The assignment, as in the action; an earlier one is fenced.
        assignment: Assignment,
        /// What was to be stored.
        next: NextOffset,
        /// Whether the client took it.
        ok: bool,
    },
    /// How [`crate::Action::Seek`] ended. A seek that failed is repeated; until one succeeds every
    /// record of the partition is refused.
    SeekCompleted {
        /// The partition, as in the action.
        partition: TopicPartition,
        /// The assignment, as in the action; an earlier one is fenced.
        assignment: Assignment,
        /// The position that was asked for.
        to: Offset,
        /// Whether the next record delivered comes from there.
        ok: bool,
    },
    /// An operator's word.
    Command(OperatorCommand),
    /// The host's rate gate changed its mind.
    Breaker(Breaker),
    /// The host is about to stop: take nothing more, finish what is taken.
    Drain,
    /// Time passed.
    Tick,
}

/// Why nothing can be fetched. Each holds the partition, whatever the mode: there is no record that
/// could be archived or skipped. Errors of a broker that pass are the client's business and no input.
#[expect(clippy::exhaustive_enums, reason = "hosts make all of these")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "trace", serde(rename_all = "snake_case"))]
pub enum FetchFault {
    /// The broker no longer has the position.
    OutOfRange {
        /// The first offset that it still has, if known.
        low: Option<Offset>,
    },
    /// The batch at the position cannot be decoded.
    Undecodable,
    /// The client found, by its leader epoch, that the log was cut before the position and written
    /// anew. The position may well lie within the log.
    Truncated,
}

/// Why a send to the archive failed.
#[expect(clippy::exhaustive_enums, reason = "a host maps its errors to these")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "trace", serde(rename_all = "snake_case"))]
pub enum ArchiveFault {
    /// No answer in time. The record may be there.
    TimedOut,
    /// The producer's own queue is full.
    QueueFull,
    /// The broker failed in a way that may pass.
    Broker,
    /// The record is larger than the archive takes.
    TooLarge,
    /// The broker refused in a way that will not pass: no such topic, no right to write.
    Refused,
}

/// Whether the host's rate gate lets failures pass as single events.
///
/// There is no half-open state: a probe would be a record let past on a guess. What was held while the
/// breaker was open is read again on an operator's command.
#[expect(clippy::exhaustive_enums, reason = "a breaker is open or closed")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "trace", serde(rename_all = "snake_case"))]
pub enum Breaker {
    /// Failures are single events.
    #[default]
    Closed,
    /// Failures are an outage.
    Open,
}

/// A record as the client delivered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct Delivery {
    pub(crate) partition: TopicPartition,
    pub(crate) assignment: Assignment,
    pub(crate) offset: Offset,
    pub(crate) null: bool,
    pub(crate) backlog: Backlog,
    pub(crate) key: Option<u64>,
    pub(crate) bytes: usize,
}

impl Delivery {
    /// A record with a value and without a key, of no size, that arrived while the consumer was following.
    #[must_use]
    pub const fn new(partition: TopicPartition, assignment: Assignment, offset: Offset) -> Self {
        Self {
            partition,
            assignment,
            offset,
            null: false,
            backlog: Backlog::Current,
            key: None,
            bytes: 0,
        }
    }
}

setters! { Delivery:
    /// Gives a hash of the record's key, if it has one, for [`crate::Ordering::Key`]. Two keys with
    /// one hash wait for each other needlessly, so it should be a good hash; nothing else is lost.
    key: Option<u64>,
    /// Says how many bytes of memory the record takes until it is settled.
    bytes: usize,
    /// Says whether the record has no value at all. An empty value is a value.
    null: bool,
    /// Says whether the record was there before the consumer began to follow.
    backlog: Backlog,
}

/// An operator's command, where it applies, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct OperatorCommand {
    pub(crate) partition: TopicPartition,
    pub(crate) command: Command,
    pub(crate) operator: Operator,
    pub(crate) end: LogEnd,
}

getters! { OperatorCommand:
    /// The partition that it is for.
    partition: TopicPartition,
    /// What is to be done.
    command: Command,
}

/// What a host said about the log with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "trace", serde(rename_all = "snake_case"))]
pub(crate) enum LogEnd {
    /// The host said nothing, and answers for the position itself.
    Unsaid,
    /// The broker did not answer, so no position can be accepted.
    Unknown,
    /// The range that the broker answered with; a position outside is refused.
    Known(LogRange),
}

impl OperatorCommand {
    /// Gives `command` for `partition`. Whether it was carried out is said by the
    /// [`crate::Action::Audit`] that follows.
    #[must_use]
    pub const fn new(partition: TopicPartition, command: Command, operator: Operator) -> Self {
        Self {
            partition,
            command,
            operator,
            end: LogEnd::Unsaid,
        }
    }

    /// Says what the log has, as the broker has just answered, or that it did not answer. A position
    /// outside is refused then, and so is any while the end is unknown. A host that does not call
    /// this answers for the position itself.
    #[must_use]
    pub const fn within(mut self, log: Option<LogRange>) -> Self {
        self.end = match log {
            Some(log) => LogEnd::Known(log),
            None => LogEnd::Unknown,
        };
        self
    }

    /// What the log had when the command was given, if that is known.
    #[must_use]
    pub const fn log(&self) -> Option<LogRange> {
        match self.end {
            LogEnd::Known(log) => Some(log),
            LogEnd::Unsaid | LogEnd::Unknown => None,
        }
    }

    /// Who wants it, and why.
    #[must_use]
    pub const fn operator(&self) -> &Operator {
        &self.operator
    }
}

/// What an operator can ask for.
#[expect(clippy::exhaustive_enums, reason = "a tool offers exactly these")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "trace", serde(rename_all = "snake_case"))]
pub enum Command {
    /// Retry the held record, lift an operator's pause, and try what is deferred
    /// ([`crate::Engine::defer`]) without waiting on.
    Retry,
    /// Treat the held record as in [`crate::Mode::Skip`], then go on after it. Where the archive is
    /// required the record still waits for its acknowledgement.
    SkipOne,
    /// Give up everything before this position, archived or not, and go on from it. Only for a held
    /// partition, within the log, and never backwards, but where the held position lies beyond the
    /// log's end: then any position of the log will do.
    SkipTo(Offset),
    /// Stop the partition before the next record.
    Pause,
}

impl Command {
    /// The stable label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::SkipOne => "skip_one",
            Self::SkipTo(_) => "skip_to",
            Self::Pause => "pause",
        }
    }
}

/// Who gave a command, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct Operator {
    #[cfg_attr(feature = "trace", serde(deserialize_with = "crate::trace::signed"))]
    who: String,
    #[cfg_attr(feature = "trace", serde(deserialize_with = "crate::trace::signed"))]
    why: String,
}

impl Operator {
    /// Longest text accepted on either line, in bytes: room for a mail address and for a sentence.
    pub const BYTES_MAX: usize = 256;

    /// Names who gives a command, and why.
    ///
    /// # Errors
    ///
    /// [`InputError::OperatorEmpty`] and [`InputError::OperatorTooLong`]: either text is empty, or longer than
    /// [`Operator::BYTES_MAX`].
    pub fn new(who: &str, why: &str) -> Result<Self, InputError> {
        for text in [who, why] {
            if text.is_empty() {
                return Err(InputError::OperatorEmpty);
            }
            if text.len() > Self::BYTES_MAX {
                return Err(InputError::OperatorTooLong {
                    len: text.len(),
                    limit: Self::BYTES_MAX,
                });
            }
        }
        Ok(Self {
            who: who.to_owned(),
            why: why.to_owned(),
        })
    }

    /// The name of who gave the command.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }

    /// The reason that was given for the command.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }
}

/// A value that the host made for the engine is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InputError {
    /// An offset is negative, or without a successor.
    #[error("offset {offset} is outside 0..i64::MAX")]
    Offset {
        /// The number that was given.
        offset: i64,
    },
    /// A command needs a name and a reason.
    #[error("a command needs who and why")]
    OperatorEmpty,
    /// A name or a reason is longer than a command may have it.
    #[error("{len} bytes of text, at most {limit} are taken")]
    OperatorTooLong {
        /// Bytes of the text.
        len: usize,
        /// The most bytes of either text.
        limit: usize,
    },
}

codes! {
    InputError {
        Offset = "offset_out_of_range",
        OperatorEmpty = "signature_empty",
        OperatorTooLong = "signature_too_long",
    }
}

#[cfg(test)]
mod tests;
