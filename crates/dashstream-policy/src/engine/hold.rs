//! Putting a partition on hold at a record, and letting it go.

use crate::counters::bump;
use crate::partition::Hold;
use crate::table::{Bucket, Event, decide};
use crate::tracker::State;
use crate::{
    Backlog, Cause, Count, HeldBy, NextOffset, Offset, Scope, StoreReason, TopicPartition,
};

use super::Engine;

impl<P> Engine<P> {
    /// Holds a partition at a record, or at a position where none is to be had.
    ///
    /// Reading goes back to it, so all that lies behind it comes again: what is settled there is kept,
    /// as far as there is room, and the rest is forgotten.
    pub(super) fn hold(&mut self, partition: TopicPartition, mut hold: Hold) {
        let (by, cause, offset, slot) = (hold.by, hold.cause, hold.offset, hold.slot);
        #[cfg(mutant = "hold_never_moves")] // a partition that is held is not looked at again
        if self
            .partitions
            .get(&partition)
            .is_some_and(|state| state.hold.is_some())
        {
            return;
        }
        // Only a hold at a later offset can be there: behind a hold nothing is taken or fetched. It is
        // overtaken like any other record, and counted here: `forget` does not count a held one.
        self.end_hold(partition, Event::Overtaken);
        if let Some(offset) = offset {
            // A held record keeps its place; a position without a record has none.
            let behind = match slot {
                Some(_) => offset.next().position(),
                None => offset,
            };
            let keep = self.may_keep();
            self.forget(partition, behind, Event::Overtaken, keep);
        }
        let now = self.now;
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        if let Some(entry) = slot.and_then(|slot| state.tracker.get(slot)) {
            entry.state = State::Held;
            // Nothing waits for it any more: what was behind it has been forgotten or is settled.
            state.lanes.left(entry.lane, entry.offset);
        }
        if let Some(offset) = offset {
            state.go_on_from(offset);
            #[cfg(mutant = "pause_without_seek")] // the client is left behind the poison
            state.back_to.take();
        }
        // Where a record was seen, or is known to be missing, a later one in its place means a loss.
        state.must_meet = match by {
            HeldBy::Policy | HeldBy::Archive | HeldBy::RecordDeleted => offset,
            // There may be no record at the position at all.
            HeldBy::Unfetchable | HeldBy::Operator | HeldBy::HostResources => None,
        };
        hold.since = now;
        state.hold = Some(hold);
        self.holds = self.holds.saturating_add(1);
        self.control = true;
        self.counters.now_blocked(cause);
        self.count(Count::Held { cause, by });
    }

    /// The hold of a partition, if it has one.
    pub(super) fn hold_of(&mut self, partition: TopicPartition) -> Option<&mut Hold> {
        self.partitions.get_mut(&partition)?.hold.as_mut()
    }

    /// Ends a hold and counts what became of its record.
    pub(super) fn end_hold(&mut self, partition: TopicPartition, event: Event) -> Option<Hold> {
        let hold = self.partitions.get_mut(&partition)?.hold.take()?;
        self.holds = self.holds.saturating_sub(1);
        self.control = true;
        // The letter goes with its hold: a record that is read again is sent anew, and a skip has waited for
        // it where it had to.
        if let Some(job) = hold.job {
            self.drop_job(job);
        }
        self.counters.no_longer_blocked(hold.cause);
        if let Bucket::Final(disposition) = decide(event).bucket {
            self.ended(hold.cause, disposition);
        }
        Some(hold)
    }

    /// Lets the offset pass a held record on an operator's command, and goes on behind it.
    pub(super) fn skip_held(&mut self, partition: TopicPartition, reason: StoreReason) {
        let Some(hold) = self.end_hold(partition, Event::OrderedSkip) else {
            return;
        };
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        state.must_meet = None;
        if let (Some(slot), Some(offset)) = (hold.slot, hold.offset) {
            // First the record, which may take with it what the hold had kept behind: that moves the
            // position, and reading goes on behind all of it.
            self.settle(partition, slot, reason);
            let next = Some(offset.next().position());
            if let Some(state) = self.partitions.get_mut(&partition)
                && let Some(next) = state.position.max(next)
            {
                state.go_on_from(next);
            }
        }
    }

    /// Gives up everything from a held position up to `to`, and goes on there.
    pub(super) fn give_up(&mut self, partition: TopicPartition, to: Offset) {
        let Some(hold) = self.end_hold(partition, Event::OrderedSkip) else {
            return;
        };
        if let Some(offset) = hold.offset {
            self.forget(partition, offset, Event::OrderedSkip, 0);
        }
        let now = self.now;
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        // Stands for everything that was given up. Not stored directly: records before the hold may still
        // be unsettled, and the offset passes this one only after them. It lies behind all others, as
        // `forget` removed what was at the held offset or behind, and `to` is greater.
        if let Some(last) = to.previous() {
            self.next_serial = self.next_serial.wrapping_add(1);
            let settled = State::Settled(StoreReason::Ordered);
            let given_up = (last, self.next_serial);
            state.tracker.push(now, given_up, settled, None, 0);
            self.tracked = self.tracked.saturating_add(1);
        }
        state.go_on_from(to);
        state.must_meet = None;
        self.pass_settled(partition);
    }

