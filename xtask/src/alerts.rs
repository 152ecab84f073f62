//! The alerts on what no health rule is about, each with input that fires it and input that does not.

/// One alert and the series of its tests, as `promtool` writes them at 15 seconds.
pub(crate) struct Alert {
    pub(crate) name: &'static str,
    pub(crate) expr: &'static str,
    pub(crate) for_: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) firing: &'static [Series],
    pub(crate) quiet: &'static [Series],
    /// Labels of the firing alert besides `instance` and `severity`.
    pub(crate) labels: &'static [(&'static str, &'static str)],
}

/// A metric, its labels without `job` and `instance`, and its values.
pub(crate) type Series = (&'static str, &'static str, &'static str);

const NONE: &[(&str, &str)] = &[];
const STILL: &str = "0x160";

macro_rules! alert {
    ($name:literal, $severity:literal, $for:literal, $summary:literal, $expr:literal,
     fires: [$($firing:expr),+], quiet: [$($quiet:expr),+], labels: $labels:expr) => {
        Alert {
            name: $name,
            expr: $expr,
            for_: $for,
            severity: $severity,
            summary: $summary,
            firing: &[$($firing),+],
            quiet: &[$($quiet),+],
            labels: $labels,
        }
    };
}

pub(crate) const ALERTS: &[Alert] = &[
    alert!(
        "DashstreamUnprocessableUnsettled", "warning", "5m",
        "Unprocessable records are neither settled, nor pending, nor held",
        "sum by (instance) (dashstream_unprocessable_total) - sum by (instance) (dashstream_dispositions_total) - sum by (instance) (dashstream_unprocessable_pending) - sum by (instance) (dashstream_unprocessable_blocked) != 0",
        fires: [
            ("dashstream_unprocessable_total", "cause=\"oversize\"", "5x160"),
            ("dashstream_dispositions_total", "disposition=\"archived\",cause=\"oversize\"", "2x160"),
            ("dashstream_unprocessable_pending", "cause=\"oversize\"", "1x160"),
            ("dashstream_unprocessable_blocked", "cause=\"oversize\"", "1x160")
        ],
        quiet: [
            ("dashstream_unprocessable_total", "cause=\"oversize\"", "4x160"),
            ("dashstream_dispositions_total", "disposition=\"archived\",cause=\"oversize\"", "2x160"),
            ("dashstream_unprocessable_pending", "cause=\"oversize\"", "1x160"),
            ("dashstream_unprocessable_blocked", "cause=\"oversize\"", "1x160")
        ],
        labels: NONE
    ),
    alert!(
        "DashstreamConsumerSilent", "critical", "2m",
        "Records wait and none has been delivered for five minutes",
        "max by (instance) (websocket_last_kafka_message_age_seconds) > 300 and on (instance) sum by (instance) (websocket_kafka_consumer_lag) > 0",
        fires: [
            ("websocket_last_kafka_message_age_seconds", "", "0+15x160"),
            ("websocket_kafka_consumer_lag", "partition=\"0\"", "5x160")
        ],
        quiet: [
            ("websocket_last_kafka_message_age_seconds", "", "0+15x160"),
            ("websocket_kafka_consumer_lag", "partition=\"0\"", STILL)
        ],
        labels: NONE
    ),
    alert!(
        "DashstreamRestarting", "warning", "0m",
        "The process has restarted more than twice in fifteen minutes",
        "max by (instance) (resets(websocket_uptime_seconds[15m])) > 2",
        fires: [(
            "websocket_uptime_seconds",
            "",
            "0+15x15 0+15x15 0+15x15 0+15x15 0+15x15 0+15x15 0+15x15 0+15x15 0+15x15 0+15x15"
        )],
        quiet: [("websocket_uptime_seconds", "", "0+15x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamLatencyHigh", "warning", "5m",
        "One record in a hundred takes more than 500 ms",
        "histogram_quantile(0.99, sum by (instance, le) (rate(websocket_e2e_latency_ms_bucket[5m]))) > 500",
        fires: [
            ("websocket_e2e_latency_ms_bucket", "stage=\"producer_to_consumer\",le=\"500\"", "0+1x160"),
            ("websocket_e2e_latency_ms_bucket", "stage=\"producer_to_consumer\",le=\"1000\"", "0+9x160"),
            ("websocket_e2e_latency_ms_bucket", "stage=\"producer_to_consumer\",le=\"+Inf\"", "0+9x160")
        ],
        quiet: [
            ("websocket_e2e_latency_ms_bucket", "stage=\"producer_to_consumer\",le=\"250\"", "0+9x160"),
            ("websocket_e2e_latency_ms_bucket", "stage=\"producer_to_consumer\",le=\"500\"", "0+9x160"),
            ("websocket_e2e_latency_ms_bucket", "stage=\"producer_to_consumer\",le=\"+Inf\"", "0+9x160")
        ],
        labels: NONE
    ),
    alert!(
        "DashstreamInfrastructureErrors", "warning", "2m",
        "The broker connection has had five errors in five minutes",
        "sum by (instance) (increase(websocket_infrastructure_errors_total[5m])) >= 5",
        fires: [("websocket_infrastructure_errors_total", "", "0+1x160")],
        quiet: [("websocket_infrastructure_errors_total", "", "3x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamPartitionStale", "warning", "2m",
        "A partition has records ahead and its stored offset has not moved for two minutes",
        "max by (instance, partition) (websocket_kafka_lag_offset_age_seconds) > 120 and on (instance, partition) max by (instance, partition) (websocket_kafka_consumer_lag) > 0",
        fires: [
            ("websocket_kafka_lag_offset_age_seconds", "partition=\"3\"", "0+15x160"),
            ("websocket_kafka_consumer_lag", "partition=\"3\"", "4x160")
        ],
        quiet: [
            ("websocket_kafka_lag_offset_age_seconds", "partition=\"3\"", "0+15x160"),
            ("websocket_kafka_consumer_lag", "partition=\"3\"", STILL)
        ],
        labels: &[("partition", "3")]
    ),
    alert!(
        "DashstreamLagUnknown", "warning", "5m",
        "The ends of the partitions cannot be learned, so lag and stalls are not known",
        "sum by (instance) (increase(websocket_kafka_lag_poll_failures_total[5m])) > 3",
        fires: [("websocket_kafka_lag_poll_failures_total", "", "0+1x160")],
        quiet: [("websocket_kafka_lag_poll_failures_total", "", STILL)],
        labels: NONE
    ),
    alert!(
        "DashstreamDlqRateHigh", "warning", "5m",
        "More than one record in ten seconds is dead-lettered",
        "sum by (instance) (rate(websocket_dlq_sends_total[5m])) > 0.1",
        fires: [("websocket_dlq_sends_total", "error_type=\"payload_too_large\"", "0+3x160")],
        quiet: [("websocket_dlq_sends_total", "error_type=\"payload_too_large\"", "0+1x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamDlqBroken", "critical", "1m",
        "Dead letters are not written",
        "sum by (instance, reason) (increase(websocket_dlq_send_failures_total[5m])) > 0",
        fires: [("websocket_dlq_send_failures_total", "reason=\"timeout\"", "0+1x160")],
        quiet: [("websocket_dlq_send_failures_total", "reason=\"timeout\"", "9x160")],
        labels: &[("reason", "timeout")]
    ),
    alert!(
        "DashstreamRunsNeedResync", "warning", "15m",
        "Runs have waited for a snapshot for a quarter of an hour",
        "sum by (instance) (dashstream_runs{state=\"needs_resync\"}) > 0",
        fires: [("dashstream_runs", "state=\"needs_resync\"", "2x160")],
        quiet: [
            ("dashstream_runs", "state=\"needs_resync\"", STILL),
            ("dashstream_runs", "state=\"synced\"", "2x160")
        ],
        labels: NONE
    ),
    alert!(
        "DashstreamSequenceGaps", "warning", "2m",
        "Sequence numbers are missing",
        "sum by (instance) (increase(dashstream_sequence_gaps_total[5m])) > 0",
        fires: [("dashstream_sequence_gaps_total", "", "0+1x160")],
        quiet: [("dashstream_sequence_gaps_total", "", "4x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamDuplicateRateHigh", "warning", "5m",
        "More than one sequence number in ten seconds comes again",
        "sum by (instance) (rate(dashstream_sequence_duplicates_total[5m])) > 0.1",
        fires: [("dashstream_sequence_duplicates_total", "", "0+3x160")],
        quiet: [("dashstream_sequence_duplicates_total", "", "0+1x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamReorderRateHigh", "warning", "5m",
        "More than one sequence number in ten seconds comes too late",
        "sum by (instance) (rate(dashstream_sequence_reorders_total[5m])) > 0.1",
        fires: [("dashstream_sequence_reorders_total", "", "0+3x160")],
        quiet: [("dashstream_sequence_reorders_total", "", "0+1x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamConnectionsRejected", "warning", "5m",
        "Connections are refused",
        "sum by (instance) (increase(websocket_rejected_connections_total[5m])) > 10",
        fires: [("websocket_rejected_connections_total", "", "0+1x160")],
        quiet: [("websocket_rejected_connections_total", "", "50x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamReplayGaps", "warning", "0m",
        "Clients ask for messages that are gone",
        "sum by (instance) (increase(websocket_replay_gaps_total[5m])) > 0 or sum by (instance) (increase(websocket_replay_gap_messages_total[5m])) > 0",
        fires: [("websocket_replay_gaps_total", "mode=\"thread\"", "0+1x160")],
        quiet: [
            ("websocket_replay_gaps_total", "mode=\"thread\"", "3x160"),
            ("websocket_replay_gap_messages_total", "mode=\"thread\"", "9x160")
        ],
        labels: NONE
    ),
    alert!(
        "DashstreamReplayBufferWritesLost", "warning", "5m",
        "The replay buffer loses writes",
        "sum by (instance) (increase(replay_buffer_redis_write_dropped_total[5m])) + sum by (instance) (increase(replay_buffer_redis_write_failures_total[5m])) > 0",
        fires: [
            ("replay_buffer_redis_write_dropped_total", "", "0+1x160"),
            ("replay_buffer_redis_write_failures_total", "", STILL)
        ],
        quiet: [
            ("replay_buffer_redis_write_dropped_total", "", "2x160"),
            ("replay_buffer_redis_write_failures_total", "", STILL)
        ],
        labels: NONE
    ),
    alert!(
        "DashstreamRedisErrors", "warning", "5m",
        "Operations on the Redis of the replay buffer fail",
        "sum by (instance) (increase(dashstream_websocket_redis_errors_total[5m])) > 0",
        fires: [("dashstream_websocket_redis_errors_total", "", "0+1x160")],
        quiet: [("dashstream_websocket_redis_errors_total", "", "6x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamRedisSlow", "warning", "5m",
        "One operation in twenty on the Redis of the replay buffer takes more than 100 ms",
        "histogram_quantile(0.95, sum by (instance, operation, le) (rate(dashstream_websocket_redis_latency_ms_bucket[5m]))) > 100",
        fires: [
            ("dashstream_websocket_redis_latency_ms_bucket", "operation=\"read\",le=\"100\"", "0+9x160"),
            ("dashstream_websocket_redis_latency_ms_bucket", "operation=\"read\",le=\"250\"", "0+10x160"),
            ("dashstream_websocket_redis_latency_ms_bucket", "operation=\"read\",le=\"+Inf\"", "0+10x160")
        ],
        quiet: [
            ("dashstream_websocket_redis_latency_ms_bucket", "operation=\"read\",le=\"100\"", "0+39x160"),
            ("dashstream_websocket_redis_latency_ms_bucket", "operation=\"read\",le=\"250\"", "0+40x160"),
            ("dashstream_websocket_redis_latency_ms_bucket", "operation=\"read\",le=\"+Inf\"", "0+40x160")
        ],
        labels: &[("operation", "read")]
    ),
    alert!(
        "DashstreamSnapshotStale", "critical", "1m",
        "The process answers, but what it says does not change any more",
        "max by (instance) (changes(dashstream_snapshot_taken_seconds[3m])) == 0",
        fires: [("dashstream_snapshot_taken_seconds", "", "77x160")],
        quiet: [("dashstream_snapshot_taken_seconds", "", "0+15x160")],
        labels: NONE
    ),
    alert!(
        "DashstreamWindowInexact", "warning", "5m",
        "Windows do not show every record",
        "sum by (instance) (increase(dashstream_window_misfits_total[5m])) > 0 or sum by (instance) (increase(dashstream_window_torn_readings_total[5m])) > 0",
        fires: [("dashstream_window_misfits_total", "window=\"120s\",reason=\"late\"", "0+1x160")],
        quiet: [
            ("dashstream_window_misfits_total", "window=\"120s\",reason=\"late\"", "3x160"),
            ("dashstream_window_torn_readings_total", "window=\"120s\"", STILL)
        ],
        labels: NONE
    ),
];
