//! What a message makes of its run: `transitions.md`, carried out.

use crate::document::Document;
use crate::hash::HashVerdict;
use crate::patch::{self, Operations};
use crate::reducer::epoch::{Content, Facts, Id, Relation};
use crate::reducer::sequence_ranges::SequenceRanges;
use crate::reducer::{HashBudget, Outcome, Reducer, ResyncReason, Stamp, Update};

impl Reducer {
    pub(super) fn step(
        &mut self,
        stamp: Stamp,
        update: Update<'_>,
        fuel: &mut HashBudget,
    ) -> Outcome {
        let sequence = match (stamp.sequence(), update) {
            (Some(sequence), update) if !matches!(update, Update::Lost) => sequence.get(),
            (Some(_) | None, update) => return self.unplaced(stamp, update),
        };
        let outcome = self.relate(sequence, stamp, update, fuel);
        // Last: where the message stands is judged by how far the log was read before it.
        self.epoch.reach(&stamp);
        outcome
    }

    /// A message that takes no place in the sequence.
    fn unplaced(&mut self, stamp: Stamp, update: Update<'_>) -> Outcome {
        if self.epoch.reached.is_none() {
            // So that it is known in which partition the run is. Later ones do not say how far the log was read:
            // what follows in the same record, or is read again, may begin an epoch.
            self.epoch.reach(&stamp);
        }
        let highest = self.sequences.highest();
        match update {
            Update::Lost => self.distrust(ResyncReason::Lost, highest),
            // Only these are harmless: they change no state, wherever they belong.
            Update::Other | Update::End if self.resync.is_none() => Outcome::Unchanged,
            Update::Other | Update::End => Outcome::Waiting,
            Update::Start { .. }
            | Update::Snapshot { .. }
            | Update::Diff { .. }
            | Update::Checkpoint { .. }
            | Update::PoisonedCheckpoint { .. } => self.distrust(ResyncReason::NoSequence, highest),
        }
    }

    /// Takes the message where it belongs to this epoch or to a new one.
    fn relate(
        &mut self,
        sequence: u64,
        stamp: Stamp,
        update: Update<'_>,
        fuel: &mut HashBudget,
    ) -> Outcome {
        let highest = self.sequences.highest();
        let facts = self.facts(sequence, stamp, update);
        let relation = self
            .epoch
            .relation(sequence, &stamp, &facts, self.limits.sequence_jump);
        match relation {
            Relation::Ours => self.take(sequence, stamp, update, fuel),
            Relation::Duplicate => Outcome::Duplicate,
            Relation::Stale | Relation::Straggler => {
                // A second one is believed, since there is a doubt then.
                if relation == Relation::Straggler && facts.content == Content::Full {
                    self.epoch.reused(sequence);
                }
                self.epoch.late();
                // Its state is old news, and diffs may go on naming it.
                if let Update::Checkpoint { id, .. } = update {
                    self.ids.checkpoint(id, self.limits.checkpoints);
                }
                Outcome::Stale
            }
            Relation::Reused => {
                self.epoch.reused(sequence);
                self.epoch.late();
                // What was kept may be of either producer.
                self.pending.clear();
                self.distrust(ResyncReason::SequenceReused, highest)
            }
            Relation::Leftover => {
                // It may be of this epoch all the same, with a clock that went back.
                self.epoch.leftover(&stamp);
                self.distrust(ResyncReason::SequenceReused, highest)
            }
            Relation::Ended => {
                self.epoch.ended(&stamp);
                Outcome::Stale
            }
            Relation::Jump => {
                self.epoch.jumped(sequence);
                self.jump()
            }
            Relation::Another => {
                let jump_max = self.limits.sequence_jump;
                // Before `begin_epoch`, which forgets it. What those numbers came with was dropped, and a
                // full state from before them lacks it.
                let dropped = self.epoch.jumped_near(sequence, jump_max);
                self.begin_epoch(stamp);
                self.dropped = dropped.unwrap_or(0);
                if !facts.is_full || sequence < self.dropped {
                    // Before `take`: a run in step has no reason yet, and its state is gone. A full state from
                    // before what was dropped is not taken either.
                    self.resync = Some(ResyncReason::NoSnapshot);
                }
                let outcome = self.take(sequence, stamp, update, fuel);
                if matches!(outcome, Outcome::Waiting | Outcome::Buffered) {
                    // What came before is missing.
                    return Outcome::Resync(ResyncReason::NoSnapshot);
                }
                outcome
            }
        }
    }

