//! The decision table: the one place that says what happens to a record and to its offset.
//!
//! The engine asks [`decide`]; the table in the README, the exhaustive test and the set of
//! disposition labels are made from [`TABLE`]. No row mentions a cause.

mod markdown;

pub use markdown::markdown;

use crate::{Archiving, Form, Mode};

/// A question to the table.
#[expect(
    clippy::exhaustive_enums,
    reason = "the table answers exactly these questions"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A record cannot be processed, or the archive's word on it arrived.
    Unprocessable {
        /// The mode in force: the configured one, or pause by escalation.
        mode: Mode,
        /// The archive setting.
        archiving: Archiving,
        /// What is known from the archive.
        answer: Answer,
    },
    /// An operator wants the held record met again.
    OrderedRetry,
    /// An operator lets the offset pass what is held.
    OrderedSkip,
    /// The assignment ended.
    Revoked,
    /// Something arrived for an assignment or a send that is no longer current.
    Fenced,
    /// The next record cannot be had: its batch is undecodable, or it was deleted unsettled. It is
    /// held in every mode and never probed behind; the crate's documentation says why.
    Unfetchable,
    /// A record lies behind one that was put on hold, and will be delivered again.
    Overtaken,
}

/// What is known from the archive about one record.
#[expect(
    clippy::exhaustive_enums,
    reason = "the decision table is written over these"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Nothing yet.
    Pending,
    /// It has the full envelope.
    Acked,
    /// It has the reduced envelope, and that counts.
    ReducedAcked,
    /// It failed in a way that may pass.
    Transient,
    /// The full envelope was too large, and a reduced one would count.
    TooLarge,
    /// It refused for good, or the reduced envelope was refused or does not count.
    Refused,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Acked,
        Self::ReducedAcked,
        Self::Transient,
        Self::TooLarge,
        Self::Refused,
    ];

    /// The answer that an acknowledged envelope of this form is.
    pub(crate) const fn acked(form: Form) -> Self {
        match form {
            Form::Full => Self::Acked,
            Form::Reduced => Self::ReducedAcked,
        }
    }
}

/// What becomes of the offset.
#[expect(clippy::exhaustive_enums, reason = "the engine matches all of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetMove {
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
#[expect(clippy::exhaustive_enums, reason = "the engine matches all of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionMove {
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
#[expect(clippy::exhaustive_enums, reason = "the engine matches all of them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Send {
    /// Nothing, or nothing more.
    Nothing,
    /// The full envelope, if it was not sent yet.
    Full,
    /// The same envelope again, after a wait.
    Again,
    /// The reduced envelope, once.
    Reduced,
}

/// How a health page should see it.
#[expect(clippy::exhaustive_enums, reason = "a verdict has three grades")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// Nothing to say beyond the rates.
    Pass,
    /// Worth a look.
    Warn,
    /// Somebody is needed.
    Fail,
}

/// What finally became of a record that could not be processed. Each such record gets exactly one,
/// or is still pending or blocked.
#[expect(
    clippy::exhaustive_enums,
    reason = "label values of one metric; a new one is a major release"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disposition {
    /// Passed without an archive.
    Dropped,
    /// Passed; it was offered to the archive once.
    BestEffort,
    /// Passed after the archive acknowledged it.
    Archived,
    /// Passed after the archive acknowledged a reduced envelope.
    ArchivedReduced,
    /// Passed on an operator's order.
    OperatorSkip,
    /// Met again on an operator's order.
    OperatorRetry,
    /// Its partition went to another consumer, which will meet it.
    AbandonedOnRevoke,
    /// An earlier record was put on hold, and this one will be met again after it.
    AbandonedOnSeek,
}

impl Disposition {
    /// Every disposition, in the order of the labels.
    pub const ALL: [Self; 8] = [
        Self::Dropped,
        Self::BestEffort,
        Self::Archived,
        Self::ArchivedReduced,
        Self::OperatorSkip,
        Self::OperatorRetry,
        Self::AbandonedOnRevoke,
        Self::AbandonedOnSeek,
    ];

    /// The stable label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::BestEffort => "archive_best_effort",
            Self::Archived => "archived",
            Self::ArchivedReduced => "archived_reduced",
            Self::OperatorSkip => "operator_skip",
            Self::OperatorRetry => "operator_retry",
            Self::AbandonedOnRevoke => "abandoned_on_revoke",
            Self::AbandonedOnSeek => "abandoned_on_seek",
        }
    }
}

/// Where a record is counted once a row has decided.
#[expect(
    clippy::exhaustive_enums,
    reason = "the accounting identity is written over these"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
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
#[expect(clippy::exhaustive_enums, reason = "the renderer matches all of them")]
#[derive(Clone, Copy, Debug)]
pub enum When {
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
#[non_exhaustive]
pub struct Row {
    /// The row's number in the documentation.
    pub number: u8,
    /// When it applies.
    pub when: When,
    /// What becomes of the offset.
    pub offset: OffsetMove,
    /// What becomes of the partition.
    pub partition: PartitionMove,
    /// What is sent.
    pub send: Send,
    /// Where the record is counted.
    pub bucket: Bucket,
    /// How a health page should see it.
    pub grade: Grade,
}

impl Row {
    /// Whether the row answers `event`.
    #[must_use]
    pub fn answers(&self, event: Event) -> bool {
        match (self.when, event) {
            (When::Exactly(own), event) => own == event,
            (
                When::Unprocessable {
                    mode,
                    archiving,
                    answers,
                },
                Event::Unprocessable {
                    mode: asked_mode,
                    archiving: asked_archiving,
                    answer,
                },
            ) => {
                mode == asked_mode
                    && archiving.contains(&asked_archiving)
                    && answers.contains(&answer)
            }
            (
                When::Unprocessable { .. },
                Event::OrderedRetry
                | Event::OrderedSkip
                | Event::Revoked
                | Event::Fenced
                | Event::Unfetchable
                | Event::Overtaken,
            ) => false,
        }
    }
}

/// The row that answers `event`. There is exactly one for every event.
#[must_use]
pub fn decide(event: Event) -> &'static Row {
    // The fallback is never reached, as the exhaustive test shows; it would hold and call for help.
    TABLE
        .iter()
        .find(|row| row.answers(event))
        .unwrap_or(&LAST_RESORT)
}

