//! Where a record stands: topic, partition, offset, and the assignment it was read under.

use core::fmt;

use thiserror::Error;

/// A topic, by a number that the host picks once and keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct TopicId(u16);

impl TopicId {
    /// Names the topic that the host numbered `id`.
    #[must_use]
    pub const fn new(id: u16) -> Self {
        Self(id)
    }

    /// The host's number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// One partition of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct TopicPartition {
    topic: TopicId,
    partition: i32,
}

impl TopicPartition {
    /// Names partition `partition` of `topic`; the number is the broker's.
    #[must_use]
    pub const fn new(topic: TopicId, partition: i32) -> Self {
        Self { topic, partition }
    }

    /// The topic.
    #[must_use]
    pub const fn topic(self) -> TopicId {
        self.topic
    }

    /// The broker's number of the partition.
    #[must_use]
    pub const fn partition(self) -> i32 {
        self.partition
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic.0, self.partition)
    }
}

/// Which assignment of a partition something belongs to.
///
/// The host counts assignments up, for each partition or for the whole consumer, and never uses a
/// number twice for one partition. What arrives under an older number is ignored and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct Assignment(u64);

impl Assignment {
    /// Names the assignment that the host numbered `assignment`.
    #[must_use]
    pub const fn new(assignment: u64) -> Self {
        Self(assignment)
    }

    /// The host's number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The offset of a record, or a position to read from. Never the value to store: that is a
/// [`NextOffset`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct Offset(
    #[cfg_attr(feature = "trace", serde(deserialize_with = "crate::trace::offset"))] i64,
);

impl Offset {
    /// The first offset of a partition.
    pub const ZERO: Self = Self(0);

    /// Takes an offset as the broker's client spells it.
    ///
    /// # Errors
    ///
    /// [`OffsetError`] for a negative number, which clients use for "none", and for `i64::MAX`,
    /// which has no successor.
    pub const fn new(offset: i64) -> Result<Self, OffsetError> {
        if offset < 0 || offset == i64::MAX {
            return Err(OffsetError::OutOfRange { offset });
        }
        Ok(Self(offset))
    }

    /// The broker's number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// What to store once this record and everything before it is settled.
    pub(crate) const fn next(self) -> NextOffset {
        // Cannot wrap: `new` refuses `i64::MAX`.
        NextOffset(self.0.saturating_add(1))
    }

    /// The offset before this one, if there is one.
    pub(crate) fn previous(self) -> Option<Self> {
        self.0
            .checked_sub(1)
            .filter(|offset| *offset >= 0)
            .map(Self)
    }
}

/// The offset to store: one past the last settled record.
///
/// Only the engine makes one, so that "the offset of the record" and "the offset to go on from"
/// cannot be confused, and no host can store what the engine did not release.
///
/// ```compile_fail,E0423
/// use dashstream_policy::NextOffset;
/// let forged = NextOffset(43);
/// ```
///
/// ```
/// use dashstream_policy::{NextOffset, Offset};
/// let offset = Offset::new(42)?;
/// fn stored(next: NextOffset) -> i64 { next.get() }
/// # let _ = (offset, stored);
/// # Ok::<(), dashstream_policy::OffsetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct NextOffset(
    #[cfg_attr(
        feature = "trace",
        serde(deserialize_with = "crate::trace::next_offset")
    )]
    i64,
);

impl NextOffset {
    /// The number that the client's list API takes as it is, without adding one.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The position that reading goes on from.
    #[must_use]
    pub const fn position(self) -> Offset {
        Offset(self.0)
    }

    /// The value that says "everything before `position` is accounted for".
    pub(crate) const fn before(position: Offset) -> Self {
        Self(position.0)
    }
}

/// What the log of a partition has, as its broker said it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::exhaustive_structs, reason = "a log has these two ends")]
pub struct LogRange {
    /// The first offset that it still has.
    pub low: Offset,
    /// The offset that the next record gets.
    pub high: Offset,
}

/// A number that is no offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OffsetError {
    /// Negative, or without a successor.
    #[error("offset {offset} is outside 0..i64::MAX")]
    OutOfRange {
        /// The number that was given.
        offset: i64,
    },
}

codes! {
    OffsetError {
        OutOfRange = "offset_out_of_range",
    }
}

#[cfg(test)]
mod tests;
