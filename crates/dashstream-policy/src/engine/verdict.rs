//! What becomes of a record that its handler gave back.

use core::time::Duration;

use crate::archive::Waits;
use crate::counters::bump;
use crate::partition::Hold;
use crate::table::{Answer, Bucket, Event, OffsetMove, PartitionMove, Send, decide};
use crate::timers::Timer;
use crate::tracker::{Entry, Slot, State};
use crate::{Action, Cause, Count, Delivered, Disposition, HeldBy, StoreReason, TopicPartition};

use super::{Attempted, Engine};

/// Why a record is given back, with what is worth keeping of it.
pub(super) struct Fault<P> {
    pub(super) cause: Cause,
    pub(super) payload: P,
    pub(super) bytes: usize,
}

/// What the host says of a record that it gives back.
pub(super) enum Verdict<P> {
    Accept,
    Reject(Fault<P>),
    Release(Fault<P>),
    Defer(P),
    /// Nobody has begun to process it.
    Queue(P),
}

impl<P> Engine<P> {
    /// Takes a record back, unless its place is gone.
    pub(super) fn give_back(&mut self, now: Duration, record: Delivered, verdict: Verdict<P>) {
        self.advance(now);
        if let Some(is_probe) = self.given_back(&record) {
            let partition = record.partition;
            let mut probes_on = is_probe;
            match verdict {
                Verdict::Accept => {
                    bump(&mut self.counters.processed);
                    self.settle(partition, record.slot, StoreReason::Processed);
                }
                Verdict::Reject(fault) => self.judge(&record, fault),
                Verdict::Release(fault) => self.try_again(record, fault),
                Verdict::Defer(payload) => {
                    // The timer brings the next probe, after a longer wait.
                    probes_on = false;
                    self.deferred(record, payload);
                }
                Verdict::Queue(payload) => self.queued(record, payload),
            }
            if probes_on {
                self.next_probe(partition);
            }
        }
        self.make_room();
    }

    /// Sets another attempt, or judges the record once they are spent.
    fn try_again(&mut self, mut record: Delivered, fault: Fault<P>) {
        // The waits are part of the time for all attempts, so the end of the next wait decides.
        let due = self
            .now
            .saturating_add(self.config.retry_backoff.after(record.attempt));
        let (attempts, latest) = (self.config.attempts_max, self.config.retry_for_max);
        let Some(entry) = self.entry(record.partition, record.slot) else {
            return;
        };
        let in_time = due.saturating_sub(entry.since) <= latest;
        if record.attempt >= attempts || !in_time {
            self.judge(&record, fault);
            return;
        }
        entry.state = State::Retrying;
        self.trouble(&record);
        self.timers.set(due, Timer::Retry(record.serial()));
        record.attempt = record.attempt.saturating_add(1);
        // Its bytes need no account: those of the record are charged until it is settled.
        self.keep(record, fault.payload);
    }

    /// Keeps a record that is to be handed out again.
    pub(super) fn keep(&mut self, record: Delivered, payload: P) {
        let at = self.now;
        let kept = Attempted {
            record,
            at,
            payload,
        };
        self.retries.insert(kept.record.serial(), kept);
    }

    pub(super) fn retry_due(&mut self, serial: u64) {
        // A record whose place is gone was taken out of the retries with it.
        if self.retries.contains_key(&serial) {
            bump(&mut self.counters.retried);
            self.deliver_in_turn(serial);
        }
    }

    /// Hands a record out again that the host gave back.
    pub(super) fn hand_out(&mut self, attempted: Attempted<P>) {
        let (delivered, payload) = (attempted.record, attempted.payload);
        let now = self.now;
        let Some(entry) = self.entry(delivered.partition, delivered.slot) else {
            return;
        };
        entry.state = State::Out(now);
        self.facts.push_back(Action::Deliver { delivered, payload });
    }

