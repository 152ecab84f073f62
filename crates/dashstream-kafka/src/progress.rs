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

    pub(crate) const fn stalled_since(&self) -> Option<Duration> {
        if self.stalled {
            Some(self.still_since())
        } else {
            None
        }
    }

    /// Since when it does not move and has no reason not to.
    pub(crate) const fn still_since(&self) -> Duration {
        if self.moved.as_nanos() < self.rested.as_nanos() {
            self.rested
        } else {
            self.moved
        }
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
        let behind = high.map(|high| self.next().is_none_or(|next| next < high));
        let was = self.stalled;
        if at_rest || behind == Some(false) {
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
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    const fn at(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_partition_that_lags_is_stalled_when_its_patience_is_over_and_not_before() {
        let mut progress = Progress::new(at(0), Some(3));
        assert_eq!(progress.judge(at(59), false, Some(9), PATIENCE), None);
        assert_eq!(
            progress.judge(at(60), false, Some(9), PATIENCE),
            Some(Change::Stalled)
        );
        assert_eq!(progress.judge(at(61), false, Some(9), PATIENCE), None);
        assert_eq!(progress.stalled_since(), Some(at(0)));
        progress.moved(at(62), 4);
        assert_eq!(
            progress.judge(at(62), false, Some(9), PATIENCE),
            Some(Change::Unstalled)
        );
        assert_eq!(progress.stalled_since(), None);
    }

    #[test]
    fn an_idle_partition_is_never_stalled() {
        let mut progress = Progress::new(at(0), Some(9));
        for now in 0..1_000 {
            assert_eq!(progress.judge(at(now), false, Some(9), PATIENCE), None);
        }
        // Its patience begins when there is something to read.
        assert_eq!(progress.judge(at(1_058), false, Some(10), PATIENCE), None);
        assert_eq!(
            progress.judge(at(1_059), false, Some(10), PATIENCE),
            Some(Change::Stalled)
        );
    }

    #[test]
    fn a_paused_partition_is_not_stalled_and_its_patience_begins_at_resume() {
        let mut progress = Progress::new(at(0), Some(3));
        assert_eq!(progress.judge(at(600), true, Some(9), PATIENCE), None);
        assert_eq!(progress.judge(at(659), false, Some(9), PATIENCE), None);
        assert_eq!(
            progress.judge(at(660), false, Some(9), PATIENCE),
            Some(Change::Stalled)
        );
    }

    #[test]
    fn without_a_fresh_watermark_nothing_is_concluded() {
        let mut progress = Progress::new(at(0), Some(3));
        assert_eq!(progress.judge(at(600), false, None, PATIENCE), None);
        assert_eq!(
            progress.judge(at(601), false, Some(9), PATIENCE),
            Some(Change::Stalled)
        );
        assert_eq!(
            progress.judge(at(602), false, None, PATIENCE),
            None,
            "still stalled"
        );
    }

    #[test]
    fn behind_a_marker_at_the_end_of_the_log_a_partition_is_at_rest_until_something_follows() {
        let mut progress = Progress::new(at(0), Some(5));
        progress.reached(Some(6));
        assert_eq!(progress.next(), Some(6));
        for now in 0..1_000 {
            assert_eq!(progress.judge(at(now), false, Some(6), PATIENCE), None);
        }
        // One more, which does not come.
        assert_eq!(progress.judge(at(1_058), false, Some(7), PATIENCE), None);
        assert_eq!(
            progress.judge(at(1_059), false, Some(7), PATIENCE),
            Some(Change::Stalled)
        );
        // A position that was set says nothing of how far the client has read from there.
        progress.moved(at(1_060), 3);
        assert_eq!(progress.next(), Some(3));
    }

    #[test]
    fn a_position_that_never_became_known_stalls_too() {
        let mut progress = Progress::new(at(0), None);
        assert_eq!(
            progress.judge(at(60), false, Some(1), PATIENCE),
            Some(Change::Stalled)
        );
    }
}
