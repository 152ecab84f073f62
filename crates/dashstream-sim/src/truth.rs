//! What really happened to the records, whatever the engine says.

use std::collections::{BTreeMap, BTreeSet};

use dashstream_policy::Form;

/// One partition's truth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Truth {
    /// Every record that ever was.
    pub(crate) existed: BTreeSet<i64>,
    /// An offset may pass these: processed, ignored, dropped by configuration, or given up by order.
    pub(crate) accounted: BTreeSet<i64>,
    /// An offset may pass these once the archive holds them.
    pub(crate) if_archived: BTreeSet<i64>,
    /// What compaction deleted. An offset may pass it, unless the consumer stands at it and knows.
    pub(crate) compacted: BTreeSet<i64>,
    /// The record that the policy has stopped at under this assignment.
    pub(crate) stopped_at: Option<i64>,
    /// What the archive holds.
    pub(crate) archived: BTreeSet<(i64, Form)>,
    /// What was ever let in.
    pub(crate) taken: BTreeSet<i64>,
    /// Records that were rejected and not processed since.
    pub(crate) rejected: BTreeSet<i64>,
    /// How often a record was found unprocessable.
    pub(crate) verdicts: BTreeMap<i64, usize>,
}

impl Truth {
    /// The first record before `next` that nothing allows to pass.
    pub(crate) fn lost_before(&self, next: i64, accept_reduced: bool) -> Option<i64> {
        self.existed
            .range(..next)
            .copied()
            .find(|offset| !self.may_pass(*offset, accept_reduced))
    }

    pub(crate) fn may_pass(&self, offset: i64, accept_reduced: bool) -> bool {
        self.accounted.contains(&offset)
            || (self.compacted.contains(&offset) && self.stopped_at != Some(offset))
            || (self.if_archived.contains(&offset) && self.has(offset, accept_reduced))
    }

    pub(crate) fn has(&self, offset: i64, accept_reduced: bool) -> bool {
        self.archived.contains(&(offset, Form::Full))
            || (accept_reduced && self.archived.contains(&(offset, Form::Reduced)))
    }

    /// A record was found unprocessable, and the policy is to stop at it.
    pub(crate) fn must_stop_at(&mut self, offset: i64) {
        self.accounted.remove(&offset);
        self.if_archived.remove(&offset);
    }

    /// An operator gives up a range.
    pub(crate) fn give_up(&mut self, from: i64, to: i64) {
        let range: Vec<_> = self.existed.range(from..to.max(from)).copied().collect();
        self.accounted.extend(range);
    }
}
