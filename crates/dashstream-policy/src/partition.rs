//! What the engine knows of one partition under its last assignment.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::lanes::Lanes;
use crate::timers::Due;
use crate::tracker::{Slot, Tracker};
use crate::{
    ArchiveId, Assignment, Cause, Form, HeldBy, LogRange, NextOffset, Offset, StoreReason,
};

#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) assignment: Assignment,
    /// When the assignment ended, if it has.
    pub(crate) revoked: Option<Duration>,
    pub(crate) tracker: Tracker,
    /// Records in trouble, and what waits for them.
    pub(crate) lanes: Lanes,
    /// Whether a record was refused because the partition had no room left of its share. It is paused for
    /// that until a quarter of the share is free.
    pub(crate) is_full: bool,
    /// Records before this one are taken or not ours. Unknown until the first record where the
    /// group has no committed position.
    pub(crate) position: Option<Offset>,
    /// Where reading has to go on, when the client stands somewhere else.
    pub(crate) back_to: Option<Offset>,
    /// A record that is known to exist: if a later one is delivered in its place, it was deleted.
    pub(crate) must_meet: Option<Offset>,
    pub(crate) hold: Option<Hold>,
    /// Records that the host has no resources for now.
    pub(crate) deferral: Deferral,
    /// Since when an operator has it paused.
    pub(crate) operator: Option<Duration>,
    /// What the client was last told under this assignment: whether to pause.
    pub(crate) told: Option<bool>,
    pub(crate) seek: Seek,
    /// Positions of seeks that a later one replaced and that are not answered yet. Their answers
    /// must not be taken for the later one's, which may ask for the same position.
    pub(crate) superseded: Vec<Offset>,
    // What the next store passes, and why. It stays when it was handed out, for a store that fails.
    pub(crate) released: Option<(NextOffset, StoreReason)>,
    /// Whether what is released and not yet handed out has to be committed at once.
    pub(crate) commit_now: bool,
    /// The highest offset that was handed out for storing, or that was committed at assignment.
    pub(crate) handed: Option<NextOffset>,
    /// Whether it waits in the queue of stores.
    pub(crate) store_queued: bool,
    pub(crate) store_failures: u32,
}

/// Records that the host has no resources for now, and the one that tries whether it has.
#[derive(Debug, Default)]
pub(crate) struct Deferral {
    /// By offset, so that they are tried in order: the record's serial.
    pub(crate) waiting: BTreeMap<Offset, u64>,
    /// The record that was handed out again, alone.
    pub(crate) probe: Option<u64>,
    /// When the first of them was deferred.
    pub(crate) since: Duration,
    /// Probes in a row that were deferred again.
    pub(crate) times: u32,
    /// When the next probe is due.
    pub(crate) due: Option<Due>,
}

/// What was taken off the front of a partition.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Passed {
    pub(crate) records: usize,
    /// Whether the partition has to be put into the queue of stores.
    pub(crate) is_first_to_store: bool,
}

impl Deferral {
    pub(crate) fn is_some(&self) -> bool {
        #[cfg(mutant = "deferral_runs_on")] // more is taken meanwhile
        return false;
        self.probe.is_some() || !self.waiting.is_empty()
    }
}

/// The client's way to another position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seek {
    Idle,
    /// Asked for and not answered.
    Asked {
        to: Offset,
        failures: u32,
    },
    /// Refused; asked for again when a timer fires.
    Waiting {
        failures: u32,
    },
    /// The timer has fired.
    Ready {
        failures: u32,
    },
}

/// What the client has to be told next about one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Pause,
    Seek(Offset),
    Resume,
}

/// Why and where a partition is held.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) by: HeldBy,
    pub(crate) cause: Cause,
    pub(crate) offset: Option<Offset>,
    pub(crate) since: Duration,
    /// The held record; without one there is nothing to skip or to archive.
    pub(crate) slot: Option<Slot>,
    /// The first offset that the broker still has, when records before it are gone.
    pub(crate) low: Option<Offset>,
    /// Whether the log was cut before the position, so that it may be left backwards.
    pub(crate) is_cut: bool,
    /// The record's way to the archive, if it has payload there.
    pub(crate) job: Option<ArchiveId>,
    /// What the archive has acknowledged.
    pub(crate) archived: Option<Form>,
    /// Whether an operator has ordered to skip it once the archive has it.
    pub(crate) releasing: bool,
}

impl Hold {
    /// A hold at a position, or at none that is known, where there is no record to be had.
    pub(crate) const fn at(by: HeldBy, cause: Cause, offset: Option<Offset>) -> Self {
        Self {
            by,
            cause,
            offset,
            since: Duration::ZERO,
            slot: None,
            low: None,
            is_cut: false,
            job: None,
            archived: None,
            releasing: false,
        }
    }

