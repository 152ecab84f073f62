//! The broker connection, and how far behind the consumer is.

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{
    Buckets, Counter, Histogram, Label, LabelSpec, MetricKind, Registration, Tally, TallyOptions,
    level,
};

use crate::catalogue::{age, by_partition, flag};
use crate::labels::{InfrastructureError, PollStatus};
use crate::snapshot::Snapshot;

/// What counts the errors of the connection, and the attempts to learn the partitions' ends.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) infrastructure: Tally<InfrastructureError>,
    pub(crate) lag_poll_failures: Counter<()>,
    pub(crate) lag_polls: Histogram<PollStatus>,
}

pub(super) fn declare(c: &mut Registration<Snapshot>) -> Connection {
    c.group("connection");
    let kinds = InfrastructureError::LABEL;
    let infrastructure = c.tally(
        "infrastructure",
        kinds,
        kinds,
        |kind| kind,
        TallyOptions::default(),
    );
    families! { c:
        counts[Label::NONE] "websocket_infrastructure_errors_total"
            "Errors of the broker connection."
            Alert("DashstreamInfrastructureErrors") shown as "metrics.infrastructure_errors",
            |s, ()| s.totals.infrastructure.total();
        counts[InfrastructureError::LABEL] "websocket_kafka_errors_by_type_total"
            "Errors of the broker connection by kind."
            Waived("the same events as websocket_infrastructure_errors_total, which is watched"),
            |s, kind| s.totals.infrastructure.get(kind);
        gauges[Label::NONE] "websocket_last_infrastructure_error_age_seconds"
            "Seconds since an error of the broker connection; -1 for never."
            Waived("the errors themselves are watched")
            shown as "metrics.last_infrastructure_error_ago_seconds",
            |s, ()| age(s.ago(s.last.infrastructure_error));
        gauges[Label::NONE] "dashstream_broker_unreachable_age_seconds"
            "Seconds for which no broker has answered; -1 while one does."
            Alert("DashstreamBrokerUnreachable") shown as "broker.unreachable_seconds",
            |s, ()| age(s.ago(s.observed.broker_unreachable_since));
        gauges[Label::NONE] "dashstream_broker_refusal_age_seconds"
            "Seconds for which the brokers refuse what only a person can grant; -1 while they do not."
            Alert("DashstreamBrokerRefusal") shown as "broker.refusal_seconds",
            |s, ()| age(s.ago(s.observed.broker_refusal.as_ref().map(|refusal| refusal.since)));
        gauges[Label::NONE] "dashstream_unowned_records"
            "Records that wait in partitions that no member of the group owns."
            Alert("DashstreamPartitionsUnowned") shown as "broker.unowned_records",
            |s, ()| level(s.observed.unowned.as_ref().map_or(0, |unowned| unowned.records));
        derive[MetricKind::Gauge, vec![LabelSpec::open("partition")]] "websocket_kafka_consumer_lag"
            "Records between the position and the end of the log."
            Alert("DashstreamLagHigh") shown as "partitions.lag",
            // NaN where it is not known: in PromQL it is neither above nor below a limit, as 0 or -1 is.
            by_partition(|_, p| p.lag.map_or(f64::NAN, level));
        derive[MetricKind::Gauge, vec![LabelSpec::open("partition")]] "websocket_kafka_lag_offset_age_seconds"
            "Seconds since the stored offset moved; -1 for never."
            Alert("DashstreamPartitionStale") shown as "partitions.offset_age_seconds",
            by_partition(|s, p| age(s.ago(p.offset_moved_at)));
        derive[MetricKind::Gauge, vec![LabelSpec::open("partition")]] "dashstream_held_record_loss_seconds"
            "Least seconds until retention removes the record a partition is held at; NaN where unknown."
            Alert("DashstreamRetentionNear") shown as "partitions.loss_seconds",
            by_partition(|_, p| p.loss_in.map_or(f64::NAN, |left| left.as_secs_f64()));
        derive[MetricKind::Gauge, vec![LabelSpec::open("partition")]] "websocket_kafka_catchup_phase"
            "1 while records from before the session are read, then 0."
            Waived("catching up is what a start does") shown as "partitions.catching_up",
            by_partition(|_, p| flag(p.catching_up));
    }
    instruments! { c: Connection { infrastructure }
        lag_poll_failures: counter[Label::NONE] "websocket_kafka_lag_poll_failures_total"
            "Failed attempts to learn the ends of the partitions."
            Alert("DashstreamLagUnknown");
        lag_polls: histogram[PollStatus::LABEL, LAG_POLL] "websocket_kafka_lag_poll_duration_seconds"
            "How long attempts to learn the ends of the partitions took."
            Waived("failed attempts are watched, slow ones do no harm");
    }
}

/// Microseconds; printed in seconds.
const LAG_POLL: Buckets = Buckets {
    bounds: &[
        10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ],
    divisor: 1_000_000,
};
