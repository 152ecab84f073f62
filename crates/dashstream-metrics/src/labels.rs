//! The vocabularies of the catalogue's labels, and how they map to one another.

use crate::label::labels;

labels! {
    /// Why a record could not be processed, as the policy tells causes apart.
    Cause ("cause") {
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
        /// The headers contradict each other.
        HeaderMismatch = "header_mismatch",
        /// The process died on this record too often.
        CrashLoop = "crash_loop",
        /// The handler gave the record up for a reason of its own.
        HandlerRefused = "handler_refused",
        /// The broker's batch that should hold the record cannot be decoded.
        UndecodableBatch = "undecodable_batch",
        /// The record was deleted by retention or compaction before it was settled.
        EvidenceLost = "evidence_lost",
        /// The handler dropped the record, or panicked, at the last attempt that it had.
        Dropped = "dropped",
        /// The position lies beyond the end of the log, which was truncated or created again.
        OffsetOutOfRange = "offset_out_of_range",
    }

    /// What was wrong with a record: as fine as the decoder and the policy can tell together, so
    /// that both its [`Cause`] and its [`DecodeErrorType`] follow from it.
    Fault ("fault") {
        /// The record has no value, and the topic's rule says that it should.
        NullPayload = "null_payload",
        /// The value has no bytes.
        Empty = "empty",
        /// The value, or its raw payload, is larger than the limit.
        Oversize = "oversize",
        /// The first byte is no frame byte.
        BadFrame = "bad_frame",
        /// The compressed payload is a bomb, of a form that is refused, or corrupt.
        Decompression = "decompression",
        /// The protobuf ends early.
        Truncated = "truncated",
        /// The payload is not protobuf, not of this schema, or holds no message.
        Malformed = "malformed",
        /// Heap, nesting, or counts are over their limits.
        OverBudget = "over_budget",
        /// A schema version that is not admitted.
        SchemaVersion = "schema_version",
        /// A header is missing, or there are two that differ.
        Header = "header",
        /// The process died on this record too often.
        CrashLoop = "crash_loop",
        /// The handler gave the record up for a reason of its own.
        HandlerRefused = "handler_refused",
        /// The broker's batch that should hold the record cannot be decoded.
        UndecodableBatch = "undecodable_batch",
        /// The record was deleted by retention or compaction before it was settled.
        EvidenceLost = "evidence_lost",
        /// The handler dropped the record, or panicked, at the last attempt that it had.
        Dropped = "dropped",
        /// The position lies beyond the end of the log, which was truncated or created again.
        OffsetOutOfRange = "offset_out_of_range",
    }

    /// How a consumed record ended, in the vocabulary of existing consumers.
    MessageStatus ("status") {
        /// Decoded and handed on.
        Success = "success",
        /// Could not be decoded.
        Error = "error",
        /// Could not be decoded, and was written before this consumer's session.
        OldDataError = "old_data_error",
    }

    /// The kinds of decode error that existing consumers report.
    DecodeErrorType ("error_type") {
        /// Larger than a limit, on the wire, inflated or on the heap.
        PayloadTooLarge = "payload_too_large",
        /// Ends too early.
        BufferUnderflow = "buffer_underflow",
        /// Needs another schema version.
        SchemaVersionMismatch = "schema_version_mismatch",
        /// Not a message of the schema.
        InvalidProtobuf = "invalid_protobuf",
        /// None of the others.
        UnknownDecodeError = "unknown_decode_error",
    }

    /// The kinds of record that reach the dead-letter topic: decode errors, and missing payloads,
    /// which existing consumers do not archive at all.
    DlqErrorType ("error_type") {
        /// Larger than a limit, on the wire, inflated or on the heap.
        PayloadTooLarge = "payload_too_large",
        /// Ends too early.
        BufferUnderflow = "buffer_underflow",
        /// Needs another schema version.
        SchemaVersionMismatch = "schema_version_mismatch",
        /// Not a message of the schema.
        InvalidProtobuf = "invalid_protobuf",
        /// None of the others.
        UnknownDecodeError = "unknown_decode_error",
        /// No value at all.
        PayloadMissing = "payload_missing",
    }

    /// Why a dead letter was not written. There are no other reasons.
    DlqFailure ("reason") {
        /// The broker did not acknowledge in time.
        Timeout = "timeout",
        /// The broker or the client refused it.
        KafkaError = "kafka_error",
        /// Too many sends were under way already.
        Backpressure = "backpressure",
    }

    /// How one send of a dead letter ended.
    DeadLetterOutcome ("outcome") {
        /// The broker acknowledged it.
        Acknowledged = "acknowledged",
        /// It was not written.
        Failed = "failed",
    }

    /// What became of an unprocessable record.
    Disposition ("disposition") {
        /// Dropped: the archive is off.
        Dropped = "dropped",
        /// Handed to an archive whose answer is not awaited.
        BestEffort = "archive_best_effort",
        /// Archived, with the broker's acknowledgement.
        Archived = "archived",
        /// Archived as a pointer and a hash, because the whole was refused.
        ArchivedReduced = "archived_reduced",
        /// Skipped by an operator.
        OperatorSkip = "operator_skip",
        /// Tried again by an operator: it will be delivered once more.
        OperatorRetry = "operator_retry",
        /// Its partition went to another consumer before it was settled.
        AbandonedOnRevoke = "abandoned_on_revoke",
        /// Its partition was moved by an operator before it was settled.
        AbandonedOnSeek = "abandoned_on_seek",
    }

    /// Errors of the broker connection, in the vocabulary of existing consumers.
    InfrastructureError ("error_type") {
        /// A name could not be resolved.
        DnsFailure = "dns_failure",
        /// No answer in time.
        ConnectionTimeout = "connection_timeout",
        /// The broker is down or refuses.
        BrokerDown = "broker_down",
        /// The client could not read the broker's answer.
        DecodeError = "decode_error",
        /// None of the others.
        Unknown = "unknown",
    }

    /// What happened to one message for one client.
    SendOutcome ("outcome") {
        /// Written to the client's connection.
        Sent = "sent",
        /// The connection refused it.
        Failed = "failed",
        /// The client did not take it in time.
        TimedOut = "timed_out",
    }

    /// How badly a client fell behind: by the number of messages it lost at once.
    LagSeverity ("severity") {
        /// Fewer than ten messages.
        Info = "info",
        /// Ten or more.
        Warning = "warning",
        /// A hundred or more.
        Critical = "critical",
    }

    /// Why a message for a client was dropped.
    DropReason ("reason") {
        /// The client's queue was overrun.
        LaggedReceiver = "lagged_receiver",
    }

    /// Where a client resumes from.
    ReplayMode ("mode") {
        /// From an offset of a partition.
        Partition = "partition",
        /// From a sequence number of a thread.
        Thread = "thread",
    }

    /// What a Redis was asked for.
    RedisOperation ("operation") {
        /// Messages.
        Read = "read",
        /// To keep a message.
        Write = "write",
    }

    /// The part of the path whose latency is measured.
    LatencyStage ("stage") {
        /// From the producer's timestamp to the end of processing here.
        ProducerToConsumer = "producer_to_consumer",
    }

    /// Whether an attempt worked.
    PollStatus ("status") {
        /// It did.
        Success = "success",
        /// It did not.
        Error = "error",
    }

    /// What a partition of this consumer is doing.
    PartitionState ("state") {
        /// Consuming.
        Running = "running",
        /// Its next position is being set.
        Seeking = "seeking",
        /// Waits for another partition, or for room.
        Waiting = "waiting",
        /// Held at a record by the policy.
        PausedByPolicy = "paused_by_policy",
        /// Held by an operator.
        PausedByOperator = "paused_by_operator",
        /// Held because a required archive refused the record.
        BlockedByArchive = "blocked_by_archive",
        /// Held at a position whose batch cannot be fetched or opened.
        Unfetchable = "unfetchable",
        /// Held at a record that the broker's retention has removed meanwhile.
        EvidenceLost = "evidence_lost",
        /// Waits at a record that the host has no resources for now.
        HostResources = "host_resources",
        /// Assigned, not held, with records ahead, and not moving.
        Stalled = "stalled",
        /// Does not move, and whether records are ahead cannot be learned.
        Unknown = "unknown",
    }

    /// Whether a run's state is known to be right.
    RunState ("state") {
        /// Follows the stream without a gap.
        Synced = "synced",
        /// Waits for a full snapshot.
        NeedsResync = "needs_resync",
    }

    /// Why a run's state cannot be trusted until the next snapshot.
    ResyncReason ("reason") {
        /// No full state has been seen yet.
        NoSnapshot = "no_snapshot",
        /// Messages are missing.
        Gap = "gap",
        /// A message changes the state but has no place in the sequence.
        NoSequence = "no_sequence",
        /// A sequence number came again with another message id.
        SequenceReused = "sequence_reused",
        /// A diff names a checkpoint that was never seen.
        UnknownBase = "unknown_base",
        /// A checkpoint could not be read.
        PoisonedCheckpoint = "poisoned_checkpoint",
        /// A full state was refused.
        SnapshotRefused = "snapshot_refused",
        /// A diff was refused.
        PatchRefused = "patch_refused",
        /// The state's hash differs from the producer's.
        HashMismatch = "hash_mismatch",
        /// The host lost a message of the run.
        Lost = "lost",
    }

    /// The state of the archive for unprocessable records.
    ArchiveState ("state") {
        /// Not configured.
        Off = "off",
        /// Answers, or nothing was sent yet.
        Healthy = "healthy",
        /// The last send failed; it is tried again or dropped, as configured.
        Failing = "failing",
        /// Refuses a record that must be archived: the partition is held.
        Blocked = "blocked",
    }

    /// Whether the circuit breaker on unprocessable records is open.
    BreakerState ("state") {
        /// Records are skipped or paused as configured.
        Closed = "closed",
        /// Too many are unprocessable: the escalation is in force.
        Open = "open",
    }

    /// The two windows that every rate is judged over.
    WindowLength ("window") {
        /// The last 120 seconds.
        Short = "120s",
        /// The last hour.
        Long = "1h",
    }

    /// Why an event is missing from a window. Totals have it all the same.
    WindowMisfit ("reason") {
        /// Its slot already belonged to a later turn of the ring.
        Late = "late",
        /// It was too far ahead of the window's own time.
        Early = "early",
        /// Its slot was full.
        Saturated = "saturated",
    }
}

