//! The verdict: a pure function of a snapshot, the time, a policy, and which gates were open.

use core::cmp::Reverse;
use core::time::Duration;

use crate::facts::{PartitionFacts, SelfScrape};
use crate::health::gate::Rate;
use crate::health::policy::{HealthPolicy, Threshold};
use crate::health::verdict::{Evidence, Gates, Level, Reason, ReasonCode, Status, Verdict};
use crate::label::Key;
use crate::labels::{ArchiveState, BreakerState, PartitionState, SendOutcome};
use crate::outcome::Recent;
use crate::snapshot::Snapshot;
use crate::units::Age;
use crate::window::Readings;

/// Mean gaps without an event after which a rate of the past is over: the chance that a process
/// which still runs at that rate stays silent for so long is e^-5, less than one per cent.
const QUIET_GAPS: f64 = 5.0;

/// Judges `snapshot` at `now`.
///
/// `previous` is [`Verdict::gates`] of the verdict before, or the default at the start: gates open
/// and close at different bounds, so that a verdict does not flap. The result depends on nothing
/// else, so a verdict can be repeated from a recorded snapshot.
pub fn judge(
    now: Duration,
    snapshot: &Snapshot,
    policy: &HealthPolicy,
    previous: Gates,
) -> Verdict {
    let mut bench = Bench {
        snapshot,
        policy,
        reasons: Vec::new(),
        rates: Vec::new(),
    };
    let snapshot_age = snapshot.age(now);
    if snapshot_age.exceeds(policy.snapshot) {
        bench.reason(
            ReasonCode::SnapshotStale,
            Level::Fail,
            age(Some(snapshot_age), policy.snapshot),
        );
    }
    let gates = bench.rates(previous);
    bench.partitions();
    bench.archive();
    bench.instruments();
    let connection = bench.connection(now);

    let Bench {
        mut reasons, rates, ..
    } = bench;
    reasons.sort_by_key(|reason| Reverse(reason.level));
    let level = reasons
        .iter()
        .map(|reason| reason.level)
        .max()
        .unwrap_or(Level::Pass);
    Verdict {
        status: if level == Level::Fail {
            Status::Degraded
        } else {
            connection
        },
        level,
        reasons,
        rates,
        gates,
        snapshot_age,
    }
}

struct Bench<'a> {
    snapshot: &'a Snapshot,
    policy: &'a HealthPolicy,
    reasons: Vec<Reason>,
    rates: Vec<Rate>,
}

