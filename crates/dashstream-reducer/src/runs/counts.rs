//! Numbers about all runs, for metrics.

use crate::hash::HashVerdict;
use crate::reducer::{Outcome, Reducer, ResyncReason};

/// What all runs together look like, and what became of all updates since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Runs whose state can be relied on, now.
    pub synced: usize,
    /// Runs among them whose newest state matched its hash, now. The others may be right: they carried no
    /// hash that could be compared, or it was not checked yet.
    pub proven: usize,
    /// Runs that wait for a full state, now.
    pub waiting: usize,
    /// Those among the waiting of which no full state has been seen, now: met in the middle, after a restart
    /// or a rebalance as a rule, and nothing of them was lost.
    pub unseen: usize,
    /// Runs evicted for a budget, since the start.
    pub evicted: u64,
    /// Updates, since the start, by what became of them; and states that were refuted later.
    pub outcomes: ApplySummary,
    /// Messages that no reducer looks at, since the start: they carry no state.
    pub not_applicable: u64,
    pub(super) resyncs: [u64; ResyncReason::CODES.len()],
    pub(super) refused: [u64; StateText::ALL.len()],
    /// Messages in quarantine, now.
    pub quarantine_held: usize,
    /// Bytes of them, now.
    pub quarantine_bytes: u64,
    /// Messages that the quarantine's budget had no room for, since the start.
    pub quarantine_dropped: u64,
}

/// How often each [`Outcome`] occurred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "an outcome may say that a run needs a snapshot"]
pub struct ApplySummary {
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
    /// Sequence numbers that were missing when a [`ResyncReason::Gap`] was found.
    pub missing: u64,
    /// [`Outcome::Quarantined`].
    pub quarantined: u64,
    /// Verdicts of a matching hash, in whichever dialect.
    pub verified: u64,
    /// The ones among them that matched in another dialect.
    pub drifted: u64,
}

/// What one run is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RunState {
    synced: bool,
    unseen: bool,
    proven: bool,
}

impl RunState {
    pub(super) fn of(run: &Reducer) -> Self {
        let needs = run.needs_resync();
        Self {
            synced: needs.is_none(),
            unseen: needs == Some(ResyncReason::NoSnapshot),
            proven: run.is_proven(),
        }
    }
}

/// Where the text of a state stands in a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StateText {
    /// The attribute `initial_state_json` of a graph's start; a start that names no attribute.
    InitialStateJson,
    /// The attribute `state_json` of a graph's start.
    StateJson,
    /// The attribute `state` of a graph's start.
    State,
    /// A diff's full state.
    FullState,
    /// A checkpoint's body, as it is after it was inflated.
    Checkpoint,
}

impl StateText {
    const ALL: [Self; 5] = [
        Self::InitialStateJson,
        Self::StateJson,
        Self::State,
        Self::FullState,
        Self::Checkpoint,
    ];

    /// A stable name, fit for a metric label: the wire's own.
    const fn code(&self) -> &'static str {
        match self {
            Self::InitialStateJson => "initial_state_json",
            Self::StateJson => "state_json",
            Self::State => "state",
            Self::FullState => "full_state",
            Self::Checkpoint => "checkpoint",
        }
    }
}

impl ApplySummary {
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
            Outcome::Resync(reason) => {
                if let ResyncReason::Gap { missing } = reason {
                    self.missing = self.missing.saturating_add(missing);
                }
                &mut self.resync
            }
            Outcome::Quarantined => &mut self.quarantined,
        };
        *slot = slot.saturating_add(1);
    }

    const fn verdict(&mut self, verdict: HashVerdict) {
        match verdict {
            HashVerdict::Match => self.verified = self.verified.saturating_add(1),
            HashVerdict::Drift => {
                self.verified = self.verified.saturating_add(1);
                self.drifted = self.drifted.saturating_add(1);
            }
            HashVerdict::Mismatch | HashVerdict::NotComparable(_) => {}
        }
    }
}

impl Counts {
    /// Why runs came to need a full state, since the start: each [`ResyncReason::code`], and how often.
    /// Each time counts, whether or not the run had recovered in between and whether or not the host was
    /// asked for a snapshot.
    pub fn resyncs(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ResyncReason::CODES.into_iter().zip(self.resyncs)
    }

    /// Texts of states refused on their length, since the start, by where they stood: unread and without
    /// an allocation. The places are `initial_state_json` (also for a start that names no attribute),
    /// `state_json` and `state`, which are attributes of a graph's start, `full_state` of a diff, and
    /// `checkpoint`, whose body may have been inflated.
    ///
    /// Never fewer than were refused. A message that is delivered again after the run went on is not
    /// looked at, and so not refused, but for a checkpoint's body that would have been inflated.
    pub fn refused(&self) -> impl Iterator<Item = (&'static str, u64)> {
        StateText::ALL.iter().map(StateText::code).zip(self.refused)
    }

    pub(crate) fn refuse(&mut self, text: StateText) {
        // In the order of `ALL`.
        if let Some(count) = self.refused.get_mut(text as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// One run is counted as `after` from now on, and no longer as `before`; one that is not held as nothing.
    pub(super) fn recount(&mut self, before: Option<RunState>, after: Option<RunState>) {
        for (state, change) in [(before, -1), (after, 1)] {
            let Some(state) = state else { continue };
            let gauges = [
                (&mut self.synced, state.synced),
                (&mut self.waiting, !state.synced),
                (&mut self.unseen, state.unseen),
                (&mut self.proven, state.proven),
            ];
            for (gauge, counts) in gauges {
                *gauge = gauge.saturating_add_signed(if counts { change } else { 0 });
            }
        }
    }

    /// One more update, and what became of it.
    pub(super) fn outcome(&mut self, outcome: Outcome) {
        self.outcomes.count(outcome);
        if let Outcome::Resync(reason) = outcome {
            for (code, count) in ResyncReason::CODES.into_iter().zip(&mut self.resyncs) {
                *count = count.saturating_add(u64::from(code == reason.code()));
            }
        }
    }

    /// A hash was checked some time after its update.
    pub(super) fn checked(&mut self, verdict: HashVerdict) {
        self.outcomes.verdict(verdict);
        if verdict == HashVerdict::Mismatch {
            // The update itself was counted as applied; this is one outcome more.
            self.outcome(Outcome::Resync(ResyncReason::HashMismatch));
        }
    }
}
