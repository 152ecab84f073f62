//! Versions of a state.

use std::collections::VecDeque;

use crate::document::Document;

/// The latest versions of one run's state, each under the sequence number of the message that made
/// it. Versions share what they have in common.
#[derive(Clone, Debug, Default)]
pub struct History {
    versions: VecDeque<Version>,
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
    /// Costs the logarithm of the number of versions.
    #[must_use]
    pub fn at(&self, sequence: u64) -> Option<&Document> {
        let after = self
            .versions
            .partition_point(|version| version.sequence <= sequence);
        let version = self.versions.get(after.checked_sub(1)?)?;
        Some(&version.state)
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
            last.alone = left_behind;
            self.bytes = self.bytes.saturating_add(left_behind);
        }
        self.versions.push_back(Version {
            sequence,
            state: state.clone(),
            alone: 0,
        });
        while self.versions.len() > versions || (self.bytes > bytes && self.versions.len() > 1) {
            let dropped = self.versions.pop_front().map_or(0, |version| version.alone);
            self.bytes = self.bytes.saturating_sub(dropped);
        }
    }

    /// Forgets every version: a new epoch counts from the beginning.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