impl Bench<'_> {
    fn reason(&mut self, code: ReasonCode, level: Level, evidence: Evidence) {
        self.reasons.push(Reason {
            code,
            level,
            evidence,
        });
    }

    /// Judges each rate in its windows and says which gates are open now.
    fn rates(&mut self, previous: Gates) -> Gates {
        let last = &self.snapshot.last;
        let (decode, missing) = (last.decode_error, last.payload_missing);
        let [decode_errors_short, decode_errors_long] = self.outcome_rate(
            ReasonCode::DecodeErrors,
            Recent::is_decode_error,
            self.policy.decode_errors,
            decode,
            [previous.decode_errors_short, previous.decode_errors_long],
        );
        let [payload_missing_short, payload_missing_long] = self.outcome_rate(
            ReasonCode::PayloadMissing,
            Recent::is_payload_missing,
            self.policy.payload_missing,
            missing,
            [
                previous.payload_missing_short,
                previous.payload_missing_long,
            ],
        );
        let sends = self.rate(
            ReasonCode::SendFailures,
            &self.snapshot.windows.sends,
            |outcome| match outcome {
                SendOutcome::Sent => false,
                SendOutcome::Failed | SendOutcome::TimedOut => true,
            },
            self.policy.send_failures,
            previous.send_failures,
        );
        if sends.open {
            self.reason(ReasonCode::SendFailures, Level::Warn, Evidence::Rate(sends));
        }
        self.rates.push(sends);
        let dropped = self.snapshot.windows.drops.count(());
        if dropped > self.policy.drops {
            self.reason(
                ReasonCode::MessagesDropped,
                Level::Warn,
                Evidence::Count {
                    value: dropped,
                    limit: self.policy.drops,
                },
            );
        }
        Gates {
            decode_errors_short,
            decode_errors_long,
            payload_missing_short,
            payload_missing_long,
            send_failures: sends.open,
        }
    }

    /// One kind of bad record in both windows; at most one reason comes of it.
    fn outcome_rate(
        &mut self,
        of: ReasonCode,
        bad: fn(Recent) -> bool,
        threshold: Threshold,
        last: Option<Duration>,
        [short_was, long_was]: [bool; 2],
    ) -> [bool; 2] {
        let windows = &self.snapshot.windows;
        let short = self.rate(of, &windows.short, bad, threshold, short_was);
        let mut long = self.rate(of, &windows.long, bad, threshold, long_was);
        long.open &= short.k > 0 || !is_over(&long, self.snapshot.ago(last));
        if let Some(open) = [short, long].into_iter().find(|rate| rate.open) {
            self.reason(of, Level::Fail, Evidence::Rate(open));
        }
        self.rates.extend([short, long]);
        [short.open, long.open]
    }

    fn rate<K: Key>(
        &self,
        of: ReasonCode,
        readings: &Readings<K>,
        bad: impl FnMut(K) -> bool,
        threshold: Threshold,
        was_open: bool,
    ) -> Rate {
        let (k, n) = (readings.counts.sum_of(bad), readings.counts.total());
        let (lower, upper) = self.policy.gate.bounds(k, n);
        Rate {
            of,
            window: readings.window,
            covered: readings.covered,
            k,
            n,
            lower,
            upper,
            threshold: threshold.share(),
            open: self.policy.gate.is_open(k, n, threshold, was_open),
            torn: readings.torn,
        }
    }

    fn partitions(&mut self) {
        let snapshot = self.snapshot;
        for partition in &snapshot.facts.partitions {
            let (code, level) = match partition.state {
                PartitionState::Running | PartitionState::Seeking | PartitionState::Waiting => {
                    continue;
                }
                PartitionState::PausedByPolicy => (ReasonCode::PartitionHeld, self.policy.held),
                PartitionState::PausedByOperator => (ReasonCode::PartitionPaused, Level::Warn),
                PartitionState::BlockedByArchive => (ReasonCode::PartitionBlocked, Level::Fail),
                PartitionState::Unfetchable => (ReasonCode::PartitionUnfetchable, Level::Fail),
                PartitionState::Stalled => (ReasonCode::PartitionStalled, Level::Fail),
                PartitionState::Unknown => (ReasonCode::PartitionUnknown, Level::Warn),
                PartitionState::EvidenceLost => (ReasonCode::EvidenceLost, Level::Fail),
                PartitionState::HostResources => (ReasonCode::HostResources, Level::Warn),
            };
            self.reason(code, level, self.held(partition));
        }
    }

    fn held(&self, partition: &PartitionFacts) -> Evidence {
        Evidence::Partition {
            id: partition.id,
            offset: partition.held_at,
            held: Age::since(partition.since, self.snapshot.taken_at),
        }
    }

    fn archive(&mut self) {
        let snapshot = self.snapshot;
        let archive = &snapshot.facts.archive;
        let failed = snapshot.ago(snapshot.last.archive_failure);
        match archive.state {
            ArchiveState::Off | ArchiveState::Healthy => {}
            ArchiveState::Failing => self.reason(
                ReasonCode::ArchiveFailing,
                Level::Warn,
                age(failed, Duration::ZERO),
            ),
            ArchiveState::Blocked => self.reason(
                ReasonCode::ArchiveFailing,
                Level::Fail,
                age(failed, Duration::ZERO),
            ),
        }
        let waits = snapshot.ago(archive.oldest_pending_since);
        if waits.is_some_and(|waits| waits.exceeds(self.policy.archive_pending)) {
            self.reason(
                ReasonCode::ArchivePending,
                Level::Warn,
                age(waits, self.policy.archive_pending),
            );
        }
        if let Some(breaker) = snapshot.facts.breaker {
            match breaker.state {
                BreakerState::Closed => {}
                BreakerState::Open => self.reason(
                    ReasonCode::BreakerOpen,
                    Level::Warn,
                    age(snapshot.ago(Some(breaker.since)), Duration::ZERO),
                ),
            }
        }
    }

    /// Whether what was measured can be believed.
    fn instruments(&mut self) {
        match self.snapshot.facts.self_scrape {
            SelfScrape::Never | SelfScrape::Complete => {}
            SelfScrape::Differs(series) => self.reason(
                ReasonCode::SelfScrape,
                Level::Fail,
                Evidence::Count {
                    value: series.into(),
                    limit: 0,
                },
            ),
        }
        let torn = self.rates.iter().filter(|rate| rate.torn).count();
        if torn > 0 {
            self.reason(
                ReasonCode::WindowInexact,
                Level::Warn,
                Evidence::Count {
                    value: torn.try_into().unwrap_or(u64::MAX),
                    limit: 0,
                },
            );
        }
    }

    /// The part of the status that is about the broker, and not about the records.
    fn connection(&mut self, now: Duration) -> Status {
        let ago = |moment: Option<Duration>| moment.map(|moment| Age::since(moment, now));
        let silent = ago(self.snapshot.last.message);
        let failed = ago(self.snapshot.last.infrastructure_error);
        let is_silent = silent.is_none_or(|silent| silent.exceeds(self.policy.silence));
        let has_failed =
            failed.is_some_and(|failed| failed.duration() < self.policy.infrastructure);
        if is_silent {
            self.reason(
                ReasonCode::NoRecentMessages,
                Level::Pass,
                age(silent, self.policy.silence),
            );
        }
        if has_failed {
            self.reason(
                ReasonCode::InfrastructureError,
                Level::Warn,
                age(failed, self.policy.infrastructure),
            );
        }
        match (has_failed, is_silent) {
            (true, _) => Status::Reconnecting,
            (false, true) => Status::Waiting,
            (false, false) => Status::Healthy,
        }
    }
}

