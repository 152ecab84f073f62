//! One run's state.

mod epoch;
mod limits;
mod outcome;
mod pending;
mod reason;
mod recent_ids;
mod requests;
mod sequence_ranges;
#[cfg(test)]
mod tests;
mod transitions;
mod update;
mod verifier;

use core::time::Duration;

use self::epoch::Epoch;
pub use self::limits::ReducerLimits;
pub use self::outcome::{Effect, Outcome};
use self::pending::Pending;
pub use self::reason::ResyncReason;
use self::recent_ids::RecentIds;
use self::requests::Requests;
use self::sequence_ranges::SequenceRanges;
pub use self::update::{Position, Stamp, Update};
pub(crate) use self::verifier::HashBudget;
pub use self::verifier::Proof;
use self::verifier::Verifier;
use crate::document::Document;
use crate::hash::HashVerdict;
use crate::history::History;

/// One run's state, rebuilt from its messages: right, or known not to be.
///
/// Each update costs what it says, whatever the state's size: a diff its operations, a full state
/// its text. A diff that fails leaves the state as it was.
///
/// # Transitions
///
/// The state is right as of one sequence number, or it is not known to be right. A gap leaves it right
/// as of the message before, so that the missing messages can close it. Anything else needs a full
/// state, and not one from before a change that was dropped. By [`Outcome::code`] and
/// [`ResyncReason::code`]:
///
#[doc = include_str!("reducer/transitions.md")]
///
/// Of several outcomes, `recovered` is that of the message that closes the last gap, and the reason of
/// a diff that was kept behind it takes its place where that one is refused. A diff is `buffered` while
/// there is room, and `waiting` when it was dropped. A full state is `waiting`, and is not read, when it
/// is older than what was dropped or than the state, and when messages after it are still missing.
#[derive(Clone, Debug)]
pub struct Reducer {
    limits: ReducerLimits,
    /// The time, as far as the run was told.
    now: Duration,
    /// Why the state cannot be relied on, if it cannot.
    resync: Option<ResyncReason>,
    state: Option<Document>,
    /// Bytes of memory that the state was given since it was read as a whole.
    given: u64,
    /// The message that made the state.
    made_at: Option<u64>,
    /// The state is right as of here, and every message up to here has been taken; `None` when the
    /// state is not known to be right.
    cursor: Option<u64>,
    /// A full state from before this place lacks a change that was dropped.
    dropped: u64,
    epoch: Epoch,
    sequences: SequenceRanges,
    /// The numbers that never came themselves: a later start or full state stands for them.
    skipped: SequenceRanges,
    ids: RecentIds,
    pending: Pending,
    history: History,
    requests: Requests,
    verifier: Verifier,
}

impl Reducer {
    /// A run of which nothing has been seen: it needs a full state.
    #[must_use]
    pub fn new(limits: ReducerLimits) -> Self {
        Self {
            now: Duration::ZERO,
            resync: Some(ResyncReason::NoSnapshot),
            state: None,
            given: 0,
            made_at: None,
            cursor: None,
            dropped: 0,
            epoch: Epoch::default(),
            sequences: SequenceRanges::default(),
            skipped: SequenceRanges::default(),
            ids: RecentIds::default(),
            pending: Pending::default(),
            history: History::default(),
            requests: Requests::default(),
            verifier: Verifier::new(&limits),
            limits,
        }
    }

    /// Takes the next message of the run. Drain [`Reducer::poll_effect`] afterwards.
    pub fn apply(&mut self, now: Duration, stamp: Stamp, update: Update<'_>) -> Outcome {
        self.apply_within(now, stamp, update, &mut HashBudget::new(u64::MAX))
    }

    /// As [`Reducer::apply`], with what all runs together may hash.
    pub(crate) fn apply_within(
        &mut self,
        now: Duration,
        stamp: Stamp,
        update: Update<'_>,
        fuel: &mut HashBudget,
    ) -> Outcome {
        self.now = self.now.max(now);
        let outcome = self.step(stamp, update, fuel);
        // After the step, which may have begun a wait or ended one.
        self.requests.update(now, self.resync, &self.limits);
        outcome
    }

    /// The state, when it can be relied on.
    #[must_use]
    pub const fn state(&self) -> Option<&Document> {
        match self.resync {
            None => self.state.as_ref(),
            Some(_) => None,
        }
    }

    /// The state whether it can be relied on or not: the last one that was applied and not refuted.
    ///
    /// A message that was refused left it as it was, and so did one whose hash did not match: it is
    /// the state that [`Reducer::sequence`] made, and the newest version of [`Reducer::history`]. It
    /// is taken away by a start without a state, by another epoch, and by a hash that refutes it only in
    /// [`Reducer::handle_timeout`].
    #[must_use]
    pub const fn last_state(&self) -> Option<&Document> {
        self.state.as_ref()
    }

