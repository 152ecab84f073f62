//! Whether the log has what is to be read next, by its watermarks and the client's errors; and an operator's
//! orders, which wait until the broker has said so.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::{
    Assignment, Cause, Command, CommandOutcome, FetchFault, Input, LogRange, Offset,
    OperatorCommand, PartitionState, TopicPartition,
};
use tokio::sync::oneshot;

use crate::driver::{Client, Driver, UNDECODABLE_PATIENCE};
use crate::standing_errors::Served;
use crate::watermarks::Watermarks;

/// An order that waits until the broker has said what the log has.
pub(super) struct WaitingOrder {
    asked: Duration,
    order: OperatorCommand,
    reply: oneshot::Sender<CommandOutcome>,
}

impl Driver {
    /// Takes in watermarks that were asked for at `asked`; a partition that is missing gave no answer.
    pub(super) fn watermarks(
        &mut self,
        client: &Client,
        now: Duration,
        asked: Duration,
        fresh: &BTreeMap<TopicPartition, Watermarks>,
    ) {
        if !fresh.is_empty() {
            self.served(now, Served::Observed);
        }
        // Only what was asked for after the error can explain it.
        let refused = self.trouble.out_of_range.filter(|seen| *seen <= asked);
        let mut inputs = Vec::new();
        let mut again = Vec::new();
        let (mut unexplained, mut doubted) = (false, false);
        // Of the partitions that an undecodable batch may have stopped: for how long, and which.
        let mut stopped: Option<(Duration, TopicPartition, Assignment)> = None;
        for (&at, partition) in &mut self.partitions {
            // The error may be of this partition, so that it is not explained yet.
            let Some(marks) = fresh.get(&at) else {
                unexplained = true;
                continue;
            };
            partition.watermarks = Some((now, *marks));
            // Without a committed offset there is no position to compare before the first record.
            let Some(next) = partition.progress.next() else {
                continue;
            };
            let assignment = partition.assignment;
            let stood_since = |seen: Duration| partition.progress.moved_at() <= seen;
            let is_refused = refused.is_some_and(stood_since);
            // An answer that is older than the position says nothing about it.
            let is_beyond = next > marks.high && stood_since(asked);
            // The end of a log only grows, unless the log was cut or the topic was created again.
            let has_fallen = marks.high < partition.highest;
            partition.highest = partition.highest.max(marks.high);
            let is_doubted = is_beyond || has_fallen;
            let seen_before = core::mem::replace(&mut partition.is_doubted, is_doubted);
            doubted |= is_doubted && !seen_before;
            // It counts where the client has reported it too, or the broker says it twice: a leader that has
            // just been elected may know of less than its followers have seen.
            let is_certain = is_refused || seen_before;
            // From here on the lower end is the one to compare with, or each answer would report the same cut
            // again, also after an operator has gone back in the log.
            if is_certain && is_doubted {
                partition.highest = marks.high;
            }
            if is_beyond {
                // The engine compares for itself: it holds the partition, or lets an operator go back in it.
                if let (true, Some(log)) = (is_certain, range(*marks)) {
                    inputs.push(Input::Log {
                        partition: at,
                        assignment,
                        log,
                    });
                }
                continue;
            }
            let mut failed = |fault| {
                inputs.push(Input::FetchFailed {
                    partition: at,
                    assignment,
                    fault,
                });
            };
            if has_fallen {
                if is_certain {
                    failed(FetchFault::Truncated);
                }
                continue;
            }
            // The client's error is needed too: without it, `next` may be among the records that it has
            // fetched.
            if is_refused && next < marks.low {
                let low = Offset::new(marks.low).ok();
                failed(FetchFault::OutOfRange { low });
                continue;
            }
            if is_refused {
                if partition.was_sought_before(refused) {
                    // The error was about a position that was given up meanwhile, and the client
                    // stopped fetching for it all the same.
                    again.push((at, next));
                } else {
                    // The log has the position, and the client may refuse it all the same where the leader
                    // epoch of what it read is another (KIP-320). Its statistics tell whether it has stopped.
                    partition.is_suspect = true;
                }
            }
            let still_for = now.saturating_sub(partition.progress.still_since());
            // Without room a partition stands still since the host keeps its records.
            let is_read = !partition.paused && self.taking && self.engine.engine().has_room(at);
            if next < marks.high
                && is_read
                && still_for >= UNDECODABLE_PATIENCE
                && stopped.is_none_or(|(least, _, _)| still_for < least)
            {
                stopped = Some((still_for, at, assignment));
            }
        }
        // The error names no partition, and each one is of one partition: most likely of the one that
        // stopped last. The client repeats it if it was another.
        if self.trouble.undecodable.is_some()
            && let Some((_, partition, assignment)) = stopped
        {
            self.trouble.undecodable = None;
            let fault = FetchFault::Undecodable;
            inputs.push(Input::FetchFailed {
                partition,
                assignment,
                fault,
            });
        }
        self.doubted = doubted;
        // The error names no partition, so that it is looked for until each has answered.
        if refused.is_some() && !unexplained {
            self.trouble.out_of_range = None;
        }
        for (at, next) in again {
            // The client reports a position it refuses again, so a failure here is not the end.
            let _tried = self.reposition(client, at, next);
        }
        for input in inputs {
            self.tell(client, input);
        }
        // This comes last, so that orders meet the holds that these watermarks have brought about.
        self.carry_out_orders(client, asked, fresh);
    }

