//! Which records are handed out one at a time, and which not at all.
//!
//! While all goes well a mark is written once for each [`HANDED_BLOCK`] offsets of a partition: it
//! says below which offset records may be with the host. The process that starts after one that died
//! reads in it where the fatal record must be. It hands those records out one at a time, with a mark
//! before each that is taken back when the record comes back; so the next death has one suspect.
//!
//! All are of one topic: a consumer of several has no guard.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use dashstream_policy::TopicPartition;

use crate::config::{Config, CrashLoopConfig};
use crate::crash_loop::{CrashMark, CrashMarks, Suspect};
use crate::delivery_queue::{QueuedRecord, RecordPosition};
use crate::error::MarkerError;

/// The marks, and the records that wait for their turn.
#[derive(Debug)]
pub(crate) struct CrashLoopGuard {
    path: PathBuf,
    deaths_max: u32,
    marks: CrashMarks,
    /// Records below these were perhaps with a process that died.
    careful_below: BTreeMap<i32, i64>,
    waiting: VecDeque<QueuedRecord>,
    /// The one record that is out, where they go out one at a time.
    out: Option<RecordPosition>,
    /// The marks differ from what was saved.
    is_dirty: bool,
    failure: Option<MarkerError>,
}

impl CrashLoopGuard {
    /// Reads what earlier processes left, if the configuration has a marker.
    pub(crate) fn open(config: &Config) -> Result<Option<Self>, MarkerError> {
        let Some(CrashLoopConfig { path, deaths_max }) = &config.crash_loop else {
            return Ok(None);
        };
        let mut marks = CrashMarks::load(path)?;
        // A group may be called anything; what is kept has one line.
        let group = config.group.escape_default().to_string();
        if marks == CrashMarks::default() {
            marks.topic.clone_from(&config.topic);
            marks.group = group;
        } else if (&marks.topic, &marks.group) != (&config.topic, &group) {
            return Err(MarkerError::Foreign);
        }
        let mut careful_below = BTreeMap::new();
        for (partition, mark) in &mut marks.partitions {
            mark.count_death();
            // It stays in the mark as well: if this process dies too, its successor has to be as careful.
            if let Some(below) = mark.handed_below {
                careful_below.insert(*partition, below);
            }
        }
        // The death is counted before anything else can go wrong, and once.
        // It also shows at the start whether the file can be written.
        marks.save(path)?;
        Ok(Some(Self {
            path: path.clone(),
            deaths_max: *deaths_max,
            marks,
            careful_below,
            waiting: VecDeque::new(),
            out: None,
            is_dirty: false,
            failure: None,
        }))
    }

    /// Whether too many processes died on this record.
    pub(crate) fn rejects(&self, partition: TopicPartition, offset: i64) -> bool {
        let mark = self.marks.partitions.get(&partition.partition());
        let suspect = mark.and_then(|mark| mark.suspect);
        suspect.is_some_and(|suspect| suspect.offset == offset && suspect.deaths >= self.deaths_max)
    }

    /// Gives a record back that may be handed out at once, and keeps it for later otherwise.
    pub(crate) fn admit(&mut self, taken: QueuedRecord) -> Option<QueuedRecord> {
        let (partition, offset) = taken.place();
        // Behind one that waits every record waits, so that they leave in the order in which they came.
        if !self.waiting.is_empty() || self.out.is_some() || self.is_careful(partition, offset) {
            self.waiting.push_back(taken);
            return None;
        }
        if taken.refused.is_none() {
            self.reserve(partition, offset);
        }
        Some(taken)
    }

    /// The next record that has its turn, given whether the host has one.
    pub(crate) fn next(&mut self, host_has_one: bool) -> Option<QueuedRecord> {
        if !host_has_one {
            self.clear_out();
        }
        let first = self.waiting.front()?;
        let (partition, offset) = first.place();
        // Of one that is refused nobody can die, since no host will have it.
        let is_refused = first.refused.is_some();
        let is_alone = !is_refused && self.is_careful(partition, offset);
        // What may be fatal is alone with the host, so that a death is of this record and no other. All
        // else leaves as it comes: with a backlog something waits here for as long as that lasts.
        if host_has_one && (is_alone || self.out.is_some()) {
            return None;
        }
        if is_alone {
            // The mark is on the disk before the record leaves,
            // or a death right after it would have no suspect.
            self.out = Some((partition, offset));
            self.mark(partition).out = Some(offset);
            self.save();
        } else if !is_refused {
            self.reserve(partition, offset);
        }
        self.waiting.pop_front()
    }

