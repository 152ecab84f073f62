//! What the engine asks for, carried out at the client and the archive.

use dashstream_policy::{Action, Count, Epoch, Input, Offset, TopicPartition};

use super::{Part, World, mask, number};
use crate::invariant::{Checked, Invariant, Violation};

impl World {
    /// Carries out what the engine asks for, then checks what can be seen from outside.
    pub(crate) fn drain(&mut self) -> Checked {
        let mut actions = 0;
        while let Some(action) = self.engine.poll_action() {
            actions += 1;
            if actions > 10_000 {
                return Err(Invariant::ActionsEnd.broken(action));
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
                self.check_store(p, &store)?;
                let ok = !core::mem::take(&mut self.fail_store);
                self.parts[p].store_failed = !ok;
                if ok {
                    self.parts[p].stored = Some(next);
                    self.parts[p].goes_back = false;
                    if store.commit_now() {
                        self.parts[p].committed = Some(next);
                    }
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
                    return Err(Invariant::EvidenceBelongs.broken((delivered, evidence)));
                }
                let failures = &self.parts[number(delivered.partition())].failures;
                let failed = failures.get(&delivered.serial()).copied().unwrap_or(0);
                if delivered.attempt() != failed + 1 {
                    return Err(Invariant::AttemptsCountFailures.broken((delivered, failed)));
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
            Err(Invariant::OldAssignmentsAreFenced.broken((partition, epoch)))
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
        self.parts[p].seek_failed = !ok;
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
}
