//! The state of a host at one moment, judged: what every page is made from.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use dashstream_metrics::Format;

use crate::handle::Metrics;
use crate::health::{Gates, HealthPolicy, Verdict, judge};
use crate::lock::lock;
use crate::observation::Observation;
use crate::snapshot::Snapshot;

/// Metrics with a clock, the rules' thresholds, and what the verdict before left open. Cheap to clone.
///
/// One loop calls [`Monitor::observe`] about once a second; the pages read from any thread, and say the
/// same as each other because all of it is a function of the last snapshot.
#[derive(Clone)]
pub struct Monitor {
    metrics: Metrics,
    policy: Arc<HealthPolicy>,
    gates: Arc<Mutex<Gates>>,
    clock: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Monitor {
    /// Watches `metrics` by `clock`, the time since the origin that they count from.
    pub fn new(
        metrics: Metrics,
        policy: HealthPolicy,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self {
            metrics,
            policy: Arc::new(policy),
            gates: Arc::default(),
            clock: Arc::new(clock),
        }
    }

    /// Takes a snapshot with this observation, holds its page against the catalogue, and judges it. What
    /// [`Observation::self_scrape`] and [`Observation::active_reasons`] say is replaced.
    pub fn observe(&self, mut observed: Observation) -> Verdict {
        // The page of the snapshot before is compared: what comes of it stands on the page of the new
        // snapshot, which does not exist yet.
        let latest = self.metrics.latest();
        let page = self.metrics.page(&latest, Format::Text);
        observed.self_scrape = Some(self.metrics.self_scrape(&page, &latest.observed));
        // What the verdict before found stands on the page of this snapshot.
        observed.active_reasons = self.gates().active_reasons;
        self.metrics.observe(self.now(), observed);
        let (_, _, verdict) = self.verdict();
        // A poisoned lock is taken all the same: gates are replaced as a whole, so that none are half
        // written.
        *lock(&self.gates) = verdict.gates.clone();
        verdict
    }

    /// Judges the last snapshot as it looks now: an old one is not last known good. Which gates are open
    /// changes only with the next snapshot, so that a verdict does not depend on how often it is asked for.
    pub fn verdict(&self) -> (Duration, Arc<Snapshot>, Verdict) {
        let (now, snapshot) = (self.now(), self.metrics.latest());
        let verdict = judge(now, &snapshot, &self.policy, self.gates());
        (now, snapshot, verdict)
    }

    /// The Prometheus page of the last snapshot.
    #[must_use]
    pub fn page(&self, format: Format) -> String {
        self.metrics.page(&self.metrics.latest(), format)
    }

    /// What is counted.
    #[must_use]
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The time on this monitor's clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        (self.clock)()
    }

    /// What the last verdict left open.
    pub(crate) fn gates(&self) -> Gates {
        let gates = lock(&self.gates);
        gates.clone()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
