//! Which delivered records are let in.

use crate::counters::bump;
use crate::tracker::State;
use crate::{
    Admission, Cause, Count, Delivered, Delivery, NullPayload, Refusal, Rejected, StoreReason,
};

use super::{Engine, Stop};

impl<P> Engine<P> {
    pub(super) fn admit(&mut self, delivery: Delivery) -> Admission {
        let Delivery {
            partition,
            assignment,
            offset,
            ..
        } = delivery;
        let refusal = self.refusal();
        let held_elsewhere = self.consumer_held();
        let Some(state) = self.current(partition, assignment) else {
            return Admission::Fenced;
        };
        if state.position.is_some_and(|position| offset < position) {
            bump(&mut self.counters.duplicates);
            self.count(Count::Duplicate);
            return Admission::Duplicate;
        }
        let held = state.hold.is_some() || state.operator.is_some() || state.deferral.is_some();
        let refusal = if held_elsewhere || held {
            Some(Refusal::Held)
        } else if state.is_displaced() {
            Some(Refusal::Seeking)
        } else {
            refusal
        };
        if let Some(refusal) = refusal {
            #[cfg(not(mutant = "refused_is_forgotten"))]
            // prefetched records are thrown away for good
            state.go_back_to(offset);
            self.control = true;
            bump(&mut self.counters.refused);
            self.count(Count::Refused(refusal));
            return Admission::Refused(refusal);
        }
        // The record that was held is known to exist: a later one in its place means that it was
        // deleted, unlike the gaps that compaction and transactions leave anywhere else.
        #[cfg(mutant = "lost_evidence_passes")]
        // whatever comes after a resume is taken for the poison
        state.must_meet.take();
        #[cfg(mutant = "gaps_block")] // the next offset has to be the last one plus one
        if state.position.is_some_and(|position| offset > position) {
            state.go_back_to(offset);
            return Admission::Refused(Refusal::Held);
        }
        if let Some(expected) = state.must_meet.take()
            && offset > expected
        {
            self.record_deleted(partition, Some(expected), Some(offset));
            bump(&mut self.counters.refused);
            self.count(Count::Refused(Refusal::Held));
            return Admission::Refused(Refusal::Held);
        }
        self.take(delivery)
    }

    fn take(&mut self, delivery: Delivery) -> Admission {
        let Delivery {
            partition,
            assignment,
            offset,
            null,
            backlog,
        } = delivery;
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
        let slot = state.tracker.push(now, offset, serial, entry);
        state.position = Some(offset.next().position());
        self.tracked = self.tracked.saturating_add(1);
        let delivered = Delivered {
            partition,
            assignment,
            offset,
            serial,
            slot: slot.number,
            attempt: 1,
            backlog,
        };
        match meaning {
            NullPayload::Process => {
                bump(&mut self.counters.taken);
                Admission::Take(delivered)
            }
            NullPayload::Unprocessable => {
                bump(&mut self.counters.taken);
                Admission::Rejected(Rejected {
                    delivered,
                    cause: Cause::NullPayload,
                })
            }
            NullPayload::Ignore => {
                bump(&mut self.counters.ignored);
                self.pass_settled(partition);
                Admission::Ignored
            }
        }
    }

    /// Why no partition may take a record, if none may.
    fn refusal(&self) -> Option<Refusal> {
        if self.draining {
            Some(Refusal::Draining)
        } else if self.stop != Stop::Open || self.tracked >= self.config.outstanding_max {
            Some(Refusal::Full)
        } else {
            None
        }
    }
}
