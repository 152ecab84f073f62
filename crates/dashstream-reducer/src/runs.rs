//! Many runs, by thread id, within a budget.

mod counts;
mod limits;
mod quarantine;
mod requests;
mod silence;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::counts::RunState;
pub(crate) use self::counts::StateText;
pub use self::counts::{ApplySummary, Counts};
pub use self::limits::RunsLimits;
use self::quarantine::Quarantine;
pub use self::quarantine::{QuarantineCause, Quarantined};
use self::requests::Requests;
use self::silence::{Heard, Silence};
use crate::document::ReadError;
use crate::reducer::{Effect, HashBudget, Outcome, Reducer, ResyncReason, Stamp, Update};

/// Many runs, each under its thread id.
///
/// A run that is not held, because it is new or was evicted, needs a full state: it does not start
/// from an empty object. A message without a usable thread id belongs to no run: it changes none, and
/// a copy of it is kept in quarantine, within a budget, until the host takes it out with
/// [`Runs::poll_quarantined`].
#[derive(Debug)]
pub struct Runs {
    limits: RunsLimits,
    runs: BTreeMap<Arc<str>, Held>,
    /// The runs in the order in which they arrived.
    arrivals: BTreeMap<u64, Arc<str>>,
    arrived: u64,
    silence: Silence,
    /// When runs want to be told the time, each with its place among the arrivals.
    deadlines: BTreeSet<(Duration, u64)>,
    requests: Requests,
    fuel: HashBudget,
    bytes: u64,
    /// Bytes of the run that was changed last.
    changed: u64,
    counts: Counts,
    quarantine: Quarantine,
    #[cfg(feature = "wire")]
    pub(crate) checkpoints: dashstream_codec::CheckpointReader,
}

#[derive(Debug)]
struct Held {
    run: Reducer,
    arrival: u64,
    heard: Heard,
    /// What is in the totals and the indexes for it.
    bytes: u64,
    deadline: Option<Duration>,
    /// Its place among those that wait to ask.
    asking: Option<u64>,
    /// What it is counted as.
    counted: RunState,
}

impl Runs {
    /// No runs yet.
    #[must_use]
    pub fn new(mut limits: RunsLimits) -> Self {
        // No state is read that its run could not hold.
        let run = &mut limits.run;
        run.read.heap_bytes = run.read.heap_bytes.min(limits.run_bytes);
        run.patch.state_heap_bytes = run.patch.state_heap_bytes.min(limits.run_bytes);
        Self {
            runs: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            arrived: 0,
            silence: Silence::default(),
            deadlines: BTreeSet::new(),
            requests: Requests::new(limits.requests_per_second),
            fuel: HashBudget::new(limits.hash_bytes_per_second),
            bytes: 0,
            changed: 0,
            counts: Counts::default(),
            quarantine: Quarantine::default(),
            #[cfg(feature = "wire")]
            checkpoints: limits.run.read.checkpoint_reader(),
            limits,
        }
    }

    /// Takes the next message of the run `thread`. Drain [`Runs::poll_effect`] afterwards, and
    /// [`Runs::poll_quarantined`] now and then.
    ///
    /// Costs what [`Reducer::apply`] costs, and the logarithm of the number of runs. When a budget is
    /// exceeded runs are dropped: this one if it is the one that grew too large, else those that ended
    /// and those that have been silent longest.
    pub fn apply(
        &mut self,
        now: Duration,
        thread: &str,
        stamp: Stamp,
        update: Update<'_>,
    ) -> Outcome {
        let text = match update {
            Update::Snapshot { .. } => StateText::FullState,
            Update::Checkpoint { .. } | Update::PoisonedCheckpoint { .. } => StateText::Checkpoint,
            Update::Start { .. }
            | Update::Diff { .. }
            | Update::End
            | Update::Other
            | Update::Lost => StateText::InitialStateJson,
        };
        self.apply_from(now, thread, stamp, update, text)
    }

