//! What an operator's command does.

use crate::table::Event;
use crate::{
    Action, Audit, Command, CommandOutcome, HeldBy, LogRange, Offset, OperatorCommand, StoreReason,
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
        let outcome = if !known {
            CommandOutcome::NotAssigned
        } else {
            if let Some(log) = order.log()
                && let Some(hold) = self
                    .partitions
                    .get_mut(&partition)
                    .and_then(|state| state.hold.as_mut())
            {
                hold.is_cut |= hold.is_beyond(log);
            }
            match order.command() {
                Command::Retry => self.retry(partition, order.log()),
                Command::SkipOne => self.skip_one(partition, order.log()),
                Command::SkipTo(to) => self.skip_to(partition, to, order.end),
                Command::Pause => self.pause(partition),
            }
        };
        self.facts.push_back(Action::Audit(Audit {
            at: self.now,
            command: order,
            outcome,
        }));
    }

    fn retry(&mut self, partition: TopicPartition, log: Option<LogRange>) -> CommandOutcome {
        if let Some(end) = self.beyond(partition, log) {
            return CommandOutcome::BeyondEnd { end };
        }
        let Some(state) = self.partitions.get_mut(&partition) else {
            return CommandOutcome::NotAssigned;
        };
        let lifted = state.operator.take().is_some();
        let deferred = state.deferral.waiting.keys().next().copied();
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
            self.forget(partition, offset, Event::OrderedRetry);
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

    fn skip_one(&mut self, partition: TopicPartition, log: Option<LogRange>) -> CommandOutcome {
        if let Some(end) = self.beyond(partition, log) {
            return CommandOutcome::BeyondEnd { end };
        }
        let held = self
            .partitions
            .get(&partition)
            .and_then(|state| state.hold.as_ref());
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
                if let Some(hold) = self
                    .partitions
                    .get_mut(&partition)
                    .and_then(|state| state.hold.as_mut())
                {
                    hold.releasing = true;
                }
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

    /// The end of the log, where what is held lies beyond it: there is nothing to be met or passed.
    fn beyond(&self, partition: TopicPartition, log: Option<LogRange>) -> Option<Offset> {
        let log = log?;
        let hold = self.partitions.get(&partition)?.hold.as_ref()?;
        hold.is_beyond(log).then_some(log.high)
    }

    fn skip_to(&mut self, partition: TopicPartition, to: Offset, end: LogEnd) -> CommandOutcome {
        let held = self
            .partitions
            .get(&partition)
            .and_then(|state| state.hold.as_ref());
        let Some(hold) = held else {
            return CommandOutcome::NotHeld;
        };
        let offset = hold.offset;
        let back = offset.is_some_and(|offset| to <= offset);
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
        state.operator = state.operator.or(Some(now));
        self.control = true;
        CommandOutcome::Applied { offset: None }
    }
}