    /// Asks the table about a record that cannot be processed, and does what it says.
    fn judge(&mut self, record: &Delivered, fault: Fault<P>) {
        let (partition, slot, backlog) = (record.partition, record.slot, record.backlog);
        let cause = fault.cause;
        self.count(Count::Unprocessable { cause, backlog });
        let mode = self.mode();
        #[cfg(mutant = "cause_decides")] // one code path for each cause, and one forgets the policy
        let mode = match cause {
            Cause::Oversize => crate::Mode::Skip,
            _ => mode,
        };
        #[cfg(mutant = "old_data_bypasses")] // old poison is let through
        let mode = match backlog {
            crate::Backlog::Old => crate::Mode::Skip,
            crate::Backlog::Current => mode,
        };
        // Nothing was sent yet; later answers come through `acked` and `send_failed`.
        let row = decide(Event::Unprocessable {
            mode,
            archiving: self.config.archiving,
            answer: Answer::Pending,
        });
        let waits = match (row.offset, row.partition) {
            (OffsetMove::Settle, _) => Waits::Nobody,
            // The letter is sent meanwhile, so that the archive may have it when an operator skips the
            // record.
            (_, PartitionMove::PauseAndSeek) => Waits::Hold,
            (_, _) => Waits::Record(slot),
        };
        #[cfg(mutant = "enqueue_is_ack")] // the send counts as archived once it is queued
        let waits = match waits {
            Waits::Record(_) => Waits::Nobody,
            Waits::Hold | Waits::Nobody => waits,
        };
        let job = match row.send {
            Send::Nothing => None,
            Send::Full | Send::Again | Send::Reduced => self.offer(record, fault, waits),
        };
        match (waits, job) {
            (Waits::Nobody, _) => {
                self.settle(partition, slot, StoreReason::Configured);
                if let Bucket::Final(disposition) = row.bucket {
                    self.ended(cause, disposition);
                }
            }
            (Waits::Record(_), Some(id)) => {
                if let Some(entry) = self.entry(partition, slot) {
                    entry.state = State::Pending(id);
                    self.counters.now_pending(cause);
                }
                self.trouble(record);
            }
            (Waits::Hold, job) => {
                let mut hold = Hold::at(HeldBy::Policy, cause, Some(record.offset));
                (hold.slot, hold.job) = (Some(slot), job);
                self.hold(partition, hold);
            }
            // Cannot be: the table sends what a record waits for, and a required send is never refused. If
            // it came about, the record would stay unsettled, and no offset would pass it.
            (Waits::Record(_), None) => {}
        }
    }

    /// Lets an offset pass a record.
    pub(super) fn settle(&mut self, partition: TopicPartition, slot: Slot, reason: StoreReason) {
        let Some(state) = self.partitions.get_mut(&partition) else {
            return;
        };
        let entry = state.tracker.settle(slot, reason);
        // A full partition may have enough room now to be resumed (`reopen`).
        self.control |= state.is_full;
        if let Some(entry) = entry {
            state.lanes.left(entry.lane, entry.offset);
        }
        // Asked before `passed` needs the engine. Nearly every record ends here with nothing waiting, and
        // then no lane is looked up.
        let somebody_waits = state.has_waiting();
        let passed = state.pass_settled();
        self.passed(partition, passed);
        self.free(entry.map_or(0, |entry| entry.charge()));
        if somebody_waits && let Some(entry) = entry {
            self.deliver_queued(partition, entry.lane);
        }
    }

    /// Counts what finally became of a record.
    pub(super) fn ended(&mut self, cause: Cause, disposition: Disposition) {
        self.count(Count::Settled { cause, disposition });
    }

    /// Whether a record whose token came back is the one deferred record of its partition that was
    /// handed out again; `None` where its place is gone.
    fn given_back(&mut self, record: &Delivered) -> Option<bool> {
        let state = self.current((record.partition, record.assignment))?;
        // Only a record that is out can be given back. A token outlives its place where a hold or a seek has
        // forgotten the record; the serial tells it from the record that was read again.
        let known = state
            .tracker
            .get(record.slot)
            .is_some_and(|entry| matches!(entry.state, State::Out(_)));
        let is_probe = state.deferral.probe == Some(record.serial());
        if !known {
            self.fenced();
            return None;
        }
        Some(is_probe)
    }

    pub(super) fn entry(&mut self, partition: TopicPartition, slot: Slot) -> Option<&mut Entry> {
        self.partitions.get_mut(&partition)?.tracker.get(slot)
    }
}
