//! Handlers, and what the policy allows for the records that they give back.

use dashstream_policy::{Archiving, Backlog, Cause, Fault};

use super::{World, number};
use crate::Outcome;
use crate::invariant::{Checked, Violation};

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
        match outcome {
            Outcome::Done => {
                if serial > self.parts[p].old_serials {
                    self.parts[p].truth.accounted.insert(offset);
                }
                self.parts[p].truth.rejected.remove(&offset);
                self.engine.accept(self.now, token);
            }
            Outcome::Unprocessable(cause) => {
                let fault = self.fault(cause, offset);
                self.judged(p, offset, |world| {
                    world.engine.reject(world.now, token, fault);
                })?;
            }
            Outcome::Failed(cause) => {
                let fault = self.fault(cause, offset);
                *self.parts[p].failures.entry(serial).or_default() += 1;
                self.judged(p, offset, |world| {
                    world.engine.release(world.now, token, fault);
                })?;
            }
            Outcome::Defer => {
                let before = self.engine.counters().deferred;
                self.engine.defer(self.now, token, offset);
                // It counts where the record's place is still there.
                if self.engine.counters().deferred > before {
                    self.parts[p].deferred.insert(serial, offset);
                }
            }
        }
        self.drain()?;
        Ok(true)
    }

    pub(super) fn fault(&self, cause: usize, offset: i64) -> Fault<i64> {
        let cause = Cause::ALL[(cause + self.cause_shift) % 10];
        Fault::new(cause, offset, 1)
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
        } else {
            truth.accounted.insert(offset);
        }
        Ok(())
    }
}
