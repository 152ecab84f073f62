//! What is to happen later.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::ArchiveId;
use crate::offset::OwnedPartition;

/// Timers by the moment they are due, those of one moment in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    // Not a `BinaryHeap`, from which a canceled timer could not be removed.
    set: BTreeMap<Due, Timer>,
    /// The number of the latest timer, so that two of one moment have different keys.
    next: u64,
}

/// Names a timer: when it fires, and a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) at: Duration,
    number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A send has taken too long, or may be repeated.
    Archive(ArchiveId),
    /// A record may be tried again.
    Retry(u64),
    /// A deferred record of the partition may be tried again.
    Defer(OwnedPartition),
    /// A seek may be repeated.
    Seek(OwnedPartition),
    /// A store may be repeated.
    Store(OwnedPartition),
    /// The client has to be polled again.
    Poll,
}

impl Timers {
    /// Sets a timer.
    pub(crate) fn set(&mut self, at: Duration, timer: Timer) -> Due {
        self.next = self.next.wrapping_add(1);
        let due = Due {
            at,
            number: self.next,
        };
        self.set.insert(due, timer);
        due
    }

    pub(crate) fn cancel(&mut self, due: Due) {
        self.set.remove(&due);
    }

    /// Takes the first timer that is due at `now`.
    pub(crate) fn fire(&mut self, now: Duration) -> Option<(Due, Timer)> {
        let first = self.set.first_entry()?;
        if first.key().at > now {
            return None;
        }
        Some(first.remove_entry())
    }

    pub(crate) fn next(&self) -> Option<Duration> {
        self.set.first_key_value().map(|(due, _)| due.at)
    }
}
