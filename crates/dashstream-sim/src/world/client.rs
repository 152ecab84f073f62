//! The client and its broker: fetching, seeking, committing, retention, time.

use core::time::Duration;

use dashstream_policy::{
    Admission, Assignment, Backlog, Delivery, FetchFault, Input, LogRange, NullPayload,
    RefusalReason,
};

use super::{World, at, mask_labels, number, place};
use crate::invariant::{Checked, Invariant, Violation};
use crate::plan::{key, size};

impl World {
    pub(crate) fn fetch(&mut self, p: usize) -> Result<bool, Violation> {
        let part = &mut self.parts[p];
        let Some(assignment) = part.assignment else {
            return Ok(false);
        };
        // One partition's host asks for room before it polls, the other's is told.
        let asked = p > 0 || !part.hand.is_empty() || self.engine.has_room(place(p));
        if part.paused || !self.taking || part.hand.len() > 3 || !asked {
            return Ok(false);
        }
        let next = part.records.range(part.position..).next().map(|(o, _)| *o);
        let bad = part
            .bad
            .filter(|(start, end)| part.position < *end && next.is_none_or(|next| next >= *start));
        if part.position > part.high {
            // The client says so, and the host asks where the log ends. What was fetched of the old
            // log is offered first, as clients do.
            if !part.hand.is_empty() {
                return Ok(false);
            }
            self.tell_log(p, assignment)?;
            return Ok(true);
        }
        let fault = if part.position < part.low {
            FetchFault::OutOfRange {
                low: Some(at(part.low)),
            }
        } else if bad.is_some() {
            FetchFault::Undecodable
        } else {
            let Some(next) = next else {
                return Ok(false);
            };
            part.hand.push_back((assignment, next));
            part.position = next + 1;
            return Ok(true);
        };
        // The client repeats itself; what was fetched before is offered first, as clients do.
        if !part.hand.is_empty() {
            return Ok(false);
        }
        self.input(Input::FetchFailed {
            partition: place(p),
            assignment,
            fault,
        })?;
        Ok(true)
    }

    pub(crate) fn offer(&mut self, p: usize) -> Result<bool, Violation> {
        let Some((assignment, offset)) = self.parts[p].hand.pop_front() else {
            return Ok(false);
        };
        let null = self.parts[p].records.get(&offset).copied().unwrap_or(false);
        let held = self.is_held(p);
        let backlog = if (offset as usize + self.age_shift).is_multiple_of(5) {
            Backlog::Old
        } else {
            Backlog::Current
        };
        let delivery = Delivery::new(place(p), assignment, at(offset))
            .null(null)
            .backlog(backlog)
            .key(key(offset))
            .bytes(size(offset));
        let intake = self.engine.delivered(self.now, delivery);
        self.note(|| mask_labels(format!("{intake:?}")).replace("NullPayload", ""));
        let taken = matches!(
            intake,
            Admission::Take(_) | Admission::Queue(_) | Admission::Rejected(_) | Admission::Ignored
        );
        let full = intake == Admission::Refused(RefusalReason::Full);
        if full || matches!(intake, Admission::Take(_) | Admission::Queue(_)) {
            self.check_share(p, offset, taken)?;
        }
        if taken {
            self.parts[p].truth.taken.insert(offset);
            self.parts[p].top = self.parts[p].top.max(Some(offset));
            if self.draining {
                return Err(Invariant::DrainTakesNothing.broken((p, offset)));
            }
            if held {
                return Err(Invariant::PoisonIsMetFirst.broken((p, offset)));
            }
            if let Some(expected) = self.parts[p].must_meet.take()
                && expected != offset
            {
                return Err(Invariant::PoisonIsMetFirst.broken((p, offset, expected)));
            }
        }
        match intake {
            Admission::Take(token) => {
                self.check_order(p, offset)?;
                self.last_serial = token.serial();
                self.tokens.push(token);
            }
            Admission::Queue(token) => {
                self.last_serial = token.serial();
                self.queue(token);
            }
            Admission::Ignored => {
                // Only where the rule says so may an offset pass it.
                if null && self.rules.null == NullPayload::Ignore {
                    self.parts[p].truth.accounted.insert(offset);
                }
            }
            Admission::Rejected(rejected) => {
                self.judged(p, offset, |world| {
                    world.engine.rejected(world.now, rejected, offset, 1);
                })?;
            }
            Admission::Duplicate | Admission::Fenced | Admission::Refused(_) => {}
        }
        self.drain()?;
        Ok(true)
    }

