//! Assignments, and what the client says about fetching, storing and seeking.

use crate::counters::bump;
use crate::offset::OwnedPartition;
use crate::partition::{Hold, Partition, Seek};
use crate::table::Event;
use crate::timers::Timer;
use crate::{Cause, Count, FetchFault, HeldBy, LogRange, NextOffset, Offset};

use super::Engine;

impl<P> Engine<P> {
    pub(super) fn assigned(
        &mut self,
        (partition, assignment): OwnedPartition,
        committed: Option<Offset>,
        low: Option<Offset>,
    ) {
        if let Some(state) = self.partitions.get(&partition) {
            // An input that came twice or too late: to start anew would forget records that are under way.
            if state.assignment >= assignment {
                return self.fenced();
            }
            // A client that assigns twice has ended the first assignment without saying so.
            if state.revoked.is_none() {
                let ended = state.assignment;
                self.revoked((partition, ended));
            }
        }
        // Nothing of the old assignment is taken over; what still arrives for it is fenced.
        let state = Partition::assigned(assignment, committed);
        self.partitions.insert(partition, state);
        self.assigned = self.assigned.saturating_add(1);
        self.share = self.config.share(self.assigned);
        // The client has to be told to pause or to resume: it may have kept a pause (`next_step`).
        self.control = true;
        if let (Some(committed), Some(low)) = (committed, low)
            && low > committed
        {
            self.record_deleted(partition, Some(committed), Some(low));
        }
    }

