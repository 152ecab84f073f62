//! What has been counted since the engine was made.

use crate::{Age, Cause, Disposition, FailureReason, Form};

/// Counts since the engine was made, and the two gauges that close the accounts.
///
/// For every cause, and at every moment:
/// `unprocessable = the sum over all dispositions + pending + blocked`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub(crate) taken: u64,
    pub(crate) processed: u64,
    pub(crate) ignored: u64,
    pub(crate) retried: u64,
    pub(crate) fenced: u64,
    pub(crate) duplicates: u64,
    pub(crate) refused: u64,
    pub(crate) forgotten: u64,
    pub(crate) stores_failed: u64,
    pub(crate) seeks_failed: u64,
    pub(crate) by_cause: [CauseTally; Cause::ALL.len()],
}

/// The counts of one cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CauseTally {
    pub(crate) current: u64,
    pub(crate) old: u64,
    pub(crate) settled: [u64; Disposition::ALL.len()],
    pub(crate) pending: u64,
    pub(crate) blocked: u64,
    pub(crate) acked: [u64; 2],
    pub(crate) failed: [u64; FailureReason::ALL.len()],
}

impl Tally {
    /// Records that were let in, redeliveries included, ignored ones not.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Records that the handler was done with.
    #[must_use]
    pub const fn processed(&self) -> u64 {
        self.processed
    }

    /// Records without a value that their topic's rule ignores.
    #[must_use]
    pub const fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Attempts beyond the first.
    #[must_use]
    pub const fn retried(&self) -> u64 {
        self.retried
    }

    /// Inputs that belonged to an assignment or a send that was no longer current.
    #[must_use]
    pub const fn fenced(&self) -> u64 {
        self.fenced
    }

    /// Records that arrived although they had been taken.
    #[must_use]
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }

    /// Records that were refused and will be fetched again.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Records that were under way when their assignment ended or an earlier record was put on
    /// hold. They had no verdict yet, and will be delivered again, here or elsewhere.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Stores that the client refused; each was repeated while its assignment lasted.
    #[must_use]
    pub const fn stores_failed(&self) -> u64 {
        self.stores_failed
    }

    /// Seeks that the client refused; each was repeated while its assignment lasted.
    #[must_use]
    pub const fn seeks_failed(&self) -> u64 {
        self.seeks_failed
    }

    /// Records of this cause and age that could not be processed.
    #[must_use]
    pub fn unprocessable(&self, cause: Cause, age: Age) -> u64 {
        let of = self.of(cause);
        match age {
            Age::Current => of.current,
            Age::Old => of.old,
        }
    }

    /// Records of this cause that ended so.
    #[must_use]
    pub fn settled(&self, cause: Cause, disposition: Disposition) -> u64 {
        self.of(cause)
            .settled
            .get(disposition.index())
            .copied()
            .unwrap_or(0)
    }

    /// Records of this cause that wait for the archive, now.
    #[must_use]
    pub fn pending(&self, cause: Cause) -> u64 {
        self.of(cause).pending
    }

    /// Records of this cause that are held, now.
    #[must_use]
    pub fn blocked(&self, cause: Cause) -> u64 {
        self.of(cause).blocked
    }

    /// Records of this cause that the archive acknowledged in this form.
    #[must_use]
    pub fn archive_acked(&self, cause: Cause, form: Form) -> u64 {
        let [full, reduced] = self.of(cause).acked;
        match form {
            Form::Full => full,
            Form::Reduced => reduced,
        }
    }

    /// Sends of records of this cause that failed so.
    #[must_use]
    pub fn archive_failed(&self, cause: Cause, reason: FailureReason) -> u64 {
        self.of(cause)
            .failed
            .get(reason.index())
            .copied()
            .unwrap_or(0)
    }

    /// Whether the accounts close, for every cause.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.by_cause.iter().all(|of| {
            let settled = of
                .settled
                .iter()
                .fold(0_u64, |sum, n| sum.saturating_add(*n));
            let counted = of.current.saturating_add(of.old);
            counted
                == settled
                    .saturating_add(of.pending)
                    .saturating_add(of.blocked)
        })
    }

    fn of(&self, cause: Cause) -> CauseTally {
        self.by_cause
            .get(cause.index())
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn of_mut(&mut self, cause: Cause) -> &mut CauseTally {
        // `Cause::index` is below the length, as a test of `Cause` shows; the first is never wrong
        // to touch for the compiler's sake.
        let at = cause.index();
        let [first, ..] = &mut self.by_cause;
        let _ = first;
        &mut self.by_cause[at]
    }
}