    pub(crate) fn pass(&mut self, time: Duration) -> Result<bool, Violation> {
        let until = self.now + time;
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.input(Input::Tick)?;
            if let Some(since) = self.stopped
                && self.now.saturating_sub(since) > Duration::from_millis(20_000)
            {
                return Err(Invariant::PollingGoesOn.broken((self.now, since)));
            }
        }
        self.now = until;
        self.input(Input::Tick)?;
        Ok(true)
    }

    pub(crate) fn commit(&mut self) -> Result<bool, Violation> {
        let mut moved = false;
        for part in &mut self.parts {
            moved |= part.commit();
        }
        Ok(moved)
    }

    pub(crate) fn late(&mut self) -> Result<bool, Violation> {
        let Some((p, assignment, to)) = self.late.pop_front() else {
            return Ok(false);
        };
        if self.parts[p].assignment == Some(assignment) {
            self.parts[p].hand.clear();
            self.parts[p].position = to;
            self.parts[p].seek_failed = false;
        }
        self.input(Input::SeekCompleted {
            partition: place(p),
            assignment,
            to: at(to),
            ok: true,
        })?;
        Ok(true)
    }

    pub(super) fn retain(&mut self, p: usize, count: u32) -> bool {
        let part = &mut self.parts[p];
        let Some(low) = part.records.keys().nth(count as usize).copied() else {
            return false;
        };
        part.records = part.records.split_off(&low);
        part.low = low;
        true
    }

    pub(super) fn log(&self, p: usize) -> LogRange {
        let (low, high) = (at(self.parts[p].low), at(self.parts[p].high));
        LogRange { low, high }
    }

    pub(super) fn tell_log(&mut self, p: usize, assignment: Assignment) -> Checked {
        let (partition, log) = (place(p), self.log(p));
        self.input(Input::Log {
            partition,
            assignment,
            log,
        })
    }

    /// Appends a record, which no store may have passed already.
    pub(super) fn produce(&mut self, p: usize) -> Result<bool, Violation> {
        let reduced = self.rules.accept_reduced;
        let part = &mut self.parts[p];
        // A log that grows to where the old one was read cannot be told from it.
        if part.recreated || part.goes_back {
            return Ok(false);
        }
        let offset = part.high;
        part.high += 1;
        part.records.insert(offset, false);
        part.truth.existed.insert(offset);
        let passed = part.stored.max(part.committed).unwrap_or(0);
        match part.truth.lost_before(passed, reduced) {
            Some(lost) => Err(Invariant::NoStorePassesUnsettled.broken((p, passed, lost))),
            None => Ok(true),
        }
    }

    pub(super) fn recreate(&mut self, p: usize, records: u32) -> bool {
        let high = i64::from(records);
        if self.parts[p].committed.is_none_or(|at| at <= high) {
            return false;
        }
        self.sends.retain(|send| number(send.partition) != p);
        let part = &mut self.parts[p];
        part.records = (0..high).map(|offset| (offset, false)).collect();
        part.bad = None;
        (part.low, part.high) = (0, high);
        part.recreated = true;
        let truth = &mut part.truth;
        truth.existed = part.records.keys().copied().collect();
        truth.accounted.clear();
        truth.if_archived.clear();
        truth.compacted.clear();
        truth.archived.clear();
        true
    }

    pub(super) fn compact(&mut self, p: usize, pick: u32) -> bool {
        let part = &mut self.parts[p];
        let Some(offset) = part.records.keys().nth(pick as usize % 12).copied() else {
            return false;
        };
        let known = part.truth.verdicts.contains_key(&offset);
        if known && part.truth.stopped_at != Some(offset) {
            return false;
        }
        part.records.remove(&offset);
        part.hand.retain(|(_, at)| *at != offset);
        part.truth.compacted.insert(offset);
        true
    }
}
