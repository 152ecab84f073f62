//! What could not be processed, by cause, and what became of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use dashstream_metrics::{Counts, Label};
use dashstream_policy::Disposition;

use crate::labels::{CAUSE, DISPOSITION};
use crate::snapshot::Snapshot;

/// For every cause, `by_cause` is the sum over `dispositions`, plus `pending`, plus `blocked`.
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
    pub other: Fields,
}

impl UnprocessablePart {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let ledger = &snapshot.facts.ledger;
        Self {
            by_cause: by(CAUSE, |cause| snapshot.totals.unprocessable(cause)),
            dispositions: by(DISPOSITION, |how: Disposition| {
                let settled = ledger.settled.iter();
                let settled = settled.filter(|((this, _), _)| *this == how);
                settled.fold(0, |sum, (_, n)| sum.saturating_add(*n))
            }),
            pending: by_counts(CAUSE, &ledger.pending),
            blocked: by_counts(CAUSE, &ledger.blocked),
            other: Fields::new(),
        }
    }
}

pub(super) fn by<K: Copy>(
    label: Label<K>,
    mut read: impl FnMut(K) -> u64,
) -> BTreeMap<String, u64> {
    let values = label.values.iter();
    values
        .map(|value| ((label.text)(*value).into(), read(*value)))
        .collect()
}

pub(super) fn by_counts<K: Copy>(label: Label<K>, counts: &Counts<K>) -> BTreeMap<String, u64> {
    by(label, |value| counts.get(value))
}
