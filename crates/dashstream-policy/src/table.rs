//! The decision table: the one place that says what happens to a record and to its offset.
//!
//! The engine asks [`decide`]; the table in the README and the exhaustive test are made from [`TABLE`]. No row mentions a cause.

use crate::{Archiving, Form, Mode};

use self::Answer::{Acked, ReducedAcked, Refused, TooLarge, Transient};
use self::Bucket::{Blocked, Final, Pending};
use self::Disposition::{
    AbandonedOnRevoke, AbandonedOnSeek, Archived, ArchivedReduced, Dropped, OperatorRetry,
    OperatorSkip,
};
use self::Grade::{Fail, Pass, Warn};
use self::OffsetMove::{Forget, Hold, Settle};
use self::PartitionMove::{Leave, PauseAndSeek, Run, SeekAndResume};
use self::Send::{Again, Full, Nothing, Reduced};
use crate::Archiving::{BestEffort, Off, Required};

/// A question to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Event {
    /// A record cannot be processed, or the archive's word on it arrived.
    Unprocessable {
        /// The mode in force: the configured one, or pause by escalation.
        mode: Mode,
        /// The archive setting.
        archiving: Archiving,
        /// What is known from the archive.
        answer: Answer,
    },
    /// An operator wants the held record read again.
    OrderedRetry,
    /// An operator lets the offset pass what is held.
    OrderedSkip,
    /// The assignment ended.
    Revoked,
    /// Something arrived for an assignment or a send that is no longer current.
    Fenced,
    /// The next record cannot be had: its batch is undecodable, or it was deleted unsettled. It is
    /// held in every mode and never probed behind; the README says why.
    Unfetchable,
    /// A record lies behind one that was put on hold, and will be delivered again.
    Overtaken,
}

/// What is known from the archive about one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// Nothing yet.
    Pending,
    /// It has the full dead letter.
    Acked,
    /// It has the reduced dead letter, and that counts.
    ReducedAcked,
    /// It failed in a way that may pass.
    Transient,
    /// The full dead letter was too large, and a reduced one would count.
    TooLarge,
    /// It refused for good, or the reduced dead letter was refused or does not count.
    Refused,
}

impl Answer {
    /// The answer that an acknowledged dead letter of this form is.
    pub(crate) const fn acked(form: Form) -> Self {
        match form {
            Form::Full => Self::Acked,
            Form::Reduced => Self::ReducedAcked,
        }
    }
}

/// What becomes of the offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OffsetMove {
    /// It may pass the record.
    Settle,
    /// It stays before the record.
    Hold,
    /// The record is forgotten; its assignment, or its place in it, is gone.
    Forget,
    /// Nothing changes.
    Unchanged,
}

/// What becomes of the partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartitionMove {
    /// It runs on.
    Run,
    /// It is paused, and set back to the record.
    PauseAndSeek,
    /// It is set to the position and resumed.
    SeekAndResume,
    /// It is no longer ours.
    Leave,
    /// Nothing changes.
    Unchanged,
}

/// What is sent to the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Send {
    /// Nothing, or nothing more.
    Nothing,
    /// The full dead letter, if it was not sent yet.
    Full,
    /// The same dead letter again, after a wait.
    Again,
    /// The reduced dead letter, once.
    Reduced,
}

/// How a health page should see it.
#[expect(clippy::exhaustive_enums, reason = "a verdict has three grades")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing is wrong beyond what the rates of the counters show.
    Pass,
    /// Worth a look.
    Warn,
    /// An operator is needed, as where a partition is held.
    Fail,
}

labels! {
    /// What finally became of a record that could not be processed. Each such record gets exactly one,
    /// or is still pending or blocked.
    Disposition {
        /// Passed without an archive.
        Dropped = "dropped",
        /// Passed; it was offered to the archive once.
        BestEffort = "archive_best_effort",
        /// Passed after the archive acknowledged it.
        Archived = "archived",
        /// Passed after the archive acknowledged a reduced dead letter.
        ArchivedReduced = "archived_reduced",
        /// Passed on an operator's command.
        OperatorSkip = "operator_skip",
        /// Retried on an operator's command.
        OperatorRetry = "operator_retry",
        /// Partition revoked; its new owner reads the record.
        AbandonedOnRevoke = "abandoned_on_revoke",
        /// An earlier record was put on hold, and this one will be read again after it.
        AbandonedOnSeek = "abandoned_on_seek",
    }
}

/// Where a record is counted once a row has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket {
    /// For good.
    Final(Disposition),
    /// Waiting for the archive.
    Pending,
    /// Held.
    Blocked,
    /// Not counted: there is no record in question.
    None,
}

