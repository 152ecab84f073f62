//! What a verdict's reasons are about.
#![expect(
    clippy::exhaustive_enums,
    reason = "a host that shows reasons has words for each"
)]

use crate::labels::labels;

labels! {
    /// What a reason is about. Stable names.
    pub ReasonCode ("reason") {
        /// The snapshot is too old to say anything: never the last known green.
        SnapshotStale = "snapshot_stale",
        /// Too many records cannot be decoded.
        DecodeErrors = "decode_errors",
        /// Too many records have no payload.
        PayloadMissing = "payload_missing",
        /// Too many messages do not reach their clients.
        SendFailures = "send_failures",
        /// Slow clients lose messages.
        MessagesDropped = "messages_dropped",
        /// A partition is held at a record by the policy.
        PartitionHeld = "partition_held",
        /// A partition is held by an operator.
        PartitionPaused = "partition_paused",
        /// A partition is held because the archive refuses its record.
        PartitionBlocked = "partition_blocked",
        /// A partition is held at a position whose batch cannot be fetched or opened.
        PartitionUnfetchable = "partition_unfetchable",
        /// A partition does not move, and whether records are ahead cannot be learned.
        PartitionUnknown = "partition_unknown",
        /// A partition has records ahead and does not move.
        PartitionStalled = "partition_stalled",
        /// Retention has removed a record that a partition is held at.
        RecordDeleted = "evidence_lost",
        /// Retention will remove a record that a partition is held at.
        RetentionNear = "retention_near",
        /// A partition waits at a record that the host has no resources for now.
        HostResources = "host_resources",
        /// Too many records from before the session cannot be processed.
        OldDataErrors = "old_data_errors",
        /// Records arrive and not one of them can be processed.
        NothingProcessed = "nothing_processed",
        /// A partition is far behind.
        LagHigh = "lag_high",
        /// Records wait in partitions that no member of the group owns.
        PartitionsUnowned = "partitions_unowned",
        /// No broker answers.
        BrokerUnreachable = "broker_unreachable",
        /// The brokers refuse what only a person can grant.
        BrokerRefusal = "broker_refusal",
        /// The archive does not take records.
        ArchiveFailing = "archive_failing",
        /// An archived record waits too long for its acknowledgement.
        ArchivePending = "archive_pending",
        /// The circuit breaker is open.
        BreakerOpen = "breaker_open",
        /// The exposition is not what the catalogue says.
        SelfScrape = "self_scrape",
        /// A window could not show everything that happened.
        WindowInexact = "window_inexact",
        /// The broker connection had an error a short while ago.
        InfrastructureError = "infrastructure_error",
        /// No record has arrived for a while, or ever.
        NoRecentMessages = "no_recent_messages",
    }
}
