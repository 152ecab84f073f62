//! The invariants that are checked after every step.

use dashstream_policy::{
    ArchiveId, Archiving, Cause, Delivered, Escalation, Grade, HeldBy, Mode, Offset, Ordering,
    PartitionState, PartitionStatus, Scope, Status, StoreOffset, Taking, TopicPartition,
};

use super::{Part, World, number};
use crate::invariant::{Checked, Invariant};
use crate::plan::{key, size};

impl World {
    pub(super) fn check_store(&self, p: usize, store: &StoreOffset) -> Checked {
        let (assignment, next) = (store.assignment(), store.next().get());
        let part = &self.parts[p];
        if part.assignment != Some(assignment) {
            return Err(Invariant::OldAssignmentsAreFenced.broken((p, assignment, next)));
        }
        let before = part.stored.or(part.committed);
        if before.is_some_and(|before| next < before) && !part.goes_back {
            return Err(Invariant::StoresNeverGoBack.broken((p, next, before)));
        }
        let passed = before.unwrap_or(0)..next.max(before.unwrap_or(0));
        let rejected = part.truth.rejected.range(passed).next();
        if rejected.is_some() && !store.commit_now() {
            return Err(Invariant::RejectionsAreCommitted.broken((store, rejected)));
        }
        // Nobody knows yet that these are other records.
        if part.recreated {
            return Ok(());
        }
        let reduced = self.rules.accept_reduced;
        if let Some(lost) = part.truth.lost_before(next, reduced) {
            let broken = if part.truth.if_archived.contains(&lost) {
                Invariant::NoStorePassesUnarchived
            } else {
                Invariant::NoStorePassesUnsettled
            };
            return Err(broken.broken((p, next, lost)));
        }
        Ok(())
    }

    pub(super) fn check(&mut self) -> Checked {
        let status = self.engine.status();
        self.check_accounts(&status)?;
        self.check_bounds(&status)?;
        for of in &status.partitions {
            if self.parts[number(of.partition)].assignment == Some(of.assignment) {
                self.check_hold(of)?;
                self.check_client(of, status.taking)?;
            }
        }
        self.check_health(&status)
    }

    fn check_accounts(&self, status: &Status) -> Checked {
        let counters = &status.counters;
        if !counters.closes() {
            return Err(Invariant::AccountsClose.broken(counters));
        }
        let open = |cause| counters.pending(cause) + counters.blocked(cause);
        let gauges: u64 = Cause::ALL.into_iter().map(open).sum();
        if self.facts.0 != self.facts.1 + gauges {
            return Err(Invariant::OneDisposition.broken((self.facts, gauges)));
        }
        Ok(())
    }

    fn check_bounds(&self, status: &Status) -> Checked {
        let outstanding: usize = status.partitions.iter().map(|of| of.outstanding).sum();
        // An order that gives a range up adds one entry that stands for all of it.
        let max = self.rules.outstanding + self.parts.len();
        let alive = self.tokens_alive();
        if outstanding > max || alive > outstanding {
            return Err(Invariant::BoundedWithoutEviction.broken((alive, outstanding, max)));
        }
        if matches!(status.taking, Taking::Full { .. })
            && !self.archive_is_full(status)
            && outstanding <= self.rules.outstanding - self.free()
        {
            return Err(Invariant::OnlyTheSlowWait.broken((status.taking, outstanding)));
        }
        if status.archive.in_flight > self.rules.in_flight {
            return Err(Invariant::BoundedWithoutEviction.broken(status.archive));
        }
        Ok(())
    }

    /// Checks a record that was taken, or that was refused for want of room.
    pub(super) fn check_share(&self, p: usize, offset: i64, taken: bool) -> Checked {
        let status = self.engine.status();
        let is_meant = |of: &&PartitionStatus| number(of.partition) == p;
        let Some(of) = status.partitions.iter().find(is_meant) else {
            return Ok(());
        };
        let (records, bytes) = self.share();
        let before = usize::from(taken);
        let has = of.outstanding.saturating_sub(before);
        let takes = of.bytes.saturating_sub(before * size(offset));
        let fits = has < records && takes < bytes;
        // A record that is read again has its place.
        let again = self.parts[p].top.is_some_and(|top| offset <= top);
        if taken && !fits && !again {
            return Err(Invariant::BoundedWithoutEviction.broken((of, records, bytes)));
        }
        let total: usize = status.partitions.iter().map(|of| of.bytes).sum();
        let room = total < self.rules.bytes || has == 0;
        if !taken && fits && room && status.taking == Taking::Open {
            return Err(Invariant::OnlyTheSlowWait.broken((of, records, bytes)));
        }
        Ok(())
    }

