//! How much may be taken, in all and of each partition.

use crate::partition::Partition;
use crate::{Archiving, Offset, RefusalReason};

use super::{Engine, Stop};

/// How much may be taken, whatever partition it is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Why no partition may take a record, if none may.
    refusal: Option<RefusalReason>,
    records: usize,
    bytes: usize,
    /// Records and bytes that one partition may have.
    share: (usize, usize),
}

impl Limits {
    /// Why no partition may take a record, if none may.
    pub(super) const fn refusal(&self) -> Option<RefusalReason> {
        self.refusal
    }

    /// Whether a partition has a place for the record at `offset`.
    pub(super) fn has_place(&self, state: &Partition, offset: Offset) -> bool {
        is_again(state, offset) || self.is_within_share(state)
    }

    /// How many records a partition may take, and bytes of them, of which the last may be larger.
    pub(super) fn room_of(&self, state: &Partition) -> (usize, usize) {
        // A full partition is paused until a quarter of its share is free (`reopen`).
        if self.refusal.is_some() || state.is_full {
            (0, 0)
        } else if state.position.is_some_and(|offset| is_again(state, offset)) {
            // One at a time: whether the record behind it is read again, too, shows only when it comes.
            (1, 1)
        } else {
            let (records, bytes) = self.left_of_share(state);
            (records.min(self.records), bytes)
        }
    }

    /// Whether a partition leaves the others their room.
    pub(super) fn is_within_share(&self, state: &Partition) -> bool {
        let (records, bytes) = self.left_of_share(state);
        records > 0 && bytes > 0
    }

    /// Whether a partition that was full has room for more than one record.
    pub(super) fn has_plenty(&self, state: &Partition) -> bool {
        let (records, bytes) = self.left_of_share(state);
        // A quarter has to be free, or the client would be paused and sought back at every record. A partition
        // that has none out waits for no bytes: the others may never free them.
        records >= self.share.0.div_ceil(4)
            && (bytes >= self.share.1.div_ceil(4) || state.tracker.len() == 0)
    }

    /// What a partition may take and leave the others their room: records, and bytes of them.
    fn left_of_share(&self, state: &Partition) -> (usize, usize) {
        #[cfg(mutant = "one_partition_fills_all")] // the bound is one for all
        return (usize::MAX, usize::MAX);
        let (records, bytes) = self.share;
        let (has, takes) = (state.tracker.len(), state.tracker.bytes());
        // A partition that has none takes one record however many bytes the others have, or a full
        // partition would stop the others for as long as it is full.
        let all = if has == 0 {
            self.bytes.max(1)
        } else {
            self.bytes
        };
        (
            records.saturating_sub(has),
            bytes.saturating_sub(takes).min(all),
        )
    }
}

/// Whether a record is read again: it has its place, and what waits behind it needs it.
fn is_again(state: &Partition, offset: Offset) -> bool {
    !state.tracker.ends_before(offset)
}

impl<P> Engine<P> {
    /// How much may be taken now.
    pub(super) const fn limits(&self) -> Limits {
        let refusal = if self.draining {
            Some(RefusalReason::Draining)
        } else if !matches!(self.stop, Stop::Open) || self.tracked >= self.config.outstanding_max {
            // Once closed, one free place is not enough: `make_room` opens again when there is plenty.
            Some(RefusalReason::Full)
        } else {
            None
        };
        Limits {
            refusal,
            records: self.config.outstanding_max.saturating_sub(self.tracked),
            bytes: self.config.outstanding_bytes_max.saturating_sub(self.bytes),
            share: self.share,
        }
    }

    /// Takes what is settled or gone off the bytes of all partitions.
    pub(super) fn free(&mut self, bytes: usize) {
        let has_plenty = |of: &Self| of.limits().bytes >= of.share.1.div_ceil(4);
        let had_plenty = has_plenty(self);
        self.bytes = self.bytes.saturating_sub(bytes);
        // Partitions that were full since the others had all bytes may go on now (`reopen`). Asked for once,
        // and not at every record: it goes through all partitions.
        self.control |= !had_plenty && has_plenty(self);
    }

    /// Settled records that a hold may keep behind it: what is left of a quarter of all room. They
    /// take room for as long as the hold lasts; without a bound they could stop the other partitions.
    pub(super) fn may_keep(&self) -> usize {
        let kept = self.partitions.values().map(|state| state.tracker.kept());
        let most = self.config.outstanding_max.div_euclid(4);
        most.saturating_sub(kept.sum())
    }

    /// Stops taking when there is no room, and starts again when there is plenty.
    pub(super) fn make_room(&mut self) {
        let limit = self.config.outstanding_max;
        // A best-effort send needs no such limit: beyond it, it is refused (`offer`).
        let payload = self.config.archiving == Archiving::Required
            && self.archive.bytes >= self.config.archive_bytes_max;
        if self.tracked >= limit || payload {
            self.close();
            return;
        }
        // A drain never opens again.
        if self.stop == Stop::Open || self.draining {
            return;
        }
        // A quarter of the room has to be free, or the client would be stopped at every record; but
        // where all other partitions are full, the last one has no more than its share.
        let free = limit.div_ceil(4).min(self.share.0);
        if self.tracked > limit.saturating_sub(free) {
            return;
        }
        if let Stop::Closed { due, .. } = self.stop {
            self.timers.cancel(due);
        }
        // Where every partition was paused instead (`Stop::Paused`), each is to be resumed.
        self.stop = Stop::Open;
        self.control = true;
    }
}
