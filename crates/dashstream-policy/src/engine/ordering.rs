//! Records that wait for one before them in their lane.

use crate::partition::Partition;
use crate::tracker::State;
use crate::{Delivered, TopicPartition};

use super::Engine;

impl<P> Engine<P> {
    /// Keeps a record that was given back unprocessed until nothing before it in its lane is in trouble.
    pub(super) fn queued(&mut self, record: Delivered, payload: P) {
        let (partition, serial) = (record.partition, record.serial());
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        let Some(entry) = state.tracker.get(record.slot) else {
            return;
        };
        entry.state = State::Queued;
        let lane = entry.lane;
        let waits = state.lanes.queue(lane, record.offset, serial);
        self.keep(record, payload);
        // What it waited for may have been settled while its token was on the way back.
        if waits {
            self.deliver_queued(partition, lane);
        } else {
            self.deliver(serial);
        }
    }

    /// Marks a record as one that those behind it in its lane wait for.
    pub(super) fn trouble(&mut self, record: &Delivered) {
        if let Some(state) = self.partitions.get_mut(&record.partition)
            && let Some(lane) = state.tracker.get(record.slot).map(|entry| entry.lane)
        {
            state.lanes.trouble(lane, record.offset);
        }
    }

    /// Hands a record out whose time has come, unless it has to wait for one before it.
    pub(super) fn deliver_in_turn(&mut self, serial: u64) {
        let Some(attempted) = self.retries.get_mut(&serial) else {
            return;
        };
        let record = &attempted.record;
        if let Some(state) = self.partitions.get_mut(&record.partition)
            && let Some(entry) = state.tracker.get(record.slot)
            && state.lanes.is_blocked(entry.lane, record.offset)
        {
            entry.state = State::Queued;
            // From here on it waits for others, which does not count as time of its attempts (`deliver`).
            state.lanes.queue(entry.lane, record.offset, serial);
            attempted.at = self.now;
            return;
        }
        // Not `deliver`: the wait between two attempts counts as part of `retry_for_max`.
        if let Some(attempted) = self.retries.remove(&serial) {
            self.hand_out(attempted);
        }
    }

    /// Hands out what waits in a lane, as far as nothing before it is in trouble.
    pub(super) fn deliver_queued(&mut self, partition: TopicPartition, lane: Option<u64>) {
        // The next consumer reads what waits here: nothing new is begun before a stop.
        if self.draining {
            return;
        }
        while let Some(state) = self.partitions.get_mut(&partition)
            && let Some(serial) = state.lanes.next(lane)
        {
            self.deliver(serial);
        }
        // A deferred record may have had to wait for the same one.
        let idle = |state: &Partition| {
            let deferral = &state.deferral;
            !deferral.waiting.is_empty() && deferral.probe.is_none() && deferral.due.is_none()
        };
        if self.partitions.get(&partition).is_some_and(idle) {
            self.probe(partition);
        }
    }

    /// Hands a record out that has waited. The time that attempts may take goes on where it stood.
    pub(super) fn deliver(&mut self, serial: u64) {
        let Some(waiting) = self.retries.remove(&serial) else {
            return;
        };
        let waited = self.now.saturating_sub(waiting.at);
        if let Some(entry) = self.entry(waiting.record.partition, waiting.record.slot) {
            entry.since = entry.since.saturating_add(waited);
        }
        self.hand_out(waiting);
    }
}
