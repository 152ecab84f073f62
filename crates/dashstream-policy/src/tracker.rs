//! The records of one assignment that were taken and are not yet below the stored offset.

use core::time::Duration;
use std::collections::VecDeque;

use crate::{ArchiveId, NextOffset, Offset, StoreReason};

/// Delivered offsets in order, gaps allowed, each with its state.
///
/// Slots are numbered without gaps, so that a token finds its entry without a search. A slot is
/// reused for a record that is read again; the serial, which never is, tells the records apart.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    entries: VecDeque<Entry>,
    /// The slot of the front entry.
    first: u64,
    /// Entries of records that are to be read again, or that turned out to be gone.
    vacant: usize,
    /// Bytes of the records that are not settled.
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) offset: Offset,
    pub(crate) serial: u64,
    pub(crate) since: Duration,
    pub(crate) state: State,
    /// The records that it is ordered with.
    pub(crate) lane: Option<u64>,
    /// What it takes of the room until it is settled.
    bytes: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// A handler has its token, since then.
    Out(Duration),
    /// It waits for a record before it.
    Queued,
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
    /// It was given up behind a hold, and is to be read again.
    Forgotten,
    /// It was not there when it was to be read again, as any record that compaction removes.
    Absent,
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

/// Which entry: its number, and the serial that it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) number: u64,
    /// Counts up over the whole engine, so that a redelivered offset is another record.
    pub(crate) serial: u64,
}

impl Tracker {
    /// Adds a record, behind all others or in the place that was kept for it.
    pub(crate) fn push(
        &mut self,
        now: Duration,
        (offset, serial): (Offset, u64),
        state: State,
        lane: Option<u64>,
        bytes: usize,
    ) -> Slot {
        let entry = Entry {
            offset,
            serial,
            since: now,
            state,
            lane,
            // Four bytes keep the entry small (`Config::OUTSTANDING_MAX`). A Kafka record cannot be larger:
            // the length of a batch is an `int32`.
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
        };
        self.bytes = self.bytes.saturating_add(entry.charge());
        let index = self.index(offset);
        match self.entries.get_mut(index) {
            // The place that was kept for this very offset: `admit` has forgotten everything from here on
            // where there is none. So the entries stay sorted by offset.
            Some(place) => {
                *place = entry;
                self.vacant = self.vacant.saturating_sub(1);
            }
            None => self.entries.push_back(entry),
        }
        let number = self.first.wrapping_add(index as u64);
        Slot { number, serial }
    }

    /// Prepares for the record at `offset`, which is delivered, and says whether it is settled. What
    /// was to be read again before it is gone.
    pub(crate) fn is_settled(&mut self, offset: Offset) -> bool {
        let index = self.index(offset);
        // Without this guard every record would walk over all entries.
        if self.vacant > 0 {
            let before = self.entries.iter_mut().take(index);
            for entry in before.filter(|entry| entry.state == State::Forgotten) {
                entry.state = State::Absent;
            }
        }
        match self.entries.get(index) {
            Some(entry) if entry.offset == offset => matches!(entry.state, State::Settled(_)),
            Some(_) | None => false,
        }
    }

    /// Whether a record at `offset`, if there is one, is to be read again.
    pub(crate) fn expects(&self, offset: Offset) -> bool {
        let found = self.entries.get(self.index(offset));
        found.is_some_and(|entry| entry.offset == offset && entry.state == State::Forgotten)
    }

    /// Whether nothing is kept at `offset` or behind.
    pub(crate) fn ends_before(&self, offset: Offset) -> bool {
        self.entries.back().is_none_or(|last| last.offset < offset)
    }

    /// The entry of a record that is still known.
    pub(crate) fn get(&mut self, slot: Slot) -> Option<&mut Entry> {
        let index = usize::try_from(slot.number.checked_sub(self.first)?).ok()?;
        self.entries
            .get_mut(index)
            // The place may have been given to a record that was read again.
            .filter(|entry| entry.serial == slot.serial)
    }

