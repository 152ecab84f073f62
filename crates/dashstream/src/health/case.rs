//! What the rules judge: the snapshot, the rates that are beyond their thresholds, and what lasts.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_metrics::{Age, Rate, Threshold};

use crate::health::policy::HealthPolicy;
use crate::health::verdict::{Gates, Low, Status};
use crate::labels::{ArchiveState, DeadLetterOutcome, SendOutcome};
use crate::outcome::Outcome;
use crate::reason_code::ReasonCode;
use crate::snapshot::Snapshot;

/// Mean gaps without an event after which a rate of the past is over: the chance that a process
/// which still runs at that rate stays silent for so long is e^-5, less than one per cent.
const QUIET_GAPS: f64 = 5.0;

/// What the rules judge: the snapshot, and what is known beside it.
pub(super) struct Case<'a> {
    pub(super) now: Duration,
    pub(super) snapshot: &'a Snapshot,
    pub(super) policy: &'a HealthPolicy,
    /// Every rate that was judged, those of two windows one after the other.
    pub(super) rates: Vec<(ReasonCode, Rate)>,
    /// What the next verdict must know.
    pub(super) gates: Gates,
}

/// One kind of bad record, and what it is a share of.
struct OutcomeRate {
    code: ReasonCode,
    bad: fn(Outcome) -> bool,
    of: fn(Outcome) -> bool,
    threshold: Threshold,
    /// When the last one was seen.
    last: Option<Duration>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        now: Duration,
        snapshot: &'a Snapshot,
        policy: &'a HealthPolicy,
        previous: Gates,
    ) -> Self {
        let mut case = Self {
            now,
            snapshot,
            policy,
            rates: Vec::new(),
            gates: previous,
        };
        case.judge_rates();
        case.gates.archive_failing_since = case.archive_failing_since();
        case.gates.lag = case.lowest_lags();
        case
    }

    /// The rates of one code that are beyond their threshold.
    pub(super) fn open(&self, code: ReasonCode) -> Option<Rate> {
        let mut rates = self.rates.iter();
        rates
            .find(|(of, rate)| *of == code && rate.open)
            .map(|(_, rate)| *rate)
    }

    /// How long ago `moment` was at `now`.
    pub(super) fn ago(&self, moment: Option<Duration>) -> Option<Age> {
        moment.map(|moment| Age::since(moment, self.now))
    }

    pub(super) fn is_silent(&self) -> bool {
        let silent = self.ago(self.snapshot.last.message);
        silent.is_none_or(|silent| silent.exceeds(self.policy.silence))
    }

    /// The latest error of the connection, while it is recent.
    pub(super) fn connection_error(&self) -> Option<Age> {
        let failed = self.ago(self.snapshot.last.infrastructure_error);
        failed.filter(|failed| failed.duration() < self.policy.infrastructure)
    }

    /// The part of the status that is about the broker, and not about the records.
    pub(super) fn connection(&self) -> Status {
        let facts = &self.snapshot.facts;
        let is_cut_off = facts.broker_unreachable_since.is_some() || facts.broker_refusal.is_some();
        if self.connection_error().is_some() || is_cut_off {
            Status::Reconnecting
        } else if self.is_silent() {
            Status::Waiting
        } else {
            Status::Healthy
        }
    }

    /// Judges each rate in its windows and notes which gates are open now.
    fn judge_rates(&mut self) {
        let (last, policy) = (&self.snapshot.last, self.policy);
        let gates = &self.gates;
        let decode_errors = [gates.decode_errors_short, gates.decode_errors_long];
        let payload_missing = [gates.payload_missing_short, gates.payload_missing_long];
        let old_data = [gates.old_data_short, gates.old_data_long];
        let decode_errors = self.outcome_rate(
            &OutcomeRate {
                code: ReasonCode::DecodeErrors,
                bad: Outcome::is_decode_error,
                of: |outcome| !outcome.is_old(),
                threshold: policy.decode_errors,
                last: last.decode_error,
            },
            decode_errors,
        );
        let payload_missing = self.outcome_rate(
            &OutcomeRate {
                code: ReasonCode::PayloadMissing,
                bad: Outcome::is_payload_missing,
                of: |outcome| !outcome.is_old(),
                threshold: policy.payload_missing,
                last: last.payload_missing,
            },
            payload_missing,
        );
        let old_data = self.outcome_rate(
            &OutcomeRate {
                code: ReasonCode::OldDataErrors,
                bad: |outcome| matches!(outcome, Outcome::OldData(_)),
                of: Outcome::is_old,
                threshold: policy.old_data_errors,
                last: last.old_data_error,
            },
            old_data,
        );
        let windows = &self.snapshot.windows;
        let sends = windows.sends.as_ref().map(|sends| {
            let bad = |outcome| outcome != SendOutcome::Sent;
            let was = self.gates.send_failures;
            Rate::judge(policy.gate, sends, bad, |_| true, policy.send_failures, was)
        });
        let dead_letters = Rate::judge(
            policy.gate,
            &windows.dead_letters,
            |outcome| outcome == DeadLetterOutcome::Failed,
            |_| true,
            policy.archive_failures,
            self.gates.archive_failures,
        );
        self.gates.send_failures = sends.is_some_and(|rate| rate.open);
        self.gates.archive_failures = dead_letters.open;
        let sends = sends.map(|rate| (ReasonCode::SendFailures, rate));
        self.rates.extend(sends);
        self.rates.push((ReasonCode::ArchiveFailing, dead_letters));
        let gates = &mut self.gates;
        [gates.decode_errors_short, gates.decode_errors_long] = decode_errors;
        [gates.payload_missing_short, gates.payload_missing_long] = payload_missing;
        [gates.old_data_short, gates.old_data_long] = old_data;
    }

    /// One kind of bad record in both windows.
    fn outcome_rate(&mut self, rate: &OutcomeRate, was: [bool; 2]) -> [bool; 2] {
        let windows = &self.snapshot.windows;
        let [short_was, long_was] = was;
        let [short, mut long] =
            [(&windows.short, short_was), (&windows.long, long_was)].map(|(readings, was)| {
                let gate = self.policy.gate;
                Rate::judge(gate, readings, rate.bad, rate.of, rate.threshold, was)
            });
        long.open &= short.k > 0 || !is_over(long.covered, long.k, self.snapshot.ago(rate.last));
        let both = [short, long];
        self.rates.extend(both.map(|judged| (rate.code, judged)));
        both.map(|judged| judged.open)
    }

    /// Since when dead letters fail: as long as one verdict after the other finds that they do.
    fn archive_failing_since(&self) -> Option<Duration> {
        let share = self.open(ReasonCode::ArchiveFailing);
        match (self.snapshot.facts.archive.state, share) {
            (ArchiveState::Off, _) | (ArchiveState::Healthy, None) => None,
            (ArchiveState::Healthy, Some(_))
            | (ArchiveState::Failing | ArchiveState::Blocked, _) => {
                let before = self.gates.archive_failing_since;
                Some(before.unwrap_or(self.snapshot.taken_at))
            }
        }
    }

    /// For each partition beyond the limit its lowest lag since it is.
    ///
    /// A lag beyond the limit is no failure while it shrinks: that is what catching up looks like.
    /// Whether it shrinks is seen by new lows, which neither a burst of producers nor the interval
    /// between two looks at the log's end can hide for long.
    fn lowest_lags(&mut self) -> BTreeMap<i32, Low> {
        let at = self.snapshot.taken_at;
        let mut previous = core::mem::take(&mut self.gates.lag);
        let mut now = BTreeMap::new();
        for partition in &self.snapshot.facts.partitions {
            let before = previous.remove(&partition.id);
            let low = match partition.lag {
                // Not known is neither more nor less than before.
                None => before,
                Some(records) if records <= self.policy.lag => None,
                Some(records) => {
                    let lower = before.filter(|low| low.records <= records);
                    Some(lower.unwrap_or(Low { records, at }))
                }
            };
            now.extend(low.map(|low| (partition.id, low)));
        }
        now
    }
}

/// Whether a long window's rate belongs to the past: nothing bad has happened for much longer than
/// the mean gap between its bad events.
fn is_over(covered: Duration, events: u64, since_last: Option<Age>) -> bool {
    let Some(since_last) = since_last else {
        return true;
    };
    #[expect(clippy::cast_precision_loss, reason = "an estimate of a gap")]
    let mean_gap = covered.as_secs_f64() / events.max(1) as f64;
    since_last.seconds() > QUIET_GAPS * mean_gap
}

#[cfg(test)]
mod tests;
