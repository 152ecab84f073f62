//! The `metrics` object: the names and meanings of existing consumers, and two more.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::Fields;
use crate::document::seconds_ago;
use crate::labels::SendOutcome;
use crate::outcome::Outcome;
use crate::snapshot::Snapshot;

/// Counts since the start and of the last 120 seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersPart {
    /// Records that were delivered, however they ended.
    pub kafka_messages_received: u64,
    /// Contains `decode_errors`: see [`Document::disjoint`](crate::Document::disjoint).
    pub kafka_errors: u64,
    /// Errors of the broker connection.
    pub infrastructure_errors: u64,
    /// Clients that are connected.
    pub connected_clients: u64,
    /// Seconds since counting began.
    pub uptime_seconds: u64,
    /// Seconds since a record was delivered.
    pub last_kafka_message_ago_seconds: Option<u64>,
    /// Messages dropped for slow clients.
    pub dropped_messages: u64,
    /// The same in the last 120 seconds.
    pub dropped_messages_last_120s: u64,
    /// Seconds since a message was dropped.
    pub last_drop_ago_seconds: Option<u64>,
    /// Seconds since an error of the broker connection.
    pub last_infrastructure_error_ago_seconds: Option<u64>,
    /// Records of this session that could not be processed; without those that have no payload.
    pub decode_errors: u64,
    /// The same of records from before the session.
    pub old_data_decode_errors: u64,
    /// Records without a payload.
    pub payload_missing: u64,
    /// `decode_errors` in the last 120 seconds.
    pub decode_errors_last_120s: u64,
    /// Records that were delivered in the last 120 seconds.
    pub messages_last_120s: u64,
    /// Messages that a client's connection refused.
    pub send_failed: u64,
    /// Messages that a client did not take in time.
    pub send_timeout: u64,
    /// `send_failed` in the last 120 seconds.
    pub send_failed_last_120s: u64,
    /// `send_timeout` in the last 120 seconds.
    pub send_timeout_last_120s: u64,
    /// Records of this session without a payload in the last 120 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_missing_last_120s: Option<u64>,
    /// Records without a payload that their topic's rule ignores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<u64>,
    /// Records from before the session that were processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_data_processed: Option<u64>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub other: Fields,
}

impl CountersPart {
    pub(super) fn new(now: Duration, snapshot: &Snapshot) -> Self {
        let Snapshot {
            totals,
            last,
            windows,
            ..
        } = snapshot;
        let decode_errors = totals.decode_errors();
        let sends = |outcome| totals.sends.as_ref().map_or(0, |sends| sends.get(outcome));
        let recent = |outcome| {
            windows
                .sends
                .as_ref()
                .map_or(0, |sends| sends.count(outcome))
        };
        Self {
            kafka_messages_received: totals.received(),
            kafka_errors: decode_errors,
            infrastructure_errors: totals.infrastructure.total(),
            connected_clients: snapshot.facts.connected_clients,
            uptime_seconds: now.saturating_sub(snapshot.opened_at).as_secs(),
            last_kafka_message_ago_seconds: seconds_ago(now, last.message),
            dropped_messages: totals.drops.unwrap_or(0),
            dropped_messages_last_120s: windows.drops.unwrap_or(0),
            last_drop_ago_seconds: seconds_ago(now, last.drop),
            last_infrastructure_error_ago_seconds: seconds_ago(now, last.infrastructure_error),
            decode_errors,
            old_data_decode_errors: totals.old_data_errors(),
            payload_missing: totals.payload_missing(),
            decode_errors_last_120s: windows.short.counts.sum_of(Outcome::is_decode_error),
            messages_last_120s: windows.short.counts.total(),
            send_failed: sends(SendOutcome::Failed),
            send_timeout: sends(SendOutcome::TimedOut),
            send_failed_last_120s: recent(SendOutcome::Failed),
            send_timeout_last_120s: recent(SendOutcome::TimedOut),
            payload_missing_last_120s: Some(
                windows.short.counts.sum_of(Outcome::is_payload_missing),
            ),
            ignored: Some(totals.outcomes.get(Outcome::Ignored)),
            old_data_processed: Some(totals.outcomes.get(Outcome::OldProcessed)),
            other: Fields::new(),
        }
    }
}