    /// As [`Runs::apply`]; a state in `update` stood in `text`.
    pub(crate) fn apply_from(
        &mut self,
        now: Duration,
        thread: &str,
        stamp: Stamp,
        update: Update<'_>,
        text: StateText,
    ) -> Outcome {
        let outcome = match self.unusable(thread) {
            Some(cause) => self.quarantine(now, thread, stamp, update, cause),
            None => {
                self.requests.tell(now);
                let apply = move |held: &mut Held, fuel: &mut HashBudget, silence: &mut Silence| {
                    let outcome = held.run.apply_within(now, stamp, update, fuel);
                    // Records that come again are no sign of life: they must not save a run from eviction.
                    if !matches!(outcome, Outcome::Duplicate | Outcome::Stale) {
                        let has_ended = match update {
                            Update::End => Some(true),
                            Update::Start { .. } | Update::Diff { .. } => Some(false),
                            Update::Snapshot { .. }
                            | Update::Checkpoint { .. }
                            | Update::PoisonedCheckpoint { .. }
                            | Update::Other
                            | Update::Lost => None,
                        };
                        silence.hear(held.arrival, &mut held.heard, has_ended);
                    }
                    outcome
                };
                // A run that is held takes one look-up, and no allocation for its name.
                let outcome = self.with(thread, apply).or_else(|| {
                    self.hold(thread);
                    self.with(thread, apply)
                });
                self.evict(thread);
                // It is held, so that there is an outcome.
                outcome.unwrap_or(Outcome::Waiting)
            }
        };
        if let Outcome::Resync(ResyncReason::Snapshot(ReadError::TextTooLong { .. })) = outcome {
            self.counts.refuse(text);
        }
        self.counts.outcome(outcome);
        outcome
    }

    /// Tells every run that messages were lost which may have been its own: a record could not be
    /// decoded, or the consumer jumped. Costs the number of runs.
    pub fn lost(&mut self, now: Duration) {
        self.requests.tell(now);
        // Listed first, since `with` borrows all of `self`. A name is shared, not copied.
        let names: Vec<_> = self.runs.keys().cloned().collect();
        for name in names {
            let outcome = self.with(&name, |held, fuel, _| {
                held.run
                    .apply_within(now, Stamp::default(), Update::Lost, fuel)
            });
            if let Some(outcome) = outcome {
                self.counts.outcome(outcome);
            }
        }
    }

    /// Drops the runs whose last message stood in `partition`, which somebody else reads now; their states
    /// would be old if the partition ever came back. They do not count as evicted. Costs the number of
    /// runs.
    pub fn forget_partition(&mut self, partition: i32) {
        // A run of whose messages none came with a position stays.
        let is_there = |held: &Held| {
            held.run
                .position()
                .is_some_and(|at| at.partition == partition)
        };
        let held = self.runs.iter().filter(|(_, held)| is_there(held));
        let names: Vec<_> = held.map(|(name, _)| Arc::clone(name)).collect();
        for name in names {
            self.drop_run(&name);
        }
    }

    /// The run `thread`, if it is held.
    #[must_use]
    pub fn get(&self, thread: &str) -> Option<&Reducer> {
        self.runs.get(thread).map(|held| &held.run)
    }