impl Fault {
    /// The cause that the policy knows this fault by.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::NullPayload => Cause::NullPayload,
            Self::Oversize => Cause::Oversize,
            Self::Empty | Self::BadFrame => Cause::BadFrame,
            Self::Decompression => Cause::DecompressionRefused,
            Self::Truncated | Self::Malformed => Cause::DecodeError,
            Self::OverBudget => Cause::HeapBudget,
            Self::SchemaVersion => Cause::SchemaTooNew,
            Self::Header => Cause::HeaderMismatch,
            Self::CrashLoop => Cause::CrashLoop,
            Self::HandlerRefused => Cause::HandlerRefused,
            Self::UndecodableBatch => Cause::UndecodableBatch,
            Self::EvidenceLost => Cause::EvidenceLost,
            Self::Dropped => Cause::Dropped,
            Self::OffsetOutOfRange => Cause::OffsetOutOfRange,
        }
    }

    /// The error type that existing dashboards know this fault by; a missing payload has none,
    /// because existing consumers do not count it as a decode error.
    #[must_use]
    pub const fn error_type(self) -> Option<DecodeErrorType> {
        match self {
            Self::NullPayload => None,
            Self::Oversize | Self::OverBudget => Some(DecodeErrorType::PayloadTooLarge),
            Self::Empty | Self::Truncated => Some(DecodeErrorType::BufferUnderflow),
            Self::SchemaVersion => Some(DecodeErrorType::SchemaVersionMismatch),
            Self::BadFrame | Self::Malformed | Self::Header => {
                Some(DecodeErrorType::InvalidProtobuf)
            }
            Self::Decompression
            | Self::CrashLoop
            | Self::HandlerRefused
            | Self::UndecodableBatch
            | Self::EvidenceLost
            | Self::Dropped
            | Self::OffsetOutOfRange => Some(DecodeErrorType::UnknownDecodeError),
        }
    }

    /// The error type that this fault has among the dead letters.
    #[must_use]
    pub const fn dlq_error_type(self) -> DlqErrorType {
        match self.error_type() {
            None => DlqErrorType::PayloadMissing,
            Some(DecodeErrorType::PayloadTooLarge) => DlqErrorType::PayloadTooLarge,
            Some(DecodeErrorType::BufferUnderflow) => DlqErrorType::BufferUnderflow,
            Some(DecodeErrorType::SchemaVersionMismatch) => DlqErrorType::SchemaVersionMismatch,
            Some(DecodeErrorType::InvalidProtobuf) => DlqErrorType::InvalidProtobuf,
            Some(DecodeErrorType::UnknownDecodeError) => DlqErrorType::UnknownDecodeError,
        }
    }
}

