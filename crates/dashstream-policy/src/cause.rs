//! Why a record was rejected. For counting only; no decision depends on it.

labels! {
    /// Why a record could not be processed, or could not even be had.
    ///
    /// The engine counts by it and passes it on. No decision reads it: two runs that differ in causes
    /// alone move the same offsets and pause the same partitions.
    Cause {
        /// The record has no value, and the topic's rule says that it should.
        NullPayload = "null_payload",
        /// The value is larger than a message may be.
        Oversize = "oversize",
        /// The transport frame is not one that the decoder knows.
        BadFrame = "bad_frame",
        /// The decompressor refused the value, for damage or for what it would grow to.
        DecompressionRefused = "decompression_refused",
        /// The bytes are no message.
        DecodeError = "decode_error",
        /// The message would take more heap than its budget.
        HeapBudget = "heap_budget",
        /// The message's schema version is newer than what is read here.
        SchemaTooNew = "schema_too_new",
        /// The header and the message, or the header and its envelope, contradict each other.
        HeaderMismatch = "header_mismatch",
        /// The process died on this record too often.
        CrashLoop = "crash_loop",
        /// The handler gave the record up for a reason of its own.
        HandlerRefused = "handler_refused",
        /// The broker's batch that should hold the record cannot be decoded, so there is no record.
        UndecodableBatch = "undecodable_batch",
        /// The record was deleted by retention or compaction before it was settled.
        RecordDeleted = "evidence_lost",
        /// The handler dropped the record, or panicked, at the last attempt that it had.
        Dropped = "dropped",
        /// The position lies beyond the end of the log, which was truncated or created again.
        OffsetOutOfRange = "offset_out_of_range",
        /// The value has no bytes.
        Empty = "empty",
        /// The message ends early.
        Truncated = "truncated",
    }
}

labels! {
    /// Whether a record was already there before the consumer started to follow the topic.
    ///
    /// The host decides what counts as old. The engine labels its counts with it and nothing else: old
    /// poison is held, archived and skipped like any other.
    #[derive(Default)]
    Backlog {
        /// Arrived while the consumer was following.
        #[default]
        Current = "current",
        /// Was there before.
        Old = "old",
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
