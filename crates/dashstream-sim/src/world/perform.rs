//! What the engine asks for, carried out at the client and the archive.

use dashstream_policy::{
    Action, ArchiveRequest, Archiving, Command, Count, Epoch, Input, Offset, Order, OrderOutcome,
    TopicPartition,
};

use crate::Violation;
use crate::world::{Checked, Part, World, mask, number};

impl World {
    /// Carries out what the engine asks for, then checks what can be seen from outside.
    pub(crate) fn drain(&mut self) -> Checked {
        let mut actions = 0;
        while let Some(action) = self.engine.poll_action() {
            actions += 1;
            if actions > 10_000 {
                return Err(Violation::new("the drain ends", format!("{action:?}")));
            }
            self.note(|| mask(&action));
            self.perform(action)?;
        }
        self.check()
    }

    pub(super) fn perform(&mut self, action: Action<i64>) -> Checked {
        match action {
            Action::Store(store) => {
                let p = number(store.partition());
                let next = store.next().get();
                self.check_store(p, store.epoch(), next)?;
                let ok = !core::mem::take(&mut self.fail_store);
                if ok {
                    self.parts[p].stored = Some(next);
                }
                self.engine.handle(
                    self.now,
                    Input::Stored {
                        partition: store.partition(),
                        epoch: store.epoch(),
                        next: store.next(),
                        ok,
                    },
                );
            }
            Action::Archive(send) => self.send(send)?,
            Action::Pause { partition, epoch } => self.part_under(partition, epoch)?.paused = true,
            Action::Resume { partition, epoch } => {
                self.part_under(partition, epoch)?.paused = false;
            }
            Action::Seek {
                partition,
                epoch,
                to,
            } => self.seek(partition, epoch, to)?,
            Action::StopTaking => {
                self.taking = false;
                self.stopped = Some(self.now);
            }
            Action::Take => {
                self.taking = true;
                self.stopped = None;
            }
            Action::Retry {
                delivered,
                evidence,
            } => {
                if evidence != delivered.offset().get() {
                    return Err(Violation::new(
                        "evidence goes with its record",
                        format!("{evidence}"),
                    ));
                }
                self.tokens.push(delivered);
            }
            Action::Count(Count::Unprocessable { .. }) => self.facts.0 += 1,
            Action::Count(Count::Settled { .. }) => self.facts.1 += 1,
            Action::Count(_) => {}
            Action::Audit(audit) => self.audited(&audit.order, audit.outcome),
        }
        Ok(())
    }

    pub(super) fn part_under(
        &mut self,
        partition: TopicPartition,
        epoch: Epoch,
    ) -> Result<&mut Part, Violation> {
        let part = &mut self.parts[number(partition)];
        if part.epoch == Some(epoch) {
            Ok(part)
        } else {
            Err(Violation::new(
                "I7 nothing for an old assignment",
                format!("{partition} {epoch:?}"),
            ))
        }
    }

    pub(super) fn seek(&mut self, partition: TopicPartition, epoch: Epoch, to: Offset) -> Checked {
        let p = number(partition);
        self.part_under(partition, epoch)?;
        // Actions are carried out in order: behind a delayed seek the next one waits as well.
        let waits = self.late.iter().any(|(other, ..)| *other == p);
        if core::mem::take(&mut self.delay_seek) || waits {
            self.late.push_back((p, epoch, to.get()));
            return Ok(());
        }
        let ok = !core::mem::take(&mut self.fail_seek);
        if ok {
            self.parts[p].hand.clear();
            self.parts[p].position = to.get();
        }
        self.engine.handle(
            self.now,
            Input::Sought {
                partition,
                epoch,
                to,
                ok,
            },
        );
        Ok(())
    }

    pub(super) fn send(&mut self, send: ArchiveRequest) -> Checked {
        let (p, offset) = (number(send.partition), send.offset.get());
        if self.engine.evidence(send.id) != Some(&offset) {
            return Err(Violation::new(
                "evidence goes with its record",
                format!("{send:?}"),
            ));
        }
        let seen = self.ids.entry(send.id).or_insert((p, offset, 0));
        if *seen != (p, offset, send.attempt - 1) {
            return Err(Violation::new(
                "I9 one id a record",
                format!("{send:?} after {seen:?}"),
            ));
        }
        seen.2 = send.attempt;
        let ids = self
            .ids
            .values()
            .filter(|of| (of.0, of.1) == (p, offset))
            .count();
        let verdicts = self.parts[p]
            .truth
            .verdicts
            .get(&offset)
            .copied()
            .unwrap_or(0);
        if ids > verdicts {
            return Err(Violation::new(
                "I9 one id a verdict",
                format!("{p}/{offset}: {ids} ids"),
            ));
        }
        self.sends.push(send);
        Ok(())
    }

    pub(super) fn audited(&mut self, order: &Order, outcome: OrderOutcome) {
        let required = self.rules.archiving == Archiving::Required;
        let part = &mut self.parts[number(order.partition())];
        let held = match outcome {
            OrderOutcome::Applied { offset } => offset.map(Offset::get),
            OrderOutcome::AwaitsArchive { offset } => {
                part.awaited.insert(offset.get());
                part.truth.if_archived.insert(offset.get());
                return;
            }
            OrderOutcome::NotAssigned
            | OrderOutcome::NotHeld
            | OrderOutcome::NoRecord
            | OrderOutcome::Backwards => return,
        };
        match order.command() {
            Command::Pause => part.operator = true,
            Command::Retry => {
                part.operator = false;
                if let Some(offset) = held {
                    part.truth.if_archived.remove(&offset);
                    part.awaited.remove(&offset);
                }
                part.must_meet = part.truth.stopped_at.take().filter(|at| Some(*at) == held);
            }
            Command::SkipOne => {
                part.truth.stopped_at = None;
                part.must_meet = None;
                let Some(offset) = held else {
                    part.truth.give_up(0, part.low);
                    return;
                };
                if required && part.truth.verdicts.contains_key(&offset) && part.low <= offset {
                    part.truth.if_archived.insert(offset);
                } else {
                    part.truth.give_up(offset, part.low.max(offset + 1));
                }
            }
            Command::SkipTo(to) => {
                part.truth.stopped_at = None;
                part.must_meet = None;
                part.truth.give_up(held.unwrap_or(0), to.get());
            }
        }
    }
}