/// Whether a long window's rate belongs to the past: nothing bad has happened for much longer than
/// the mean gap between its bad events.
fn is_over(long: &Rate, since_last: Option<Age>) -> bool {
    let Some(since_last) = since_last else {
        return true;
    };
    #[expect(clippy::cast_precision_loss, reason = "an estimate of a gap")]
    let mean_gap = long.covered.as_secs_f64() / long.k.max(1) as f64;
    since_last.seconds() > QUIET_GAPS * mean_gap
}

fn age(age: Option<Age>, limit: Duration) -> Evidence {
    Evidence::Age { age, limit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Share;

    #[test]
    fn a_rate_is_over_after_more_than_five_mean_gaps_of_silence() {
        let none = Share::from_fraction(0.0);
        let long = Rate {
            of: ReasonCode::DecodeErrors,
            window: Duration::from_secs(3_600),
            covered: Duration::from_secs(100),
            k: 10,
            n: 100,
            lower: none,
            upper: none,
            threshold: none,
            open: true,
            torn: false,
        };
        // One in ten seconds.
        for (millis, over) in [(49_999, false), (50_000, false), (50_001, true)] {
            let silence = Age::since(Duration::ZERO, Duration::from_millis(millis));
            assert_eq!(is_over(&long, Some(silence)), over, "{millis} ms");
        }
        assert!(is_over(&long, None), "what never happened is over");
        let one = Rate { k: 0, ..long };
        let silence = Age::since(Duration::ZERO, Duration::from_secs(500));
        assert!(
            !is_over(&one, Some(silence)),
            "no gap is longer than the window"
        );
    }
}
