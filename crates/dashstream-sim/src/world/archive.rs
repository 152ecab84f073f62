//! The archive: what it is sent, and what it answers.

use dashstream_policy::{ArchiveFault, ArchiveRequest, ArchiveResult, Input};

use super::{World, number};
use crate::Answer;
use crate::invariant::{Checked, Invariant, Violation};

impl World {
    pub(super) fn send(&mut self, send: ArchiveRequest) -> Checked {
        let (p, offset) = (number(send.partition), send.offset.get());
        if self.engine.evidence(send.id) != Some(&offset) {
            return Err(Invariant::EvidenceBelongs.broken(send));
        }
        let seen = self.ids.entry(send.id).or_insert((p, offset, 0));
        if *seen != (p, offset, send.attempt - 1) {
            return Err(Invariant::OneIdARecord.broken((send, seen)));
        }
        seen.2 = send.attempt;
        let ids = self
            .ids
            .values()
            .filter(|of| (of.0, of.1) == (p, offset))
            .count();
        let verdicts = self.parts[p]
            .truth
            .verdicts
            .get(&offset)
            .copied()
            .unwrap_or(0);
        if ids > verdicts {
            return Err(Invariant::OneIdARecord.broken((p, offset, ids)));
        }
        self.sends.push(send);
        Ok(())
    }

    pub(crate) fn answer(&mut self, pick: u32, answer: Answer) -> Result<bool, Violation> {
        if self.sends.is_empty() {
            return Ok(false);
        }
        let send = self.sends.remove(pick as usize % self.sends.len());
        let (p, offset) = (number(send.partition), send.offset.get());
        let written = match answer {
            Answer::Ack | Answer::AckTwice | Answer::Silent | Answer::LateAck => true,
            Answer::Fail(_) | Answer::Vanish => false,
        };
        if written {
            self.parts[p].truth.archived.insert((offset, send.form));
        }
        let acked = ArchiveResult::Acked;
        let results = match answer {
            Answer::Ack => vec![acked],
            Answer::AckTwice => vec![acked, acked],
            Answer::LateAck => vec![ArchiveResult::Failed(ArchiveFault::TimedOut), acked],
            Answer::Fail(fault) => vec![ArchiveResult::Failed(fault)],
            Answer::Silent | Answer::Vanish => vec![],
        };
        for result in results {
            self.input(Input::Archived {
                id: send.id,
                result,
            })?;
        }
        Ok(true)
    }
}
