//! The archive for unprocessable records, and the breaker on them.

use core::time::Duration;

use crate::health::judge::{Bench, age};
use crate::health::verdict::{Evidence, Level, ReasonCode};
use crate::labels::{ArchiveState, BreakerState};
use crate::units::Age;

impl Bench<'_> {
    /// Judges the archive, which failed since `since` as far as the verdict before knew. Returns since
    /// when it fails now.
    pub(super) fn archive(&mut self, since: Option<Duration>) -> Option<Duration> {
        let failing = self.archive_failing(since);
        self.archive_pending();
        if let Some(breaker) = self.snapshot.facts.breaker {
            match breaker.state {
                BreakerState::Closed => {}
                BreakerState::Open => self.reason(
                    ReasonCode::BreakerOpen,
                    Level::Warn,
                    age(self.snapshot.ago(Some(breaker.since)), Duration::ZERO),
                ),
            }
        }
        failing
    }

    fn archive_failing(&mut self, since: Option<Duration>) -> Option<Duration> {
        let snapshot = self.snapshot;
        let of_archive =
            |rate: &&crate::health::gate::Rate| rate.of == ReasonCode::ArchiveFailing && rate.open;
        let share = self.rates.iter().find(of_archive).copied();
        let failed = age(snapshot.ago(snapshot.last.archive_failure), Duration::ZERO);
        let (fails, evidence) = match (snapshot.facts.archive.state, share) {
            (ArchiveState::Off, _) | (ArchiveState::Healthy, None) => return None,
            (ArchiveState::Healthy | ArchiveState::Failing, Some(rate)) => {
                (false, Evidence::Rate(rate))
            }
            (ArchiveState::Failing, None) => (false, failed),
            (ArchiveState::Blocked, _) => (true, failed),
        };
        let since = since.unwrap_or(snapshot.taken_at);
        let lasts = Age::since(since, snapshot.taken_at);
        let level = if fails {
            Level::Fail
        } else {
            self.level_at(lasts, self.policy.archive_failing)
        };
        self.reason(ReasonCode::ArchiveFailing, level, evidence);
        Some(since)
    }

    /// A letter that waits holds its partition where the archive is required, so that waiting for
    /// long is a stream that stands still.
    fn archive_pending(&mut self) {
        let since = self.snapshot.facts.archive.oldest_pending_since;
        let Some(waits) = self.snapshot.ago(since) else {
            return;
        };
        if waits.exceeds(self.policy.archive_pending) {
            let level = self.level_at(waits, self.policy.archive_pending_fail);
            let evidence = age(Some(waits), self.policy.archive_pending);
            self.reason(ReasonCode::ArchivePending, level, evidence);
        }
    }
}
