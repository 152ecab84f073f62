//! What becomes of a delivered record: one enum, so that its buckets cannot overlap.

use dashstream_metrics::Label;
use dashstream_policy::Cause;

use crate::labels::DecodeErrorType;

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
    Unprocessable(Cause),
    /// Could not be processed, and was written before this consumer's session: a share of its own,
    /// apart from that of the present.
    OldData(Cause),
    /// Decoded and handed on, and was written before this consumer's session.
    OldProcessed,
}

impl Outcome {
    /// Why the record could not be processed, if it could not.
    #[must_use]
    pub const fn cause(self) -> Option<Cause> {
        match self {
            Self::Processed | Self::Ignored | Self::OldProcessed => None,
            Self::Unprocessable(cause) | Self::OldData(cause) => Some(cause),
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
            Self::Unprocessable(cause) => Recent::Unprocessable(cause),
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
    Unprocessable(Cause),
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
            Self::Unprocessable(cause) => DecodeErrorType::of(cause).is_some(),
        }
    }

    /// Whether this counts against the rate of missing payloads.
    #[must_use]
    pub const fn is_payload_missing(self) -> bool {
        matches!(self, Self::Unprocessable(Cause::NullPayload))
    }
}

const CAUSES: usize = Cause::ALL.len();

impl Outcome {
    /// The outcomes as the kinds of a tally. It has no text: no family has it for a label.
    pub const LABEL: Label<Self> = Label {
        name: "outcome",
        values: &outcomes(),
        text: |_| "",
        index: |outcome| match outcome {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::OldProcessed => 2,
            Self::Unprocessable(cause) => (cause as usize).saturating_add(3),
            Self::OldData(cause) => (cause as usize).saturating_add(3 + CAUSES),
        },
    };
}

impl Recent {
    /// The same as the kinds of a window.
    pub(crate) const LABEL: Label<Self> = Label {
        name: "outcome",
        values: &recents(),
        text: |_| "",
        index: |recent| match recent {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::OldData => 2,
            Self::OldProcessed => 3,
            Self::Unprocessable(cause) => (cause as usize).saturating_add(4),
        },
    };
}

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const fn outcomes() -> [Outcome; 3 + 2 * CAUSES] {
    let mut all = [Outcome::Processed; 3 + 2 * CAUSES];
    (all[1], all[2]) = (Outcome::Ignored, Outcome::OldProcessed);
    let mut at = 0;
    while at < CAUSES {
        all[3 + at] = Outcome::Unprocessable(Cause::ALL[at]);
        all[3 + CAUSES + at] = Outcome::OldData(Cause::ALL[at]);
        at += 1;
    }
    all
}

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const fn recents() -> [Recent; 4 + CAUSES] {
    let mut all = [Recent::Processed; 4 + CAUSES];
    (all[1], all[2], all[3]) = (Recent::Ignored, Recent::OldData, Recent::OldProcessed);
    let mut at = 0;
    while at < CAUSES {
        all[4 + at] = Recent::Unprocessable(Cause::ALL[at]);
        at += 1;
    }
    all
}