    fn facts(&self, sequence: u64, stamp: Stamp, update: Update<'_>) -> Facts {
        let (content, is_full) = match update {
            Update::Start { state } => (Content::Start, state.is_some()),
            Update::Snapshot { .. } => (Content::Full, true),
            Update::Checkpoint { state, .. } if !state.is_empty() => (Content::Full, true),
            Update::Checkpoint { .. }
            | Update::PoisonedCheckpoint { .. }
            | Update::Diff { .. }
            | Update::End
            | Update::Other
            | Update::Lost => (Content::Part, false),
        };
        // By its id alone: the same start may come again under another number.
        let is_start = content == Content::Start && self.ids.is_start(stamp.message_id());
        let covered = self.sequences.contains(sequence);
        let highest = self.sequences.highest();
        Facts {
            content,
            is_full,
            id: if is_start {
                Id::Same
            } else if covered {
                self.ids.compare(sequence, stamp.message_id())
            } else {
                Id::Unknown
            },
            covered,
            contained: covered
                && self.ids.is_contained(sequence)
                && self.skipped.contains(sequence),
            highest: (highest > 0).then_some(highest),
            has_state: self.cursor.is_some(),
        }
    }

    /// Takes a message whose number is new in this epoch.
    fn take(
        &mut self,
        sequence: u64,
        stamp: Stamp,
        update: Update<'_>,
        fuel: &mut HashBudget,
    ) -> Outcome {
        // First: `Epoch::settle` takes the time that this notes for that of the full state.
        self.epoch.take(sequence, &stamp);
        if let Update::Start { state } = update {
            // Its number is inserted there: a start stands for all numbers up to its own.
            return self.start(sequence, stamp, state, fuel);
        }
        self.sequences.insert(sequence);
        self.ids
            .note(sequence, stamp.message_id(), self.limits.message_ids);
        match update {
            Update::Diff {
                operations,
                hash,
                base,
            } => self.diff(sequence, operations, (hash, base), fuel),
            Update::Snapshot { state, hash } => self.full(sequence, state, hash, fuel),
            Update::Checkpoint { id, state: [] } => {
                self.ids.checkpoint(id, self.limits.checkpoints);
                self.placed(fuel)
            }
            Update::Checkpoint { id, state } => {
                let outcome = self.full(sequence, state, &[], fuel);
                // One that cannot be read need not be known: after the full state that is needed now,
                // a diff may name what came before.
                if !matches!(outcome, Outcome::Resync(ResyncReason::Snapshot(_))) {
                    self.ids.checkpoint(id, self.limits.checkpoints);
                }
                outcome
            }
            Update::PoisonedCheckpoint { .. } => {
                self.distrust(ResyncReason::PoisonedCheckpoint, sequence)
            }
            // A start returned above, and a lost message does not get beyond `step`.
            Update::End | Update::Other | Update::Start { .. } | Update::Lost => self.placed(fuel),
        }
    }

    /// Forgets the numbers of the last epoch, and the state that they made.
    fn begin_epoch(&mut self, stamp: Stamp) {
        self.epoch.begin(&stamp);
        self.sequences = SequenceRanges::default();
        self.skipped = SequenceRanges::default();
        self.ids.clear();
        self.pending.clear();
        self.cursor = None;
        self.dropped = 0;
        self.forget_state();
    }

    fn forget_state(&mut self) {
        // Both at once: what the history costs is known by what the next state shares with it.
        self.state = None;
        self.history.clear();
        self.made_at = None;
        self.verifier.forget();
    }

    /// The run begins, in whichever epoch.
    fn start(
        &mut self,
        sequence: u64,
        stamp: Stamp,
        state: Option<&[u8]>,
        fuel: &mut HashBudget,
    ) -> Outcome {
        self.cover(sequence);
        self.ids.start(stamp.message_id());
        self.ids
            .note(sequence, stamp.message_id(), self.limits.message_ids);
        let Some(state) = state else {
            self.forget_state();
            return self.distrust(ResyncReason::NoSnapshot, sequence);
        };
        self.full(sequence, state, &[], fuel)
    }