    /// The runs held, by thread id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Reducer)> {
        self.runs
            .iter()
            .map(|(thread, held)| (&**thread, &held.run))
    }

    /// What the runs look like, in constant time.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            quarantine_held: self.quarantine.len(),
            quarantine_bytes: self.quarantine.bytes(),
            ..self.counts
        }
    }

    /// Bytes that the runs hold: an upper bound, made of [`Reducer::bytes`] and what finding each run
    /// takes. The quarantine has a budget of its own.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        if self.bytes == 0 {
            0
        } else {
            self.bytes.saturating_add(INDEX_BYTES)
        }
    }

    /// The next thing the host is asked to do, and for which thread; the run that has waited longest
    /// asks first. A request that came to nothing meanwhile is not made. `None` as well while the limit
    /// for all runs is reached: [`Runs::poll_timeout`] says until when.
    pub fn poll_effect(&mut self) -> Option<(Arc<str>, Effect)> {
        while self.requests.may_ask() {
            let arrival = self.requests.pop()?;
            let Some(name) = self.arrivals.get(&arrival).cloned() else {
                continue;
            };
            if let Some(held) = self.runs.get_mut(&name) {
                // Its entry was taken out just now; `with` makes another one if there is more to ask.
                held.asking = None;
            }
            if let Some(Some(effect)) = self.with(&name, |held, _, _| held.run.poll_effect()) {
                // Only a request that is made counts against the limit.
                self.requests.asked();
                return Some((name, effect));
            }
        }
        None
    }

    /// The oldest message in quarantine, taken out.
    pub fn poll_quarantined(&mut self) -> Option<Quarantined> {
        self.quarantine.poll()
    }

    /// When [`Runs::handle_timeout`] wants to be called, if it does. Costs the logarithm of the number
    /// of runs.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let due = self.deadlines.first().map(|(at, _)| *at);
        let may_ask = self.requests.next_at();
        due.into_iter().chain(may_ask).min()
    }

    /// Tells the runs that time has passed. Drain [`Runs::poll_effect`] afterwards.
    ///
    /// Costs the runs that are due, and for each the logarithm of the number of runs. Runs are dropped as by
    /// [`Runs::apply`]: a check takes some memory.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.requests.tell(now);
        let due = self.deadlines.range(..=(now, u64::MAX));
        let names: Vec<_> = due
            .filter_map(|(_, arrival)| self.arrivals.get(arrival).cloned())
            .collect();
        for name in names {
            let verdict = self.with(&name, |held, fuel, _| {
                held.run.handle_timeout_within(now, fuel)
            });
            if let Some(Some(verdict)) = verdict {
                self.counts.checked(verdict);
                // What is remembered of a state that was hashed takes room.
                self.evict(&name);
            }
        }
    }

    /// Counts a message that carries no state.
    #[cfg(feature = "wire")]
    pub(crate) const fn not_applicable(&mut self) {
        self.counts.not_applicable = self.counts.not_applicable.saturating_add(1);
    }

    /// Counts a state that was refused on its length before it came here.
    #[cfg(feature = "wire")]
    pub(crate) fn refused(&mut self, text: StateText) {
        self.counts.refuse(text);
    }

    fn unusable(&self, thread: &str) -> Option<QuarantineCause> {
        if thread.len() > self.limits.thread_bytes {
            Some(QuarantineCause::ThreadTooLong)
        } else if thread.trim().is_empty() {
            Some(QuarantineCause::NoThread)
        } else {
            None
        }
    }

    fn quarantine(
        &mut self,
        now: Duration,
        thread: &str,
        stamp: Stamp,
        update: Update<'_>,
        cause: QuarantineCause,
    ) -> Outcome {
        let limits = &self.limits;
        let budget = (limits.quarantine_messages, limits.quarantine_bytes);
        let message = (now, stamp, cause);
        let dropped = self.quarantine.keep(message, thread, update, budget);
        self.counts.quarantine_dropped = self.counts.quarantine_dropped.saturating_add(dropped);
        Outcome::Quarantined
    }

    /// Holds a run that is new.
    fn hold(&mut self, thread: &str) {
        let name = Arc::<str>::from(thread);
        self.arrived = self.arrived.saturating_add(1);
        self.arrivals.insert(self.arrived, Arc::clone(&name));
        let run = Reducer::new(self.limits.run.clone());
        let held = Held {
            bytes: held_bytes(&name, &run),
            arrival: self.arrived,
            heard: self.silence.arrive(self.arrived),
            deadline: None,
            asking: None,
            counted: RunState::of(&run),
            run,
        };
        self.bytes = self.bytes.saturating_add(held.bytes);
        self.counts.recount(None, Some(held.counted));
        self.runs.insert(name, held);
    }

    /// Runs `body` on a run and keeps the totals and the indexes right.
    fn with<T>(
        &mut self,
        name: &str,
        body: impl FnOnce(&mut Held, &mut HashBudget, &mut Silence) -> T,
    ) -> Option<T> {
        let held = self.runs.get_mut(name)?;
        let value = body(held, &mut self.fuel, &mut self.silence);
        // Totals and indexes are changed by the difference only, so that none is ever summed anew.
        let state = RunState::of(&held.run);
        if state != held.counted {
            self.counts.recount(Some(held.counted), Some(state));
            held.counted = state;
        }
        let bytes = held_bytes(name, &held.run);
        let before = core::mem::replace(&mut held.bytes, bytes);
        self.changed = bytes;
        self.bytes = self.bytes.saturating_sub(before).saturating_add(bytes);
        let deadline = held.run.poll_timeout();
        if deadline != held.deadline {
            if let Some(at) = held.deadline {
                self.deadlines.remove(&(at, held.arrival));
            }
            self.deadlines.extend(deadline.map(|at| (at, held.arrival)));
            held.deadline = deadline;
        }
        if held.run.has_effect() && held.asking.is_none() {
            held.asking = Some(self.requests.push(held.arrival));
        }
        Some(value)
    }

    /// Drops runs while a budget is exceeded; the last one stays. `grown` is the run that was changed.
    fn evict(&mut self, grown: &str) {
        let held = self.changed;
        // A run that grew large must not push out many small ones that did nothing.
        let offends = held > self.limits.run_bytes
            || self.bytes() > self.limits.bytes && held > self.limits.run_bytes / 2;
        if offends && self.runs.len() > 1 {
            self.evict_run(grown);
        }
        while (self.runs.len() > self.limits.runs || self.bytes() > self.limits.bytes)
            && self.runs.len() > 1
        {
            // Ends: each round drops a run, or moves one to where it was last heard, at most once for each.
            let first = self.silence.first();
            let Some(name) = first.and_then(|arrival| self.arrivals.get(&arrival).cloned()) else {
                return;
            };
            let held = self.runs.get_mut(&name);
            let has_caught_up =
                held.is_some_and(|held| self.silence.catch_up(held.arrival, &mut held.heard));
            if !has_caught_up {
                self.evict_run(&name);
            }
        }
    }

    fn evict_run(&mut self, name: &str) {
        if self.runs.contains_key(name) {
            self.counts.evicted = self.counts.evicted.saturating_add(1);
        }
        self.drop_run(name);
    }

    fn drop_run(&mut self, name: &str) {
        let Some(held) = self.runs.remove(name) else {
            return;
        };
        self.arrivals.remove(&held.arrival);
        self.silence.leave(held.heard);
        if let Some(order) = held.asking {
            self.requests.withdraw(order);
        }
        if let Some(at) = held.deadline {
            self.deadlines.remove(&(at, held.arrival));
        }
        self.bytes = self.bytes.saturating_sub(held.bytes);
        self.counts.recount(Some(held.counted), None);
    }
}

/// An upper bound of what a run takes here: itself, its name, and its entries in the indexes, whose
/// nodes are at least a third full.
fn held_bytes(name: &str, run: &Reducer) -> u64 {
    let entries = ENTRY_BYTES.saturating_mul(INDEX_ROOM);
    run.bytes()
        .saturating_add(entries as u64)
        .saturating_add(name.len() as u64)
        .saturating_add(ARC_BYTES)
}

/// Room in the indexes for each entry that is used, at most.
const INDEX_ROOM: usize = 3;

/// A run's entries: among the runs, the arrivals and the deadlines, by silence, among those that ended,
/// and among those that ask.
type Entries = (
    (Arc<str>, Held),
    (u64, Arc<str>),
    (Duration, u64),
    [(u64, u64); 3],
);

const ENTRY_BYTES: usize = size_of::<Entries>();

/// What the indexes take with a single run: a node of eleven entries each, and what it needs itself.
const INDEX_BYTES: u64 = size_of::<([Entries; 11], [[u8; 128]; 6])>() as u64;

/// The counters in front of a shared name.
const ARC_BYTES: u64 = 16;