impl Cause {
    /// The error type among the dead letters when only the cause is known, not the [`Fault`]:
    /// a message that ended early cannot be told from a malformed one then.
    #[must_use]
    pub const fn dlq_error_type(self) -> DlqErrorType {
        match self {
            Self::NullPayload => DlqErrorType::PayloadMissing,
            Self::Oversize | Self::HeapBudget => DlqErrorType::PayloadTooLarge,
            Self::SchemaTooNew => DlqErrorType::SchemaVersionMismatch,
            Self::BadFrame | Self::DecodeError | Self::HeaderMismatch => {
                DlqErrorType::InvalidProtobuf
            }
            Self::DecompressionRefused
            | Self::CrashLoop
            | Self::HandlerRefused
            | Self::UndecodableBatch
            | Self::EvidenceLost
            | Self::Dropped
            | Self::OffsetOutOfRange => DlqErrorType::UnknownDecodeError,
        }
    }
}

impl LagSeverity {
    /// The severity of losing `messages` at once; the steps are those of existing consumers.
    #[must_use]
    pub const fn of(messages: u64) -> Self {
        match messages {
            0..10 => Self::Info,
            10..100 => Self::Warning,
            100.. => Self::Critical,
        }
    }
}

impl PartitionState {
    /// Whether the partition stands still on purpose, at an offset that can be named.
    #[must_use]
    pub const fn is_held(self) -> bool {
        match self {
            Self::Running | Self::Seeking | Self::Waiting | Self::Stalled | Self::Unknown => false,
            Self::PausedByPolicy
            | Self::PausedByOperator
            | Self::BlockedByArchive
            | Self::Unfetchable
            | Self::EvidenceLost
            | Self::HostResources => true,
        }
    }
}