    /// Carries an order out, after the broker was asked what the log has where that matters.
    pub(super) fn ordered(
        &mut self,
        client: &Client,
        now: Duration,
        order: OperatorCommand,
        reply: oneshot::Sender<CommandOutcome>,
    ) {
        let at = order.partition();
        let matters = match order.command() {
            // An offset must not pass what the log does not have.
            Command::SkipTo(_) | Command::SkipOne => true,
            Command::Retry => self.is_out_of_range(at),
            Command::Pause => false,
        };
        // Orders are carried out in the order in which they were given.
        if (matters && self.partitions.contains_key(&at)) || !self.orders.is_empty() {
            self.ask_watermarks(now);
            self.orders.push_back(WaitingOrder {
                asked: now,
                order,
                reply,
            });
        } else {
            self.carry_out(client, order, reply);
        }
    }

    fn carry_out_orders(
        &mut self,
        client: &Client,
        asked: Duration,
        fresh: &BTreeMap<TopicPartition, Watermarks>,
    ) {
        // An answer serves every order that was given before its question was asked.
        while self
            .orders
            .front()
            .is_some_and(|first| first.asked <= asked)
            && let Some(WaitingOrder { order, reply, .. }) = self.orders.pop_front()
        {
            let marks = fresh.get(&order.partition());
            // Without an answer the engine refuses to skip to a position.
            let log = marks.and_then(|marks| range(*marks));
            self.carry_out(client, order.within(log), reply);
        }
    }

    fn carry_out(
        &mut self,
        client: &Client,
        order: OperatorCommand,
        reply: oneshot::Sender<CommandOutcome>,
    ) {
        // The guard forgets first, or the record would be rejected again for the deaths it is suspected of.
        if order.command() == Command::Retry
            && let Some(guard) = &mut self.guard
        {
            guard.forgive(order.partition());
        }
        self.order = Some(reply);
        self.published = None;
        self.tell(client, Input::Command(order));
        // The engine answers an order at once. If it ever did not, the sender goes here, and whoever waits
        // learns that there is no answer.
        self.order = None;
    }

    /// Whether a partition is held since the log does not have its position.
    fn is_out_of_range(&self, at: TopicPartition) -> bool {
        let status = self.engine.engine().status();
        status.partitions.iter().any(|of| {
            let PartitionState::Held { cause, .. } = of.state else {
                return false;
            };
            of.partition == at && cause == Some(Cause::OffsetOutOfRange)
        })
    }
}

/// The watermarks as the engine knows them; nothing if they are none.
pub(super) fn range(marks: Watermarks) -> Option<LogRange> {
    let (low, high) = (Offset::new(marks.low).ok()?, Offset::new(marks.high).ok()?);
    (low <= high).then_some(LogRange { low, high })
}
