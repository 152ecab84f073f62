//! The records of one assignment that were taken and are not yet below the stored offset.

use core::time::Duration;
use std::collections::VecDeque;

use crate::{ArchiveId, NextOffset, Offset, StoreReason};

/// Delivered offsets in order, gaps allowed, each with its state.
///
/// Slots are numbered without gaps, so that a token finds its entry without a search. A slot is
/// reused after [`Tracker::truncate`]; the serial, which never is, tells the records apart.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    entries: VecDeque<Entry>,
    /// The slot of the front entry.
    first: u64,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) offset: Offset,
    pub(crate) serial: u64,
    pub(crate) since: Duration,
    pub(crate) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A handler has its token, since then.
    Out(Duration),
    /// It waits for another attempt.
    Retrying,
    /// It waits until the host may have the resources for it.
    Deferred,
    /// It waits for the archive.
    Pending(ArchiveId),
    /// It is held.
    Held,
    /// An offset may pass it.
    Settled(StoreReason),
}

/// Settled records that were taken off the front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Released {
    pub(crate) next: NextOffset,
    /// Why the last of them is settled.
    pub(crate) reason: StoreReason,
    pub(crate) count: usize,
    /// Whether one of them was rejected.
    pub(crate) rejected: bool,
}

/// Which entry: its slot, and the serial that it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) number: u64,
    pub(crate) serial: u64,
}

impl Tracker {
    /// Adds the record at `offset`, which lies behind all others.
    pub(crate) fn push(
        &mut self,
        now: Duration,
        offset: Offset,
        serial: u64,
        state: State,
    ) -> Slot {
        let number = self.first.wrapping_add(self.entries.len() as u64);
        self.entries.push_back(Entry {
            offset,
            serial,
            since: now,
            state,
        });
        Slot { number, serial }
    }

    /// The entry of a record that is still known.
    pub(crate) fn get(&mut self, slot: Slot) -> Option<&mut Entry> {
        let index = usize::try_from(slot.number.checked_sub(self.first)?).ok()?;
        self.entries
            .get_mut(index)
            .filter(|entry| entry.serial == slot.serial)
    }

    /// Lets an offset pass the record, if it is still known.
    pub(crate) fn settle(&mut self, slot: Slot, reason: StoreReason) {
        if let Some(entry) = self.get(slot) {
            entry.state = State::Settled(reason);
        }
    }

    #[cfg(mutant = "evicts_when_full")]
    pub(crate) fn evict(&mut self) {
        if let Some(oldest) = self.entries.front_mut() {
            oldest.state = State::Settled(StoreReason::Configured);
        }
    }

    /// Removes the settled records at the front and says where that leads.
    pub(crate) fn release(&mut self) -> Option<Released> {
        #[cfg(mutant = "highest_seen")]
        // the highest settled offset is stored, whatever lies before
        if let Some(State::Settled(reason)) = self.entries.back().map(|entry| entry.state) {
            for entry in &mut self.entries {
                entry.state = State::Settled(reason);
            }
        }
        let mut released = None;
        let mut count = 0_usize;
        let mut rejected = false;
        while let Some(Entry {
            offset,
            state: State::Settled(reason),
            ..
        }) = self.entries.front()
        {
            released = Some((offset.next(), *reason));
            rejected |= reason.is_rejection();
            self.entries.pop_front();
            self.first = self.first.wrapping_add(1);
            count = count.saturating_add(1);
        }
        released.map(|(next, reason)| Released {
            next,
            reason,
            count,
            rejected,
        })
    }

    /// Removes and returns the last record if it lies at or behind `from`.
    pub(crate) fn pop_from(&mut self, from: Offset) -> Option<Entry> {
        if self.entries.back()?.offset < from {
            return None;
        }
        self.entries.pop_back()
    }

    /// The records that are with handlers, as their number and the one that has been out longest.
    pub(crate) fn with_host(&self) -> (usize, Option<(Offset, Duration)>) {
        let out = self.entries.iter().filter_map(|entry| match entry.state {
            State::Out(since) => Some((entry.offset, since)),
            State::Retrying
            | State::Deferred
            | State::Pending(_)
            | State::Held
            | State::Settled(_) => None,
        });
        out.fold((0, None), |(count, oldest), (offset, since)| {
            let older = oldest.filter(|(_, other)| *other <= since);
            (count.saturating_add(1), older.or(Some((offset, since))))
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The first record that the host has no resources for, or the one that tries whether it has.
    pub(crate) fn first_deferred(&self, probe: Option<u64>) -> Option<Offset> {
        let is_deferred =
            |entry: &&Entry| entry.state == State::Deferred || probe == Some(entry.serial);
        Some(self.entries.iter().find(is_deferred)?.offset)
    }

    /// The record that holds the offset back.
    pub(crate) fn front(&self) -> Option<&Entry> {
        self.entries.front()
    }

    /// Whether a record is with a handler, between attempts or on its way to the archive.
    pub(crate) fn is_busy(&self) -> bool {
        self.entries.iter().any(|entry| match entry.state {
            #[cfg(mutant = "drain_drops_retries")] // in-memory attempts are lost at the end
            State::Retrying => false,
            State::Out(_) | State::Retrying | State::Pending(_) => true,
            State::Deferred | State::Held | State::Settled(_) => false,
        })
    }
}

#[cfg(test)]
mod tests;
