//! The archive: what it is sent, and what it answers.

use dashstream_policy::{ArchiveFault, ArchiveId, ArchiveRequest, Form, Input};

use super::{World, number};
use crate::Answer;
use crate::invariant::{Checked, Invariant, Violation};

impl World {
    pub(super) fn send(&mut self, send: ArchiveRequest) -> Checked {
        let (p, offset) = (number(send.partition), send.offset.get());
        if self.engine.payload(send.id) != Some(&offset) {
            return Err(Invariant::EvidenceBelongs.broken(send));
        }
        let seen = self.ids.entry(send.id).or_insert((p, offset, 0));
        if *seen != (p, offset, send.attempt - 1) {
            return Err(Invariant::OneIdARecord.broken((send, seen)));
        }
        seen.2 = send.attempt;
        let is_last = |other: &&ArchiveRequest| other.id == send.id && self.now < other.deadline;
        if let Some(other) = self.sends.iter().find(is_last) {
            return Err(Invariant::OneSendAtATime.broken((send, other)));
        }
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
            Answer::Ack | Answer::AckTwice | Answer::Silent | Answer::LateAck => Some(send.form),
            Answer::Cut => Some(Form::Reduced),
            Answer::Fail(_) | Answer::Vanish | Answer::LateFail => None,
        };
        if let Some(form) = written {
            self.parts[p].truth.archived.insert((offset, form));
        }
        let acked = Ok(written.unwrap_or(send.form));
        let results = match answer {
            Answer::Ack | Answer::Cut => vec![acked],
            Answer::AckTwice => vec![acked, acked],
            Answer::LateAck => vec![Err(ArchiveFault::TimedOut), acked],
            Answer::Fail(fault) => vec![Err(fault)],
            Answer::Silent | Answer::Vanish => vec![],
            Answer::LateFail => {
                self.late_failures.push((send.id, send.attempt));
                vec![]
            }
        };
        for result in results {
            self.answered(send.id, send.attempt, result)?;
        }
        Ok(true)
    }

    /// The failure of a send that was kept back, whatever the engine has made of the send meanwhile.
    pub(crate) fn late_failure(&mut self) -> Result<bool, Violation> {
        let Some((id, attempt)) = self.late_failures.pop() else {
            return Ok(false);
        };
        let failed = Err(ArchiveFault::Broker);
        self.answered(id, attempt, failed)?;
        Ok(true)
    }

    fn answered(
        &mut self,
        id: ArchiveId,
        attempt: u32,
        result: Result<Form, ArchiveFault>,
    ) -> Checked {
        self.input(Input::Archived {
            id,
            attempt,
            result,
        })
    }
}
