//! What becomes of a delivered record: one enum, so that its buckets cannot overlap.

use crate::label::{Key, sealed};
use crate::labels::Fault;

/// What became of one delivered record. Every record is exactly one of these, so that the buckets
/// are disjoint and sum to the number of records.
#[expect(
    clippy::exhaustive_enums,
    reason = "a delivered record has no other outcome; a new one must break the host's build"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Decoded and handed on.
    Processed,
    /// Has no value, and its topic's rule says that this is nothing to process.
    Ignored,
    /// Could not be processed.
    Unprocessable(Fault),
    /// Could not be processed, and was written before this consumer's session: a share of its own,
    /// apart from that of the present.
    OldData(Fault),
    /// Decoded and handed on, and was written before this consumer's session.
    OldProcessed,
}

impl Outcome {
    /// What was wrong with the record, if anything.
    #[must_use]
    pub const fn fault(self) -> Option<Fault> {
        match self {
            Self::Processed | Self::Ignored | Self::OldProcessed => None,
            Self::Unprocessable(fault) | Self::OldData(fault) => Some(fault),
        }
    }

    /// Where a window counts this outcome.
    #[must_use]
    pub const fn recent(self) -> Recent {
        match self {
            Self::Processed => Recent::Processed,
            Self::Ignored => Recent::Ignored,
            Self::OldData(_) => Recent::OldData,
            Self::OldProcessed => Recent::OldProcessed,
            Self::Unprocessable(fault) => Recent::Unprocessable(fault),
        }
    }
}

/// An [`Outcome`] as the windows know it: old records fall together whatever was wrong with them.
#[expect(
    clippy::exhaustive_enums,
    reason = "follows `Outcome`, which is exhaustive"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recent {
    /// Decoded and handed on.
    Processed,
    /// Nothing to process.
    Ignored,
    /// Could not be processed, and was written before this consumer's session.
    OldData,
    /// Decoded and handed on, and was written before this consumer's session.
    OldProcessed,
    /// Could not be processed.
    Unprocessable(Fault),
}

impl Recent {
    /// Whether the record was written before this consumer's session. It says nothing about the
    /// present, neither for it nor against it.
    #[must_use]
    pub const fn is_old(self) -> bool {
        match self {
            Self::OldData | Self::OldProcessed => true,
            Self::Processed | Self::Ignored | Self::Unprocessable(_) => false,
        }
    }

    /// Whether the record was decoded and handed on.
    #[must_use]
    pub const fn is_processed(self) -> bool {
        match self {
            Self::Processed | Self::OldProcessed => true,
            Self::Ignored | Self::OldData | Self::Unprocessable(_) => false,
        }
    }

    /// Whether the record could not be processed.
    #[must_use]
    pub const fn is_unprocessable(self) -> bool {
        match self {
            Self::OldData | Self::Unprocessable(_) => true,
            Self::Processed | Self::OldProcessed | Self::Ignored => false,
        }
    }

    /// Whether this counts against the rate of decode errors; a missing payload has its own.
    #[must_use]
    pub const fn is_decode_error(self) -> bool {
        match self {
            Self::Processed | Self::Ignored | Self::OldData | Self::OldProcessed => false,
            Self::Unprocessable(fault) => fault.error_type().is_some(),
        }
    }

    /// Whether this counts against the rate of missing payloads.
    #[must_use]
    pub const fn is_payload_missing(self) -> bool {
        matches!(self, Self::Unprocessable(Fault::NullPayload))
    }
}

impl sealed::Sealed for Outcome {}

impl Key for Outcome {
    const COUNT: usize = 3 + 2 * Fault::COUNT;

    fn index(self) -> usize {
        match self {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::OldProcessed => 2,
            Self::Unprocessable(fault) => fault.index().saturating_add(3),
            Self::OldData(fault) => fault.index().saturating_add(3 + Fault::COUNT),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        [Self::Processed, Self::Ignored, Self::OldProcessed]
            .into_iter()
            .chain(Fault::all().map(Self::Unprocessable))
            .chain(Fault::all().map(Self::OldData))
    }
}

impl sealed::Sealed for Recent {}

impl Key for Recent {
    const COUNT: usize = 4 + Fault::COUNT;

    fn index(self) -> usize {
        match self {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::OldData => 2,
            Self::OldProcessed => 3,
            Self::Unprocessable(fault) => fault.index().saturating_add(4),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        [
            Self::Processed,
            Self::Ignored,
            Self::OldData,
            Self::OldProcessed,
        ]
        .into_iter()
        .chain(Fault::all().map(Self::Unprocessable))
    }
}
