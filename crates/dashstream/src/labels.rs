//! The vocabularies of the catalogue's labels, and how they map to one another.
#![expect(
    clippy::exhaustive_enums,
    reason = "a host maps its own enums to these without `_`, so a new value must break its build"
)]

use dashstream_metrics::Label;
use dashstream_policy::{Breaker, Cause, Disposition, FailureReason};
use dashstream_reducer::ResyncReason;

/// Declares label enums: the variants, their texts and their order stand in one place.
macro_rules! labels {
    ($(
        $(#[$meta:meta])*
        $vis:vis $Name:ident ($label:literal) {
            $( $(#[$vmeta:meta])* $Variant:ident = $text:literal, )+
        }
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        $vis enum $Name {
            $( $(#[$vmeta])* $Variant, )+
        }

        impl $Name {
            /// The label with all of its values, in the order in which the series are printed.
            $vis const LABEL: dashstream_metrics::Label<Self> = dashstream_metrics::Label {
                name: $label,
                values: &[ $( Self::$Variant, )+ ],
                text: Self::as_str,
                // No variant has a number of its own, so that its number is its place in `values`.
                index: |value| value as usize,
            };

            /// The value's text in the exposition and in the health document.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$Variant => $text, )+
                }
            }
        }

        impl core::fmt::Display for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

pub(crate) use labels;

labels! {
    /// How a consumed record ended, in the vocabulary of existing consumers.
    pub(crate) MessageStatus ("status") {
        /// Decoded and handed on.
        Success = "success",
        /// Could not be decoded.
        Error = "error",
        /// Could not be decoded, and was written before this consumer's session.
        OldDataError = "old_data_error",
    }

    /// The kinds of record that reach the dead-letter topic: the decode errors that existing consumers
    /// report, and missing payloads, which they neither archive nor count as decode errors.
    pub ErrorType ("error_type") {
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
    pub(crate) DeadLetterOutcome ("outcome") {
        /// The broker acknowledged it.
        Acknowledged = "acknowledged",
        /// It was not written.
        Failed = "failed",
    }

    /// Whether an attempt to learn the partitions' ends worked.
    pub(crate) PollStatus ("status") {
        /// It did.
        Success = "success",
        /// It did not.
        Error = "error",
    }

    /// Errors of the broker connection, in the vocabulary of existing consumers.
    pub InfrastructureError ("error_type") {
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
    pub SendOutcome ("outcome") {
        /// Written to the client's connection.
        Sent = "sent",
        /// The connection refused it.
        Failed = "failed",
        /// The client did not take it in time.
        TimedOut = "timed_out",
    }

    /// How badly a client fell behind: by the number of messages it lost at once.
    pub(crate) LagSeverity ("severity") {
        /// Fewer than ten messages.
        Info = "info",
        /// Ten or more.
        Warning = "warning",
        /// A hundred or more.
        Critical = "critical",
    }

    /// Where a client resumes from.
    pub ReplayMode ("mode") {
        /// From an offset of a partition.
        Partition = "partition",
        /// From a sequence number of a thread.
        Thread = "thread",
    }

    /// What a Redis was asked for.
    pub RedisOperation ("operation") {
        /// Messages.
        Read = "read",
        /// To keep a message.
        Write = "write",
    }

    /// What a partition of this consumer is doing.
    pub PartitionState ("state") {
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
        RecordDeleted = "evidence_lost",
        /// Waits at a record that the host has no resources for now.
        HostResources = "host_resources",
        /// Assigned, not held, with records ahead, and not moving.
        Stalled = "stalled",
        /// Does not move, and whether records are ahead cannot be learned.
        Unknown = "unknown",
    }

    /// Whether a run's state is known to be right.
    pub(crate) RunState ("state") {
        /// Follows the stream without a gap.
        Synced = "synced",
        /// Waits for a full snapshot.
        NeedsResync = "needs_resync",
        /// No full state has been seen yet, after a restart or a rebalance as a rule. Nothing was lost.
        NotYetKnown = "not_yet_known",
    }

    /// The state of the archive for unprocessable records.
    #[derive(Default)]
    pub ArchiveState ("state") {
        /// Not configured.
        #[default]
        Off = "off",
        /// Answers, or nothing was sent yet.
        Healthy = "healthy",
        /// The last send failed; it is tried again or dropped, as configured.
        Failing = "failing",
        /// Refuses a record that must be archived: the partition is held.
        Blocked = "blocked",
    }

    /// The two windows that every rate is judged over.
    pub(crate) WindowLength ("window") {
        /// The last 120 seconds.
        Short = "120s",
        /// The last hour.
        Long = "1h",
    }

    /// Why an event is missing from a window. Totals have it all the same.
    pub(crate) WindowMisfit ("reason") {
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

/// Whether the circuit breaker on unprocessable records is open.
pub const BREAKER: Label<Breaker> = Label {
    name: "state",
    values: &[Breaker::Closed, Breaker::Open],
    text: |state| match state {
        Breaker::Closed => "closed",
        Breaker::Open => "open",
    },
    index: |state| state as usize,
};

/// Why a message for a client was dropped: its queue was overrun.
pub const DROP_REASON: Label<()> = Label {
    name: "reason",
    text: |()| "lagged_receiver",
    ..Label::NONE
};

/// The part of the path whose latency is measured: from the producer's timestamp to the end of
/// processing here.
pub const LATENCY_STAGE: Label<()> = Label {
    name: "stage",
    text: |()| "producer_to_consumer",
    ..Label::NONE
};

/// Why a run's state cannot be trusted until the next snapshot, by the reducer's codes.
pub const RESYNC_REASON: Label<&str> = Label {
    name: "reason",
    values: &ResyncReason::CODES,
    text: |code| code,
    // A code that is not among them has no place, and no series.
    index: |code| {
        let mut codes = ResyncReason::CODES.iter();
        codes.position(|known| *known == code).unwrap_or(usize::MAX)
    },
};

impl ErrorType {
    /// The kinds that existing dashboards know as decode errors.
    pub const DECODE_ERRORS: Label<Self> = Label {
        // `PayloadMissing` is declared last, so that all values before it are decode errors.
        values: Self::LABEL.values.split_at(Self::PayloadMissing as usize).0,
        ..Self::LABEL
    };

    /// The kind of error that a cause is.
    #[must_use]
    pub const fn of(cause: Cause) -> Self {
        match cause {
            Cause::NullPayload => Self::PayloadMissing,
            Cause::Oversize | Cause::HeapBudget => Self::PayloadTooLarge,
            Cause::Empty | Cause::Truncated => Self::BufferUnderflow,
            Cause::SchemaTooNew => Self::SchemaVersionMismatch,
            Cause::BadFrame | Cause::DecodeError | Cause::HeaderMismatch => Self::InvalidProtobuf,
            Cause::DecompressionRefused
            | Cause::CrashLoop
            | Cause::HandlerRefused
            | Cause::UndecodableBatch
            | Cause::RecordDeleted
            | Cause::Dropped
            | Cause::OffsetOutOfRange => Self::UnknownDecodeError,
        }
    }
}

const ERROR_TYPES: usize = ErrorType::LABEL.values.len();

/// How one send of a dead letter ended: acknowledged, of which type its error was, or why it failed.
pub(crate) const LETTER: Label<Result<ErrorType, FailureReason>> = Label {
    name: "letter",
    // No family has this label, so that it needs no texts. Registration compares `LETTERS` with `index`.
    values: LETTERS,
    text: |_| "",
    index: |letter| match letter {
        Ok(kind) => kind as usize,
        Err(reason) => (reason as usize).saturating_add(ERROR_TYPES),
    },
};

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated when it is compiled, where a mistake is an error"
)]
const LETTERS: &[Result<ErrorType, FailureReason>] = &{
    let mut all = [Err(FailureReason::ALL[0]); ERROR_TYPES + FailureReason::ALL.len()];
    let mut at = 0;
    // `for` calls trait methods, which a constant cannot.
    while at < all.len() {
        all[at] = if at < ERROR_TYPES {
            Ok(ErrorType::LABEL.values[at])
        } else {
            Err(FailureReason::ALL[at - ERROR_TYPES])
        };
        at += 1;
    }
    all
};

impl LagSeverity {
    /// The severity of losing `messages` at once; the steps are those of existing consumers.
    pub(crate) const fn of(messages: u64) -> Self {
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
            | Self::RecordDeleted
            | Self::HostResources => true,
        }
    }
}