/// When a row applies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum When {
    /// For a record that cannot be processed, under any of these.
    Unprocessable {
        /// The mode in force.
        mode: Mode,
        /// Any of these archive settings.
        archiving: &'static [Archiving],
        /// Any of these answers.
        answers: &'static [Answer],
    },
    /// For exactly this event.
    Exactly(Event),
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The row's number in the README.
    #[cfg_attr(not(test), expect(dead_code, reason = "shown in the README"))]
    pub(crate) number: u8,
    /// When it applies.
    pub(crate) when: When,
    /// What becomes of the offset.
    pub(crate) offset: OffsetMove,
    /// What becomes of the partition.
    pub(crate) partition: PartitionMove,
    /// What is sent.
    pub(crate) send: Send,
    /// Where the record is counted.
    pub(crate) bucket: Bucket,
    /// How a health page should see it.
    #[cfg_attr(not(test), expect(dead_code, reason = "shown in the README"))]
    pub(crate) grade: Grade,
}

impl Row {
    /// Whether the row answers `event`.
    pub(crate) fn answers(&self, event: Event) -> bool {
        match self.when {
            When::Exactly(own) => own == event,
            When::Unprocessable {
                mode,
                archiving,
                answers,
            } => matches!(event, Event::Unprocessable { mode: asked, archiving: set, answer }
                if mode == asked && archiving.contains(&set) && answers.contains(&answer)),
        }
    }
}

/// The row that answers `event`. There is exactly one for every event.
pub(crate) fn decide(event: Event) -> &'static Row {
    // The fallback is never reached, as the exhaustive test shows; it would hold and call for help. A
    // search over the rows is enough: only records that failed get here.
    TABLE
        .iter()
        .find(|row| row.answers(event))
        .unwrap_or(&UNFETCHABLE)
}

/// The row of a record that is to be passed where the archive allows it.
pub(crate) fn decide_skip(archiving: Archiving, answer: Answer) -> &'static Row {
    decide(Event::Unprocessable {
        mode: Mode::Skip,
        archiving,
        answer,
    })
}

/// Every row, in the order of the README.
///
/// An operator's command to skip one record asks rows 1 to 8, whatever the mode in force is; the
/// record is then counted as [`Disposition::OperatorSkip`] where the row would count it for good.
#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    row(1, skip(&[Off], ANY), Settle, Run, Nothing, Final(Dropped), Pass),
    row(2, skip(&[BestEffort], ANY), Settle, Run, Full, Final(Disposition::BestEffort), Pass),
    row(3, skip(&[Required], &[Answer::Pending]), Hold, Run, Full, Pending, Pass),
    row(4, skip(&[Required], &[Acked]), Settle, Run, Nothing, Final(Archived), Pass),
    row(5, skip(&[Required], &[Transient]), Hold, Run, Again, Pending, Warn),
    row(6, skip(&[Required], &[TooLarge]), Hold, Run, Reduced, Pending, Warn),
    row(7, skip(&[Required], &[ReducedAcked]), Settle, Run, Nothing, Final(ArchivedReduced), Warn),
    row(8, skip(&[Required], &[Refused]), Hold, PauseAndSeek, Nothing, Blocked, Fail),
    row(9, pause(&[Off]), Hold, PauseAndSeek, Nothing, Blocked, Fail),
    row(10, pause(&[BestEffort, Required]), Hold, PauseAndSeek, Full, Blocked, Fail),
    row(11, When::Exactly(Event::OrderedRetry), Hold, SeekAndResume, Nothing, Final(OperatorRetry), Pass),
    row(12, When::Exactly(Event::OrderedSkip), Settle, SeekAndResume, Nothing, Final(OperatorSkip), Warn),
    row(13, When::Exactly(Event::Revoked), Forget, Leave, Nothing, Final(AbandonedOnRevoke), Pass),
    row(14, When::Exactly(Event::Fenced), OffsetMove::Unchanged, PartitionMove::Unchanged, Nothing, Bucket::None, Pass),
    UNFETCHABLE,
    row(16, When::Exactly(Event::Overtaken), Forget, PartitionMove::Unchanged, Nothing, Final(AbandonedOnSeek), Pass),
];

const UNFETCHABLE: Row = row(
    15,
    When::Exactly(Event::Unfetchable),
    Hold,
    PauseAndSeek,
    Nothing,
    Blocked,
    Fail,
);

const ANY: &[Answer] = &[
    Answer::Pending,
    Acked,
    ReducedAcked,
    Transient,
    TooLarge,
    Refused,
];

const fn skip(archiving: &'static [Archiving], answers: &'static [Answer]) -> When {
    When::Unprocessable {
        mode: Mode::Skip,
        archiving,
        answers,
    }
}

const fn pause(archiving: &'static [Archiving]) -> When {
    When::Unprocessable {
        mode: Mode::Pause,
        archiving,
        answers: ANY,
    }
}

const fn row(
    number: u8,
    when: When,
    offset: OffsetMove,
    partition: PartitionMove,
    send: Send,
    bucket: Bucket,
    grade: Grade,
) -> Row {
    Row {
        number,
        when,
        offset,
        partition,
        send,
        bucket,
        grade,
    }
}

#[cfg(test)]
mod tests;