    /// Nothing before a record that is handed out, and that it is ordered with, waits.
    pub(super) fn check_order(&self, p: usize, offset: i64) -> Checked {
        let part = &self.parts[p];
        if part.recreated {
            // What may pass of the old log is not known any more.
            return Ok(());
        }
        let reduced = self.rules.accept_reduced;
        let same = |other: &i64| match self.rules.ordering {
            Ordering::Partition => true,
            Ordering::Key => key(*other) == key(offset),
            Ordering::Unordered => false,
        };
        let troubled = part.troubled.range(..offset);
        let waits = troubled.filter(|at| !part.truth.may_pass(**at, reduced));
        if let Some(other) = waits.chain(part.queued.range(..offset)).find(|at| same(at)) {
            return Err(Invariant::NothingOvertakes.broken((p, offset, other)));
        }
        Ok(())
    }

    /// Records and units that one partition may have outstanding.
    fn share(&self) -> (usize, usize) {
        let ours = self.parts.iter().filter(|part| part.assignment.is_some());
        let parts = ours.count().max(1);
        let records = self.rules.share.unwrap_or(self.rules.outstanding / parts);
        (records.max(1), (self.rules.bytes / parts).max(1))
    }

    /// Room that is given again when so much is free.
    fn free(&self) -> usize {
        self.rules.outstanding.div_ceil(4).min(self.share().0)
    }

    fn archive_is_full(&self, status: &Status) -> bool {
        let required = self.rules.archiving == Archiving::Required;
        required && status.archive.bytes >= self.rules.payload
    }

    /// What is held stays so, at its poison, until something lets it go.
    fn check_hold(&mut self, of: &PartitionStatus) -> Checked {
        let reduced = self.rules.accept_reduced;
        let part = &mut self.parts[number(of.partition)];
        let held = match of.state {
            PartitionState::Held { by, offset, .. } if is_poison(by) => Some((by, offset)),
            _ => None,
        };
        // What lies behind a held record is given up, deferred or not.
        if let Some((_, Some(poison))) = held {
            part.give_up_behind(poison.get());
        }
        if let Some(poison) = part.truth.stopped_at
            && held.is_none()
        {
            if !(part.awaited.contains(&poison) && part.truth.has(poison, reduced)) {
                return Err(Invariant::HoldsLast.broken(of));
            }
            part.truth.stopped_at = None;
        }
        if let Some((by, offset)) = held {
            if let (Some(expected), Some(offset)) = (part.truth.stopped_at, offset)
                && offset.get() > expected
            {
                return Err(Invariant::HeldIsPaused.broken(of));
            }
            if matches!(by, HeldBy::Archive | HeldBy::RecordDeleted) {
                part.truth.stopped_at = offset.map(Offset::get);
            }
        }
        Ok(())
    }

    /// The client pauses and runs as the engine says, and stands where the engine takes it to stand.
    fn check_client(&self, of: &PartitionStatus, taking: Taking) -> Checked {
        let part = &self.parts[number(of.partition)];
        let roomy = matches!(taking, Taking::Open);
        match of.state {
            PartitionState::Held { by, offset, .. } => {
                let p = number(of.partition);
                let under_way = part.seek_failed || self.late.iter().any(|(other, ..)| *other == p);
                let behind =
                    is_poison(by) && offset.is_some_and(|poison| part.position > poison.get());
                if !part.paused || (behind && !under_way) {
                    return Err(Invariant::HeldIsPaused.broken((of, part.position)));
                }
            }
            PartitionState::Running if roomy => {
                if part.paused {
                    return Err(Invariant::RunningIsResumed.broken(of));
                }
                let next = of.position.map_or(part.position, Offset::get);
                let needed = part.records.range(next..).next().map(|(o, _)| *o);
                let missed = needed.is_some_and(|needed| {
                    part.position > needed && !part.hand.iter().any(|(_, o)| *o == needed)
                });
                if missed {
                    return Err(Invariant::NextRecordIsMet.broken(of));
                }
            }
            PartitionState::Running | PartitionState::Waiting | PartitionState::Seeking { .. } => {}
            PartitionState::Revoked { .. } => {
                return Err(Invariant::OldAssignmentsAreFenced.broken(of));
            }
        }
        Ok(())
    }

