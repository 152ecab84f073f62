//! Which delivered records are let in.

use crate::counters::bump;
use crate::lanes::Lanes;
use crate::table::Event;
use crate::tracker::State;
use crate::{
    Admission, Cause, Count, Delivered, Delivery, NullPayload, RefusalReason, Rejected, StoreReason,
};

use super::Engine;

impl<P> Engine<P> {
    pub(super) fn admit(&mut self, delivery: Delivery) -> Admission {
        let (partition, offset) = (delivery.partition, delivery.offset);
        let limits = self.limits();
        let held_elsewhere = self.consumer_held();
        let Some(state) = self.current((partition, delivery.assignment)) else {
            return Admission::Fenced;
        };
        // Before the refusals: they make reading go back to the record, and this one is not needed again.
        if state.position.is_some_and(|position| offset < position) {
            self.count(Count::Duplicate);
            return Admission::Duplicate;
        }
        let held = state.hold.is_some() || state.operator.is_some() || state.deferral.is_some();
        let refusal = if held_elsewhere || held {
            Some(RefusalReason::Held)
        } else if state.is_displaced() {
            Some(RefusalReason::Seeking)
        } else {
            limits.refusal()
        };
        if let Some(refusal) = refusal {
            return self.refuse(&delivery, refusal);
        }
        // The record that was held is known to exist: a later one in its place means that it was
        // deleted, unlike the gaps that compaction and transactions leave anywhere else.
        #[cfg(mutant = "lost_evidence_passes")]
        // whatever comes after a resume is taken for the poison
        state.must_meet.take();
        #[cfg(mutant = "gaps_block")] // the next offset has to be the last one plus one
        if state.position.is_some_and(|position| offset > position) {
            state.go_back_to(offset);
            return Admission::Refused(RefusalReason::Held);
        }
        // Before a refusal for the share: what was kept of it may wait for the record that is missing.
        if let Some(expected) = state.must_meet
            && offset > expected
        {
            self.record_deleted(partition, Some(expected), Some(offset));
            self.count(Count::Refused(RefusalReason::Held));
            return Admission::Refused(RefusalReason::Held);
        }
        if state.tracker.is_settled(offset) {
            // It was settled before a hold made reading go back, and the hold kept it. `is_settled` may have
            // marked records before it as gone, so that the offset can move.
            state.position = Some(offset.next().position());
            state.must_meet = None;
            self.count(Count::Duplicate);
            self.pass_settled(partition);
            return Admission::Duplicate;
        }
        if !limits.has_place(state, offset) {
            // What was to be read again lies before this record and is gone. What was kept behind that passes
            // now, or it would take the partition's room for ever.
            let passed = state.pass_settled();
            let is_full = !limits.is_within_share(state);
            self.passed(partition, passed);
            if is_full {
                return self.refuse(&delivery, RefusalReason::Full);
            }
            return self.take(delivery);
        }
        if !state.tracker.ends_before(offset) && !state.tracker.expects(offset) {
            // The log that was read had no record to be read again here, so this is another log. What was
            // kept of the old one says nothing about it. This also keeps the tracker in order (`push`).
            self.forget(partition, offset, Event::Overtaken, 0);
        }
        self.take(delivery)
    }

    /// Leaves a record with the client for now.
    fn refuse(&mut self, delivery: &Delivery, refusal: RefusalReason) -> Admission {
        let limits = self.limits();
        if let Some(state) = self.partitions.get_mut(&delivery.partition) {
            // The client has moved past the record: only a seek back brings it again.
            #[cfg(not(mutant = "refused_is_forgotten"))]
            // prefetched records are thrown away for good
            state.go_back_to(delivery.offset);
            // Only a partition without room of its own is paused for it. At the limit of all records
            // `make_room` stops the polling instead.
            state.is_full |= refusal == RefusalReason::Full && !limits.is_within_share(state);
        }
        self.control = true;
        self.count(Count::Refused(refusal));
        Admission::Refused(refusal)
    }

    fn take(&mut self, delivery: Delivery) -> Admission {
        let (partition, offset, null) = (delivery.partition, delivery.offset, delivery.null);
        let lane = Lanes::of(self.config.ordering, delivery.key);
        let meaning = if null {
            self.config.null_payload_in(partition.topic())
        } else {
            NullPayload::Process
        };
        #[cfg(mutant = "null_bypasses")] // records without a value never reach the policy
        let meaning = if null { NullPayload::Ignore } else { meaning };
        let now = self.now;
        let Some(state) = self.partitions.get_mut(&partition) else {
            return Admission::Fenced;
        };
        // A serial of its own for each time that a record is taken: a token from before a seek must not fit.
        self.next_serial = self.next_serial.wrapping_add(1);
        let serial = self.next_serial;
        let entry = match meaning {
            NullPayload::Process | NullPayload::Unprocessable => State::Out(now),
            NullPayload::Ignore => State::Settled(StoreReason::Ignored),
        };
        #[cfg(mutant = "evicts_when_full")] // a bounded buffer drops its oldest record
        if state.tracker.len() >= 2 {
            state.tracker.evict();
        }
        // The difference is what counts, not `delivery.bytes`: an ignored record takes no room, and `push`
        // caps the size.
        let before = state.tracker.bytes();
        let slot = state
            .tracker
            .push(now, (offset, serial), entry, lane, delivery.bytes);
        let waits = state.lanes.is_blocked(lane, offset);
        state.position = Some(offset.next().position());
        // Compared by now (`admit`). A record that is refused comes again and is compared then.
        state.must_meet = None;
        self.tracked = self.tracked.saturating_add(1);
        let added = state.tracker.bytes().saturating_sub(before);
        self.bytes = self.bytes.saturating_add(added);
        let delivered = Delivered {
            partition,
            assignment: delivery.assignment,
            offset,
            slot,
            attempt: 1,
            backlog: delivery.backlog,
        };
        match meaning {
            NullPayload::Process => {
                // Counted, but not announced with `Action::Count`: these are nearly all records.
                bump(&mut self.counters.taken);
                if waits {
                    Admission::Queue(delivered)
                } else {
                    Admission::Take(delivered)
                }
            }
            NullPayload::Unprocessable => {
                // Not queued behind a record in trouble: no handler gets it, and a verdict counts whenever it
                // comes.
                bump(&mut self.counters.taken);
                Admission::Rejected(Rejected {
                    delivered,
                    cause: Cause::NullPayload,
                })
            }
            NullPayload::Ignore => {
                bump(&mut self.counters.ignored);
                // No verdict will follow that could move the offset.
                self.pass_settled(partition);
                Admission::Ignored
            }
        }
    }
}
