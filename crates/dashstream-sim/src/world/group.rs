//! The group: assignments, other consumers, and this one's end.

use dashstream_policy::{
    Admission, Assignment, Delivery, HeldBy, Input, PartitionState, PartitionStatus,
};

use super::{World, at, engine, number, place};
use crate::invariant::{Checked, Invariant, Violation};

impl World {
    pub(crate) fn assign(&mut self, p: usize) -> Result<bool, Violation> {
        self.next_epoch += 1;
        let assignment = Assignment::new(self.next_epoch);
        self.parts[p].end_assignment();
        let part = &mut self.parts[p];
        part.assignment = Some(assignment);
        part.stored = None;
        part.position = part.committed.unwrap_or(part.low);
        if part.committed.is_none() {
            part.truth.give_up(0, part.low);
        }
        let (committed, low) = (part.committed.map(at), Some(at(part.low)));
        self.input(Input::Assigned {
            partition: place(p),
            assignment,
            committed,
            low,
        })?;
        self.tell_log(p, assignment)?;
        Ok(true)
    }

    pub(super) fn revoke(&mut self, p: usize, commits: bool) -> Result<bool, Violation> {
        let Some(assignment) = self.parts[p].assignment else {
            return Ok(false);
        };
        if commits {
            self.parts[p].commit();
        }
        self.parts[p].end_assignment();
        self.parts[p].assignment = None;
        self.parts[p].stored = None;
        self.input(Input::Revoked {
            partition: place(p),
            assignment,
        })?;
        Ok(true)
    }

    pub(super) fn elsewhere(&mut self, p: usize, count: u32) -> bool {
        let part = &mut self.parts[p];
        if part.assignment.is_some() {
            return false;
        }
        let from = part.committed.unwrap_or(part.low);
        let done: Vec<_> = part
            .records
            .range(from..)
            .take(count as usize)
            .map(|(o, _)| *o)
            .collect();
        if let Some(last) = done.last() {
            part.committed = Some(last + 1);
            part.truth.give_up(0, last + 1);
        }
        !done.is_empty()
    }

    pub(super) fn crash(&mut self) -> bool {
        for (at, send) in self.sends.drain(..).enumerate() {
            if at % 2 == 0 {
                let truth = &mut self.parts[number(send.partition)].truth;
                truth.archived.insert((send.offset.get(), send.form));
            }
        }
        self.engine = engine(&self.rules);
        self.tokens.clear();
        self.late.clear();
        self.late_failures.clear();
        self.ids.clear();
        self.facts = (0, 0);
        self.last_serial = 0;
        (self.breaker, self.taking, self.stopped) = (false, true, None);
        self.draining = false;
        for part in &mut self.parts {
            part.end_assignment();
            part.assignment = None;
            part.stored = None;
            part.old_serials = 0;
            part.paused = false;
            part.hand.clear();
        }
        true
    }

    pub(crate) fn order_to_drain(&mut self) -> Result<bool, Violation> {
        let first = !core::mem::replace(&mut self.draining, true);
        self.input(Input::Drain)?;
        Ok(first)
    }

    /// Ends the process as an order to stop does: once nothing is under way, with a commit and the
    /// partitions given back.
    pub(crate) fn leave(&mut self) -> Result<bool, Violation> {
        if !self.draining || !self.tokens.is_empty() || !self.engine.is_idle() {
            return Ok(false);
        }
        self.check_drained()?;
        for p in 0..self.parts.len() {
            self.revoke(p, true)?;
        }
        self.left += 1;
        Ok(self.crash())
    }

    /// What was taken and is not held is stored at the client, as far as the client let it, and no
    /// send is left but those of held records.
    fn check_drained(&self) -> Checked {
        let status = self.engine.status();
        let sends = status.archive.in_flight + status.archive.waiting + status.archive.again;
        let held = |of: &&PartitionStatus| matches!(of.state, PartitionState::Held { .. });
        if sends > status.partitions.iter().filter(held).count() {
            return Err(Invariant::NothingIsLeft.broken(status.archive));
        }
        for of in &status.partitions {
            let part = &self.parts[number(of.partition)];
            if part.assignment != Some(of.assignment) {
                continue;
            }
            let held = match of.state {
                PartitionState::Held { by, .. } => by != HeldBy::Operator,
                _ => false,
            };
            let stored = of.stored.map(|next| next.get());
            // What waits for another one, or for one that is to be read again, is left to the next.
            let again = of.position.is_some_and(|at| part.top >= Some(at.get()));
            let waits = held || !part.deferred.is_empty() || of.queued > 0 || again;
            let behind = of.outstanding > 0 && !waits;
            if behind || (stored != part.stored.or(part.committed) && !part.store_failed) {
                return Err(Invariant::DrainedIsStored.broken(of));
            }
        }
        Ok(())
    }

    pub(super) fn stale(&mut self, p: usize) -> Result<bool, Violation> {
        let assignment = Assignment::new(0);
        let partition = place(p);
        let offset = at(self.parts[p].position);
        self.input(Input::Revoked {
            partition,
            assignment,
        })?;
        self.input(Input::SeekCompleted {
            partition,
            assignment,
            to: offset,
            ok: true,
        })?;
        let intake = self
            .engine
            .delivered(self.now, Delivery::new(partition, assignment, offset));
        if intake != Admission::Fenced {
            return Err(Invariant::OldAssignmentsAreFenced.broken(intake));
        }
        self.drain()?;
        Ok(true)
    }
}
