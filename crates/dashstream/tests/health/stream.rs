//! A host that judges once a second, and what it records.

use core::time::Duration;

use dashstream::metrics::Level;
use dashstream::policy::Cause;
use dashstream::{
    Gates, HealthPolicy, Metrics, Observation, Options, Outcome, ReasonCode, Status, Verdict, judge,
};

/// A stream that is judged once a second, as a host does it.
pub(crate) struct Stream {
    pub(crate) metrics: Metrics,
    pub(crate) policy: HealthPolicy,
    pub(crate) gates: Gates,
    pub(crate) second: u64,
    pub(crate) observed: Observation,
}

impl Stream {
    pub(crate) fn new() -> Self {
        let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
        Self {
            metrics,
            policy: HealthPolicy::default(),
            gates: Gates::default(),
            second: 0,
            observed: Observation::default(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        Duration::from_secs(self.second)
    }

    /// One second with these outcomes, then a verdict.
    pub(crate) fn second(&mut self, outcomes: &[(Outcome, u64)]) -> Verdict {
        self.second += 1;
        for (outcome, times) in outcomes {
            for _ in 0..*times {
                self.metrics.record(self.now(), *outcome);
            }
        }
        self.judge()
    }

    pub(crate) fn judge(&mut self) -> Verdict {
        let snapshot = self.metrics.observe(self.now(), self.observed.clone());
        let verdict = judge(self.now(), &snapshot, &self.policy, self.gates.clone());
        self.gates = verdict.gates.clone();
        verdict
    }

    pub(crate) fn seconds(&mut self, seconds: u64, outcomes: &[(Outcome, u64)]) -> Verdict {
        for _ in 1..seconds {
            let _ = self.second(outcomes);
        }
        self.second(outcomes)
    }

    /// Seconds of `outcomes` until the status is `wanted`; at most `limit`.
    pub(crate) fn until(&mut self, wanted: Status, limit: u64, outcomes: &[(Outcome, u64)]) -> u64 {
        for passed in 1..=limit {
            if self.second(outcomes).status == wanted {
                return passed;
            }
        }
        panic!("not {wanted} within {limit} s: {:?}", self.judge());
    }
}

pub(crate) const GOOD: Outcome = Outcome::Processed;

pub(crate) const BAD: Outcome = Outcome::Unprocessable(Cause::DecodeError);

pub(crate) const NULL: Outcome = Outcome::Unprocessable(Cause::NullPayload);

pub(crate) const OLD: Outcome = Outcome::OldData(Cause::DecodeError);

pub(crate) fn reasons(verdict: &Verdict) -> Vec<(ReasonCode, Level)> {
    let reasons = verdict.reasons.iter();
    reasons.map(|reason| (reason.code, reason.level)).collect()
}

/// What is said of a stream on which nothing ever arrived.
pub(crate) const SILENT: Option<(ReasonCode, Level)> =
    Some((ReasonCode::NoRecentMessages, Level::Pass));
