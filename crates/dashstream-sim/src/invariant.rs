//! What has to hold, whatever happens.

use core::fmt;

/// One invariant. The first thirteen are numbered as the engine's documentation numbers them; I11
/// is about windows of counts, which the engine has none of.
#[expect(
    clippy::exhaustive_enums,
    reason = "a list to be read; nothing outside this workspace matches it"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// I1: under one assignment no store is lower than the one before.
    StoresNeverGoBack,
    /// I2: no store passes a delivered record that was not settled.
    NoStorePassesUnsettled,
    /// I3: where the archive is required, no store passes a record that it does not have.
    NoStorePassesUnarchived,
    /// I4: each record that cannot be processed ends in exactly one way, or is pending or held.
    OneDisposition,
    /// I5: for each cause the buckets sum to the total.
    AccountsClose,
    /// I6: nothing is taken while a hold lasts, and the first unsettled record after it is the held one.
    PoisonIsMetFirst,
    /// I7: nothing is stored, paused or sought for an assignment that ended.
    OldAssignmentsAreFenced,
    /// I8: the host is told to poll within the time that it may be silent.
    PollingGoesOn,
    /// I9: every attempt at one record goes to the archive under one id.
    OneIdARecord,
    /// A record is not sent again while its last send is under way.
    OneSendAtATime,
    /// A record is not handed out while one before it that it is ordered with failed, is deferred, waits
    /// for its dead letter or waits itself.
    NothingOvertakes,
    /// A partition that leaves the others their room is not refused any.
    OnlyTheSlowWait,
    /// I10: no more is kept than configured, and nothing that was taken is thrown out.
    BoundedWithoutEviction,
    /// I12: health does not say pass while a partition is held or the archive is behind.
    HealthTells,
    /// I13: runs that differ in causes and ages alone do the same.
    NoLabelDecides,
    /// I14: the same inputs give the same outputs.
    SameInputsSameOutputs,
    /// An attempt is counted for each failure, and for nothing else.
    AttemptsCountFailures,
    /// A store that passes a rejected record is committed at once.
    RejectionsAreCommitted,
    /// Something that was held is let go only by an order, an acknowledgement that was ordered, or
    /// the end of the assignment.
    HoldsLast,
    /// A held partition is paused at the client, at its poison or before it.
    HeldIsPaused,
    /// A partition that runs is resumed at the client.
    RunningIsResumed,
    /// The client will meet the next record that the engine waits for.
    NextRecordIsMet,
    /// The host gets the evidence of the record that it is asked about.
    EvidenceBelongs,
    /// There is an end to the actions of one call.
    ActionsEnd,
    /// When the faults stop and operators do their work, every record is passed.
    EverythingEnds,
    /// At the end nothing is left of what was on its way.
    NothingIsLeft,
    /// After the order to drain nothing is taken.
    DrainTakesNothing,
    /// A drain ends when handlers and archive have answered.
    DrainEnds,
    /// After a drain the client has stored everything up to the position, or to what is held.
    DrainedIsStored,
}

impl Invariant {
    /// A line for the report of a failure.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::StoresNeverGoBack => "I1 stores never go back",
            Self::NoStorePassesUnsettled => "I2 no store passes an unsettled record",
            Self::NoStorePassesUnarchived => "I3 no store passes an unarchived record",
            Self::OneDisposition => "I4 one disposition a record",
            Self::AccountsClose => "I5 the accounts close",
            Self::PoisonIsMetFirst => "I6 the poison is met first",
            Self::OldAssignmentsAreFenced => "I7 nothing for an old assignment",
            Self::PollingGoesOn => "I8 polling goes on",
            Self::OneIdARecord => "I9 one id a record",
            Self::OneSendAtATime => "one send of a record at a time",
            Self::NothingOvertakes => "nothing overtakes",
            Self::OnlyTheSlowWait => "only the slow wait",
            Self::BoundedWithoutEviction => "I10 bounded, without eviction",
            Self::HealthTells => "I12 health tells",
            Self::NoLabelDecides => "I13 no label decides",
            Self::SameInputsSameOutputs => "I14 the same inputs, the same outputs",
            Self::AttemptsCountFailures => "attempts count failures",
            Self::RejectionsAreCommitted => "rejections are committed",
            Self::HoldsLast => "a hold lasts until an order",
            Self::HeldIsPaused => "a held partition is paused at its poison",
            Self::RunningIsResumed => "a running partition is resumed",
            Self::NextRecordIsMet => "the client will meet the next record",
            Self::EvidenceBelongs => "payload goes with its record",
            Self::ActionsEnd => "the actions end",
            Self::EverythingEnds => "everything ends",
            Self::NothingIsLeft => "nothing is left behind",
            Self::DrainTakesNothing => "a drain takes nothing",
            Self::DrainEnds => "a drain ends",
            Self::DrainedIsStored => "what is drained is stored",
        }
    }

    pub(crate) fn broken(self, seen: impl fmt::Debug) -> Violation {
        Violation {
            invariant: self,
            seen: format!("{seen:?}"),
        }
    }
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one.
    pub invariant: Invariant,
    /// What was seen.
    pub seen: String,
}

/// Nothing, or the first invariant that did not hold.
pub(crate) type Checked = Result<(), Violation>;
