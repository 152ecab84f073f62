//! Records of a partition that wait for others before them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Offset, Ordering};

/// The lanes of a partition in which a record is in trouble. Where nothing is, nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct Lanes(BTreeMap<u64, Lane>);

/// Records that are processed one after another.
#[derive(Debug, Default)]
struct Lane {
    /// Those that failed, were deferred or wait for their dead letter, until an offset may pass them.
    troubled: BTreeSet<Offset>,
    /// Those that wait behind them, with their serials.
    queued: BTreeMap<Offset, u64>,
}

impl Lanes {
    /// The lane of a record with this hash of a key, if records wait for each other.
    pub(crate) fn of(ordering: Ordering, key: Option<u64>) -> Option<u64> {
        match ordering {
            Ordering::Partition => Some(0),
            // A key that hashes to zero only waits with the records that have none.
            Ordering::Key => Some(key.unwrap_or(0)),
            Ordering::Unordered => None,
        }
    }

    /// Whether a record at `offset` has to wait for one before it.
    pub(crate) fn is_blocked(&self, lane: Option<u64>, offset: Offset) -> bool {
        #[cfg(mutant = "retry_is_overtaken")] // what comes behind a failed record is handed out
        return false;
        let Some(lane) = lane.and_then(|lane| self.0.get(&lane)) else {
            return false;
        };
        // What waits blocks, too, or a new record would overtake it while nothing is in trouble any more. A
        // record does not block itself: it may stand in both sets when its retry is due.
        let first = [lane.troubled.first(), lane.queued.keys().next()];
        first.into_iter().flatten().any(|first| *first < offset)
    }

    pub(crate) fn trouble(&mut self, lane: Option<u64>, offset: Offset) {
        if let Some(lane) = lane {
            self.0.entry(lane).or_default().troubled.insert(offset);
        }
    }

    /// Puts a record in its place among those that wait. It says whether there are lanes at all.
    pub(crate) fn queue(&mut self, lane: Option<u64>, offset: Offset, serial: u64) -> bool {
        if let Some(lane) = lane {
            self.0
                .entry(lane)
                .or_default()
                .queued
                .insert(offset, serial);
        }
        lane.is_some()
    }

    /// A record is settled or gone.
    pub(crate) fn left(&mut self, lane: Option<u64>, offset: Offset) {
        // For nearly every record there is no lane to be found, since lanes exist only while one is in
        // trouble.
        if let Some(lane) = lane
            && let Some(of) = self.0.get_mut(&lane)
        {
            of.troubled.remove(&offset);
            of.queued.remove(&offset);
            if of.troubled.is_empty() && of.queued.is_empty() {
                self.0.remove(&lane);
            }
        }
    }

    /// Takes the serial of the first record of a lane that waits for nothing any more.
    pub(crate) fn next(&mut self, lane: Option<u64>) -> Option<u64> {
        let name = lane?;
        let lane = self.0.get_mut(&name)?;
        let first = lane.queued.first_entry()?;
        #[cfg(not(mutant = "retry_is_overtaken"))]
        if lane.troubled.first().is_some_and(|at| at < first.key()) {
            return None;
        }
        let serial = first.remove();
        // An empty lane would stay for as long as the assignment, one for each key that ever failed.
        if lane.troubled.is_empty() && lane.queued.is_empty() {
            self.0.remove(&name);
        }
        Some(serial)
    }

    /// Whether no record is in trouble and none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many records wait.
    pub(crate) fn queued(&self) -> usize {
        self.0.values().map(|lane| lane.queued.len()).sum()
    }
}
