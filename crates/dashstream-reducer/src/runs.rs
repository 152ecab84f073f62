//! Many runs, by thread id, within a budget.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::reducer::{Effect, Outcome, Reducer, ReducerLimits, Stamp, Update};

/// Limits of [`Runs`]. Start from [`Default`] and set fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunsLimits {
    /// What each run may cost.
    pub run: ReducerLimits,
    /// Runs held. Default 1,024. The run that arrived first goes first.
    pub runs: usize,
    /// Bytes that all runs may hold, as [`Runs::bytes`] counts them. Default 256 MiB.
    pub bytes: u64,
    /// Bytes of a thread id. Default 256: producers write UUIDs (36 bytes), the rest is room for a
    /// prefix. A message with a longer one is quarantined.
    pub thread_bytes: usize,
    /// Messages without a usable thread id that are remembered. Default 1,000, as in the existing
    /// consumers.
    pub quarantined: usize,
}

impl Default for RunsLimits {
    fn default() -> Self {
        Self {
            run: ReducerLimits::default(),
            runs: 1_024,
            bytes: 256 << 20,
            thread_bytes: 256,
            quarantined: 1_000,
        }
    }
}

/// What all runs together look like, and what became of all updates since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Runs whose state can be relied on, now.
    pub synced: usize,
    /// Runs that wait for a full state, now.
    pub waiting: usize,
    /// Runs evicted for a budget, since the start.
    pub evicted: u64,
    /// Updates, since the start, by what became of them.
    pub outcomes: Tally,
    /// Messages that no reducer looks at, since the start: they carry no state.
    pub not_applicable: u64,
}

/// How often each [`Outcome`] occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an outcome may say that a run needs a snapshot"]
pub struct Tally {
    /// [`Outcome::Applied`].
    pub applied: u64,
    /// [`Outcome::Recovered`].
    pub recovered: u64,
    /// [`Outcome::Unchanged`].
    pub unchanged: u64,
    /// [`Outcome::Duplicate`].
    pub duplicate: u64,
    /// [`Outcome::Stale`].
    pub stale: u64,
    /// [`Outcome::Buffered`].
    pub buffered: u64,
    /// [`Outcome::Waiting`].
    pub waiting: u64,
    /// [`Outcome::Resync`].
    pub resync: u64,
    /// [`Outcome::Quarantined`].
    pub quarantined: u64,
    /// Verdicts of a matching hash, in whichever dialect.
    pub verified: u64,
    /// The ones among them that matched in another dialect.
    pub drifted: u64,
}

impl Tally {
    /// Counts one outcome.
    pub const fn count(&mut self, outcome: Outcome) {
        let _ = outcome;
    }
}

/// Many runs, each under its thread id.
///
/// A run that is not held, because it is new or was evicted, needs a full state: it does not start
/// from an empty object.
#[derive(Debug)]
pub struct Runs {
    limits: RunsLimits,
    runs: BTreeMap<Arc<str>, Reducer>,
}

impl Runs {
    /// No runs yet.
    #[must_use]
    pub const fn new(limits: RunsLimits) -> Self {
        Self {
            limits,
            runs: BTreeMap::new(),
        }
    }

    /// Takes the next message of the run `thread`. Drain [`Runs::poll_effect`] afterwards.
    pub fn apply(
        &mut self,
        now: Duration,
        thread: &str,
        stamp: Stamp,
        update: Update<'_>,
    ) -> Outcome {
        let run = self
            .runs
            .entry(Arc::from(thread))
            .or_insert_with(|| Reducer::new(self.limits.run.clone()));
        run.apply(now, stamp, update)
    }

    /// Tells every run that messages were lost which may have been its own: a record could not be
    /// decoded, or the consumer jumped.
    pub fn lost(&mut self, now: Duration) {
        let _ = now;
    }

    /// The run `thread`, if it is held.
    #[must_use]
    pub fn get(&self, thread: &str) -> Option<&Reducer> {
        self.runs.get(thread)
    }

    /// The runs held, by thread id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Reducer)> {
        self.runs.iter().map(|(thread, run)| (&**thread, run))
    }

    /// What the runs look like, in constant time.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// Bytes the runs hold: an upper bound, from the counts that documents keep.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        0
    }

    /// The next thing the host is asked to do, and for which thread.
    pub fn poll_effect(&mut self) -> Option<(Arc<str>, Effect)> {
        None
    }

    /// When [`Runs::handle_timeout`] wants to be called, if it does.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    /// Tells the runs that time has passed. Drain [`Runs::poll_effect`] afterwards.
    pub fn handle_timeout(&mut self, now: Duration) {
        let _ = now;
    }
}
