//! Requests for a snapshot: one at once, then ever more rarely.

use core::time::Duration;

use crate::reducer::{Effect, ReducerLimits, ResyncReason};

/// The schedule of one run's requests. One that the host has not taken was not made.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    /// A request waits for the host.
    due: bool,
    /// The time, as far as the run was told.
    now: Duration,
    /// While the run waits: when the next request is due, and how many came before.
    next: Option<(Duration, u32)>,
    /// When the last request was made, in this wait or an earlier one.
    last: Option<Duration>,
}

impl Requests {
    /// Brings the schedule up to date.
    pub(super) fn update(
        &mut self,
        now: Duration,
        resync: Option<ResyncReason>,
        limits: &ReducerLimits,
    ) {
        self.now = self.now.max(now);
        if resync.is_none() {
            self.next = None;
            self.due = false;
            return;
        }
        // A run that recovers and fails again does not ask more often than one that waits.
        let earliest = self
            .last
            .map_or(now, |last| last.saturating_add(limits.request_after));
        let (at, attempt) = self.next.unwrap_or((earliest, 0));
        self.next = Some((at, attempt));
        self.due |= now >= at;
    }

    /// Takes the request that waits, and plans the next one.
    pub(super) fn poll(
        &mut self,
        resync: Option<ResyncReason>,
        limits: &ReducerLimits,
    ) -> Option<Effect> {
        let reason = resync?;
        if !core::mem::take(&mut self.due) {
            return None;
        }
        let attempt = self.next.map_or(0, |(_, attempt)| attempt);
        // A shift by 32 or more overflows: the factor stays at its largest.
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        let wait = limits.request_after.saturating_mul(factor);
        let at = self.now.saturating_add(wait.min(limits.request_at_most));
        self.last = Some(self.now);
        self.next = Some((at, attempt.saturating_add(1)));
        Some(Effect::RequestSnapshot { reason, attempt })
    }

    pub(super) const fn has_effect(&self) -> bool {
        self.due
    }

    /// When the next request is due; none is while one waits for the host.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.next.filter(|_| !self.due).map(|(at, _)| at)
    }
}
