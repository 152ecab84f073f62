//! How much may be taken, in all and of each partition.

use crate::partition::Partition;
use crate::{Archiving, Offset, Refusal};

use super::{Engine, Stop};

impl<P> Engine<P> {
    /// Why a partition may not take the record at `offset`, or its next one.
    pub(super) fn refusal(&self, state: &Partition, offset: Option<Offset>) -> Option<Refusal> {
        // What is read again has its place, and what waits behind it needs it.
        let again = offset.is_some_and(|offset| !state.tracker.ends_before(offset));
        if self.draining {
            Some(Refusal::Draining)
        } else if self.stop != Stop::Open
            || self.tracked >= self.config.outstanding_max
            || !(again || self.is_within_share(state))
        {
            Some(Refusal::Full)
        } else {
            None
        }
    }

    /// Whether a partition leaves the others their room.
    pub(super) fn is_within_share(&self, state: &Partition) -> bool {
        #[cfg(mutant = "one_partition_fills_all")] // the bound is one for all
        return true;
        let (records, bytes) = self.share();
        let (has, takes) = (state.tracker.len(), state.tracker.bytes());
        let fits = self.bytes < self.config.outstanding_bytes_max || has == 0;
        has < records && takes < bytes && fits
    }

    /// Whether a partition that was full has room for more than one record.
    pub(super) fn has_plenty(&self, state: &Partition) -> bool {
        let (records, bytes) = self.share();
        let (has, takes) = (state.tracker.len(), state.tracker.bytes());
        let plenty = |room: usize| room.saturating_sub(room.div_ceil(4));
        has <= plenty(records) && (takes <= plenty(bytes) || has == 0)
    }

    /// Settled records that a hold may keep behind it. They are no more than what is always left, or
    /// nothing would be taken any more.
    pub(super) fn may_keep(&self) -> usize {
        let kept = self.partitions.values().map(|state| state.tracker.kept());
        let most = self.config.outstanding_max.div_euclid(4);
        most.saturating_sub(kept.sum())
    }

    /// Stops taking when there is no room, and starts again when there is plenty.
    pub(super) fn make_room(&mut self) {
        let limit = self.config.outstanding_max;
        let payload = self.config.archiving == Archiving::Required
            && self.archive.bytes >= self.config.archive_bytes_max;
        if self.tracked >= limit || payload {
            self.close();
            return;
        }
        if self.stop == Stop::Open || self.draining {
            return;
        }
        // A quarter of the room has to be free, or the client would be stopped at every record; but
        // where all other partitions are full, the last one has no more than its share.
        let free = limit.div_ceil(4).min(self.share().0);
        if self.tracked > limit.saturating_sub(free) {
            return;
        }
        if let Stop::Closed { due, .. } = self.stop {
            self.timers.cancel(due);
        }
        self.stop = Stop::Open;
        self.control = true;
    }

    /// Records and bytes that one partition may take.
    fn share(&self) -> (usize, usize) {
        let assigned = self.assigned.max(1);
        let (records, bytes) = (
            self.config.outstanding_max,
            self.config.outstanding_bytes_max,
        );
        let records = self
            .config
            .partition_outstanding_max
            .unwrap_or_else(|| records.div_euclid(assigned));
        let bytes = self
            .config
            .partition_bytes_max
            .unwrap_or_else(|| bytes.div_euclid(assigned));
        (records.max(1), bytes.max(1))
    }
}