    /// Takes up where the log begins, if what is held was deleted with all before that.
    pub(crate) fn begins_at(&mut self, low: Option<Offset>) {
        if self.by == HeldBy::RecordDeleted {
            // The start of a log only moves on. It may not have been known when the hold began.
            self.low = self.low.max(low);
        }
    }

    /// Whether the log does not have what is held: the record, or the position to read from.
    pub(crate) fn is_beyond(&self, log: LogRange) -> bool {
        self.offset.is_some_and(|offset| match self.slot {
            Some(_) => offset >= log.high,
            None => offset > log.high,
        })
    }
}

impl Partition {
    pub(crate) fn assigned(assignment: Assignment, committed: Option<Offset>) -> Self {
        Self {
            assignment,
            revoked: None,
            tracker: Tracker::default(),
            lanes: Lanes::default(),
            is_full: false,
            position: committed,
            back_to: None,
            must_meet: None,
            hold: None,
            deferral: Deferral::default(),
            operator: None,
            #[cfg(not(mutant = "pause_outlives_assignment"))]
            told: None,
            #[cfg(mutant = "pause_outlives_assignment")] // a new assignment is taken to run
            told: Some(false),
            seek: Seek::Idle,
            superseded: Vec::new(),
            released: None,
            commit_now: false,
            handed: committed.map(NextOffset::before),
            store_queued: false,
            store_failures: 0,
        }
    }

    pub(crate) fn is_current(&self, assignment: Assignment) -> bool {
        self.revoked.is_none() && self.assignment == assignment
    }

    /// Takes the settled records off the front, which the next store then passes.
    pub(crate) fn pass_settled(&mut self) -> Passed {
        let Some(released) = self.tracker.release() else {
            return Passed::default();
        };
        self.released = Some((released.next, released.reason));
        // A hold has set the position back. What it kept is passed here without being read again, so the
        // position has to follow, or the offset that is stored would lie beyond it.
        self.position = self.position.max(Some(released.next.position()));
        #[cfg(not(mutant = "rejections_wait"))] // until the client's next commit
        {
            self.commit_now |= released.rejected;
        }
        Passed {
            records: released.count,
            // Once in the queue is enough: `next_store` takes the latest offset.
            is_first_to_store: !core::mem::replace(&mut self.store_queued, true),
        }
    }

    /// Whether records wait for others of the partition to be settled.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.lanes.is_empty() || !self.deferral.waiting.is_empty()
    }

    /// Remembers that reading has to go on from `offset`, or from where it already had to.
    pub(crate) fn go_back_to(&mut self, offset: Offset) {
        // The earliest position: everything from there on comes again.
        self.back_to = Some(self.back_to.map_or(offset, |earlier| earlier.min(offset)));
    }

    /// Goes on from `offset`, wherever the client stands and whatever was asked of it.
    pub(crate) fn go_on_from(&mut self, offset: Offset) {
        self.position = Some(offset);
        // It was full for a record that may lie elsewhere. Records that are read again have their places, and
        // no verdict may be left to come that would let it go on (`settle`).
        self.is_full = false;
        #[cfg(not(mutant = "resume_without_seek"))] // the client is trusted to know where it was
        {
            self.back_to = Some(offset);
        }
    }

    /// Whether a seek is still to be carried out.
    pub(crate) fn is_displaced(&self) -> bool {
        self.back_to.is_some() || self.seek != Seek::Idle
    }

    /// What the client has to be told next, given whether every partition is to be paused. What is
    /// returned counts as told.
    ///
    /// A pause comes before its seek and a resume after one, so that the client never runs on from
    /// a position that was not chosen. A new assignment is told either way: a client keeps a pause
    /// over an assignment.
    pub(crate) fn next_step(&mut self, everywhere: bool) -> Option<Step> {
        if self.revoked.is_some() {
            return None;
        }
        let pause = everywhere
            || self.is_full
            || self.hold.is_some()
            || self.operator.is_some()
            || self.deferral.is_some();
        // The pause first: without it the client would run on from where the seek takes it.
        if pause && self.told != Some(true) {
            self.told = Some(true);
            return Some(Step::Pause);
        }
        // A hold is sought back at once. A partition that is paused for anything else is sought when that
        // ends: more refused records may come until then, and each would move the position.
        if let Some(to) = self.back_to
            && (self.hold.is_some() || !pause)
        {
            let failures = match self.seek {
                Seek::Idle => 0,
                Seek::Ready { failures } => failures,
                // Another position replaces the one that was asked for. Its answer still comes, and is
                // told from the later one's by `superseded`.
                Seek::Asked { to: asked, .. } if to != asked => {
                    self.superseded.push(asked);
                    0
                }
                Seek::Asked { .. } | Seek::Waiting { .. } => return None,
            };
            self.seek = Seek::Asked { to, failures };
            return Some(Step::Seek(to));
        }
        // Only after the seek was answered: until then the client would deliver from the old position.
        if !pause && self.told != Some(false) && !self.is_displaced() {
            self.told = Some(false);
            return Some(Step::Resume);
        }
        None
    }
}
