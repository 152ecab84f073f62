//! Handlers, and what the policy allows for the records that they give back.

use dashstream_policy::{Archiving, Backlog, Cause, Delivered, Ordering};

use super::{World, number};
use crate::Outcome;
use crate::invariant::{Checked, Violation};
use crate::plan::key;

impl World {
    pub(crate) fn finish_one(&mut self, pick: u32, outcome: Outcome) -> Result<bool, Violation> {
        if self.tokens.is_empty() {
            return Ok(false);
        }
        let token = self.tokens.remove(pick as usize % self.tokens.len());
        let (p, offset) = (number(token.partition()), token.offset().get());
        let serial = token.serial();
        if outcome != Outcome::Defer {
            self.parts[p].deferred.remove(&serial);
        }
        let fenced = self.engine.counters().fenced;
        // What is ordered with it and lies behind it is given back after any verdict but the best.
        let behind = match outcome {
            Outcome::Done => Vec::new(),
            Outcome::Unprocessable(_) | Outcome::Failed(_) | Outcome::Defer => self.behind(&token),
        };
        match outcome {
            Outcome::Done => {
                self.parts[p].troubled.remove(&offset);
                if serial > self.parts[p].old_serials {
                    self.parts[p].truth.accounted.insert(offset);
                }
                self.parts[p].truth.rejected.remove(&offset);
                self.engine.accept(self.now, token);
            }
            Outcome::Unprocessable(cause) => {
                let cause = self.cause(cause);
                self.judged(p, offset, |world| {
                    world.engine.reject(world.now, token, cause, offset, 1);
                })?;
            }
            Outcome::Failed(cause) => {
                let cause = self.cause(cause);
                *self.parts[p].failures.entry(serial).or_default() += 1;
                let troubled = self.parts[p].troubled.insert(offset);
                self.judged(p, offset, |world| {
                    world.engine.release(world.now, token, cause, offset, 1);
                })?;
                if troubled && self.engine.counters().fenced > fenced {
                    self.parts[p].troubled.remove(&offset);
                }
            }
            Outcome::Defer => {
                let before = self.engine.counters().deferred;
                self.engine.defer(self.now, token, offset);
                // It counts where the record's place is still there.
                if self.engine.counters().deferred > before {
                    self.parts[p].deferred.insert(serial, offset);
                    self.parts[p].troubled.insert(offset);
                }
            }
        }
        for token in behind {
            self.queue(token);
        }
        self.drain()?;
        Ok(true)
    }

    /// Takes the tokens that lie behind this one and that it is ordered with out of the host's hands.
    fn behind(&mut self, token: &Delivered) -> Vec<Delivered> {
        let ordering = self.rules.ordering;
        let is_behind = |other: &mut Delivered| {
            let same =
                (other.partition(), other.assignment()) == (token.partition(), token.assignment());
            let ordered = match ordering {
                Ordering::Partition => true,
                Ordering::Key => key(other.offset().get()) == key(token.offset().get()),
                Ordering::Unordered => false,
            };
            same && ordered && other.offset() > token.offset()
        };
        self.tokens.extract_if(.., is_behind).collect()
    }

    /// Gives a record back unprocessed.
    pub(super) fn queue(&mut self, token: Delivered) {
        let (p, offset) = (number(token.partition()), token.offset().get());
        let fenced = self.engine.counters().fenced;
        self.parts[p].deferred.remove(&token.serial());
        self.engine.queue(self.now, token, offset);
        if self.engine.counters().fenced == fenced {
            self.parts[p].queued.insert(offset);
        }
    }

    pub(super) fn cause(&self, cause: usize) -> Cause {
        Cause::ALL[(cause + self.cause_shift) % 10]
    }

    /// Lets the engine judge a record, and writes down what the policy allows for it.
    pub(super) fn judged(
        &mut self,
        p: usize,
        offset: i64,
        call: impl FnOnce(&mut Self),
    ) -> Checked {
        let met = |world: &Self| -> u64 {
            let counters = world.engine.counters();
            let ages = [Backlog::Current, Backlog::Old];
            let of = |cause| {
                ages.map(|backlog| counters.unprocessable(cause, backlog))
                    .iter()
                    .sum::<u64>()
            };
            Cause::ALL.into_iter().map(of).sum()
        };
        let before = met(self);
        call(self);
        if met(self) == before {
            return Ok(());
        }
        let pauses = self.pauses();
        if !pauses {
            self.parts[p].truth.rejected.insert(offset);
        }
        let archiving = self.rules.archiving;
        let truth = &mut self.parts[p].truth;
        *truth.verdicts.entry(offset).or_default() += 1;
        if pauses {
            truth.must_stop_at(offset);
            truth.stopped_at = Some(truth.stopped_at.map_or(offset, |other| other.min(offset)));
        } else if archiving == Archiving::Required {
            truth.accounted.remove(&offset);
            truth.if_archived.insert(offset);
            self.parts[p].troubled.insert(offset);
        } else {
            truth.accounted.insert(offset);
        }
        Ok(())
    }
}