    /// Why the state cannot be relied on until a full one arrives; `None` while it is the producer's.
    #[must_use]
    pub const fn needs_resync(&self) -> Option<ResyncReason> {
        self.resync
    }

    /// The sequence number of the message that made the state.
    #[must_use]
    pub const fn sequence(&self) -> Option<u64> {
        self.made_at
    }

    /// How many times the producer was found to have begun anew under this thread id, since the run is
    /// held: with a start, or with numbers that another producer had used. Sequence numbers of different
    /// epochs have nothing to do with each other.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch.earlier
    }

    /// Where the last record stood that was looked at, as far as positions are given.
    pub(crate) const fn position(&self) -> Option<Position> {
        self.epoch.reached
    }

    /// The latest versions of the state, if the limits keep any. They stay while the run waits for a
    /// full state, and are forgotten when it begins anew.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Bytes that the run holds, itself included: an upper bound. The state, what older versions hold
    /// alone, the diffs that wait, and the tables. Constant time.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let parts = [
            size_of::<Self>() as u64,
            self.state_bytes(),
            self.history.bytes(),
            self.history.table_bytes(),
            self.verifier.bytes(),
            self.pending.bytes(),
            self.sequences.bytes(),
            self.skipped.bytes(),
            self.epoch.bytes(),
            self.ids.bytes(),
        ];
        parts.into_iter().fold(0, u64::saturating_add)
    }

    /// What the state holds: what is in it, or less where it shares with itself.
    fn state_bytes(&self) -> u64 {
        // The first counts a part that `copy` multiplied each time; the second counts what is gone by now.
        // The lower one is closer to what is held.
        let counted = self.state.as_ref().map_or(0, Document::heap_bytes);
        counted.min(self.given)
    }

    /// The next thing the host is asked to do. It counts as asked when it is taken.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.requests.poll(self.resync, &self.limits)
    }

    /// Whether [`Reducer::poll_effect`] has something.
    pub(crate) const fn has_effect(&self) -> bool {
        self.requests.has_effect()
    }

    /// When [`Reducer::handle_timeout`] wants to be called, if it does: to check a hash, or to ask again.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let (ask, check) = (self.requests.next_at(), self.verifier.next_at());
        ask.into_iter().chain(check).min()
    }

    /// Tells the reducer that time has passed. Drain [`Reducer::poll_effect`] afterwards.
    ///
    /// Checks the hash of the newest state where it is time for that, which costs the state's text or
    /// what changed of it. A state that is refuted is taken away, with the versions since the last proof;
    /// the run then needs a full state.
    pub fn handle_timeout(&mut self, now: Duration) {
        let _verdict = self.handle_timeout_within(now, &mut HashBudget::new(u64::MAX));
    }

    /// As [`Reducer::handle_timeout`], with what all runs together may hash. Answers what a hash said.
    pub(crate) fn handle_timeout_within(
        &mut self,
        now: Duration,
        fuel: &mut HashBudget,
    ) -> Option<HashVerdict> {
        self.now = self.now.max(now);
        let verdict = match &self.state {
            // A hash that waits is that of the state as of the cursor, and says nothing once that is given
            // up.
            Some(state) if self.cursor.is_some() => self.verifier.handle_timeout(now, state, fuel),
            Some(_) | None => {
                self.verifier.drop_waiting();
                None
            }
        };
        if verdict == Some(HashVerdict::Mismatch) {
            // Any change since the last proof may be the wrong one. Without a proof every version goes, since
            // numbers begin at 1.
            let proved = self.verifier.proof.map_or(0, |proof| proof.sequence);
            self.history.forget_after(proved);
            (self.state, self.made_at) = (None, None);
            let _resync = self.distrust(ResyncReason::HashMismatch, self.sequences.highest());
        }
        self.requests.update(now, self.resync, &self.limits);
        verdict
    }

    /// The last state that matched its hash, in this epoch. A run in step whose newest state has not
    /// been checked, or carried no hash, has an older one, or none.
    #[must_use]
    pub const fn proof(&self) -> Option<Proof> {
        self.verifier.proof
    }

    /// Whether the state can be relied on and is itself the one that matched its hash.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        // The first number is 1.
        let proved = self.proof().map_or(0, |proof| proof.sequence);
        self.resync.is_none() && self.made_at.is_some_and(|made_at| proved >= made_at)
    }
}
