//! Requests for a snapshot: one at once, then ever more rarely.

use core::time::Duration;

use crate::reducer::{Effect, Phase, ReducerLimits};

/// The schedule of one run's requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Requests {
    effect: Option<Effect>,
    /// While the run waits: when the next request is due, and how many came before.
    next: Option<(Duration, u32)>,
    /// When the last request was made, in this wait or an earlier one.
    last: Option<Duration>,
}

impl Requests {
    /// Brings the schedule up to date.
    pub(super) fn update(&mut self, now: Duration, phase: Phase, limits: &ReducerLimits) {
        let Phase::NeedsResync(reason) = phase else {
            self.next = None;
            self.effect = None;
            return;
        };
        // A run that recovers and fails again does not ask more often than one that waits.
        let earliest = self
            .last
            .map_or(now, |last| last.saturating_add(limits.request_after));
        let (due, attempt) = self.next.unwrap_or((earliest, 0));
        if now < due {
            self.next = Some((due, attempt));
            return;
        }
        self.effect = Some(Effect::RequestSnapshot { reason, attempt });
        self.last = Some(now);
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        let wait = limits.request_after.saturating_mul(factor);
        let wait = wait.min(limits.request_at_most);
        self.next = Some((now.saturating_add(wait), attempt.saturating_add(1)));
    }

    pub(super) const fn poll(&mut self) -> Option<Effect> {
        self.effect.take()
    }

    pub(super) const fn has_effect(&self) -> bool {
        self.effect.is_some()
    }

    pub(super) const fn next_at(&self) -> Option<Duration> {
        match self.next {
            Some((at, _)) => Some(at),
            None => None,
        }
    }
}
