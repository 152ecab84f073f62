//! Why a record could not be processed. A label, never a branch.

/// Why a record could not be processed, or could not even be had.
///
/// The engine counts by it and passes it on. No decision reads it: two runs that differ in causes
/// alone move the same offsets and pause the same partitions.
#[expect(
    clippy::exhaustive_enums,
    reason = "a host maps its decoder's faults to causes in one match; a new cause is a major release"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The record has no value, and the topic's rule says that it should.
    NullPayload,
    /// The value is larger than a message may be.
    Oversize,
    /// The transport frame is not one that the decoder knows.
    BadFrame,
    /// The decompressor refused the value, for damage or for what it would grow to.
    DecompressionRefused,
    /// The bytes are no message.
    DecodeError,
    /// The message would take more heap than its budget.
    HeapBudget,
    /// The message's schema version is newer than what is read here.
    SchemaTooNew,
    /// The header and the message, or the header and its envelope, contradict each other.
    HeaderMismatch,
    /// The process died on this record too often.
    CrashLoop,
    /// The handler gave the record up for a reason of its own.
    HandlerRefused,
    /// The broker's batch that should hold the record cannot be decoded, so there is no record.
    UndecodableBatch,
    /// The record was deleted by retention or compaction before it was settled.
    EvidenceLost,
    /// The handler dropped the record, or panicked, at the last attempt that it had.
    Dropped,
    /// The position lies beyond the end of the log, which was truncated or created again.
    OffsetOutOfRange,
}

impl Cause {
    /// Every cause, in the order of the labels.
    pub const ALL: [Self; 14] = [
        Self::NullPayload,
        Self::Oversize,
        Self::BadFrame,
        Self::DecompressionRefused,
        Self::DecodeError,
        Self::HeapBudget,
        Self::SchemaTooNew,
        Self::HeaderMismatch,
        Self::CrashLoop,
        Self::HandlerRefused,
        Self::UndecodableBatch,
        Self::EvidenceLost,
        Self::Dropped,
        Self::OffsetOutOfRange,
    ];

    /// The stable label value for metrics, logs and envelopes.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NullPayload => "null_payload",
            Self::Oversize => "oversize",
            Self::BadFrame => "bad_frame",
            Self::DecompressionRefused => "decompression_refused",
            Self::DecodeError => "decode_error",
            Self::HeapBudget => "heap_budget",
            Self::SchemaTooNew => "schema_too_new",
            Self::HeaderMismatch => "header_mismatch",
            Self::CrashLoop => "crash_loop",
            Self::HandlerRefused => "handler_refused",
            Self::UndecodableBatch => "undecodable_batch",
            Self::EvidenceLost => "evidence_lost",
            Self::Dropped => "dropped",
            Self::OffsetOutOfRange => "offset_out_of_range",
        }
    }
}

/// Whether a record was already there before the consumer started to follow the topic.
///
/// The host decides what counts as old. The engine labels its counts with it and nothing else: old
/// poison is held, archived and skipped like any other.
#[expect(
    clippy::exhaustive_enums,
    reason = "a label with two values; a third would change every count"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// Arrived while the consumer was following.
    #[default]
    Current,
    /// Was there before.
    Old,
}

impl Age {
    /// Both, in the order of the labels.
    pub const ALL: [Self; 2] = [Self::Current, Self::Old];

    /// The stable label value.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Old => "old",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_is_listed_once_under_its_own_label() {
        let labels: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.label()).collect();
        assert_eq!(labels.len(), Cause::ALL.len());
    }
}