/// Every row, in the order of the documentation.
///
/// An operator's order to skip one record asks rows 1 to 8, whatever the mode in force is; the
/// record is then counted as [`Disposition::OperatorSkip`] where the row would count it for good.
pub const TABLE: &[Row] = &[
    Row {
        number: 1,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Off],
            answers: &Answer::ALL,
        },
        offset: OffsetMove::Settle,
        partition: PartitionMove::Run,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::Dropped),
        grade: Grade::Pass,
    },
    Row {
        number: 2,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::BestEffort],
            answers: &Answer::ALL,
        },
        offset: OffsetMove::Settle,
        partition: PartitionMove::Run,
        send: Send::Full,
        bucket: Bucket::Final(Disposition::BestEffort),
        grade: Grade::Pass,
    },
    Row {
        number: 3,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Required],
            answers: &[Answer::Pending],
        },
        offset: OffsetMove::Hold,
        partition: PartitionMove::Run,
        send: Send::Full,
        bucket: Bucket::Pending,
        grade: Grade::Pass,
    },
    Row {
        number: 4,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Required],
            answers: &[Answer::Acked],
        },
        offset: OffsetMove::Settle,
        partition: PartitionMove::Run,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::Archived),
        grade: Grade::Pass,
    },
    Row {
        number: 5,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Required],
            answers: &[Answer::Transient],
        },
        offset: OffsetMove::Hold,
        partition: PartitionMove::Run,
        send: Send::Again,
        bucket: Bucket::Pending,
        grade: Grade::Warn,
    },
    Row {
        number: 6,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Required],
            answers: &[Answer::TooLarge],
        },
        offset: OffsetMove::Hold,
        partition: PartitionMove::Run,
        send: Send::Reduced,
        bucket: Bucket::Pending,
        grade: Grade::Warn,
    },
    Row {
        number: 7,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Required],
            answers: &[Answer::ReducedAcked],
        },
        offset: OffsetMove::Settle,
        partition: PartitionMove::Run,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::ArchivedReduced),
        grade: Grade::Warn,
    },
    Row {
        number: 8,
        when: When::Unprocessable {
            mode: Mode::Skip,
            archiving: &[Archiving::Required],
            answers: &[Answer::Refused],
        },
        offset: OffsetMove::Hold,
        partition: PartitionMove::PauseAndSeek,
        send: Send::Nothing,
        bucket: Bucket::Blocked,
        grade: Grade::Fail,
    },
    Row {
        number: 9,
        when: When::Unprocessable {
            mode: Mode::Pause,
            archiving: &[Archiving::Off],
            answers: &Answer::ALL,
        },
        offset: OffsetMove::Hold,
        partition: PartitionMove::PauseAndSeek,
        send: Send::Nothing,
        bucket: Bucket::Blocked,
        grade: Grade::Fail,
    },
    Row {
        number: 10,
        when: When::Unprocessable {
            mode: Mode::Pause,
            archiving: &[Archiving::BestEffort, Archiving::Required],
            answers: &Answer::ALL,
        },
        offset: OffsetMove::Hold,
        partition: PartitionMove::PauseAndSeek,
        send: Send::Full,
        bucket: Bucket::Blocked,
        grade: Grade::Fail,
    },
    Row {
        number: 11,
        when: When::Exactly(Event::OrderedRetry),
        offset: OffsetMove::Hold,
        partition: PartitionMove::SeekAndResume,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::OperatorRetry),
        grade: Grade::Pass,
    },
    Row {
        number: 12,
        when: When::Exactly(Event::OrderedSkip),
        offset: OffsetMove::Settle,
        partition: PartitionMove::SeekAndResume,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::OperatorSkip),
        grade: Grade::Warn,
    },
    Row {
        number: 13,
        when: When::Exactly(Event::Revoked),
        offset: OffsetMove::Forget,
        partition: PartitionMove::Leave,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::AbandonedOnRevoke),
        grade: Grade::Pass,
    },
    Row {
        number: 14,
        when: When::Exactly(Event::Fenced),
        offset: OffsetMove::Unchanged,
        partition: PartitionMove::Unchanged,
        send: Send::Nothing,
        bucket: Bucket::None,
        grade: Grade::Pass,
    },
    Row {
        number: 15,
        when: When::Exactly(Event::Unfetchable),
        offset: OffsetMove::Hold,
        partition: PartitionMove::PauseAndSeek,
        send: Send::Nothing,
        bucket: Bucket::Blocked,
        grade: Grade::Fail,
    },
    Row {
        number: 16,
        when: When::Exactly(Event::Overtaken),
        offset: OffsetMove::Forget,
        partition: PartitionMove::Unchanged,
        send: Send::Nothing,
        bucket: Bucket::Final(Disposition::AbandonedOnSeek),
        grade: Grade::Pass,
    },
];

const LAST_RESORT: Row = Row {
    number: 0,
    when: When::Exactly(Event::Unfetchable),
    offset: OffsetMove::Hold,
    partition: PartitionMove::PauseAndSeek,
    send: Send::Nothing,
    bucket: Bucket::Blocked,
    grade: Grade::Fail,
};
