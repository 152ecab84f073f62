//! The broker connection, and how far behind the consumer is.

use crate::catalogue::metric::{Kind, LabelSpec, Metric, Watch};
use crate::catalogue::sample::{approximate, flag};
use crate::catalogue::table::each;
use crate::edges::LAG_POLL;
use crate::labels::{InfrastructureError, PollStatus};

pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "websocket_infrastructure_errors_total",
        help: "Errors of the broker connection.",
        kind: Kind::Counter,
        edges: None,
        labels: &[],
        health: Some("metrics.infrastructure_errors"),
        watch: Watch::Alert("DashstreamInfrastructureErrors"),
        read: |s, out| out.count(s.totals.infrastructure.total()),
    },
    Metric {
        name: "websocket_kafka_errors_by_type_total",
        help: "Errors of the broker connection by kind.",
        kind: Kind::Counter,
        edges: None,
        labels: &[LabelSpec::of::<InfrastructureError>()],
        health: None,
        watch: Watch::Waived(
            "the same events as websocket_infrastructure_errors_total, which is watched",
        ),
        read: |s, out| out.counts(|kind| s.totals.infrastructure.get(kind)),
    },
    Metric {
        name: "websocket_last_infrastructure_error_age_seconds",
        help: "Seconds since an error of the broker connection; -1 for never.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("metrics.last_infrastructure_error_ago_seconds"),
        watch: Watch::Waived("the errors themselves are watched"),
        read: |s, out| out.age(s.ago(s.last.infrastructure_error)),
    },
    Metric {
        name: "dashstream_broker_unreachable_age_seconds",
        help: "Seconds for which no broker has answered; -1 while one does.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("broker.unreachable_seconds"),
        watch: Watch::Alert("DashstreamBrokerUnreachable"),
        read: |s, out| out.age(s.ago(s.facts.broker.unreachable_since)),
    },
    Metric {
        name: "dashstream_broker_refusal_age_seconds",
        help: "Seconds for which the brokers refuse what only a person can grant; -1 while they do not.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("broker.refusal_seconds"),
        watch: Watch::Alert("DashstreamBrokerRefusal"),
        read: |s, out| {
            let refusal = s.facts.broker.refusal.as_ref();
            out.age(s.ago(refusal.map(|refusal| refusal.since)))
        },
    },
    Metric {
        name: "dashstream_unowned_records",
        help: "Records that wait in partitions that no member of the group owns.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[],
        health: Some("broker.unowned_records"),
        watch: Watch::Alert("DashstreamPartitionsUnowned"),
        read: |s, out| out.level(s.facts.unowned.map_or(0, |unowned| unowned.records)),
    },
    Metric {
        name: "websocket_kafka_consumer_lag",
        help: "Records between the position and the end of the log.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::PARTITION],
        health: Some("partitions.lag"),
        watch: Watch::Alert("DashstreamConsumerLagHigh"),
        read: |s, out| {
            each(s, |p| {
                out.partition(p.id, p.lag.map_or(f64::NAN, approximate))
            })
        },
    },
    Metric {
        name: "websocket_kafka_lag_offset_age_seconds",
        help: "Seconds since the stored offset moved; -1 for never.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::PARTITION],
        health: Some("partitions.offset_age_seconds"),
        watch: Watch::Alert("DashstreamPartitionStale"),
        read: |s, out| each(s, |p| out.partition_age(p.id, s.ago(p.offset_moved_at))),
    },
    Metric {
        name: "websocket_kafka_catchup_phase",
        help: "1 while records from before the session are read, then 0.",
        kind: Kind::Gauge,
        edges: None,
        labels: &[LabelSpec::PARTITION],
        health: Some("partitions.catching_up"),
        watch: Watch::Waived("catching up is what a start does"),
        read: |s, out| each(s, |p| out.partition(p.id, flag(p.catching_up))),
    },
    Metric {
        name: "websocket_kafka_lag_poll_failures_total",
        help: "Failed attempts to learn the ends of the partitions.",
        kind: Kind::Counter,
        edges: None,
        labels: &[],
        health: None,
        watch: Watch::Alert("DashstreamLagUnknown"),
        read: |s, out| out.count(s.totals.lag_poll_failures.total()),
    },
    Metric {
        name: "websocket_kafka_lag_poll_duration_seconds",
        help: "How long attempts to learn the ends of the partitions took.",
        kind: Kind::Histogram,
        edges: Some(LAG_POLL),
        labels: &[LabelSpec::of::<PollStatus>()],
        health: None,
        watch: Watch::Waived("failed attempts are watched, slow ones do no harm"),
        read: |s, out| out.histograms::<PollStatus>(&s.totals.lag_polls),
    },
];
