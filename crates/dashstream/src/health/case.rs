//! What the rules judge: the snapshot, the rates that are beyond their thresholds, and what lasts.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_metrics::{Age, Rate, Threshold, WindowCounts};

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
        // First: whether the archive fails depends on its rate.
        case.judge_rates();
        case.gates.archive_failing_since = case.archive_failing_since();
        case.gates.lag = case.lowest_lags();
        case
    }

    /// The rates of one code that are beyond their threshold.
    pub(super) fn open(&self, code: ReasonCode) -> Option<Rate> {
        let mut open = self.rates.iter().filter(|(_, rate)| rate.open);
        open.find(|(of, _)| *of == code).map(|(_, rate)| *rate)
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
        let observed = &self.snapshot.observed;
        let is_cut_off =
            observed.broker_unreachable_since.is_some() || observed.broker_refusal.is_some();
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
        let windows = &self.snapshot.windows;
        self.outcome_rate(
            ReasonCode::DecodeErrors,
            Outcome::is_decode_error,
            |outcome| !outcome.is_old(),
            policy.decode_errors,
            last.decode_error,
        );
        self.outcome_rate(
            ReasonCode::PayloadMissing,
            Outcome::is_payload_missing,
            |outcome| !outcome.is_old(),
            policy.payload_missing,
            last.payload_missing,
        );
        self.outcome_rate(
            ReasonCode::OldDataErrors,
            |outcome| matches!(outcome, Outcome::OldData(_)),
            Outcome::is_old,
            policy.old_data_errors,
            last.old_data_error,
        );
        if let Some(sends) = &windows.sends {
            let (code, threshold) = (ReasonCode::SendFailures, policy.send_failures);
            let bad = |outcome| outcome != SendOutcome::Sent;
            let rate = self.judge(code, sends, bad, |_| true, threshold);
            self.rates.push((code, rate));
        }
        let (code, threshold) = (ReasonCode::ArchiveFailing, policy.archive_failures);
        let bad = |outcome| outcome == DeadLetterOutcome::Failed;
        let rate = self.judge(code, &windows.dead_letters, bad, |_| true, threshold);
        self.rates.push((code, rate));
        // Replaced after the last rate: until here `judge` asks for the gates of the verdict before.
        let open = self.rates.iter().filter(|(_, rate)| rate.open);
        self.gates.open = open.map(|(code, rate)| (*code, rate.window)).collect();
    }

    /// One kind of bad record in both windows, and when the last one was seen.
    fn outcome_rate(
        &mut self,
        code: ReasonCode,
        bad: fn(Outcome) -> bool,
        of: fn(Outcome) -> bool,
        threshold: Threshold,
        last: Option<Duration>,
    ) {
        let windows = &self.snapshot.windows;
        let short = self.judge(code, &windows.short, bad, of, threshold);
        let mut long = self.judge(code, &windows.long, bad, of, threshold);
        // After a burst the long window would hold its gate open for up to an hour. A gate that is closed
        // here is closed for the next verdict too, which asks for more to open one than to keep it open.
        long.open &= short.k > 0 || !is_over(long.covered, long.k, self.snapshot.ago(last));
        // The short window first: `open` gives the first of a code.
        self.rates.extend([(code, short), (code, long)]);
    }

    fn judge<K: Copy>(
        &self,
        code: ReasonCode,
        counts: &WindowCounts<K>,
        bad: impl FnMut(K) -> bool,
        of: impl FnMut(K) -> bool,
        threshold: Threshold,
    ) -> Rate {
        let was_open = self.gates.open.contains(&(code, counts.window));
        Rate::judge(self.policy.gate, counts, bad, of, threshold, was_open)
    }

    /// Since when dead letters fail: as long as one verdict after the other finds that they do.
    fn archive_failing_since(&self) -> Option<Duration> {
        let rate = self.open(ReasonCode::ArchiveFailing);
        match (self.snapshot.observed.archive.state, rate) {
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
        for partition in &self.snapshot.observed.partitions {
            // What is left in `previous` at the end are partitions of other members, and is dropped.
            let before = previous.remove(&partition.id);
            let low = match partition.lag {
                // A lag that is not known leaves the low as it was.
                None => before,
                Some(records) if records <= self.policy.lag => None,
                Some(records) => {
                    // A lag that is as low as before is no new low: a partition that stands still does not
                    // catch up.
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
    // At least one event, so that no gap is longer than the window.
    #[expect(clippy::cast_precision_loss, reason = "an estimate of a gap")]
    let mean_gap = covered.as_secs_f64() / events.max(1) as f64;
    since_last.seconds() > QUIET_GAPS * mean_gap
}

#[cfg(test)]
mod tests;
