//! The verdict: a pure function of a snapshot, the time, a policy, and which gates were open.

use core::cmp::Reverse;
use core::time::Duration;

use crate::facts::SelfScrape;
use crate::health::gate::Rate;
use crate::health::policy::{HealthPolicy, Threshold};
use crate::health::verdict::{Evidence, Gates, Level, Reason, ReasonCode, Status, Verdict};
use crate::label::Key;
use crate::labels::{DeadLetterOutcome, SendOutcome};
use crate::outcome::Recent;
use crate::snapshot::Snapshot;
use crate::units::Age;
use crate::window::Readings;

mod archive;
mod connection;
mod partitions;

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
    let mut gates = bench.rates(&previous);
    bench.nothing_processed();
    bench.partitions();
    gates.lag = bench.lag(previous.lag);
    bench.unowned(now);
    gates.archive_failing_since = bench.archive(previous.archive_failing_since);
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

/// One kind of bad record, and what it is a share of.
struct OutcomeRate {
    code: ReasonCode,
    level: Level,
    bad: fn(Recent) -> bool,
    of: fn(Recent) -> bool,
    threshold: Threshold,
    /// When the last one was seen.
    last: Option<Duration>,
}

impl Bench<'_> {
    fn reason(&mut self, code: ReasonCode, level: Level, evidence: Evidence) {
        self.reasons.push(Reason {
            code,
            level,
            evidence,
        });
    }

    /// A warning up to the age of `limit`, a failure beyond it.
    fn level_at(&self, age: Age, limit: Duration) -> Level {
        if age.exceeds(limit) {
            Level::Fail
        } else {
            Level::Warn
        }
    }

    /// Judges each rate in its windows and says which gates are open now.
    fn rates(&mut self, previous: &Gates) -> Gates {
        let last = &self.snapshot.last;
        let [decode_errors_short, decode_errors_long] = self.outcome_rate(
            &OutcomeRate {
                code: ReasonCode::DecodeErrors,
                level: Level::Fail,
                bad: Recent::is_decode_error,
                of: |outcome| !outcome.is_old(),
                threshold: self.policy.decode_errors,
                last: last.decode_error,
            },
            [previous.decode_errors_short, previous.decode_errors_long],
        );
        let [payload_missing_short, payload_missing_long] = self.outcome_rate(
            &OutcomeRate {
                code: ReasonCode::PayloadMissing,
                level: Level::Fail,
                bad: Recent::is_payload_missing,
                of: |outcome| !outcome.is_old(),
                threshold: self.policy.payload_missing,
                last: last.payload_missing,
            },
            [
                previous.payload_missing_short,
                previous.payload_missing_long,
            ],
        );
        let [old_data_short, old_data_long] = self.outcome_rate(
            &OutcomeRate {
                code: ReasonCode::OldDataErrors,
                level: Level::Warn,
                bad: |outcome| outcome.is_old() && outcome.is_unprocessable(),
                of: Recent::is_old,
                threshold: self.policy.old_data_errors,
                last: last.old_data_error,
            },
            [previous.old_data_short, previous.old_data_long],
        );
        let windows = &self.snapshot.windows;
        let sends = self.rate(
            ReasonCode::SendFailures,
            &windows.sends,
            |outcome| match outcome {
                SendOutcome::Sent => false,
                SendOutcome::Failed | SendOutcome::TimedOut => true,
            },
            |_| true,
            self.policy.send_failures,
            previous.send_failures,
        );
        let dead_letters = self.rate(
            ReasonCode::ArchiveFailing,
            &windows.dead_letters,
            |outcome| match outcome {
                DeadLetterOutcome::Acknowledged => false,
                DeadLetterOutcome::Failed => true,
            },
            |_| true,
            self.policy.archive_failures,
            previous.archive_failures,
        );
        if sends.open {
            self.reason(ReasonCode::SendFailures, Level::Warn, Evidence::Rate(sends));
        }
        self.rates.extend([sends, dead_letters]);
        let dropped = windows.drops.count(());
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
            old_data_short,
            old_data_long,
            archive_failures: dead_letters.open,
            ..Gates::default()
        }
    }

    /// One kind of bad record in both windows; at most one reason comes of it.
    fn outcome_rate(&mut self, rate: &OutcomeRate, [short_was, long_was]: [bool; 2]) -> [bool; 2] {
        let windows = &self.snapshot.windows;
        let [short, mut long] =
            [(&windows.short, short_was), (&windows.long, long_was)].map(|(readings, was)| {
                self.rate(rate.code, readings, rate.bad, rate.of, rate.threshold, was)
            });
        long.open &= short.k > 0 || !is_over(&long, self.snapshot.ago(rate.last));
        if let Some(open) = [short, long].into_iter().find(|rate| rate.open) {
            self.reason(rate.code, rate.level, Evidence::Rate(open));
        }
        self.rates.extend([short, long]);
        [short.open, long.open]
    }

    /// Whether records arrive and none of them can be processed, old ones included: a rate says
    /// nothing about the first two, and one of old records only warns.
    fn nothing_processed(&mut self) {
        let counts = &self.snapshot.windows.long.counts;
        let bad = counts.sum_of(Recent::is_unprocessable);
        if bad > 0 && counts.sum_of(Recent::is_processed) == 0 {
            let level = if bad < self.policy.gate.events_min() {
                Level::Warn
            } else {
                Level::Fail
            };
            let evidence = Evidence::Count {
                value: bad,
                limit: 0,
            };
            self.reason(ReasonCode::NothingProcessed, level, evidence);
        }
    }

    fn rate<K: Key>(
        &self,
        code: ReasonCode,
        readings: &Readings<K>,
        bad: impl FnMut(K) -> bool,
        of: impl FnMut(K) -> bool,
        threshold: Threshold,
        was_open: bool,
    ) -> Rate {
        let (k, n) = (readings.counts.sum_of(bad), readings.counts.sum_of(of));
        let (lower, upper) = self.policy.gate.bounds(k, n);
        Rate {
            of: code,
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
