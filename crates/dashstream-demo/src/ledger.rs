//! Two books about the same offsets: what the producer wrote there, and what the gateway decided.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashstream_policy::Cause;
use serde::Serialize;

use crate::agent::Effect;
use crate::hostile::Hostile;

/// What the demo wrote, what became of it, and where the two differ.
///
/// An offset that both sides know and agree on is folded away once everything before it is, so that
/// a demo may run for days.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<LedgerState>);

/// What the producer put at an offset.
#[derive(Clone, Debug)]
pub(crate) enum Written {
    /// A message of a run.
    Message {
        /// Which run.
        thread: Arc<str>,
        /// What it does to the run's state.
        effect: Effect,
    },
    /// A record that no honest producer writes.
    Hostile(Hostile),
}

/// What the gateway decided at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a record is processed or it is not"
)]
pub enum Decision {
    /// Decoded and applied.
    Processed,
    /// Not processed, for this cause.
    Unprocessable(Cause),
}

/// How the two books compare.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// Records that the broker acknowledged.
    pub written: u64,
    /// Offsets that the gateway decided.
    pub decided: u64,
    /// Offsets that both know and agree on.
    pub agreed: u64,
    /// Offsets written and not decided: not consumed, or behind a held record.
    pub undecided: u64,
    /// Offsets decided and never acknowledged to the producer.
    pub unknown: u64,
    /// Offsets on which the two disagree.
    pub differing: u64,
    /// Decisions about an offset that had one already.
    pub again: u64,
    /// Records that the broker did not acknowledge.
    pub undelivered: u64,
    /// Hostile records decided, by kind.
    pub hostile: BTreeMap<&'static str, u64>,
    /// The first few differences, in words.
    pub examples: Vec<String>,
}

impl Comparison {
    /// Whether what was decided is what was written, as far as the gateway has come.
    #[must_use]
    pub const fn agrees(&self) -> bool {
        self.unknown == 0 && self.differing == 0 && self.undelivered == 0
    }
}

impl Ledger {
    /// Says that the demo writes this partition from `first` on: what lies before is not its own.
    pub fn begin(&self, partition: i32, first: i64) {
        let book = Book {
            begin: first,
            first,
            open: VecDeque::new(),
        };
        self.state().partitions.insert(partition, book);
    }

    /// The gateway's side: what it made of the record at this offset.
    pub fn decided(&self, partition: i32, offset: i64, decision: Decision) {
        self.state().count(partition, offset, |entry, again| {
            match entry.decision {
                None => entry.decision = Some(decision),
                Some(_) => *again = again.saturating_add(1),
            }
            // A second decision must repeat the first one.
            if entry.decision != Some(decision) {
                entry.changed = true;
            }
        });
    }

    /// The producer's side: what the broker acknowledged at this offset.
    pub(crate) fn written(&self, partition: i32, offset: i64, written: Written) {
        self.state()
            .count(partition, offset, |entry, _| entry.written = Some(written));
    }

    pub(crate) fn undelivered(&self) {
        let mut state = self.state();
        state.undelivered = state.undelivered.saturating_add(1);
    }

    /// Whether every offset that was written has its decision, except on partitions where `held`.
    #[must_use]
    pub fn is_settled(&self, held: impl Fn(i32) -> bool) -> bool {
        let state = self.state();
        state.partitions.iter().all(|(partition, book)| {
            held(*partition) || book.open.iter().all(|entry| entry.decision.is_some())
        })
    }

    /// The offset after the last one written to a partition, if the demo wrote to it.
    #[must_use]
    pub fn end(&self, partition: i32) -> Option<i64> {
        let state = self.state();
        let book = state.partitions.get(&partition)?;
        let open = i64::try_from(book.open.len()).unwrap_or(i64::MAX);
        let end = book.first.saturating_add(open);
        (end > book.begin).then_some(end)
    }

    /// The runs that ought to be out of step after what was decided so far, and those that ought
    /// to be in step; the oldest are forgotten beyond a few thousand.
    #[must_use]
    pub fn runs(&self) -> BTreeMap<Arc<str>, bool> {
        let state = self.state();
        let mut runs = state.runs.clone();
        for book in state.partitions.values() {
            for entry in book.open.iter().filter(|entry| entry.decision.is_some()) {
                if let Some(written) = &entry.written {
                    runs.follow(written);
                }
            }
        }
        runs.in_step
    }

