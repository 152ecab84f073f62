//! Sends to the archive, and what its word does to a record.

use crate::archive::{Job, Stage, Waits};
use crate::partition::Hold;
use crate::table::{Answer, Bucket, OffsetMove, Send, decide_skip};
use crate::timers::{Due, Timer};
use crate::{
    ArchiveFault, ArchiveId, ArchiveRequest, Archiving, Count, Delivered, FailureReason, Form,
    HeldBy, StoreReason,
};

use super::Engine;
use super::verdict::Fault;

impl<P> Engine<P> {
    /// Queues a record's payload. Only a send that nobody has to wait for can be refused.
    pub(super) fn offer(
        &mut self,
        record: &Delivered,
        fault: Fault<P>,
        waits: Waits,
    ) -> Option<ArchiveId> {
        let (cause, bytes) = (fault.cause, fault.bytes);
        // A required send is never refused, or its record could never be passed. `make_room` bounds those: it
        // stops the taking of records at `archive_bytes_max`.
        if self.config.archiving != Archiving::Required {
            let bytes = self.archive.bytes.saturating_add(bytes);
            if self.archive.jobs.len() >= self.config.archive_in_flight_max
                || bytes > self.config.archive_bytes_max
            {
                let reason = FailureReason::Backpressure;
                self.archive.failed(self.now);
                self.count(Count::ArchiveFailed { cause, reason });
                return None;
            }
        }
        Some(self.archive.add(Job {
            partition: record.partition,
            assignment: record.assignment,
            offset: record.offset,
            cause,
            backlog: record.backlog,
            payload: fault.payload,
            bytes,
            since: self.now,
            attempt: 0,
            form: Form::Full,
            stage: Stage::Ready,
            waits,
        }))
    }

    pub(super) fn next_send(&mut self) -> Option<ArchiveRequest> {
        let id = self.archive.next_ready(self.config.archive_in_flight_max)?;
        let deadline = self.now.saturating_add(self.config.archive_timeout);
        let due = self.timers.set(deadline, Timer::Archive(id));
        self.archive.set(id, Stage::InFlight(due));
        let may_cut = self.may_reduce();
        let job = self.archive.jobs.get_mut(&id)?;
        // Counted when it is handed out, so that a job that was never sent has attempt 0 (`is_failing`).
        job.attempt = job.attempt.saturating_add(1);
        Some(ArchiveRequest {
            id,
            attempt: job.attempt,
            form: job.form,
            may_cut,
            deadline,
            partition: job.partition,
            assignment: job.assignment,
            offset: job.offset,
            cause: job.cause,
            backlog: job.backlog,
        })
    }

    pub(super) fn archived(
        &mut self,
        id: ArchiveId,
        attempt: u32,
        result: Result<Form, ArchiveFault>,
    ) {
        let job = self.archive.jobs.get(&id);
        // An answer to an attempt that was never made belongs to no send of this engine.
        let sent = job.filter(|job| (1..=job.attempt).contains(&attempt));
        let is_last = sent.is_some_and(|job| job.attempt == attempt);
        #[cfg(mutant = "late_failure_counts")] // answers are taken for answers to the last send
        let is_last = true;
        let result = match result {
            // Only the full letter counts here. A reduced one that is acknowledged all the same is taken for
            // the answer that the full one is too large.
            Ok(Form::Reduced) if !self.may_reduce() => Err(ArchiveFault::TooLarge),
            Ok(_) | Err(_) => result,
        };
        match (sent.map(|job| job.stage), result) {
            // An acknowledgement counts whenever it comes, also for an attempt given up as lost.
            (Some(_), Ok(form)) => self.acked(id, form),
            // A later failure says nothing: its attempt was counted as failed before.
            (Some(Stage::InFlight(due)), Err(fault)) if is_last => {
                self.timers.cancel(due);
                self.send_failed(id, fault);
            }
            (_, Ok(_) | Err(_)) => self.fenced(),
        }
    }

    /// Whether a dead letter counts from which something was left out for want of room.
    fn may_reduce(&self) -> bool {
        #[cfg(mutant = "reduced_always_counts")] // a pointer is taken for an archived record
        return true;
        self.config.accept_reduced || self.config.archiving != Archiving::Required
    }

    pub(super) fn archive_due(&mut self, id: ArchiveId, due: Due) {
        match self.archive.jobs.get(&id).map(|job| job.stage) {
            Some(Stage::InFlight(own)) if own == due => {
                self.send_failed(id, ArchiveFault::TimedOut);
            }
            #[cfg(mutant = "new_id_each_attempt")] // duplicates cannot be told from records
            Some(Stage::Waiting(own)) if own == due => {
                if let Some(mut job) = self.archive.remove(id) {
                    job.stage = Stage::Ready;
                    self.archive.add(job);
                }
            }
            Some(Stage::Waiting(own)) if own == due => self.archive.set(id, Stage::Ready),
            _ => {}
        }
    }

    /// Forgets a record on its way to the archive; an answer that still comes is fenced.
    pub(super) fn drop_job(&mut self, id: ArchiveId) -> Option<Job<P>> {
        let job = self.archive.remove(id)?;
        match job.stage {
            Stage::InFlight(due) | Stage::Waiting(due) => self.timers.cancel(due),
            Stage::Ready | Stage::Parked => {}
        }
        Some(job)
    }

