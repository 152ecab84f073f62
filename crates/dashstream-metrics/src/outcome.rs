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
    /// Could not be processed, and was written before this consumer's session: counted, but no
    /// evidence about the present.
    OldData(Fault),
}

impl Outcome {
    /// What was wrong with the record, if anything.
    #[must_use]
    pub const fn fault(self) -> Option<Fault> {
        match self {
            Self::Processed | Self::Ignored => None,
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
            Self::Unprocessable(fault) => Recent::Unprocessable(fault),
        }
    }
}

/// An [`Outcome`] as the windows know it: all that is old falls together.
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
    /// Could not be processed.
    Unprocessable(Fault),
}

impl Recent {
    /// Whether this counts against the rate of decode errors; a missing payload has its own.
    #[must_use]
    pub const fn is_decode_error(self) -> bool {
        match self {
            Self::Processed | Self::Ignored | Self::OldData => false,
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
    const COUNT: usize = 2 + 2 * Fault::COUNT;

    fn index(self) -> usize {
        match self {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::Unprocessable(fault) => fault.index().saturating_add(2),
            Self::OldData(fault) => fault.index().saturating_add(2 + Fault::COUNT),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        [Self::Processed, Self::Ignored]
            .into_iter()
            .chain(Fault::all().map(Self::Unprocessable))
            .chain(Fault::all().map(Self::OldData))
    }
}

impl sealed::Sealed for Recent {}

impl Key for Recent {
    const COUNT: usize = 3 + Fault::COUNT;

    fn index(self) -> usize {
        match self {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::OldData => 2,
            Self::Unprocessable(fault) => fault.index().saturating_add(3),
        }
    }

    fn all() -> impl Iterator<Item = Self> {
        [Self::Processed, Self::Ignored, Self::OldData]
            .into_iter()
            .chain(Fault::all().map(Self::Unprocessable))
    }
}
