//! The vocabularies of the catalogue's labels, and how they map to one another.

use dashstream_metrics::Label;
use dashstream_policy::{Cause, Disposition, FailureReason};

/// Declares label enums: the variants, their texts and their order stand in one place.
macro_rules! labels {
    ($(
        $(#[$meta:meta])*
        $Name:ident ($label:literal) {
            $( $(#[$vmeta:meta])* $Variant:ident = $text:literal, )+
        }
    )+) => {$(
        $(#[$meta])*
        #[expect(
            clippy::exhaustive_enums,
            reason = "a host maps its own enums to this one without `_`, so a new value must break its build"
        )]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $Name {
            $( $(#[$vmeta])* $Variant, )+
        }

        impl $Name {
            /// The label with all of its values, in the order in which the series are printed.
            pub const LABEL: dashstream_metrics::Label<Self> = dashstream_metrics::Label {
                name: $label,
                values: &[ $( Self::$Variant, )+ ],
                text: Self::as_str,
                index: |value| value as usize,
            };

            /// The value's text in the exposition and in the health document.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$Variant => $text, )+
                }
            }
        }

        #[cfg(feature = "serde")]
        impl crate::labels::Worded for $Name {
            const LABEL: dashstream_metrics::Label<Self> = Self::LABEL;
        }

        impl core::fmt::Display for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

pub(crate) use labels;

/// A vocabulary of the health document.
#[cfg(feature = "serde")]
pub trait Worded: Copy + 'static {
    /// Its words.
    const LABEL: Label<Self>;
}

#[cfg(feature = "serde")]
impl Worded for Cause {
    const LABEL: Label<Self> = CAUSE;
}

#[cfg(feature = "serde")]
impl Worded for dashstream_metrics::Level {
    const LABEL: Label<Self> = Self::LABEL;
}

labels! {
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

    /// How one send of a dead letter ended.
    DeadLetterOutcome ("outcome") {
        /// The broker acknowledged it.
        Acknowledged = "acknowledged",
        /// It was not written.
        Failed = "failed",
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
        /// No full state has been seen yet, after a restart or a rebalance as a rule. Nothing was lost.
        NotYetKnown = "not_yet_known",
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

/// Why a record could not be processed, by the policy's names.
pub const CAUSE: Label<Cause> = Label {
    name: "cause",
    values: &Cause::ALL,
    text: Cause::label,
    index: |cause| cause as usize,
};

/// What became of an unprocessable record, by the policy's names.
pub const DISPOSITION: Label<Disposition> = Label {
    name: "disposition",
    values: &Disposition::ALL,
    text: Disposition::label,
    index: |disposition| disposition as usize,
};

/// Why a dead letter was not written, by the policy's names.
pub const DLQ_FAILURE: Label<FailureReason> = Label {
    name: "reason",
    values: &FailureReason::ALL,
    text: FailureReason::label,
    index: |reason| reason as usize,
};

/// The event's share of a pair that has no text of its own.
pub(crate) const SETTLED: Label<(Disposition, Cause)> = Label {
    name: "settled",
    values: &settled(),
    text: |_| "",
    index: |(how, why)| {
        (how as usize)
            .saturating_mul(Cause::ALL.len())
            .saturating_add(why as usize)
    },
};

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const fn settled() -> [(Disposition, Cause); Disposition::ALL.len() * Cause::ALL.len()] {
    let mut all = [(Disposition::ALL[0], Cause::ALL[0]); Disposition::ALL.len() * Cause::ALL.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = (
            Disposition::ALL[at / Cause::ALL.len()],
            Cause::ALL[at % Cause::ALL.len()],
        );
        at += 1;
    }
    all
}

impl DecodeErrorType {
    /// The error type that existing dashboards know a cause by; a missing payload has none, because
    /// existing consumers do not count it as a decode error.
    #[must_use]
    pub const fn of(cause: Cause) -> Option<Self> {
        match cause {
            Cause::NullPayload => None,
            Cause::Oversize | Cause::HeapBudget => Some(Self::PayloadTooLarge),
            Cause::Empty | Cause::Truncated => Some(Self::BufferUnderflow),
            Cause::SchemaTooNew => Some(Self::SchemaVersionMismatch),
            Cause::BadFrame | Cause::DecodeError | Cause::HeaderMismatch => {
                Some(Self::InvalidProtobuf)
            }
            Cause::DecompressionRefused
            | Cause::CrashLoop
            | Cause::HandlerRefused
            | Cause::UndecodableBatch
            | Cause::RecordDeleted
            | Cause::Dropped
            | Cause::OffsetOutOfRange => Some(Self::UnknownDecodeError),
        }
    }
}

impl DlqErrorType {
    /// The error type that a cause has among the dead letters.
    #[must_use]
    pub const fn of(cause: Cause) -> Self {
        match DecodeErrorType::of(cause) {
            None => Self::PayloadMissing,
            Some(DecodeErrorType::PayloadTooLarge) => Self::PayloadTooLarge,
            Some(DecodeErrorType::BufferUnderflow) => Self::BufferUnderflow,
            Some(DecodeErrorType::SchemaVersionMismatch) => Self::SchemaVersionMismatch,
            Some(DecodeErrorType::InvalidProtobuf) => Self::InvalidProtobuf,
            Some(DecodeErrorType::UnknownDecodeError) => Self::UnknownDecodeError,
        }
    }
}

/// How one send of a dead letter ended, with what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letter {
    Acknowledged(DlqErrorType),
    Failed(FailureReason),
}

const ERROR_TYPES: usize = DlqErrorType::LABEL.values.len();

impl Letter {
    pub(crate) const LABEL: Label<Self> = Label {
        name: "letter",
        values: &letters(),
        text: |_| "",
        index: |letter| match letter {
            Self::Acknowledged(kind) => kind as usize,
            Self::Failed(reason) => (reason as usize).saturating_add(ERROR_TYPES),
        },
    };

    pub(crate) const fn outcome(self) -> DeadLetterOutcome {
        match self {
            Self::Acknowledged(_) => DeadLetterOutcome::Acknowledged,
            Self::Failed(_) => DeadLetterOutcome::Failed,
        }
    }
}

#[expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const fn letters() -> [Letter; ERROR_TYPES + FailureReason::ALL.len()] {
    let mut all = [Letter::Failed(FailureReason::ALL[0]); ERROR_TYPES + FailureReason::ALL.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < ERROR_TYPES {
            Letter::Acknowledged(DlqErrorType::LABEL.values[at])
        } else {
            Letter::Failed(FailureReason::ALL[at - ERROR_TYPES])
        };
        at += 1;
    }
    all
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
