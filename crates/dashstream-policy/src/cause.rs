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

impl Cause {
    /// The word for it in the older JSON shapes of dead letters, whose readers know these six.
    #[must_use]
    pub const fn error_type(self) -> &'static str {
        match self {
            Self::Oversize | Self::HeapBudget => "payload_too_large",
            Self::BadFrame | Self::HeaderMismatch | Self::Empty => "invalid_format",
            Self::DecompressionRefused => "decompression_error",
            Self::DecodeError | Self::Truncated => "decode_error",
            Self::SchemaTooNew => "schema_error",
            Self::NullPayload
            | Self::CrashLoop
            | Self::HandlerRefused
            | Self::UndecodableBatch
            | Self::RecordDeleted
            | Self::Dropped
            | Self::OffsetOutOfRange => "processing_error",
        }
    }

    /// What it is, for people: part of a sentence, without a full stop.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NullPayload => "the record has no value",
            Self::Oversize => "the value exceeds maximum message size",
            Self::BadFrame => "the transport frame is not known",
            Self::DecompressionRefused => "the value was not decompressed",
            Self::DecodeError => "the value is no message",
            Self::HeapBudget => "the message would take more memory than its budget",
            Self::SchemaTooNew => "the schema version is newer than supported",
            Self::HeaderMismatch => "the header contradicts the message",
            Self::CrashLoop => "the process died on this record too often",
            Self::HandlerRefused => "the handler gave the record up",
            Self::UndecodableBatch => "the batch cannot be decoded",
            Self::RecordDeleted => "the record was deleted before it was settled",
            Self::Dropped => "the handler dropped the record at its last attempt",
            Self::OffsetOutOfRange => "the position lies beyond the end of the log",
            Self::Empty => "the value has no bytes",
            Self::Truncated => "the message ends early",
        }
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
mod tests;
