//! Where a record stands: topic, partition, offset, and the assignment it was read under.

use core::fmt;

use crate::InputError;

/// One partition of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "trace", derive(serde::Serialize, serde::Deserialize))]
pub struct TopicPartition {
    topic: u16,
    partition: i32,
}

impl TopicPartition {
    /// Names partition `partition`, by the broker's number, of the topic to which the host gave the number
    /// `topic`, once and for good.
    #[must_use]
    pub const fn new(topic: u16, partition: i32) -> Self {
        Self { topic, partition }
    }

    /// The host's number of the topic.
    #[must_use]
    pub const fn topic(self) -> u16 {
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
        write!(f, "{}/{}", self.topic, self.partition)
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
    /// [`InputError::Offset`] for a negative number, which clients use for "none", and for `i64::MAX`,
    /// which has no successor.
    pub const fn new(offset: i64) -> Result<Self, InputError> {
        if offset < 0 || offset == i64::MAX {
            return Err(InputError::Offset { offset });
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
        // `new` refuses `i64::MAX`. Only `NextOffset::position` can give it; a saturated successor is
        // then stored as it is, and never as a negative offset.
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
/// # Ok::<(), dashstream_policy::InputError>(())
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

/// A partition under one of its assignments.
pub(crate) type OwnedPartition = (TopicPartition, Assignment);

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

#[cfg(test)]
mod tests;