    /// Compares the books as they stand.
    #[must_use]
    pub fn compare(&self) -> Comparison {
        let state = self.state();
        let mut out = Comparison {
            written: state.agreed,
            decided: state.agreed,
            agreed: state.agreed,
            again: state.again,
            undelivered: state.undelivered,
            hostile: state.hostile.clone(),
            ..Comparison::default()
        };
        for (partition, book) in &state.partitions {
            for (offset, entry) in (book.first..).zip(&book.open) {
                entry.compare(*partition, offset, &mut out);
            }
        }
        out
    }

    fn state(&self) -> MutexGuard<'_, LedgerState> {
        // A panic elsewhere leaves the books no worse than they were.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct LedgerState {
    partitions: BTreeMap<i32, Book>,
    runs: Runs,
    hostile: BTreeMap<&'static str, u64>,
    agreed: u64,
    again: u64,
    undelivered: u64,
}

/// One partition, from `begin` on; everything below `first` is folded away.
#[derive(Debug, Default)]
struct Book {
    begin: i64,
    first: i64,
    open: VecDeque<Entry>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    written: Option<Written>,
    decision: Option<Decision>,
    changed: bool,
}

impl LedgerState {
    fn count(&mut self, partition: i32, offset: i64, note: impl FnOnce(&mut Entry, &mut u64)) {
        let book = self.partitions.entry(partition).or_default();
        let Some(index) = offset
            .checked_sub(book.first)
            .and_then(|at| usize::try_from(at).ok())
        else {
            // Agreed on and folded away, or not the demo's.
            if offset >= book.begin {
                self.again = self.again.saturating_add(1);
            }
            return;
        };
        if index >= book.open.len() {
            book.open.resize(index.saturating_add(1), Entry::default());
        }
        if let Some(entry) = book.open.get_mut(index) {
            note(entry, &mut self.again);
        }
        while let Some(written) = book.open.front().and_then(Entry::agreed) {
            self.runs.follow(written);
            if let Written::Hostile(kind) = written {
                let count = self.hostile.entry(kind.name()).or_default();
                *count = count.saturating_add(1);
            }
            self.agreed = self.agreed.saturating_add(1);
            book.first = book.first.saturating_add(1);
            book.open.pop_front();
        }
    }
}

impl Entry {
    /// What was written, if it is what was decided.
    fn agreed(&self) -> Option<&Written> {
        let written = self.written.as_ref()?;
        let decision = self.decision.filter(|_| !self.changed)?;
        (written.expected() == decision).then_some(written)
    }

    fn compare(&self, partition: i32, offset: i64, out: &mut Comparison) {
        let tick = |count: &mut u64| *count = count.saturating_add(1);
        if self.written.is_some() {
            tick(&mut out.written);
        }
        if self.decision.is_some() {
            tick(&mut out.decided);
        }
        let difference = match (&self.written, self.decision) {
            (None, None) => return,
            (Some(_), None) => return tick(&mut out.undecided),
            (None, Some(decision)) => {
                tick(&mut out.unknown);
                format!("decided {decision:?}, never written")
            }
            (Some(written), Some(decision)) => {
                if let Written::Hostile(kind) = written {
                    tick(out.hostile.entry(kind.name()).or_default());
                }
                if self.agreed().is_some() {
                    return tick(&mut out.agreed);
                }
                tick(&mut out.differing);
                format!(
                    "wrote {written:?}, decided {decision:?}, changed: {}",
                    self.changed
                )
            }
        };
        if out.examples.len() < EXAMPLES_MAX {
            out.examples
                .push(format!("{partition}/{offset}: {difference}"));
        }
    }
}

impl Written {
    const fn expected(&self) -> Decision {
        match self {
            Self::Message { .. } => Decision::Processed,
            Self::Hostile(kind) => Decision::Unprocessable(kind.cause()),
        }
    }
}

/// Which runs a correct consumer has in step, from the messages it has decided.
#[derive(Clone, Debug, Default)]
struct Runs {
    in_step: BTreeMap<Arc<str>, bool>,
    order: VecDeque<Arc<str>>,
}

impl Runs {
    fn follow(&mut self, written: &Written) {
        let Written::Message { thread, effect } = written else {
            return;
        };
        let in_step = match effect {
            Effect::Follows => return,
            Effect::Restores => true,
            Effect::Breaks => false,
        };
        if self.in_step.insert(Arc::clone(thread), in_step).is_none() {
            self.order.push_back(Arc::clone(thread));
            if self.order.len() > RUNS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.in_step.remove(&oldest);
            }
        }
    }
}

/// Differences put into words: enough to see a pattern.
const EXAMPLES_MAX: usize = 10;

/// Runs remembered: four times what the gateway keeps.
const RUNS_MAX: usize = 4_096;

#[cfg(test)]
mod tests;
