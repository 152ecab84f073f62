//! Whether a partition moves: the detector for stalls that no error announces.
//!
//! A client can stop delivering without a word: a batch that inflates beyond what it reads, a pause
//! that was lost in a rebalance, a fetch that fails for ever inside it.

use core::time::Duration;

/// One partition's movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The offset of the next record expected, once known.
    next: Option<i64>,
    /// The end of the log, where the client has read up to it. What lies between `next` and here is
    /// no record: a transaction's marker, or what compaction took.
    reached: Option<i64>,
    /// When it last moved.
    moved: Duration,
    /// When it last had a reason not to.
    rested: Duration,
    stalled: bool,
}

/// What a judgement changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Stalled,
    Unstalled,
}

impl Progress {
    pub(crate) const fn new(now: Duration, next: Option<i64>) -> Self {
        Self {
            next,
            reached: None,
            moved: now,
            rested: now,
            stalled: false,
        }
    }

    pub(crate) fn next(&self) -> Option<i64> {
        // Statistics may be older than the last record, so that the higher of the two counts.
        self.next
            .map(|next| self.reached.map_or(next, |reached| reached.max(next)))
    }

    /// The client has read up to there, or to no end, and handed everything on.
    pub(crate) const fn reached(&mut self, end: Option<i64>) {
        self.reached = end;
    }

    pub(crate) const fn moved_at(&self) -> Duration {
        self.moved
    }

    pub(crate) fn stalled_since(&self) -> Option<Duration> {
        self.stalled.then(|| self.still_since())
    }

    /// Since when it does not move and has no reason not to.
    pub(crate) fn still_since(&self) -> Duration {
        self.moved.max(self.rested)
    }

    /// A record was delivered, or the position was set.
    pub(crate) const fn moved(&mut self, now: Duration, next: i64) {
        self.next = Some(next);
        self.reached = None;
        self.moved = now;
    }

    /// Judges the partition at `now`.
    ///
    /// `at_rest` says that something of ours keeps it from moving, `high` is a fresh high watermark.
    /// Without one nothing new is concluded: a partition at its end looks the same.
    pub(crate) fn judge(
        &mut self,
        now: Duration,
        at_rest: bool,
        high: Option<i64>,
        patience: Duration,
    ) -> Option<Change> {
        // A position that is not known counts as behind: some first record is still to come.
        let behind = high.map(|high| self.next().is_none_or(|next| next < high));
        let was = self.stalled;
        if at_rest || behind == Some(false) {
            // The time that it may stand still begins anew when its reason to rest is gone.
            self.rested = now;
            self.stalled = false;
        } else if now.saturating_sub(self.still_since()) < patience {
            self.stalled = false;
        } else if behind == Some(true) {
            self.stalled = true;
        }
        match (was, self.stalled) {
            (false, true) => Some(Change::Stalled),
            (true, false) => Some(Change::Unstalled),
            (false, false) | (true, true) => None,
        }
    }
}

#[cfg(test)]
mod tests;
