//! Records that are handed out one after another.

use std::collections::VecDeque;

use dashstream_policy::TopicPartition;

use crate::delivery_queue::{QueuedRecord, RecordPosition};

#[derive(Default)]
pub(super) struct Lane {
    waiting: VecDeque<QueuedRecord>,
    /// Records that the host has: one, or a batch.
    out: usize,
    /// The record at which the batch ended that the host has.
    ended_at: Option<i64>,
}

impl Lane {
    /// Puts a record down. One that was out before comes back in front of those behind it.
    pub(super) fn push(&mut self, record: QueuedRecord) {
        let offset = record.message.offset;
        let last = self.waiting.back();
        if last.is_none_or(|last| last.message.offset < offset) {
            return self.waiting.push_back(record);
        }
        // Only what was out before comes out of order, and its place is near the front: the search is short.
        let mut waiting = self.waiting.iter();
        let behind = waiting.position(|other| other.message.offset > offset);
        self.waiting
            .insert(behind.unwrap_or(self.waiting.len()), record);
    }

    /// Whether a record may be handed out.
    pub(super) fn is_ready(&self) -> bool {
        self.out == 0 && !self.waiting.is_empty()
    }

    /// Hands records out until there are `max`, as far as they are free and the host may see them.
    pub(super) fn hand_out(
        &mut self,
        max: usize,
        taken: &mut Vec<QueuedRecord>,
        is_free: impl Fn(RecordPosition) -> bool,
    ) {
        // Ends at the first record that may not be handed out yet, since nothing overtakes it.
        while taken.len() < max
            && let Some(first) = self.waiting.front()
            && first.refused.is_none()
            && is_free(first.place())
            && let Some(record) = self.waiting.pop_front()
        {
            self.out = self.out.saturating_add(1);
            taken.push(record);
        }
    }

    /// Takes the first record out if it is free and the host is not to see it.
    pub(super) fn take_refused(
        &mut self,
        is_free: impl Fn(RecordPosition) -> bool,
    ) -> Option<QueuedRecord> {
        let first = self.waiting.front()?;
        if first.refused.is_none() || !is_free(first.place()) {
            return None;
        }
        // It counts as out until it has its verdict, so that nothing behind it is handed out before.
        self.out = self.out.saturating_add(1);
        self.waiting.pop_front()
    }

    /// Records that wait and that the host is not to see.
    pub(super) fn refused(&self) -> usize {
        self.waiting
            .iter()
            .filter(|record| record.refused.is_some())
            .count()
    }

    /// The host is through with a record.
    pub(super) fn come_back(&mut self) {
        self.out = self.out.saturating_sub(1);
        // The batch is over, and the next begins without an end.
        if self.out == 0 {
            self.ended_at = None;
        }
    }

    /// Ends the batch that is out: what lies behind `offset` in it is given back.
    pub(super) fn end_batch(&mut self, offset: i64) {
        // Verdicts come in any order, from several threads perhaps; the earliest record that failed ends it.
        let earlier = self.ended_at.map_or(offset, |at| at.min(offset));
        self.ended_at = Some(earlier);
    }

    pub(super) fn has_ended_before(&self, offset: i64) -> bool {
        self.ended_at.is_some_and(|at| at < offset)
    }

    /// Takes the records off that lie behind `offset`.
    pub(super) fn take_behind(&mut self, offset: i64) -> Vec<QueuedRecord> {
        let mut waiting = self.waiting.iter();
        let behind = waiting.position(|record| record.message.offset > offset);
        let from = behind.unwrap_or(self.waiting.len());
        self.waiting.drain(from..).collect()
    }

    /// Throws the records of `partition` away that lie at `from` or behind.
    pub(super) fn withdraw(&mut self, partition: TopicPartition, from: i64) {
        self.waiting.retain(|record| !record.is_at(partition, from));
    }

    /// Records that wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody needs it any more.
    pub(super) fn is_over(&self) -> bool {
        self.out == 0 && self.waiting.is_empty()
    }
}