    /// Starts again with a held record that the archive had refused.
    pub(super) fn send_again(&mut self, id: ArchiveId) {
        let Some(job) = self.archive.jobs.get_mut(&id) else {
            return;
        };
        // In every other stage a send is under way or will be by itself; a second one would be a duplicate.
        if job.stage == Stage::Parked {
            job.form = Form::Full;
            self.archive.set(id, Stage::Ready);
        }
    }

    fn acked(&mut self, id: ArchiveId, form: Form) {
        let Some(job) = self.drop_job(id) else {
            return;
        };
        let cause = job.cause;
        self.archive.failures = None;
        self.count(Count::ArchiveAcked { cause, form });
        match job.waits {
            Waits::Nobody => {}
            Waits::Record(slot) => {
                // Only a required archive makes a record wait (row 3), so the setting need not be asked.
                let row = decide_skip(Archiving::Required, Answer::acked(form));
                self.counters.no_longer_pending(cause);
                if let Bucket::Final(disposition) = row.bucket {
                    self.ended(cause, disposition);
                }
                self.settle(job.partition, slot, StoreReason::Archived);
            }
            Waits::Hold => {
                // The hold is still the job's own: `end_hold` drops the job with its hold.
                let Some(hold) = self.hold_of(job.partition) else {
                    return;
                };
                hold.archived = Some(form);
                hold.job = None;
                #[cfg(mutant = "ack_releases_pause")] // archiving is taken for a release
                let _ = core::mem::replace(&mut hold.releasing, true);
                if hold.releasing {
                    self.skip_held(job.partition, StoreReason::Archived);
                }
            }
        }
    }

    fn send_failed(&mut self, id: ArchiveId, fault: ArchiveFault) {
        let reducible = self.may_reduce();
        self.archive.failed(self.now);
        let Some(job) = self.archive.jobs.get_mut(&id) else {
            return;
        };
        let cause = job.cause;
        let required = self.config.archiving == Archiving::Required;
        // The table is asked with what the fault means for this letter: too large may be tried again only
        // once, reduced, and only where a reduced one counts.
        let answer = match fault {
            ArchiveFault::TimedOut | ArchiveFault::QueueFull | ArchiveFault::Broker => {
                Answer::Transient
            }
            ArchiveFault::TooLarge if job.form == Form::Full && reducible => Answer::TooLarge,
            ArchiveFault::TooLarge | ArchiveFault::Refused => Answer::Refused,
        };
        let (attempt, waits) = (job.attempt, job.waits);
        let reason = FailureReason::from(fault);
        self.count(Count::ArchiveFailed { cause, reason });
        #[cfg(mutant = "three_strikes")] // a dead archive is given up on, and the offset moves
        if attempt >= 3 {
            return self.acked(id, Form::Full);
        }
        let send = if required {
            // What a hold waits for is what an operator's skip would wait for.
            decide_skip(Archiving::Required, answer).send
        } else if answer == Answer::TooLarge {
            // Nobody waits for a best-effort send: it is made once, and once more only where it was too
            // large.
            Send::Reduced
        } else {
            Send::Nothing
        };
        match send {
            Send::Reduced => {
                if let Some(job) = self.archive.jobs.get_mut(&id) {
                    job.form = Form::Reduced;
                }
                // Without a wait: the archive works, and a smaller letter is another question.
                self.archive.set(id, Stage::Ready);
            }
            Send::Again | Send::Full => {
                let wait = self.config.archive_backoff.after(attempt);
                let due = self
                    .timers
                    .set(self.now.saturating_add(wait), Timer::Archive(id));
                self.archive.set(id, Stage::Waiting(due));
            }
            Send::Nothing if required => self.park(id, waits),
            Send::Nothing => self.give_up_send(id, waits),
        }
    }

    /// A required archive refused a record for good: it is held, and its payload kept.
    fn park(&mut self, id: ArchiveId, waits: Waits) {
        // The payload is kept: an operator's `skip_one` sends it again once the archive's setup is mended.
        self.archive.set(id, Stage::Parked);
        let Some(job) = self.archive.jobs.get_mut(&id) else {
            return;
        };
        job.waits = Waits::Hold;
        let (partition, offset, cause) = (job.partition, job.offset, job.cause);
        match waits {
            Waits::Record(slot) => {
                // From the pending gauge to the blocked one (`hold`), so that the accounts close.
                self.counters.no_longer_pending(cause);
                let mut hold = Hold::at(HeldBy::Archive, cause, Some(offset));
                (hold.slot, hold.job) = (Some(slot), Some(id));
                self.hold(partition, hold);
            }
            Waits::Hold => {
                if let Some(hold) = self.hold_of(partition) {
                    // The order to skip has failed with its send; a new one tries again.
                    hold.releasing = false;
                }
            }
            // Cannot be: under a required archive every job has a record or a hold that waits.
            Waits::Nobody => {}
        }
    }

    /// A best-effort send failed: the payload is gone, the record's fate is not.
    fn give_up_send(&mut self, id: ArchiveId, waits: Waits) {
        let Some(job) = self.drop_job(id) else {
            return;
        };
        if waits == Waits::Hold
            && let Some(hold) = self.hold_of(job.partition)
        {
            hold.job = None;
        }
    }

    /// What an operator's command to skip means for a held record, by the table's rows 1 to 8.
    pub(super) fn skip_is_settled(&self, archived: Option<Form>) -> bool {
        // A reduced letter that does not count was never taken for an acknowledgement (`archived`).
        let answer = archived.map_or(Answer::Pending, Answer::acked);
        decide_skip(self.config.archiving, answer).offset == OffsetMove::Settle
    }
}
