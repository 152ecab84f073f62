//! What the engine asks for, carried out at the client and the archive.

use dashstream_policy::{Action, Assignment, Count, Input, Offset, TopicPartition};

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
                        assignment: store.assignment(),
                        next: store.next(),
                        ok,
                    },
                );
            }
            Action::Archive(send) => self.send(send)?,
            Action::Pause {
                partition,
                assignment,
            } => self.part_under(partition, assignment)?.paused = true,
            Action::Resume {
                partition,
                assignment,
            } => {
                self.part_under(partition, assignment)?.paused = false;
            }
            Action::Seek {
                partition,
                assignment,
                to,
            } => self.seek(partition, assignment, to)?,
            Action::StopPolling => {
                self.taking = false;
                self.stopped = Some(self.now);
            }
            Action::ResumePolling => {
                self.taking = true;
                self.stopped = None;
            }
            Action::Deliver { delivered, payload } => {
                if payload != delivered.offset().get() {
                    return Err(Invariant::EvidenceBelongs.broken((delivered, payload)));
                }
                let (p, offset) = (number(delivered.partition()), delivered.offset().get());
                self.parts[p].queued.remove(&offset);
                self.check_order(p, offset)?;
                let failures = &self.parts[p].failures;
                let failed = failures.get(&delivered.serial()).copied().unwrap_or(0);
                if delivered.attempt() != failed + 1 {
                    return Err(Invariant::AttemptsCountFailures.broken((delivered, failed)));
                }
                self.tokens.push(delivered);
            }
            Action::Count(Count::Unprocessable { .. }) => self.facts.0 += 1,
            Action::Count(Count::Settled { .. }) => self.facts.1 += 1,
            Action::Count(_) => {}
            Action::Audit(audit) => self.audited(&audit.command, audit.outcome),
        }
        Ok(())
    }

    pub(super) fn part_under(
        &mut self,
        partition: TopicPartition,
        assignment: Assignment,
    ) -> Result<&mut Part, Violation> {
        let part = &mut self.parts[number(partition)];
        if part.assignment == Some(assignment) {
            Ok(part)
        } else {
            Err(Invariant::OldAssignmentsAreFenced.broken((partition, assignment)))
        }
    }

    pub(super) fn seek(
        &mut self,
        partition: TopicPartition,
        assignment: Assignment,
        to: Offset,
    ) -> Checked {
        let p = number(partition);
        self.part_under(partition, assignment)?;
        // Actions are carried out in order: behind a delayed seek the next one waits as well.
        let waits = self.late.iter().any(|(other, ..)| *other == p);
        if core::mem::take(&mut self.delay_seek) || waits {
            self.late.push_back((p, assignment, to.get()));
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
            Input::SeekCompleted {
                partition,
                assignment,
                to,
                ok,
            },
        );
        Ok(())
    }
}
