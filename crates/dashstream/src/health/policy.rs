//! The thresholds of the verdict: values with defaults and their sources.

use core::time::Duration;

use dashstream_metrics::{Level, Threshold, Wilson};

/// When a verdict is what it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HealthPolicy {
    /// Share of undecodable records that degrades. Default 1 %, as in existing consumers.
    pub decode_errors: Threshold,
    /// Share of records without a payload that degrades. Default 1 %, the same as for decode errors.
    pub payload_missing: Threshold,
    /// Share of failed or late sends that degrades. Default 1 %, the same again.
    pub send_failures: Threshold,
    /// Share of records from before the session that cannot be processed. Default 1 %, as for live ones.
    pub old_data_errors: Threshold,
    /// Share of dead letters that are not written. Default 1 %, as for sends.
    pub archive_failures: Threshold,
    /// The test that a rate must pass. Default z = 3 and three events.
    pub gate: Wilson,
    /// How bad a partition is that the policy holds at a record. Default fail: its stream stands
    /// still until somebody acts.
    pub held: Level,
    /// Messages dropped in 120 seconds that pass. Default 10, as in existing consumers.
    pub drops: u64,
    /// Silence after which the consumer is not connected to a stream. Default 60 s, as in existing
    /// consumers.
    pub silence: Duration,
    /// How long an error of the broker connection counts as recent. Default 120 s, as in existing
    /// consumers.
    pub infrastructure: Duration,
    /// Age at which a snapshot says nothing any more. Default 10 s: ten ticks of a second.
    pub snapshot: Duration,
    /// How long a dead letter may wait for its acknowledgement. Default 30 s: six times the send
    /// timeout of existing consumers.
    pub archive_pending: Duration,
    /// How long it may wait until that is a failure. Default 2 min: by then four restarts of a broker
    /// would have passed, and records wait behind the letter.
    pub archive_pending_fail: Duration,
    /// How long dead letters may fail until that is a failure. Default 5 min, which no rolling restart
    /// of a cluster needs for the leader of one topic.
    pub archive_failing: Duration,
    /// How long the brokers may be unreachable until that is a failure. Default 60 s: longer than a
    /// client's longest wait between two attempts (10 s) and than the election of a leader.
    pub unreachable: Duration,
    /// How long records may wait in partitions that no member owns until that is a failure. Default
    /// 60 s: longer than a group takes to give away what a dead member had (45 s).
    pub unowned: Duration,
    /// How long it may be unknown whether a partition moves until that is a failure. Default 5 min:
    /// it is unknown when one leader does not answer while others do.
    pub partition_unknown: Duration,
    /// How long a partition may wait for the host's own resources until that is a failure. Default
    /// 60 s: the longest wait between two tries is 5 s, so that twelve of them have failed.
    pub host_resources: Duration,
    /// How long before retention may remove a held record that is a reason. Default one day: somebody
    /// can still come who does not work at night.
    pub retention: Duration,
    /// How long before it that is a failure. Default one hour.
    pub retention_fail: Duration,
    /// Records that a partition may be behind. Default 10,000, as in existing alerts.
    pub lag: u64,
    /// How long a partition beyond `lag` may go without a new low until that is a failure: it does
    /// not catch up. Default 10 min.
    pub lag_growing: Duration,
}

impl Default for HealthPolicy {
    fn default() -> Self {
        Self {
            decode_errors: Threshold::ONE_PERCENT,
            payload_missing: Threshold::ONE_PERCENT,
            send_failures: Threshold::ONE_PERCENT,
            old_data_errors: Threshold::ONE_PERCENT,
            archive_failures: Threshold::ONE_PERCENT,
            gate: Wilson::DEFAULT,
            held: Level::Fail,
            drops: 10,
            silence: Duration::from_secs(60),
            infrastructure: Duration::from_secs(120),
            snapshot: Duration::from_secs(10),
            archive_pending: Duration::from_secs(30),
            archive_pending_fail: Duration::from_secs(120),
            archive_failing: Duration::from_secs(300),
            unreachable: Duration::from_secs(60),
            unowned: Duration::from_secs(60),
            partition_unknown: Duration::from_secs(300),
            host_resources: Duration::from_secs(60),
            retention: Duration::from_secs(86_400),
            retention_fail: Duration::from_secs(3_600),
            lag: 10_000,
            lag_growing: Duration::from_secs(600),
        }
    }
}
