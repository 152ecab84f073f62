//! Diffs that wait for the state they apply to.

use std::collections::BTreeMap;

use crate::patch::{Operations, OwnedOperations};
use crate::reducer::sequence_ranges::SequenceRanges;

/// A diff that was kept.
#[derive(Clone, Debug)]
pub(super) struct BufferedDiff {
    pub(super) operations: OwnedOperations,
    pub(super) hash: Vec<u8>,
    pub(super) base: Vec<u8>,
    bytes: usize,
}

/// Diffs by sequence number, within a count and a byte budget.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    diffs: BTreeMap<u64, BufferedDiff>,
    bytes: usize,
}

/// What a kept diff costs beside its operations: its entry, and the headers of its buffers.
const DIFF_BYTES: usize = 256;

/// A node of the table: eleven entries and what links them.
const NODE_BYTES: u64 = 11 * size_of::<(u64, BufferedDiff)>() as u64 + 128;

impl Pending {
    /// Copies a diff, or answers `false`, having copied nothing: it exceeds the budget.
    pub(super) fn keep(
        &mut self,
        sequence: u64,
        (operations, hash, base): (Operations<'_>, &[u8], &[u8]),
        (diffs, bytes): (usize, usize),
    ) -> bool {
        let cost = operations
            .owned_bytes()
            .saturating_add(hash.len())
            .saturating_add(base.len())
            .saturating_add(DIFF_BYTES);
        if self.diffs.len() >= diffs || self.bytes.saturating_add(cost) > bytes {
            return false;
        }
        let kept = BufferedDiff {
            operations: operations.to_owned(),
            hash: hash.to_vec(),
            base: base.to_vec(),
            bytes: cost,
        };
        // Only a number that fell out of the ranges seen can come twice.
        if let Some(previous) = self.diffs.insert(sequence, kept) {
            self.bytes = self.bytes.saturating_sub(previous.bytes);
        }
        self.bytes = self.bytes.saturating_add(cost);
        true
    }

    /// The earliest diff after `cursor`, taken out if every number up to its own was `seen`. Those up to the
    /// cursor are dropped: the state contains them.
    pub(super) fn take_after(
        &mut self,
        cursor: u64,
        seen: &SequenceRanges,
    ) -> Option<(u64, BufferedDiff)> {
        while let Some(first) = self.diffs.first_entry() {
            let at = *first.key();
            if !seen.spans(cursor, at) {
                break;
            }
            let kept = first.remove();
            self.bytes = self.bytes.saturating_sub(kept.bytes);
            if at > cursor {
                return Some((at, kept));
            }
        }
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.diffs.is_empty()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Bytes of the diffs that wait and of the table. A table of one has room for a node's worth.
    pub(super) fn bytes(&self) -> u64 {
        let table = if self.diffs.is_empty() { 0 } else { NODE_BYTES };
        (self.bytes as u64).saturating_add(table)
    }
}