    /// A record came back: nobody died of it.
    pub(crate) fn returned(&mut self, partition: TopicPartition, offset: i64) {
        // Only noted here. The mark of the next record, or `flush`,
        // writes it, which saves one `fsync` for each record.
        if self.out == Some((partition, offset)) {
            self.clear_out();
        }
        self.acquit(partition, |suspect| suspect == offset);
    }

    /// An operator retries the partition's held record.
    pub(crate) fn forgive(&mut self, partition: TopicPartition) {
        self.acquit(partition, |_| true);
    }

    /// A partition goes on from `next`, by what was committed or is stored.
    pub(crate) fn passed(&mut self, partition: TopicPartition, next: i64) {
        self.acquit(partition, |suspect| suspect < next);
    }

    /// Takes records off that are to wait for one before them.
    pub(crate) fn take_back(
        &mut self,
        is_meant: impl Fn(&QueuedRecord) -> bool,
    ) -> Vec<QueuedRecord> {
        let waiting = core::mem::take(&mut self.waiting);
        let (back, rest): (VecDeque<_>, VecDeque<_>) = waiting.into_iter().partition(is_meant);
        self.waiting = rest;
        back.into()
    }

    /// Gives records up that the engine has given up.
    pub(crate) fn withdraw(&mut self, partition: TopicPartition, from: i64) {
        self.waiting.retain(|taken| !taken.is_at(partition, from));
    }

    /// The process ends in order: whatever was out is no suspect.
    pub(crate) fn end(&mut self) {
        // A suspect stays: that this process ended in order does not clear a record that it never handed out.
        for mark in self.marks.partitions.values_mut() {
            mark.handed_below = None;
            mark.out = None;
        }
        self.waiting.clear();
        self.save();
    }

    /// Saves what is not saved yet. Says what went wrong since it was asked last.
    pub(crate) fn flush(&mut self) -> Option<MarkerError> {
        if self.is_dirty {
            self.save();
        }
        self.failure.take()
    }

    fn is_careful(&self, partition: TopicPartition, offset: i64) -> bool {
        let below = self.careful_below.get(&partition.partition());
        below.is_some_and(|below| offset < *below)
    }

    /// Says that records up to some way behind `offset` may be with the host.
    fn reserve(&mut self, partition: TopicPartition, offset: i64) {
        let mark = self.mark(partition);
        if mark.handed_below.is_none_or(|below| offset >= below) {
            // The record leaves behind the save, so that no host ever has one that the marks do not cover.
            mark.handed_below = Some(offset.saturating_add(HANDED_BLOCK));
            self.save();
        }
    }

    /// Nothing is out any more: it came back, or was given up before the host saw it.
    fn clear_out(&mut self) {
        if let Some((partition, _)) = self.out.take() {
            self.mark(partition).out = None;
            self.is_dirty = true;
        }
    }

    fn acquit(&mut self, partition: TopicPartition, is_meant: impl Fn(i64) -> bool) {
        let Some(mark) = self.marks.partitions.get_mut(&partition.partition()) else {
            return;
        };
        if mark.suspect.is_some_and(|suspect| is_meant(suspect.offset)) {
            mark.suspect = None;
            self.is_dirty = true;
        }
    }

    fn mark(&mut self, partition: TopicPartition) -> &mut CrashMark {
        self.marks
            .partitions
            .entry(partition.partition())
            .or_default()
    }

    fn save(&mut self) {
        self.is_dirty = false;
        // It is not tried again by itself, and records go on: the next mark writes
        // everything. A failure that nobody was told of yet outlives a later success.
        self.failure = self.marks.save(&self.path).err().or(self.failure);
    }
}

impl CrashMark {
    /// Counts the death of the process that left this.
    fn count_death(&mut self) {
        // Without a record that was out alone this death accuses none, and does not clear the suspect either.
        let Some(offset) = self.out.take() else {
            return;
        };
        // Deaths count in a row: another record that was out begins at one.
        let before = self.suspect.filter(|suspect| suspect.offset == offset);
        let deaths = before.map_or(0, |suspect| suspect.deaths).saturating_add(1);
        self.suspect = Some(Suspect { offset, deaths });
    }
}

/// Offsets of a partition that one mark covers: a choice between how often a mark is written and how many
/// records are handed out one at a time after a death that no host had, which are at most so many.
const HANDED_BLOCK: i64 = 1_000;

#[cfg(test)]
mod tests;