    /// A number that is not believed leaves a gap, and everything else as it is.
    fn jump(&mut self) -> Outcome {
        if self.resync.is_some() {
            return Outcome::Waiting;
        }
        // The distance is not counted as missing, since the number is not believed. The cursor stays: the
        // messages up to it may still come.
        let missing = self.limits.sequence_jump;
        let reason = ResyncReason::Gap { missing };
        self.resync = Some(reason);
        Outcome::Resync(reason)
    }

    fn diff(
        &mut self,
        sequence: u64,
        operations: Operations<'_>,
        (hash, base): (&[u8], &[u8]),
        fuel: &mut HashBudget,
    ) -> Outcome {
        if self.cursor.is_some_and(|cursor| sequence <= cursor) {
            // Its number fell out of the ranges seen; applied again it would put the state back.
            return Outcome::Stale;
        }
        let in_place = self
            .cursor
            .is_some_and(|cursor| self.sequences.spans(cursor, sequence));
        let is_synced = self.resync.is_none();
        // In its place, with nothing that waits behind it: applied without a copy. While the run waits, that
        // is a message that closes the last gap.
        if in_place
            && (is_synced || self.sequences.highest() == sequence && self.pending.is_empty())
        {
            return match self.change(sequence, operations, (hash, base), fuel) {
                Ok(_) if !is_synced => {
                    self.resync = None;
                    Outcome::Recovered { replayed: 0 }
                }
                Ok(_) if operations.is_empty() => Outcome::Unchanged,
                Ok(verdict) => Outcome::Applied(verdict),
                Err(reason) => self.distrust(reason, sequence),
            };
        }
        let budget = (self.limits.buffered_diffs, self.limits.buffered_bytes);
        let diff = (operations, hash, base);
        if self.pending.keep(sequence, diff, budget) {
            // Replays it at once if it is in its place.
            let outcome = self.placed(fuel);
            let waits = outcome == Outcome::Waiting;
            return if waits { Outcome::Buffered } else { outcome };
        }
        // What comes after this place cannot be replayed any more.
        match self.resync {
            // Counted from the cursor, which is dropped only then.
            None => self.distrust(self.gap(), sequence),
            Some(_) => {
                self.drop_cursor(sequence);
                Outcome::Waiting
            }
        }
    }

    /// A complete state, which makes it right whatever came before.
    fn full(&mut self, sequence: u64, text: &[u8], hash: &[u8], fuel: &mut HashBudget) -> Outcome {
        if self.cursor.is_some_and(|cursor| sequence <= cursor) {
            return Outcome::Stale;
        }
        // What it came with may have been forgotten: a number that has made a state makes no other.
        let made = self.made_at.is_some_and(|made_at| sequence <= made_at);
        if made || sequence < self.dropped {
            return Outcome::Waiting;
        }
        let state = match Document::from_slice(text, &self.limits.read) {
            Ok(state) => state,
            Err(error) => return self.distrust(ResyncReason::Snapshot(error), sequence),
        };
        let verdict = self.verifier.full(self.now, (sequence, hash), &state);
        if verdict == HashVerdict::Mismatch {
            return self.distrust(ResyncReason::HashMismatch, sequence);
        }
        // After a state that was refuted the newest version is held alone.
        let before = self.state.as_ref().or_else(|| self.history.newest());
        // A state that was read on its own shares nothing with the one before.
        let left_behind = before.map_or(0, Document::heap_bytes);
        let budget = (self.limits.history_versions, self.limits.history_bytes);
        self.history.push(sequence, &state, left_behind, budget);
        self.given = state.heap_bytes();
        self.state = Some(state);
        self.made_at = Some(sequence);
        self.cursor = Some(sequence);
        self.cover(sequence);
        // Before `placed`: a replayed diff may be the first to name a checkpoint from before this state.
        self.ids.full_state(sequence);
        self.epoch.settle();
        match self.resync {
            None if self.sequences.highest() == sequence => Outcome::Applied(verdict),
            None | Some(_) => self.placed(fuel),
        }
    }

