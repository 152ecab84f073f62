//! The broker connection, and how far behind the consumer is.

use dashstream_metrics::Watch::{Alert, Waived};
use dashstream_metrics::{
    About, Counter, Edges, Histogram, Label, Registration, Tally, TallyOptions, level,
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
    c.counts(
        About::new(
            "websocket_infrastructure_errors_total",
            "Errors of the broker connection.",
            Alert("DashstreamInfrastructureErrors"),
        )
        .shown_as("metrics.infrastructure_errors"),
        Label::NONE,
        |s, ()| s.totals.infrastructure.total(),
    );
    c.counts(
        About::new(
            "websocket_kafka_errors_by_type_total",
            "Errors of the broker connection by kind.",
            Waived("the same events as websocket_infrastructure_errors_total, which is watched"),
        ),
        InfrastructureError::LABEL,
        |s, kind| s.totals.infrastructure.get(kind),
    );
    c.gauges(
        About::new(
            "websocket_last_infrastructure_error_age_seconds",
            "Seconds since an error of the broker connection; -1 for never.",
            Waived("the errors themselves are watched"),
        )
        .shown_as("metrics.last_infrastructure_error_ago_seconds"),
        Label::NONE,
        |s, ()| age(s.ago(s.last.infrastructure_error)),
    );
    c.gauges(
        About::new(
            "dashstream_broker_unreachable_age_seconds",
            "Seconds for which no broker has answered; -1 while one does.",
            Alert("DashstreamBrokerUnreachable"),
        )
        .shown_as("broker.unreachable_seconds"),
        Label::NONE,
        |s, ()| age(s.ago(s.facts.broker_unreachable_since)),
    );
    c.gauges(About::new("dashstream_broker_refusal_age_seconds", "Seconds for which the brokers refuse what only a person can grant; -1 while they do not.", Alert("DashstreamBrokerRefusal")).shown_as("broker.refusal_seconds"), Label::NONE, |s, ()| { let refusal = s.facts.broker_refusal.as_ref(); age(s.ago(refusal.map(|refusal| refusal.since))) });
    c.gauges(
        About::new(
            "dashstream_unowned_records",
            "Records that wait in partitions that no member of the group owns.",
            Alert("DashstreamPartitionsUnowned"),
        )
        .shown_as("broker.unowned_records"),
        Label::NONE,
        |s, ()| {
            level(
                s.facts
                    .unowned
                    .as_ref()
                    .map_or(0, |unowned| unowned.records),
            )
        },
    );
    by_partition(
        c,
        About::new(
            "websocket_kafka_consumer_lag",
            "Records between the position and the end of the log.",
            Alert("DashstreamLagHigh"),
        )
        .shown_as("partitions.lag"),
        |_, p| p.lag.map_or(f64::NAN, level),
    );
    by_partition(
        c,
        About::new(
            "websocket_kafka_lag_offset_age_seconds",
            "Seconds since the stored offset moved; -1 for never.",
            Alert("DashstreamPartitionStale"),
        )
        .shown_as("partitions.offset_age_seconds"),
        |s, p| age(s.ago(p.offset_moved_at)),
    );
    by_partition(
        c,
        About::new(
            "dashstream_held_record_loss_seconds",
            "Least seconds until retention removes the record a partition is held at; NaN where unknown.",
            Alert("DashstreamRetentionNear"),
        )
        .shown_as("partitions.loss_seconds"),
        |_, p| p.loss_in.map_or(f64::NAN, |left| left.as_secs_f64()),
    );
    by_partition(
        c,
        About::new(
            "websocket_kafka_catchup_phase",
            "1 while records from before the session are read, then 0.",
            Waived("catching up is what a start does"),
        )
        .shown_as("partitions.catching_up"),
        |_, p| flag(p.catching_up),
    );
    Connection {
        infrastructure,
        lag_poll_failures: c.counter(
            About::new(
                "websocket_kafka_lag_poll_failures_total",
                "Failed attempts to learn the ends of the partitions.",
                Alert("DashstreamLagUnknown"),
            ),
            Label::NONE,
        ),
        lag_polls: c.histogram(
            About::new(
                "websocket_kafka_lag_poll_duration_seconds",
                "How long attempts to learn the ends of the partitions took.",
                Waived("failed attempts are watched, slow ones do no harm"),
            ),
            PollStatus::LABEL,
            LAG_POLL,
        ),
    }
}

/// Microseconds; printed in seconds.
const LAG_POLL: Edges = Edges {
    edges: &[
        10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ],
    divisor: 1_000_000,
};
