//! What becomes of a delivered record: one enum, so that its buckets cannot overlap.

use dashstream_metrics::Label;
use dashstream_policy::Cause;

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
    /// apart from that of the present. The windows do not tell its causes apart.
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

    /// Whether the record was written before this consumer's session. It says nothing about the
    /// present, neither for it nor against it.
    #[must_use]
    pub const fn is_old(self) -> bool {
        match self {
            Self::OldData(_) | Self::OldProcessed => true,
            Self::Processed | Self::Ignored | Self::Unprocessable(_) => false,
        }
    }

    /// Whether the record was decoded and handed on.
    #[must_use]
    pub const fn is_processed(self) -> bool {
        match self {
            Self::Processed | Self::OldProcessed => true,
            Self::Ignored | Self::OldData(_) | Self::Unprocessable(_) => false,
        }
    }

    /// Whether this counts against the rate of decode errors; a missing payload has its own.
    #[must_use]
    pub const fn is_decode_error(self) -> bool {
        matches!(self, Self::Unprocessable(_)) && !self.is_payload_missing()
    }

    /// Whether this counts against the rate of missing payloads.
    #[must_use]
    pub const fn is_payload_missing(self) -> bool {
        matches!(self, Self::Unprocessable(Cause::NullPayload))
    }
}

const CAUSES: usize = Cause::ALL.len();

// Three outcomes have no cause, and are first. The causes follow, once for this session and once for old
// records.
/// The place of the first of the old records that could not be processed.
const OLD_DATA: usize = 3 + CAUSES;

impl Outcome {
    /// The outcomes as the kinds of a tally. It has no text: no family has it for a label.
    pub const LABEL: Label<Self> = Label {
        name: "outcome",
        // `OUTCOMES` and `index` have the same order: registration refuses a label where they differ.
        values: OUTCOMES,
        text: |_| "",
        index: |outcome| match outcome {
            Self::Processed => 0,
            Self::Ignored => 1,
            Self::OldProcessed => 2,
            Self::Unprocessable(cause) => (cause as usize).saturating_add(3),
            Self::OldData(cause) => (cause as usize).saturating_add(OLD_DATA),
        },
    };

    /// The same as the kinds of a window, where old records fall together whatever was wrong with them:
    /// under the first cause.
    pub(crate) const WINDOW: Label<Self> = Label {
        // A window has a counter for each kind in every slot. No rule reads the causes of old records, so
        // that one kind for all of them saves the others.
        values: OUTCOMES.split_at(OLD_DATA + 1).0,
        index: |outcome| (Self::LABEL.index)(outcome).min(OLD_DATA),
        ..Self::LABEL
    };
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const OUTCOMES: &[Outcome] = &{
    let mut all = [Outcome::Processed; OLD_DATA + CAUSES];
    (all[1], all[2]) = (Outcome::Ignored, Outcome::OldProcessed);
    let mut at = 0;
    // `for` calls trait methods, which a constant cannot.
    while at < CAUSES {
        all[3 + at] = Outcome::Unprocessable(Cause::ALL[at]);
        all[OLD_DATA + at] = Outcome::OldData(Cause::ALL[at]);
        at += 1;
    }
    all
};