    /// Goes on at a position of a log that was cut, before what was read of the old one. Everything of
    /// that is given up: a verdict that still comes would pass records of the new one.
    pub(super) fn go_back(&mut self, partition: TopicPartition, to: Offset) {
        self.end_hold(partition, Event::OrderedSkip);
        #[cfg(not(mutant = "old_log_settles"))] // what was read of it still moves the offset
        self.forget(partition, Offset::ZERO, Event::OrderedSkip, 0);
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        state.released = Some((NextOffset::before(to), StoreReason::Ordered));
        // A client that commits by itself never goes to a lower offset.
        state.commit_now = true;
        #[cfg(not(mutant = "stores_stay_behind"))] // the old log's offset stays committed
        {
            state.handed = None;
        }
        state.go_on_from(to);
        state.must_meet = None;
        if !state.store_queued {
            state.store_queued = true;
            self.stores.push_back(partition);
        }
    }

    /// Holds a partition since records between `expected` and `low` were deleted unsettled.
    pub(super) fn record_deleted(
        &mut self,
        partition: TopicPartition,
        expected: Option<Offset>,
        low: Option<Offset>,
    ) {
        let mut hold = Hold::at(HeldBy::RecordDeleted, Cause::RecordDeleted, expected);
        hold.low = low;
        self.unfetchable(partition, hold);
    }

    /// Holds a partition at a position before which the log was cut, or that lies beyond its end.
    pub(super) fn cut(&mut self, partition: TopicPartition, position: Option<Offset>) {
        let mut hold = Hold::at(HeldBy::Unfetchable, Cause::OffsetOutOfRange, position);
        hold.is_cut = true;
        self.unfetchable(partition, hold);
    }

    /// Holds a partition at a position where no record can be had.
    pub(super) fn unfetchable(&mut self, partition: TopicPartition, hold: Hold) {
        let (cause, backlog) = (hold.cause, Backlog::Current);
        self.count(Count::Unprocessable { cause, backlog });
        self.hold(partition, hold);
    }

    /// Forgets the records of a partition at or behind `from`, but for the first `keep` settled ones,
    /// and counts those that had a verdict.
    pub(super) fn forget(
        &mut self,
        partition: TopicPartition,
        from: Offset,
        event: Event,
        keep: usize,
    ) {
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        // Copies of the entries as they were: the tracker has forgotten them, and `charge` still counts.
        let given_up = state.tracker.give_up(from, keep);
        let mut probe_is_gone = false;
        for entry in given_up {
            self.tracked = self.tracked.saturating_sub(1);
            self.free(entry.charge());
            let Some(state) = self.partitions.get_mut(&partition) else {
                return;
            };
            state.lanes.left(entry.lane, entry.offset);
            match entry.state {
                // The host still has its token; the serial no longer fits, and the token is fenced.
                State::Out(_) => {
                    probe_is_gone |= state.deferral.probe == Some(entry.serial);
                    bump(&mut self.counters.forgotten);
                }
                State::Deferred | State::Retrying | State::Queued => {
                    state.deferral.waiting.remove(&entry.offset);
                    self.retries.remove(&entry.serial);
                    bump(&mut self.counters.forgotten);
                }
                State::Pending(id) => {
                    if let Some(job) = self.drop_job(id) {
                        self.counters.no_longer_pending(job.cause);
                        #[cfg(not(mutant = "overtaken_is_not_counted"))] // it just leaves the gauge
                        if let Bucket::Final(disposition) = decide(event).bucket {
                            self.ended(job.cause, disposition);
                        }
                    }
                }
                // The hold was counted when it ended, and what is settled when it was.
                State::Held | State::Settled(_) | State::Forgotten | State::Absent => {}
            }
        }
        // Only now: the next probe must not be a record that is forgotten, too.
        if probe_is_gone {
            self.next_probe(partition);
        }
        if let Some(state) = self.partitions.get_mut(&partition)
            // The deferral has ended with its last record.
            && !state.deferral.is_some()
            && let Some(due) = state.deferral.due.take()
        {
            self.timers.cancel(due);
            self.control = true;
        }
    }

    /// Whether a hold in one partition stops them all.
    pub(super) fn consumer_held(&self) -> bool {
        match self.config.scope {
            Scope::Consumer => self.holds > 0,
            Scope::Partition => false,
        }
    }
}
