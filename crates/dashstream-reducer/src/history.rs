//! Versions of a state.

mod index;

use std::collections::VecDeque;

use self::index::Index;
use crate::diff::{DiffError, DiffLimits, Difference, diff};
use crate::document::Document;

/// The latest versions of one run's state, each under the sequence number of the message that made
/// it. Versions share what they have in common.
///
/// A version is pushed when a diff was applied or a full state was read. A message that was refused,
/// or whose hash did not match, makes none: the newest version is the last state that could be relied
/// on. A run that begins anew begins with an empty history.
#[derive(Clone, Debug, Default)]
pub struct History {
    versions: VecDeque<Version>,
    index: Index,
    /// How many versions were dropped from the front.
    dropped: u64,
    bytes: u64,
}

#[derive(Clone, Debug)]
struct Version {
    sequence: u64,
    state: Document,
    /// An upper bound of the bytes that the next version does not share.
    alone: u64,
}

impl History {
    /// How many versions are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.versions.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The state as it was after `sequence`: the newest version that is not younger.
    ///
    /// Constant time for the newest sequence numbers, eight for each version that the limits allow and
    /// at most 65,536, however many of them changed nothing. Further back, where messages without a change or a jump
    /// in the numbers take up more, the logarithm of the number of versions.
    #[must_use]
    pub fn at(&self, sequence: u64) -> Option<&Document> {
        let newest = self.versions.back()?;
        // The index ends with the newest version; all numbers behind it are answered here.
        if newest.sequence <= sequence {
            return Some(&newest.state);
        }
        let position = match self.index.find(sequence) {
            // Serial numbers count what was dropped from the front as well, so that dropping renumbers none.
            Some(serial) => usize::try_from(serial.checked_sub(self.dropped)?).ok()?,
            None => self
                .versions
                .partition_point(|version| version.sequence <= sequence)
                .checked_sub(1)?,
        };
        self.versions.get(position).map(|version| &version.state)
    }

    /// The operations that make the state after `to` of the state after `from`, in either direction
    /// of time.
    ///
    /// Costs what lies between: what the two versions share is passed over.
    ///
    /// # Errors
    ///
    /// [`DiffError::NotKept`], and what [`diff`] returns.
    pub fn diff(&self, from: u64, to: u64, limits: &DiffLimits) -> Result<Difference, DiffError> {
        let at = |sequence| {
            let state = self.at(sequence);
            state.ok_or(DiffError::NotKept { sequence })
        };
        diff(at(from)?, at(to)?, limits)
    }

    /// The versions, oldest first, with the sequence number that made each.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Document)> {
        self.versions
            .iter()
            .map(|version| (version.sequence, &version.state))
    }

    /// Bytes that are held for old versions alone: an upper bound.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds the version that `sequence` made, of which the one before does not share `left_behind`
    /// bytes, and drops the oldest beyond `versions` and `bytes`.
    pub(crate) fn push(
        &mut self,
        sequence: u64,
        state: &Document,
        left_behind: u64,
        (versions, bytes): (usize, u64),
    ) {
        if versions == 0 {
            return;
        }
        if let Some(last) = self.versions.back_mut() {
            // The reducer sees to it: a number that has made a state makes no other, nor does one before it.
            debug_assert!(last.sequence < sequence, "versions follow each other");
            // What the version before holds alone is known only now that another follows it.
            let before = core::mem::replace(&mut last.alone, left_behind);
            self.bytes = self
                .bytes
                .saturating_sub(before)
                .saturating_add(left_behind);
        }
        let serial = self.dropped.saturating_add(self.versions.len() as u64);
        self.versions.push_back(Version {
            sequence,
            state: state.clone(),
            // The newest version is the run's own state, which the run counts.
            alone: 0,
        });
        let most = versions.saturating_mul(NUMBERS_A_VERSION).min(NUMBERS_MAX);
        self.index.push(sequence, serial, most);
        // The newest one stays whatever the budget: it is the run's own state and takes nothing more.
        while self.versions.len() > versions || (self.bytes > bytes && self.versions.len() > 1) {
            let alone = self.versions.pop_front().map_or(0, |version| version.alone);
            self.bytes = self.bytes.saturating_sub(alone);
            self.dropped = self.dropped.saturating_add(1);
        }
        if let Some(first) = self.versions.front() {
            self.index.forget_before(first.sequence);
        }
    }

    /// The newest version.
    pub(crate) fn newest(&self) -> Option<&Document> {
        self.versions.back().map(|version| &version.state)
    }

    /// Forgets the versions after `sequence`: they were refuted.
    pub(crate) fn forget_after(&mut self, sequence: u64) {
        while self
            .versions
            .back()
            .is_some_and(|last| last.sequence > sequence)
        {
            self.versions.pop_back();
        }
        if let Some(last) = self.versions.back_mut() {
            // The run has given its state up, so that nothing else counts this version.
            last.alone = last.state.heap_bytes();
        }
        // Added up again: it happens only when a hash has refuted the state.
        let alone = self.versions.iter().map(|version| version.alone);
        self.bytes = alone.fold(0, u64::saturating_add);
        self.index
            .forget_from(self.dropped.saturating_add(self.versions.len() as u64));
    }

    /// Forgets every version: a new epoch counts from the beginning.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes of the bookkeeping.
    pub(crate) fn table_bytes(&self) -> u64 {
        let versions = self
            .versions
            .capacity()
            .saturating_mul(size_of::<Version>());
        (versions as u64).saturating_add(self.index.bytes())
    }
}

/// Sequence numbers that are found at once, for each version: producers send a handful of messages
/// for each that changes the state.
const NUMBERS_A_VERSION: usize = 8;

/// Sequence numbers that are found at once: half a mebibyte of them, which is also the most that one
/// message with a jump in the numbers makes room for.
const NUMBERS_MAX: usize = 1 << 16;
