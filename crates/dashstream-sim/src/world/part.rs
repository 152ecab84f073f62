//! One partition: at the broker, at the client, and in truth.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dashstream_policy::Assignment;

use crate::Log;
use crate::truth::Truth;

/// One partition at the broker, at the client, and in truth.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) records: BTreeMap<i64, bool>,
    pub(crate) bad: Option<(i64, i64)>,
    pub(crate) low: i64,
    /// The offset of the next record.
    pub(crate) high: i64,
    /// Whether the log was created again, and nobody went back to it yet.
    pub(crate) recreated: bool,
    /// Whether an operator went back, and that is not stored yet.
    pub(super) goes_back: bool,
    /// Records with serials up to this were read of an earlier log.
    pub(super) old_serials: u64,
    pub(crate) committed: Option<i64>,
    pub(crate) assignment: Option<Assignment>,
    pub(crate) position: i64,
    pub(crate) paused: bool,
    pub(crate) stored: Option<i64>,
    /// Whether the client refused the last store.
    pub(super) store_failed: bool,
    /// Whether the client refused the last seek.
    pub(super) seek_failed: bool,
    pub(crate) hand: VecDeque<(Assignment, i64)>,
    pub(crate) truth: Truth,
    /// The record that an ordered retry has to meet first.
    pub(super) must_meet: Option<i64>,
    /// An ordered skip that waits for the archive.
    pub(super) awaited: BTreeSet<i64>,
    pub(super) operator: bool,
    /// Records that the host has no resources for, by serial: nothing is taken meanwhile.
    pub(super) deferred: BTreeMap<u64, i64>,
    /// Records in trouble: failed, deferred, or rejected.
    pub(super) troubled: BTreeSet<i64>,
    /// Records that were given back unprocessed.
    pub(super) queued: BTreeSet<i64>,
    /// The last record that was taken under this assignment.
    pub(super) top: Option<i64>,
    /// How often a record failed, by serial.
    pub(super) failures: BTreeMap<u64, u32>,
}

impl Part {
    pub(super) fn new(log: &Log) -> Self {
        let last = log.records.keys().next_back().map_or(0, |last| last + 1);
        let truth = Truth {
            existed: log.records.keys().copied().collect(),
            ..Truth::default()
        };
        Self {
            records: log.records.clone(),
            bad: log.bad,
            low: 0,
            high: log.bad.map_or(last, |(_, end)| last.max(end)),
            recreated: false,
            goes_back: false,
            old_serials: 0,
            committed: None,
            assignment: None,
            position: 0,
            paused: false,
            stored: None,
            store_failed: false,
            seek_failed: false,
            hand: VecDeque::new(),
            truth,
            must_meet: None,
            awaited: BTreeSet::new(),
            operator: false,
            deferred: BTreeMap::new(),
            troubled: BTreeSet::new(),
            queued: BTreeSet::new(),
            top: None,
            failures: BTreeMap::new(),
        }
    }

    /// Commits as the client does: only forwards.
    pub(super) fn commit(&mut self) -> bool {
        let moves = self
            .stored
            .is_some_and(|stored| self.committed.is_none_or(|at| at < stored));
        if moves {
            self.committed = self.stored;
        }
        moves
    }

    /// What lies at `from` or behind waits for nothing any more.
    pub(super) fn give_up_behind(&mut self, from: i64) {
        self.deferred.retain(|_, offset| *offset < from);
        self.troubled.split_off(&from);
        self.queued.split_off(&from);
    }

    pub(super) fn end_assignment(&mut self) {
        self.must_meet = None;
        self.awaited.clear();
        self.operator = false;
        // What was not stored of going back is to be done again.
        self.recreated |= core::mem::take(&mut self.goes_back);
        self.truth.rejected.clear();
        self.deferred.clear();
        self.failures.clear();
        self.give_up_behind(0);
        self.top = None;
        self.truth.stopped_at = None;
        (self.store_failed, self.seek_failed) = (false, false);
    }
}