    fn check_health(&self, status: &Status) -> Checked {
        let held = status.partitions.iter().any(|of| match of.state {
            PartitionState::Held { by, .. } => is_poison(by),
            _ => false,
        });
        let deferred = self.parts.iter().any(|part| !part.deferred.is_empty());
        let required = self.rules.archiving == Archiving::Required;
        let again = |(id, (.., attempt)): (&ArchiveId, &(usize, i64, u32))| {
            *attempt > 1 && self.engine.payload(*id).is_some()
        };
        if self.ids.iter().any(again) && status.archive.failing == 0 {
            return Err(Invariant::HealthTells.broken(status.archive));
        }
        let failing = required && status.archive.failing > 0;
        let behind = deferred || failing || matches!(status.taking, Taking::Full { .. });
        let expected = match (held, behind || self.breaker) {
            (true, _) => Grade::Fail,
            (false, true) => Grade::Warn,
            (false, false) => Grade::Pass,
        };
        if status.grade != expected {
            return Err(Invariant::HealthTells.broken((status.grade, expected)));
        }
        Ok(())
    }

    /// Tokens whose assignment lasts and that no hold has overtaken.
    fn tokens_alive(&self) -> usize {
        let alive = |token: &&Delivered| {
            let part = &self.parts[number(token.partition())];
            let overtaken = part
                .truth
                .stopped_at
                .is_some_and(|at| token.offset().get() >= at);
            part.assignment == Some(token.assignment()) && !overtaken && part.must_meet.is_none()
        };
        let mut places: Vec<_> = self
            .tokens
            .iter()
            .filter(alive)
            .map(|token| (token.partition(), token.offset()))
            .collect();
        places.sort_unstable();
        places.dedup();
        // A record that was forgotten by a retry or a skip may still be with its first handler.
        let settled = |(partition, offset): &(TopicPartition, Offset)| {
            let part = &self.parts[number(*partition)];
            offset.get() < part.stored.unwrap_or(0)
        };
        let met = |part: &Part| !part.truth.verdicts.is_empty();
        if self.parts.iter().any(met) {
            return 0;
        }
        places.iter().filter(|place| !settled(place)).count()
    }

    pub(super) fn is_held(&self, p: usize) -> bool {
        let stopped = |part: &Part| part.truth.stopped_at.is_some();
        self.parts[p].operator
            || !self.parts[p].deferred.is_empty()
            || stopped(&self.parts[p])
            || (self.rules.scope == Scope::Consumer && self.parts.iter().any(stopped))
    }

    pub(crate) fn held_at(&self, p: usize) -> Option<i64> {
        let status = self.engine.status();
        let of = status
            .partitions
            .iter()
            .find(|of| number(of.partition) == p)?;
        match of.state {
            PartitionState::Held { offset, .. } => offset.map(Offset::get),
            _ => None,
        }
    }

    pub(super) fn pauses(&self) -> bool {
        self.rules.mode == Mode::Pause
            || (self.breaker && self.rules.escalation == Escalation::Pause)
    }
}

/// Whether what holds the partition is at the record or the position itself, and not the host's or an
/// operator's choice to wait.
const fn is_poison(by: HeldBy) -> bool {
    match by {
        HeldBy::Policy | HeldBy::Archive | HeldBy::Unfetchable | HeldBy::RecordDeleted => true,
        HeldBy::Operator | HeldBy::HostResources => false,
    }
}
