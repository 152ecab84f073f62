//! What could not be processed, by cause, and what became of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::other::Other;
use crate::label::{Key, Label};
use crate::labels::Disposition;
use crate::snapshot::Snapshot;
use crate::window::Counts;

/// For every cause, `by_cause` is the sum over `dispositions`, plus `pending`, plus `blocked`.
#[expect(
    clippy::exhaustive_structs,
    reason = "a client must not be able to overlook a new field"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnprocessablePart {
    /// Records by cause.
    pub by_cause: BTreeMap<String, u64>,
    /// Settled records by disposition, all causes together.
    pub dispositions: BTreeMap<String, u64>,
    /// Records that wait for the archive, by cause.
    pub pending: BTreeMap<String, u64>,
    /// Records that hold their partition, by cause.
    pub blocked: BTreeMap<String, u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Other,
}

impl UnprocessablePart {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let ledger = &snapshot.facts.ledger;
        Self {
            by_cause: by(|cause| snapshot.totals.unprocessable(cause)),
            dispositions: by(|how: Disposition| ledger.settled.sum_of(|(this, _)| this == how)),
            pending: by_counts(&ledger.pending),
            blocked: by_counts(&ledger.blocked),
            other: Other::none(),
        }
    }
}

pub(super) fn by<L: Label>(mut read: impl FnMut(L) -> u64) -> BTreeMap<String, u64> {
    L::VALUES
        .iter()
        .map(|label| (label.as_str().into(), read(*label)))
        .collect()
}

pub(super) fn by_counts<L: Label + Key>(counts: &Counts<L>) -> BTreeMap<String, u64> {
    by(|label: L| counts.get(label))
}
