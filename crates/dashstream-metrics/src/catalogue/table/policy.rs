//! What the policy does with unprocessable records, and what the archive does.

use crate::catalogue::metric::{Kind, LabelSpec, Metric, Watch};
use crate::catalogue::sample::{approximate, flag};
use crate::catalogue::table::each;
use crate::labels::{
    ArchiveState, BreakerState, Cause, Disposition, DlqErrorType, DlqFailure, PartitionState,
};
use crate::snapshot::Snapshot;

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "dashstream_partition_state",
        help: "1 for the state that a partition is in, 0 for the others.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::PARTITION, LabelSpec::of::<PartitionState>()],
        health: Some("partitions.state"),
        watch: Watch::Alert("DashstreamPartitionHeld"),
        read: |s, out| {
            each(s, |p| {
                out.partition_and(p.id, |state: PartitionState| flag(p.state == state))
            })
        },
    },
    Metric {
        name: "dashstream_partitions",
        help: "Assigned partitions by state.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<PartitionState>()],
        health: Some("partitions.state"),
        watch: Watch::Alert("DashstreamPartitionStalled"),
        read: |s, out| out.gauges(|state| approximate(partitions_in(s, state))),
    },
    Metric {
        name: "dashstream_dispositions_total",
        help: "Unprocessable records that were settled, by how and why.",
        kind: Kind::Counter,
        edges: None,
        labels: &[LabelSpec::of::<Disposition>(), LabelSpec::of::<Cause>()],
        health: Some("unprocessable.dispositions"),
        watch: Watch::Alert("DashstreamUnprocessableUnsettled"),
        read: |s, out| out.counts2(|how, why| s.facts.ledger.settled.get((how, why))),
    },
    Metric {
        name: "dashstream_unprocessable_pending",
        help: "Unprocessable records that wait for the archive.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<Cause>()],
        health: Some("unprocessable.pending"),
        watch: Watch::Alert("DashstreamUnprocessableUnsettled"),
        read: |s, out| out.gauges(|cause| approximate(s.facts.ledger.pending.get(cause))),
    },
    Metric {
        name: "dashstream_unprocessable_blocked",
        help: "Unprocessable records that hold their partition.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<Cause>()],
        health: Some("unprocessable.blocked"),
        watch: Watch::Alert("DashstreamUnprocessableUnsettled"),
        read: |s, out| out.gauges(|cause| approximate(s.facts.ledger.blocked.get(cause))),
    },
    Metric {
        name: "websocket_dlq_sends_total",
        help: "Dead letters that the broker acknowledged, by kind of error.",
        kind: Kind::Counter,
        edges: None,
        labels: &[LabelSpec::of::<DlqErrorType>()],
        health: Some("archive.acknowledged"),
        watch: Watch::Alert("DashstreamDlqRateHigh"),
        read: |s, out| out.counts(|kind| s.totals.dlq_sends.get(kind)),
    },
    Metric {
        name: "websocket_dlq_send_failures_total",
        help: "Dead letters that were not written, by reason.",
        kind: Kind::Counter,
        edges: None,
        labels: &[LabelSpec::of::<DlqFailure>()],
        health: Some("archive.failures"),
        watch: Watch::Alert("DashstreamDlqBroken"),
        read: |s, out| out.counts(|reason| s.totals.dlq_failures.get(reason)),
    },
    Metric {
        name: "dashstream_archive_state",
        help: "1 for the state that the archive is in, 0 for the others.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<ArchiveState>()],
        health: Some("archive.state"),
        watch: Watch::Alert("DashstreamArchiveFailing"),
        read: |s, out| out.gauges(|state| flag(s.facts.archive.state == state)),
    },
    Metric {
        name: "dashstream_archive_oldest_pending_age_seconds",
        help: "Seconds that the oldest dead letter waits for its acknowledgement; -1 for none.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("archive.oldest_pending_seconds"),
        watch: Watch::Alert("DashstreamArchivePending"),
        read: |s, out| out.age(s.ago(s.facts.archive.oldest_pending_since)),
    },
    Metric {
        name: "dashstream_archive_last_acknowledged_age_seconds",
        help: "Seconds since a dead letter was acknowledged; -1 for never.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("archive.last_acknowledged_ago_seconds"),
        watch: Watch::Waived("without unprocessable records there is nothing to acknowledge"),
        read: |s, out| out.age(s.ago(s.last.archived)),
    },
    Metric {
        name: "dashstream_archive_last_failure_age_seconds",
        help: "Seconds since a dead letter was not written; -1 for never.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("archive.last_failure_ago_seconds"),
        watch: Watch::Waived("the failures themselves are watched"),
        read: |s, out| out.age(s.ago(s.last.archive_failure)),
    },
    Metric {
        name: "dashstream_breaker_state",
        help: "1 for the state that the circuit breaker is in; all 0 when there is none.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::of::<BreakerState>()],
        health: Some("breaker.state"),
        watch: Watch::Alert("DashstreamBreakerOpen"),
        read: |s, out| out.gauges(|state| flag(s.facts.breaker.is_some_and(|b| b.state == state))),
    },
];

fn partitions_in(snapshot: &Snapshot, state: PartitionState) -> u64 {
    let partitions = snapshot.facts.partitions.iter();
    let count = partitions
        .filter(|partition| partition.state == state)
        .count();
    count.try_into().unwrap_or(u64::MAX)
}