    pub(super) fn revoked(&mut self, (partition, assignment): OwnedPartition) {
        if self.current((partition, assignment)).is_none() {
            return;
        }
        // The held record is counted here: `forget` does not count it.
        self.end_hold(partition, Event::Revoked);
        #[cfg(not(mutant = "revoked_stays"))] // what was under way is kept for the next assignment
        self.forget(partition, Offset::ZERO, Event::Revoked, 0);
        let now = self.now;
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.revoked = Some(now);
            self.assigned = self.assigned.saturating_sub(1);
            self.share = self.config.share(self.assigned);
            // The others have more room.
            self.control = true;
            // What was released and not handed out is not stored any more: the next owner may have stored
            // more.
            #[cfg(not(mutant = "store_after_revoke"))]
            {
                state.released = None;
            }
        }
    }

    pub(super) fn fetch_failed(
        &mut self,
        (partition, assignment): OwnedPartition,
        fault: FetchFault,
    ) {
        let Some(state) = self.current((partition, assignment)) else {
            return;
        };
        let position = state.position;
        let displaced = state.is_displaced();
        match (fault, state.hold.as_mut()) {
            // The held record itself is gone. It stays held, so that an operator learns of the loss.
            (FetchFault::OutOfRange { low }, Some(hold)) => {
                // Without a known start of the log nothing says that the record is still there.
                let overtaken = match (hold.offset, low) {
                    (Some(held), Some(low)) => low > held,
                    (_, None) => true,
                    (None, Some(_)) => false,
                };
                let before = hold.by;
                if overtaken {
                    hold.by = HeldBy::RecordDeleted;
                }
                hold.begins_at(low);
                let (cause, by) = (hold.cause, hold.by);
                if by != before {
                    self.count(Count::Held { cause, by });
                }
            }
            (FetchFault::Truncated, Some(hold)) => hold.is_cut = true,
            // It is held already, and the batch is met again when reading goes on.
            (FetchFault::Undecodable, Some(_)) => {}
            // A seek is under way or due: the fault concerns the position that the client is about to leave.
            (_, None) if displaced => {}
            (FetchFault::Truncated, None) => self.cut(partition, position),
            #[cfg(mutant = "reset_moves_on")] // an offset reset policy goes on where records are
            (FetchFault::OutOfRange { low: Some(low) }, None) => {
                state.go_on_from(low);
                self.control = true;
            }
            (FetchFault::OutOfRange { low }, None) => {
                self.record_deleted(partition, position, low);
            }
            (FetchFault::Undecodable, None) => {
                let hold = Hold::at(HeldBy::Unfetchable, Cause::UndecodableBatch, position);
                self.unfetchable(partition, hold);
            }
        }
    }

    /// Compares the position with what the log has.
    pub(super) fn log_is(&mut self, (partition, assignment): OwnedPartition, log: LogRange) {
        let Some(state) = self.current((partition, assignment)) else {
            return;
        };
        #[cfg(mutant = "beyond_the_end_waits")] // until the log has grown there, unread
        return;
        if let Some(hold) = state.hold.as_mut() {
            hold.is_cut |= hold.is_beyond(log);
            hold.begins_at(Some(log.low));
        } else if !state.is_displaced()
            && let Some(position) = state.position
            // A position equal to `high` waits for the next record to be produced.
            && position > log.high
        {
            self.cut(partition, Some(position));
        }
    }

    pub(super) fn stored(
        &mut self,
        (partition, assignment): OwnedPartition,
        next: NextOffset,
        ok: bool,
    ) {
        let backoff = self.config.archive_backoff;
        let now = self.now;
        let Some(state) = self.current((partition, assignment)) else {
            return;
        };
        if ok {
            state.store_failures = 0;
            return;
        }
        // `next_store` has used the flag up, and does not remember whether it was set. The repeated store
        // carries it in any case: a commit too many does no harm.
        state.commit_now = true;
        // If a later offset was handed out meanwhile, its own answer decides: it passes this one.
        if state.handed == Some(next) {
            state.store_failures = state.store_failures.saturating_add(1);
            let wait = backoff.after(state.store_failures);
            let timer = Timer::Store((partition, assignment));
            self.timers.set(now.saturating_add(wait), timer);
        }
        bump(&mut self.counters.stores_failed);
    }

    pub(super) fn store_due(&mut self, (partition, assignment): OwnedPartition) {
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        let ours = state.is_current(assignment);
        #[cfg(mutant = "store_after_revoke")] // a repeated store reaches the next owner's partition
        let ours = true;
        if ours {
            // Otherwise `next_store` would take the offset for one that was stored.
            state.handed = None;
            if !state.store_queued {
                state.store_queued = true;
                self.stores.push_back(partition);
            }
        }
    }

    pub(super) fn sought(&mut self, (partition, assignment): OwnedPartition, to: Offset, ok: bool) {
        let backoff = self.config.archive_backoff;
        let now = self.now;
        let Some(state) = self.current((partition, assignment)) else {
            return;
        };
        // The answers come in the order of the seeks, so one that fits an earlier seek belongs to it, even
        // where the last one asks for the same position.
        if let Some(earlier) = state.superseded.iter().position(|asked| *asked == to) {
            // Those before it are not answered any more. One that stayed could be the same position as the last
            // one, whose answer would be taken for it, and the seek never end.
            state.superseded.drain(..=earlier);
            return self.fenced();
        }
        let Seek::Asked {
            to: asked,
            failures,
        } = state.seek
        else {
            return self.fenced();
        };
        if asked != to {
            return self.fenced();
        }
        // Answers come in order: one to an earlier seek that is still missing will not come.
        state.superseded.clear();
        #[cfg(mutant = "failed_seek_counts")] // the client's error is logged and forgotten
        let ok = true;
        if ok {
            state.seek = Seek::Idle;
            // Otherwise another position was set since, and the next seek goes there.
            if state.back_to == Some(to) {
                state.back_to = None;
            }
        } else {
            // `back_to` keeps the position until a seek there has succeeded, so that this one is repeated.
            let failures = failures.saturating_add(1);
            state.seek = Seek::Waiting { failures };
            bump(&mut self.counters.seeks_failed);
            let due = now.saturating_add(backoff.after(failures));
            self.timers.set(due, Timer::Seek((partition, assignment)));
        }
        self.control = true;
    }

    pub(super) fn seek_due(&mut self, (partition, assignment): OwnedPartition) {
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        if state.is_current(assignment)
            && let Seek::Waiting { failures } = state.seek
        {
            state.seek = Seek::Ready { failures };
            self.control = true;
        }
    }
}
