//! Records that the host cannot process now: kept, and tried again until it can.

use crate::counters::bump;
use crate::offset::OwnedPartition;
use crate::timers::{Due, Timer};
use crate::tracker::State;
use crate::{Delivered, TopicPartition};

use super::Engine;

impl<P> Engine<P> {
    pub(super) fn deferred(&mut self, record: Delivered, payload: P) {
        bump(&mut self.counters.deferred);
        let Some(state) = self.partitions.get_mut(&record.partition) else {
            return;
        };
        if let Some(entry) = state.tracker.get(record.slot) {
            entry.state = State::Deferred;
        }
        #[cfg(mutant = "deferral_passes")] // it is let past like a skipped record
        return self.settle(
            record.partition,
            record.slot,
            crate::StoreReason::Configured,
        );
        let deferral = &mut state.deferral;
        // Asked before the probe is taken out: a probe that is deferred again goes on with the same deferral.
        if !deferral.is_some() {
            deferral.since = self.now;
            deferral.times = 0;
        }
        if deferral.probe == Some(record.serial()) {
            deferral.probe = None;
        }
        deferral.waiting.insert(record.offset, record.serial());
        // One timer for the partition, not one a record: a host without memory is to be asked with one
        // record at a time.
        #[cfg(not(mutant = "deferral_is_never_tried"))] // until an operator comes
        if deferral.probe.is_none() && deferral.due.is_none() {
            deferral.times = deferral.times.saturating_add(1);
            let wait = self.config.retry_backoff.after(deferral.times);
            let timer = Timer::Defer((record.partition, record.assignment));
            deferral.due = Some(self.timers.set(self.now.saturating_add(wait), timer));
        }
        self.trouble(&record);
        self.keep(record, payload);
        self.control = true;
    }

    pub(super) fn probe_due(&mut self, (partition, assignment): OwnedPartition, due: Due) {
        if let Some(state) = self.partitions.get_mut(&partition)
            && state.is_current(assignment)
            && state.deferral.due == Some(due)
        {
            state.deferral.due = None;
            self.probe(partition);
        }
    }

    /// The probe has a verdict or is gone. The host has resources again as far as anybody can tell,
    /// so the next record is tried without a wait.
    pub(super) fn next_probe(&mut self, partition: TopicPartition) {
        if let Some(state) = self.partitions.get_mut(&partition) {
            state.deferral.probe = None;
            state.deferral.times = 0;
            self.probe(partition);
        }
    }

    /// Hands out the first deferred record again, unless one is out or the host is about to stop:
    /// what waits then is read by the next consumer.
    pub(super) fn probe(&mut self, partition: TopicPartition) {
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        // The last deferred record may just have left, so that the partition can go on.
        self.control = true;
        if self.draining || state.deferral.probe.is_some() {
            return;
        }
        // An operator's retry comes before the timer.
        if let Some(due) = state.deferral.due.take() {
            self.timers.cancel(due);
        }
        // One that has to wait for a record before it is left out; `deliver_queued` comes back to it.
        let mut waiting = state.deferral.waiting.iter();
        let first = waiting.find_map(|(&offset, &serial)| {
            let slot = self.retries.get(&serial)?.record.slot;
            let lane = state.tracker.get(slot)?.lane;
            (!state.lanes.is_blocked(lane, offset)).then_some((offset, serial))
        });
        let Some((offset, serial)) = first else {
            return;
        };
        state.deferral.waiting.remove(&offset);
        state.deferral.probe = Some(serial);
        #[cfg(mutant = "deferral_is_an_attempt")] // and rejected when there are too many
        if let Some(attempted) = self.retries.get_mut(&serial) {
            attempted.record.attempt = attempted.record.attempt.saturating_add(1);
        }
        self.deliver(serial);
    }
}
