//! What an operator's command does.

use crate::table::Event;
use crate::{
    Action, Audit, Command, CommandOutcome, HeldBy, Offset, OperatorCommand, StoreReason,
    TopicPartition,
};

use super::Engine;
use crate::input::LogEnd;

impl<P> Engine<P> {
    pub(super) fn commanded(&mut self, order: OperatorCommand) {
        let partition = order.partition();
        let known = self
            .partitions
            .get(&partition)
            .is_some_and(|state| state.revoked.is_none());
        // The end of the log, if what is held lies beyond it. A retry would seek to where nothing is, and a
        // skip would store an offset that passes records which are produced later. Only `skip_to` is left.
        let beyond = order.log().and_then(|log| {
            let hold = self.hold_of(partition)?;
            let is_beyond = hold.is_beyond(log);
            hold.is_cut |= is_beyond;
            hold.begins_at(Some(log.low));
            is_beyond.then_some(log.high)
        });
        let outcome = match (order.command(), beyond) {
            _ if !known => CommandOutcome::NotAssigned,
            (Command::Retry | Command::SkipOne, Some(end)) => CommandOutcome::BeyondEnd { end },
            (Command::Retry, None) => self.retry(partition),
            (Command::SkipOne, None) => self.skip_one(partition),
            (Command::SkipTo(to), _) => self.skip_to(partition, to, order.end),
            (Command::Pause, _) => self.pause(partition),
        };
        // After the facts that the command brought about.
        self.facts.push_back(Action::Audit(Audit {
            at: self.now,
            command: order,
            outcome,
        }));
    }

    fn retry(&mut self, partition: TopicPartition) -> CommandOutcome {
        let Some(state) = self.partitions.get_mut(&partition) else {
            return CommandOutcome::NotAssigned;
        };
        // One command ends whatever stops the partition: an operator's pause, a deferral and a hold.
        let lifted = state.operator.take().is_some();
        // As the status shows it (`describe_state`): also one that is being tried already.
        let deferred = state.tracker.first_deferred(state.deferral.probe);
        if deferred.is_some() {
            self.probe(partition);
        }
        let Some(hold) = self.end_hold(partition, Event::OrderedRetry) else {
            self.control = true;
            return if lifted || deferred.is_some() {
                CommandOutcome::Applied { offset: deferred }
            } else {
                CommandOutcome::NotHeld
            };
        };
        if let Some(offset) = hold.offset {
            // All that is settled behind it may stay: the hold has bounded it (`may_keep`), and nothing was
            // taken since.
            self.forget(partition, offset, Event::OrderedRetry, usize::MAX);
            if let Some(state) = self.partitions.get_mut(&partition) {
                #[cfg(mutant = "retry_goes_on_behind")] // resume means last delivered plus one
                let offset = offset.next().position();
                state.go_on_from(offset);
            }
        }
        CommandOutcome::Applied {
            offset: hold.offset,
        }
    }

    fn skip_one(&mut self, partition: TopicPartition) -> CommandOutcome {
        let held = self.hold_of(partition);
        let Some(hold) = held else {
            return CommandOutcome::NotHeld;
        };
        let (slot, offset, low, by) = (hold.slot, hold.offset, hold.low, hold.by);
        let (job, archived) = (hold.job, hold.archived);
        match (slot, offset) {
            (Some(_), Some(offset)) => {
                if self.skip_is_settled(archived) {
                    let reason = match archived {
                        Some(_) => StoreReason::Archived,
                        None => StoreReason::Ordered,
                    };
                    self.skip_held(partition, reason);
                    return CommandOutcome::Applied {
                        offset: Some(offset),
                    };
                }
                if let Some(hold) = self.hold_of(partition) {
                    hold.releasing = true;
                }
                // A send that is under way counts for this command, too; only a refused one has to start
                // again.
                if let Some(job) = job {
                    self.send_again(job);
                }
                CommandOutcome::AwaitsArchive { offset }
            }
            // What is gone can only be given up, if it is known where the rest begins.
            (None, offset) if by == HeldBy::RecordDeleted => match low {
                Some(low) if offset.is_none_or(|offset| low > offset) => {
                    self.give_up(partition, low);
                    CommandOutcome::Applied { offset }
                }
                Some(_) | None => CommandOutcome::NoRecord,
            },
            (_, _) => CommandOutcome::NoRecord,
        }
    }

    fn skip_to(&mut self, partition: TopicPartition, to: Offset, end: LogEnd) -> CommandOutcome {
        let held = self.hold_of(partition);
        let Some(hold) = held else {
            return CommandOutcome::NotHeld;
        };
        let offset = hold.offset;
        let back = offset.is_some_and(|offset| to <= offset);
        // Elsewhere than in a log that was cut, records that are settled would be read again.
        if back && !hold.is_cut {
            return CommandOutcome::Backwards;
        }
        match end {
            LogEnd::Unknown => return CommandOutcome::EndUnknown,
            #[cfg(not(mutant = "skips_beyond_the_end"))] // and passes what is produced there later
            LogEnd::Known(log) if to > log.high => {
                return CommandOutcome::BeyondEnd { end: log.high };
            }
            LogEnd::Known(log) if to < log.low => {
                return CommandOutcome::BelowStart { start: log.low };
            }
            // A host that says nothing answers for the position itself (`OperatorCommand::within`).
            LogEnd::Known(_) | LogEnd::Unsaid => {}
        }
        if back {
            self.go_back(partition, to);
        } else {
            self.give_up(partition, to);
        }
        CommandOutcome::Applied { offset }
    }

    fn pause(&mut self, partition: TopicPartition) -> CommandOutcome {
        let now = self.now;
        let Some(state) = self.partitions.get_mut(&partition) else {
            return CommandOutcome::NotAssigned;
        };
        // A second pause does not change since when it lasts.
        state.operator = state.operator.or(Some(now));
        self.control = true;
        CommandOutcome::Applied { offset: None }
    }
}
