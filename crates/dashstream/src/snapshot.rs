//! One consistent reading of everything: `/metrics`, `/health` and the verdict are functions of it.

use core::time::Duration;

use dashstream_metrics::{Age, Counts, Reading, WindowCounts};
use dashstream_policy::{Cause, FailureReason};

use crate::labels::{
    DeadLetterOutcome, ErrorType, InfrastructureError, MessageStatus, SendOutcome, WindowLength,
    WindowMisfit,
};
use crate::observation::Observation;
use crate::outcome::Outcome;

/// Everything that is known at one moment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// When it was taken.
    pub taken_at: Duration,
    /// When counting began.
    pub opened_at: Duration,
    /// Counts since then.
    pub totals: Totals,
    /// When things happened last.
    pub last: Last,
    /// Counts of the last two minutes and the last hour.
    pub windows: Windows,
    /// What the host said about itself.
    pub observed: Observation,
    // What instruments with families of their own counted at the same moment: the page takes it from here.
    pub(crate) reading: Reading,
}

/// Counts since the start. Nothing is ever subtracted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Totals {
    /// Consumed records, each under its one outcome.
    pub outcomes: Counts<Outcome>,
    /// Errors of the broker connection.
    pub infrastructure: Counts<InfrastructureError>,
    /// Acknowledged dead letters.
    pub dlq_sends: Counts<ErrorType>,
    /// Dead letters that were not written.
    pub dlq_failures: Counts<FailureReason>,
    /// Messages for clients; `None` when the host has none, as all that is about a group of the catalogue.
    pub sends: Option<Counts<SendOutcome>>,
    /// Messages dropped for slow clients.
    pub drops: Option<u64>,
    /// Runs that lost their state's trust.
    pub resyncs: Option<Counts<&'static str>>,
    /// Gaps, duplicates and reorders of sequence numbers.
    pub sequence: [u64; 3],
    /// Messages found in the replay buffer's memory and in its Redis, and not found in its Redis; writes
    /// that were given up before they were tried, and that failed.
    pub replay: Option<[u64; 5]>,
}

/// When things happened last; `None` is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Last {
    /// A record was delivered.
    pub message: Option<Duration>,
    /// A record of this session could not be processed.
    pub decode_error: Option<Duration>,
    /// A record of this session had no payload.
    pub payload_missing: Option<Duration>,
    /// A record from before the session could not be processed.
    pub old_data_error: Option<Duration>,
    /// The broker connection had an error.
    pub infrastructure_error: Option<Duration>,
    /// A message was dropped for a slow client.
    pub drop: Option<Duration>,
    /// A dead letter was acknowledged.
    pub archived: Option<Duration>,
    /// A dead letter was not written.
    pub archive_failure: Option<Duration>,
}

/// Counts of the last two minutes and the last hour.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Windows {
    /// Outcomes of the last 120 seconds.
    pub short: WindowCounts<Outcome>,
    /// Outcomes of the last hour.
    pub long: WindowCounts<Outcome>,
    /// Messages for clients, last 120 seconds.
    pub sends: Option<WindowCounts<SendOutcome>>,
    /// Messages dropped for slow clients, last 120 seconds.
    pub drops: Option<u64>,
    /// Dead letters by whether they were written, last 120 seconds.
    pub(crate) dead_letters: WindowCounts<DeadLetterOutcome>,
    /// Readings so far that were too small because a writer overtook the reader, of the short and of the
    /// long window.
    pub torn: [u64; 2],
}

impl AsRef<Reading> for Snapshot {
    fn as_ref(&self) -> &Reading {
        &self.reading
    }
}

impl Snapshot {
    /// How old the snapshot is at `now`.
    #[must_use]
    pub const fn age(&self, now: Duration) -> Age {
        Age::since(self.taken_at, now)
    }

    /// Whether the process should be left running at `now`: unless the loop that takes snapshots has been
    /// stuck for more than 30 s, three probes of an orchestrator. Neither the broker nor a held partition
    /// changes that, because a restart would meet the same record again.
    #[must_use]
    pub const fn is_live(&self, now: Duration) -> bool {
        !self.age(now).exceeds(STUCK_AFTER)
    }

    /// How long counting had gone on when the snapshot was taken.
    #[must_use]
    pub const fn uptime(&self) -> Duration {
        self.taken_at.saturating_sub(self.opened_at)
    }

    /// How long ago `moment` was when the snapshot was taken; `None` for never.
    #[must_use]
    pub fn ago(&self, moment: Option<Duration>) -> Option<Age> {
        moment.map(|moment| Age::since(moment, self.taken_at))
    }
}

impl Totals {
    /// Records that were delivered: the sum of all outcomes.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.outcomes.total()
    }

    /// Records that were decoded and handed on, of this session or older.
    #[must_use]
    pub fn processed(&self) -> u64 {
        self.outcomes.sum_of(Outcome::is_processed)
    }

    /// Records of this session that could not be processed; those without a payload are counted
    /// apart, as in existing consumers.
    #[must_use]
    pub fn decode_errors(&self) -> u64 {
        self.outcomes.sum_of(Outcome::is_decode_error)
    }

    /// Records without a payload, of this session or older.
    #[must_use]
    pub fn payload_missing(&self) -> u64 {
        self.unprocessable(Cause::NullPayload)
    }

    /// Records from before the session that could not be processed, those without a payload apart.
    #[must_use]
    pub fn old_data_errors(&self) -> u64 {
        self.outcomes.sum_of(
            |outcome| matches!(outcome, Outcome::OldData(cause) if cause != Cause::NullPayload),
        )
    }

    /// Decode errors of this session of one type.
    #[must_use]
    pub fn decode_errors_of(&self, error_type: ErrorType) -> u64 {
        self.outcomes.sum_of(|outcome| {
            outcome.is_decode_error() && outcome.cause().map(ErrorType::of) == Some(error_type)
        })
    }

    /// Records by the status that existing consumers give them; one without a payload has none.
    pub(crate) fn of_status(&self, status: MessageStatus) -> u64 {
        match status {
            MessageStatus::Success => self.processed(),
            MessageStatus::Error => self.decode_errors(),
            MessageStatus::OldDataError => self.old_data_errors(),
        }
    }

    /// Unprocessable records of one cause, of this session or older.
    #[must_use]
    pub fn unprocessable(&self, cause: Cause) -> u64 {
        self.outcomes
            .sum_of(|outcome| outcome.cause() == Some(cause))
    }
}

impl Windows {
    /// Events that are missing from one window for one reason.
    pub(crate) const fn misfits(&self, window: WindowLength, reason: WindowMisfit) -> u64 {
        let totals = &self.outcomes(window).totals;
        match reason {
            WindowMisfit::Late => totals.late,
            WindowMisfit::Early => totals.early,
            WindowMisfit::Saturated => totals.saturated,
        }
    }

    /// Readings of one window so far that were too small.
    pub(crate) const fn torn(&self, window: WindowLength) -> u64 {
        let [short, long] = self.torn;
        match window {
            WindowLength::Short => short,
            WindowLength::Long => long,
        }
    }

    /// The outcomes of one window.
    pub(crate) const fn outcomes(&self, window: WindowLength) -> &WindowCounts<Outcome> {
        match window {
            WindowLength::Short => &self.short,
            WindowLength::Long => &self.long,
        }
    }
}

const STUCK_AFTER: Duration = Duration::from_secs(30);