    /// Lets an offset pass the record, if it is still known, and returns what it was.
    pub(crate) fn settle(&mut self, slot: Slot, reason: StoreReason) -> Option<Entry> {
        let entry = self.get(slot)?;
        let before = *entry;
        entry.state = State::Settled(reason);
        self.bytes = self.bytes.saturating_sub(before.charge());
        // With the state it had: the caller takes its charge off the room.
        Some(before)
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
        let mut released: Option<Released> = None;
        while let Some(front) = self.entries.front() {
            match front.state {
                State::Settled(reason) => {
                    let before = released.map_or((0, false), |of| (of.count, of.rejected));
                    released = Some(Released {
                        next: front.offset.next(),
                        reason,
                        count: before.0.saturating_add(1),
                        rejected: before.1 || reason.is_rejection(),
                    });
                }
                // It has no offset of its own to store: the next record's passes it.
                State::Absent => self.vacant = self.vacant.saturating_sub(1),
                State::Out(_)
                | State::Queued
                | State::Retrying
                | State::Deferred
                | State::Pending(_)
                | State::Held
                | State::Forgotten => break,
            }
            self.entries.pop_front();
            self.first = self.first.wrapping_add(1);
        }
        released
    }

    /// Gives up the records at or behind `from`, but for the first `keep` settled ones, and returns
    /// what they were. Places before those that are kept stay, for what is read again.
    pub(crate) fn give_up(&mut self, from: Offset, keep: usize) -> Vec<Entry> {
        let start = self.index(from);
        let mut given_up = Vec::new();
        let mut kept = 0_usize;
        let mut end = start;
        for (index, entry) in self.entries.iter_mut().enumerate().skip(start) {
            if matches!(entry.state, State::Settled(_)) && kept < keep {
                kept = kept.saturating_add(1);
                end = index.saturating_add(1);
                continue;
            }
            // Given up by an earlier hold, and counted then.
            if matches!(entry.state, State::Forgotten | State::Absent) {
                continue;
            }
            given_up.push(*entry);
            self.bytes = self.bytes.saturating_sub(entry.charge());
            entry.state = State::Forgotten;
            self.vacant = self.vacant.saturating_add(1);
        }
        // Places are kept only for what has to come before a kept record. Everything behind the last of
        // those is vacant by now, so nothing that counts is cut off.
        let gone = self.entries.len().saturating_sub(end);
        self.entries.truncate(end);
        self.vacant = self.vacant.saturating_sub(gone);
        given_up
    }

    /// The records that are with handlers, as their number and the one that has been out longest.
    pub(crate) fn with_host(&self) -> (usize, Option<(Offset, Duration)>) {
        let out = self.entries.iter().filter_map(|entry| {
            let State::Out(since) = entry.state else {
                return None;
            };
            Some((entry.offset, since))
        });
        out.fold((0, None), |(count, oldest), (offset, since)| {
            let older = oldest.filter(|(_, other)| *other <= since);
            (count.saturating_add(1), older.or(Some((offset, since))))
        })
    }

    /// Records that were taken and that no offset has passed.
    pub(crate) fn len(&self) -> usize {
        self.entries.len().saturating_sub(self.vacant)
    }

    /// Bytes of those that are not settled.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Settled records that wait for one before them to be read again.
    pub(crate) fn kept(&self) -> usize {
        // Behind any other record settled ones wait as well, but that record gets its verdict without an
        // operator and lets them go.
        let is_read_again = |entry: &Entry| matches!(entry.state, State::Held | State::Forgotten);
        let mut entries = self.entries.iter();
        entries.position(is_read_again).map_or(0, |_| {
            let settled = |entry: &&Entry| matches!(entry.state, State::Settled(_));
            entries.filter(settled).count()
        })
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
            State::Queued
            | State::Deferred
            | State::Held
            | State::Settled(_)
            | State::Forgotten
            | State::Absent => false,
        })
    }

    /// Where the record at `offset` is, or would be.
    fn index(&self, offset: Offset) -> usize {
        // Nearly every record lies behind all others.
        if self.ends_before(offset) {
            return self.entries.len();
        }
        self.entries.partition_point(|entry| entry.offset < offset)
    }
}

impl Entry {
    /// Bytes that it takes of the room.
    pub(crate) const fn charge(&self) -> usize {
        match self.state {
            State::Settled(_) | State::Forgotten | State::Absent => 0,
            State::Out(_)
            | State::Queued
            | State::Retrying
            | State::Deferred
            | State::Pending(_)
            | State::Held => self.bytes as usize,
        }
    }
}

#[cfg(test)]
mod tests;
