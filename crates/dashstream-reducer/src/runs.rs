//! Many runs, by thread id, within a budget.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::hash::Verdict;
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
}

impl Default for RunsLimits {
    fn default() -> Self {
        Self {
            run: ReducerLimits::default(),
            runs: 1_024,
            bytes: 256 << 20,
            thread_bytes: 256,
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
        let slot = match outcome {
            Outcome::Applied(verdict) => {
                self.verdict(verdict);
                &mut self.applied
            }
            Outcome::Recovered { .. } => &mut self.recovered,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Duplicate => &mut self.duplicate,
            Outcome::Stale => &mut self.stale,
            Outcome::Buffered => &mut self.buffered,
            Outcome::Waiting => &mut self.waiting,
            Outcome::Resync(_) => &mut self.resync,
            Outcome::Quarantined => &mut self.quarantined,
        };
        *slot = slot.saturating_add(1);
    }

    const fn verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Match => self.verified = self.verified.saturating_add(1),
            Verdict::Drift(_) => {
                self.verified = self.verified.saturating_add(1);
                self.drifted = self.drifted.saturating_add(1);
            }
            Verdict::Mismatch | Verdict::NotComparable(_) => {}
        }
    }
}

/// Many runs, each under its thread id.
///
/// A run that is not held, because it is new or was evicted, needs a full state: it does not start
/// from an empty object. Messages without a usable thread id belong to no run: they are counted and
/// change nothing.
#[derive(Debug)]
pub struct Runs {
    limits: RunsLimits,
    runs: BTreeMap<Arc<str>, Reducer>,
    /// The runs in the order in which they arrived.
    arrivals: BTreeMap<u64, Arc<str>>,
    arrived: u64,
    bytes: u64,
    counts: Counts,
    effects: VecDeque<(Arc<str>, Effect)>,
    #[cfg(feature = "wire")]
    pub(crate) checkpoints: dashstream_codec::CheckpointReader,
}

impl Runs {
    /// No runs yet.
    #[must_use]
    pub fn new(limits: RunsLimits) -> Self {
        Self {
            runs: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            arrived: 0,
            bytes: 0,
            counts: Counts::default(),
            effects: VecDeque::new(),
            #[cfg(feature = "wire")]
            checkpoints: crate::wire::reader(&limits.run.read),
            limits,
        }
    }

    /// Takes the next message of the run `thread`. Drain [`Runs::poll_effect`] afterwards.
    ///
    /// Costs what [`Reducer::apply`] costs, and the logarithm of the number of runs.
    pub fn apply(
        &mut self,
        now: Duration,
        thread: &str,
        stamp: Stamp,
        update: Update<'_>,
    ) -> Outcome {
        let outcome = if thread.trim().is_empty() || thread.len() > self.limits.thread_bytes {
            Outcome::Quarantined
        } else {
            let name = self.hold(thread);
            let outcome = self.with(&name, |run| run.apply(now, stamp, update));
            self.evict();
            outcome.unwrap_or(Outcome::Quarantined)
        };
        self.counts.outcomes.count(outcome);
        outcome
    }

    /// Tells every run that messages were lost which may have been its own: a record could not be
    /// decoded, or the consumer jumped. Costs the number of runs.
    pub fn lost(&mut self, now: Duration) {
        let names: Vec<_> = self.runs.keys().cloned().collect();
        for name in names {
            let lost = |run: &mut Reducer| run.apply(now, Stamp::default(), Update::Lost);
            if let Some(outcome) = self.with(&name, lost) {
                self.counts.outcomes.count(outcome);
            }
        }
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
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// Bytes that the runs hold, as [`Reducer::bytes`] estimates them.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next thing the host is asked to do, and for which thread.
    pub fn poll_effect(&mut self) -> Option<(Arc<str>, Effect)> {
        self.effects.pop_front()
    }

    /// When [`Runs::handle_timeout`] wants to be called, if it does. Costs the number of runs.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.runs.values().filter_map(Reducer::poll_timeout).min()
    }

    /// Tells the runs that time has passed. Drain [`Runs::poll_effect`] afterwards.
    pub fn handle_timeout(&mut self, now: Duration) {
        let due = |run: &Reducer| run.poll_timeout().is_some_and(|at| at <= now);
        let names: Vec<_> = self
            .runs
            .iter()
            .filter(|(_, run)| due(run))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in names {
            let _held = self.with(&name, |run| run.handle_timeout(now));
        }
    }

    /// Counts a message that carries no state.
    #[cfg(feature = "wire")]
    pub(crate) const fn not_applicable(&mut self) {
        self.counts.not_applicable = self.counts.not_applicable.saturating_add(1);
    }

    /// Makes sure that the run is held, and returns its name without a copy where it was.
    fn hold(&mut self, thread: &str) -> Arc<str> {
        if let Some((name, _)) = self.runs.get_key_value(thread) {
            return Arc::clone(name);
        }
        let name = Arc::<str>::from(thread);
        self.arrived = self.arrived.saturating_add(1);
        self.arrivals.insert(self.arrived, Arc::clone(&name));
        let run = Reducer::new(self.limits.run.clone());
        self.bytes = self.bytes.saturating_add(run.bytes());
        self.count(&run, true);
        self.runs.insert(Arc::clone(&name), run);
        name
    }

    /// Runs `body` on a run and keeps the totals right.
    fn with<T>(&mut self, name: &Arc<str>, body: impl FnOnce(&mut Reducer) -> T) -> Option<T> {
        let run = self.runs.get_mut(name)?;
        let (synced, bytes) = (run.needs_resync().is_none(), run.bytes());
        let value = body(run);
        while let Some(effect) = run.poll_effect() {
            self.effects.push_back((Arc::clone(name), effect));
        }
        self.bytes = self.bytes.saturating_sub(bytes).saturating_add(run.bytes());
        match (synced, run.needs_resync().is_none()) {
            (true, false) => self.counts.moved(-1),
            (false, true) => self.counts.moved(1),
            (true, true) | (false, false) => {}
        }
        Some(value)
    }

    /// Drops the runs that arrived first while a budget is exceeded; the last one stays.
    fn evict(&mut self) {
        while (self.runs.len() > self.limits.runs || self.bytes > self.limits.bytes)
            && self.runs.len() > 1
        {
            let Some((_, name)) = self.arrivals.pop_first() else {
                return;
            };
            if let Some(run) = self.runs.remove(&name) {
                self.bytes = self.bytes.saturating_sub(run.bytes());
                self.count(&run, false);
                self.counts.evicted = self.counts.evicted.saturating_add(1);
                self.effects.retain(|(thread, _)| *thread != name);
            }
        }
    }

    fn count(&mut self, run: &Reducer, arrives: bool) {
        let slot = match run.needs_resync() {
            None => &mut self.counts.synced,
            Some(_) => &mut self.counts.waiting,
        };
        *slot = if arrives {
            slot.saturating_add(1)
        } else {
            slot.saturating_sub(1)
        };
    }
}

impl Counts {
    /// One run came into step, or fell out of it.
    const fn moved(&mut self, synced: isize) {
        self.synced = self.synced.saturating_add_signed(synced);
        self.waiting = self.waiting.saturating_add_signed(synced.saturating_neg());
    }
}
