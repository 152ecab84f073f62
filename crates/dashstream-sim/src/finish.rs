//! The end of every run: the faults stop, and everything has to come to its end.

use core::time::Duration;

use dashstream_policy::{Command, HeldBy, PartitionState};

use crate::invariant::{Checked, Invariant};
use crate::world::at;
use crate::{Answer, Outcome, Step, Violation, World};

impl World {
    /// Lets everything go well until all records are committed, as operators and archives do who
    /// have come to work.
    ///
    /// # Errors
    ///
    /// The first invariant that did not hold; that something never ends is one as well.
    pub fn finish(&mut self) -> Result<(), Violation> {
        self.calm();
        if self.draining {
            self.leave_well()?;
        }
        self.step(Step::Breaker(false))?;
        for round in 0..400 {
            if self.round(round)? {
                return self.check_the_end();
            }
        }
        Err(Invariant::EverythingEnds.broken(self.engine.status()))
    }

    /// Drains the engine and leaves: handlers and the archive answer, no operator comes.
    ///
    /// # Errors
    ///
    /// The first invariant that did not hold; that the drain never ends is one as well.
    pub fn leave_well(&mut self) -> Result<(), Violation> {
        self.calm();
        self.order_to_drain()?;
        for _ in 0..50 {
            while self.late()? {}
            for p in 0..self.parts.len() {
                self.fetch(p)?;
                while self.offer(p)? {}
            }
            while self.finish_one(0, Outcome::Done)? {}
            while self.answer(0, Answer::Ack)? {}
            if self.leave()? {
                return Ok(());
            }
            self.pass(Duration::from_secs(2))?;
        }
        Err(Invariant::DrainEnds.broken(self.engine.status()))
    }

    /// No further fault; those that were ordered and did not happen yet are taken back.
    fn calm(&mut self) {
        (self.fail_store, self.fail_seek, self.delay_seek) = (false, false, false);
    }

    fn round(&mut self, round: u32) -> Result<bool, Violation> {
        for p in 0..self.parts.len() {
            if self.parts[p].assignment.is_none() {
                self.assign(p)?;
            }
        }
        while self.late()? {}
        while self.answer(0, Answer::Ack)? {}
        while self.finish_one(0, Outcome::Done)? {}
        for p in 0..self.parts.len() {
            self.release(p, round)?;
            while self.offer(p)? {}
            self.fetch(p)?;
            while self.offer(p)? {}
        }
        while self.finish_one(0, Outcome::Done)? {}
        while self.answer(0, Answer::Ack)? {}
        self.pass(Duration::from_secs(2))?;
        self.commit()?;
        Ok(self.parts.iter().all(|part| {
            let last = part.truth.existed.last().map_or(0, |last| last + 1);
            let rest = part.records.keys().next_back().map_or(0, |last| last + 1);
            let committed = part.committed.unwrap_or(0);
            let all = committed >= rest.min(last) && committed <= part.high;
            all && !part.paused && self.tokens.is_empty()
        }) && self.engine.is_idle())
    }

    /// Orders what gets a held partition on.
    fn release(&mut self, p: usize, round: u32) -> Checked {
        let status = self.engine.status();
        let Some(of) = status
            .partitions
            .iter()
            .find(|of| of.partition.partition() as usize == p)
        else {
            return Ok(());
        };
        let PartitionState::Held { by, offset, .. } = of.state else {
            return Ok(());
        };
        let recreated = self.parts[p].recreated && by != HeldBy::Operator;
        let command = match by {
            _ if recreated => Command::SkipTo(at(self.parts[p].low)),
            HeldBy::Operator => Command::Retry,
            // It ends by itself once the host has what it needs.
            HeldBy::HostResources => return Ok(()),
            HeldBy::Policy | HeldBy::Archive if round.is_multiple_of(2) => Command::Retry,
            HeldBy::Policy | HeldBy::Archive => Command::SkipOne,
            HeldBy::Unfetchable | HeldBy::RecordDeleted => {
                let part = &self.parts[p];
                let held = offset.map_or(part.position, |offset| offset.get());
                let behind = part.bad.map_or(0, |(_, end)| end);
                let to = if by == HeldBy::Unfetchable {
                    behind.max(part.low)
                } else {
                    part.low
                };
                Command::SkipTo(at(to.max(held + 1)))
            }
        };
        self.order(p, command)?;
        Ok(())
    }

    fn check_the_end(&self) -> Checked {
        let status = self.engine.status();
        if status.archive.in_flight + status.archive.waiting + status.archive.bytes > 0 {
            return Err(Invariant::NothingIsLeft.broken(status.archive));
        }
        Ok(())
    }
}
