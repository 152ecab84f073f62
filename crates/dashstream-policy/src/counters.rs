//! What has been counted since the engine was made.

use std::collections::BTreeMap;

use crate::{Backlog, Cause, Count, Disposition, FailureReason, Form};

/// Counts since the engine was made, and the two gauges that close the accounts.
///
/// For every cause, and at every moment:
/// `unprocessable = the sum over all dispositions + pending + blocked`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Records that were let in, redeliveries included, ignored ones not.
    pub taken: u64,
    /// Records that the handler was done with.
    pub processed: u64,
    /// Records without a value that their topic's rule ignores.
    pub ignored: u64,
    /// Attempts beyond the first.
    pub retried: u64,
    /// How often a record was deferred, since the host could not process it then.
    pub deferred: u64,
    /// Inputs that belonged to an assignment or a send that was no longer current.
    pub fenced: u64,
    /// Records that arrived although they had been taken.
    pub duplicates: u64,
    /// Records that were refused and will be fetched again.
    pub refused: u64,
    /// Records that were under way when their assignment ended or an earlier record was put on
    /// hold. They had no verdict yet, and will be delivered again, here or elsewhere.
    pub forgotten: u64,
    /// Stores that the client refused; each is repeated while its assignment lasts.
    pub stores_failed: u64,
    /// Seeks that the client refused; each is repeated while its assignment lasts.
    pub seeks_failed: u64,
    unprocessable: BTreeMap<(Cause, Backlog), u64>,
    settled: BTreeMap<(Cause, Disposition), u64>,
    pending: BTreeMap<Cause, u64>,
    blocked: BTreeMap<Cause, u64>,
    acked: BTreeMap<(Cause, Form), u64>,
    failed: BTreeMap<(Cause, FailureReason), u64>,
}

impl Counters {
    /// Records of this cause and age that could not be processed.
    #[must_use]
    pub fn unprocessable(&self, cause: Cause, backlog: Backlog) -> u64 {
        read(&self.unprocessable, &(cause, backlog))
    }

    /// Records of this cause that ended so.
    #[must_use]
    pub fn settled(&self, cause: Cause, disposition: Disposition) -> u64 {
        read(&self.settled, &(cause, disposition))
    }

    /// Records of this cause that wait for the archive, now.
    #[must_use]
    pub fn pending(&self, cause: Cause) -> u64 {
        read(&self.pending, &cause)
    }

    /// Records of this cause that are held, now.
    #[must_use]
    pub fn blocked(&self, cause: Cause) -> u64 {
        read(&self.blocked, &cause)
    }

    /// Records of this cause that the archive acknowledged in this form.
    #[must_use]
    pub fn archive_acked(&self, cause: Cause, form: Form) -> u64 {
        read(&self.acked, &(cause, form))
    }

    /// Sends of records of this cause that failed so.
    #[must_use]
    pub fn archive_failed(&self, cause: Cause, reason: FailureReason) -> u64 {
        read(&self.failed, &(cause, reason))
    }

    /// Whether the accounts close, for every cause.
    #[must_use]
    pub fn closes(&self) -> bool {
        Cause::ALL.into_iter().all(|cause| {
            let counted =
                [Backlog::Current, Backlog::Old].map(|backlog| self.unprocessable(cause, backlog));
            let ended = Disposition::ALL.map(|end| self.settled(cause, end));
            let waiting = [self.pending(cause), self.blocked(cause)];
            counted.iter().sum::<u64>() == ended.iter().chain(&waiting).sum::<u64>()
        })
    }

    /// Counts a fact as it is announced.
    pub(crate) fn add(&mut self, fact: Count) {
        bump(match fact {
            Count::Unprocessable { cause, backlog } => {
                self.unprocessable.entry((cause, backlog)).or_default()
            }
            Count::Settled { cause, disposition } => {
                self.settled.entry((cause, disposition)).or_default()
            }
            Count::ArchiveAcked { cause, form } => self.acked.entry((cause, form)).or_default(),
            Count::ArchiveFailed { cause, reason } => {
                self.failed.entry((cause, reason)).or_default()
            }
            Count::Fenced => &mut self.fenced,
            Count::Duplicate => &mut self.duplicates,
            Count::Refused(_) => &mut self.refused,
            // `now_blocked` counts what is held. This is announced again when a hold goes on for another
            // reason, and would count it twice.
            Count::Held { .. } => return,
        });
    }

    pub(crate) fn now_pending(&mut self, cause: Cause) {
        bump(self.pending.entry(cause).or_default());
    }

    pub(crate) fn no_longer_pending(&mut self, cause: Cause) {
        lower(self.pending.entry(cause).or_default());
    }

    pub(crate) fn now_blocked(&mut self, cause: Cause) {
        bump(self.blocked.entry(cause).or_default());
    }

    pub(crate) fn no_longer_blocked(&mut self, cause: Cause) {
        lower(self.blocked.entry(cause).or_default());
    }
}

/// Counts one more. A counter that is full stays full: a wrapped one would look like a restart.
pub(crate) const fn bump(counter: &mut u64) {
    *counter = counter.saturating_add(1);
}

const fn lower(gauge: &mut u64) {
    *gauge = gauge.saturating_sub(1);
}

fn read<K: Ord>(counters: &BTreeMap<K, u64>, key: &K) -> u64 {
    counters.get(key).copied().unwrap_or(0)
}
