//! The invariants, checked after every step.

use dashstream_policy::{
    Cause, Delivered, Epoch, Escalation, Grade, HeldBy, Mode, Offset, PartitionState, Scope,
    Taking, TopicPartition,
};

use crate::Violation;
use crate::world::{Checked, Part, World, number};

impl World {
    pub(super) fn check_store(&self, p: usize, epoch: Epoch, next: i64) -> Checked {
        let part = &self.parts[p];
        if part.epoch != Some(epoch) {
            return Err(Violation::new(
                "I7 no store for an old assignment",
                format!("{p} {next}"),
            ));
        }
        if part
            .stored
            .or(part.committed)
            .is_some_and(|before| next < before)
        {
            return Err(Violation::new(
                "I1 stores never go back",
                format!("{p} {next}"),
            ));
        }
        let reduced = self.rules.accept_reduced;
        if let Some(lost) = part.truth.lost_before(next, reduced) {
            let seen = format!("{p}: stored {next} past {lost}");
            return Err(Violation::new(
                "I2/I3 no store passes an unsettled record",
                seen,
            ));
        }
        Ok(())
    }

    pub(super) fn check(&mut self) -> Checked {
        let status = self.engine.status();
        if !status.tally.closes() {
            return Err(Violation::new(
                "I5 the accounts close",
                format!("{:?}", status.tally),
            ));
        }
        let gauges: u64 = Cause::ALL
            .into_iter()
            .map(|cause| status.tally.pending(cause) + status.tally.blocked(cause))
            .sum();
        if self.facts.0 != self.facts.1 + gauges {
            let seen = format!("{:?} and {gauges} open", self.facts);
            return Err(Violation::new("I4 one disposition a record", seen));
        }
        let outstanding: usize = status.partitions.iter().map(|of| of.outstanding).sum();
        let max = self.rules.outstanding;
        if outstanding > max + self.parts.len() {
            return Err(Violation::new(
                "I10 bounded",
                format!("{outstanding} of {max}"),
            ));
        }
        if self.tokens_alive() > outstanding {
            return Err(Violation::new(
                "I10 nothing is evicted",
                format!("{outstanding}"),
            ));
        }
        let roomy = matches!(status.taking, Taking::Open);
        let reduced = self.rules.accept_reduced;
        let mut any_held = false;
        for of in &status.partitions {
            let p = number(of.partition);
            let part = &mut self.parts[p];
            if part.epoch != Some(of.epoch) {
                continue;
            }
            let held = match of.state {
                PartitionState::Held { by, .. } => by != HeldBy::Operator,
                _ => false,
            };
            if let Some(poison) = part.truth.stopped_at
                && !held
            {
                if !(part.awaited.contains(&poison) && part.truth.has(poison, reduced)) {
                    return Err(Violation::new(
                        "a hold lasts until an order",
                        format!("{of:?}"),
                    ));
                }
                part.truth.stopped_at = None;
            }
            match of.state {
                PartitionState::Held { by, offset, .. } => {
                    any_held |= by != HeldBy::Operator;
                    if !part.paused {
                        return Err(Violation::new(
                            "a held partition is paused",
                            format!("{of:?}"),
                        ));
                    }
                    if let (Some(expected), Some(offset)) = (part.truth.stopped_at, offset)
                        && by != HeldBy::Operator
                        && offset.get() > expected
                    {
                        return Err(Violation::new(
                            "the hold is at the poison",
                            format!("{of:?}"),
                        ));
                    }
                    if matches!(by, HeldBy::Archive | HeldBy::EvidenceLost) {
                        part.truth.stopped_at = offset.map(Offset::get);
                    }
                }
                PartitionState::Running
                | PartitionState::Waiting
                | PartitionState::Seeking { .. } => {
                    let runs = of.state == PartitionState::Running;
                    if runs && roomy && part.paused {
                        return Err(Violation::new(
                            "a running partition is resumed",
                            format!("{of:?}"),
                        ));
                    }
                    let next = of.position.map(Offset::get).unwrap_or(part.position);
                    let needed = part.records.range(next..).next().map(|(o, _)| *o);
                    let missed = needed.is_some_and(|needed| {
                        part.position > needed && !part.hand.iter().any(|(_, o)| *o == needed)
                    });
                    if runs && roomy && missed {
                        return Err(Violation::new(
                            "the client will meet the next record",
                            format!("{of:?}"),
                        ));
                    }
                }
                PartitionState::Revoked { .. } => {
                    return Err(Violation::new(
                        "an assigned partition is not revoked",
                        format!("{of:?}"),
                    ));
                }
            }
        }
        if any_held != (status.grade == Grade::Fail) {
            return Err(Violation::new(
                "I12 health says held",
                format!("{:?}", status.grade),
            ));
        }
        Ok(())
    }

    /// Tokens whose assignment lasts and that no hold has overtaken.
    pub(super) fn tokens_alive(&self) -> usize {
        let alive = |token: &&Delivered| {
            let part = &self.parts[number(token.partition())];
            let overtaken = part
                .truth
                .stopped_at
                .is_some_and(|at| token.offset().get() >= at);
            part.epoch == Some(token.epoch()) && !overtaken && part.must_meet.is_none()
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
            let status = part.stored.unwrap_or(0);
            offset.get() < status
        };
        if self
            .parts
            .iter()
            .any(|part| !part.truth.verdicts.is_empty())
        {
            return 0;
        }
        places.iter().filter(|place| !settled(place)).count()
    }

    pub(super) fn is_held(&self, p: usize) -> bool {
        let stopped = |part: &Part| part.truth.stopped_at.is_some();
        self.parts[p].operator
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
