//! The operator: orders, and what an order allows.

use dashstream_policy::{
    Archiving, Command, CommandOutcome, Input, Offset, Operator, OperatorCommand,
};

use super::{World, number, place};
use crate::invariant::Violation;

impl World {
    pub(crate) fn order(&mut self, p: usize, command: Command) -> Result<bool, Violation> {
        if self.parts[p].assignment.is_none() {
            return Ok(false);
        }
        let operator = Operator::new("sim", "reason").expect("a short operator");
        let order = OperatorCommand::new(place(p), command, operator).within(Some(self.log(p)));
        self.input(Input::Command(order))?;
        Ok(true)
    }

    pub(super) fn audited(&mut self, order: &OperatorCommand, outcome: CommandOutcome) {
        let required = self.rules.archiving == Archiving::Required;
        let part = &mut self.parts[number(order.partition())];
        let held = match outcome {
            CommandOutcome::Applied { offset } => offset.map(Offset::get),
            CommandOutcome::AwaitsArchive { offset } => {
                part.awaited.insert(offset.get());
                part.truth.rejected.insert(offset.get());
                part.truth.if_archived.insert(offset.get());
                return;
            }
            CommandOutcome::NotAssigned
            | CommandOutcome::NotHeld
            | CommandOutcome::NoRecord
            | CommandOutcome::Backwards
            | CommandOutcome::BeyondEnd { .. }
            | CommandOutcome::BelowStart { .. }
            | CommandOutcome::EndUnknown => return,
        };
        match order.command() {
            Command::Pause => part.operator = true,
            Command::Retry => {
                part.operator = false;
                if let Some(offset) = held {
                    part.truth.if_archived.remove(&offset);
                    part.truth.rejected.remove(&offset);
                    part.awaited.remove(&offset);
                }
                part.must_meet = part.truth.stopped_at.take().filter(|at| Some(*at) == held);
            }
            Command::SkipOne => {
                part.truth.stopped_at = None;
                part.must_meet = None;
                let Some(offset) = held else {
                    part.truth.give_up(0, part.low);
                    return;
                };
                part.truth.rejected.insert(offset);
                if required && part.truth.verdicts.contains_key(&offset) && part.low <= offset {
                    part.truth.if_archived.insert(offset);
                } else {
                    part.truth.give_up(offset, part.low.max(offset + 1));
                }
            }
            Command::SkipTo(to) => {
                part.truth.stopped_at = None;
                part.must_meet = None;
                if core::mem::take(&mut part.recreated) {
                    part.goes_back = true;
                    part.give_up_behind(0);
                    part.truth.give_up(0, to.get());
                    // Whatever was handed out before is of the old log.
                    part.old_serials = self.last_serial;
                    return;
                }
                part.truth.give_up(held.unwrap_or(0), to.get());
            }
        }
    }
}