    /// A message stands for every number up to its own.
    fn cover(&mut self, sequence: u64) {
        // Its own number first, or it would be noted as skipped; then the gaps, before they are closed.
        self.sequences.insert(sequence);
        self.sequences.add_gaps(sequence, &mut self.skipped);
        self.sequences.insert_up_to(sequence);
    }

    /// Takes up what can be taken up now that one more message has its place.
    fn placed(&mut self, fuel: &mut HashBudget) -> Outcome {
        let was = self.resync;
        let Some(mut cursor) = self.cursor else {
            return Outcome::Waiting;
        };
        let mut replayed = 0_u32;
        while let Some((sequence, kept)) = self.pending.take_after(cursor, &self.sequences) {
            let changed = kept.operations.with(|operations| {
                self.change(sequence, operations, (&kept.hash, &kept.base), fuel)
            });
            if let Err(reason) = changed {
                // The diffs behind it stay: they follow from the full state that is needed now.
                return self.distrust(reason, sequence);
            }
            cursor = sequence;
            replayed = replayed.saturating_add(1);
        }
        let highest = self.sequences.highest();
        if self.sequences.spans(cursor, highest) {
            self.cursor = Some(cursor.max(highest));
            self.resync = None;
            return match was {
                None => Outcome::Unchanged,
                Some(_) => Outcome::Recovered { replayed },
            };
        }
        self.cursor = Some(cursor);
        let reason = self.gap();
        self.resync = Some(reason);
        match was {
            Some(ResyncReason::Gap { .. }) => Outcome::Waiting,
            None | Some(_) => Outcome::Resync(reason),
        }
    }

    /// Applies one diff to a state that is right, and moves the cursor to it.
    fn change(
        &mut self,
        sequence: u64,
        operations: Operations<'_>,
        (hash, base): (&[u8], &[u8]),
        fuel: &mut HashBudget,
    ) -> Result<HashVerdict, ResyncReason> {
        if !self.ids.knows_base(base, self.limits.checkpoints) {
            return Err(ResyncReason::UnknownBase);
        }
        // Kept only when the hash may refuse what follows: a state with one owner is changed in place.
        let due = self.verifier.is_due(self.now, hash);
        let before = due.then(|| self.state.clone()).flatten();
        let state = self.state.as_mut().ok_or(ResyncReason::NoSnapshot)?;
        let applied = match patch::apply(state, operations, &self.limits.patch) {
            Ok(applied) => applied,
            Err(error) => {
                // The state is what it was, but shares less with itself and with what the hasher remembers:
                // what was copied for the operations before the refused one stays.
                self.given = u64::MAX;
                self.verifier.forget_last();
                return Err(ResyncReason::Patch(error));
            }
        };
        self.given = self.given.saturating_add(applied.given);
        let verdict = self
            .verifier
            .diff((self.now, due), (sequence, hash), (state, applied), fuel);
        if verdict == HashVerdict::Mismatch {
            // The last state that was not refuted stays, and is what the history ends with.
            self.state = before;
            return Err(ResyncReason::HashMismatch);
        }
        self.cursor = Some(sequence);
        // A diff without operations makes no version: the state stays that of the message that made it.
        if !operations.is_empty() {
            self.made_at = Some(sequence);
            let budget = (self.limits.history_versions, self.limits.history_bytes);
            self.history
                .push(sequence, state, applied.left_behind, budget);
        }
        Ok(verdict)
    }

    /// From now on the state is not known to be right, until a full state from `sequence` on.
    pub(super) fn distrust(&mut self, reason: ResyncReason, sequence: u64) -> Outcome {
        self.drop_cursor(sequence);
        self.resync = Some(reason);
        Outcome::Resync(reason)
    }

    /// What was applied so far cannot be applied again: only a full state from there on will do.
    fn drop_cursor(&mut self, sequence: u64) {
        let cursor = self.cursor.take().unwrap_or(0);
        self.dropped = self.dropped.max(sequence).max(cursor);
    }

    fn gap(&self) -> ResyncReason {
        let start = self.cursor.unwrap_or(self.dropped);
        let missing = self.sequences.missing(start, self.sequences.highest());
        ResyncReason::Gap { missing }
    }
}
