//! Delivered records: how they ended, how old and how late they are.

use dashstream_metrics::Watch::{Alert, Waived};
use dashstream_metrics::{
    About, Counter, Edges, Label, Latency, Registration, Tally, TallyOptions,
};

use crate::catalogue::age;
use crate::labels::{CAUSE, ErrorType, LATENCY_STAGE, MessageStatus};
use crate::options::Options;
use crate::outcome::Outcome;
use crate::snapshot::Snapshot;

/// What counts delivered records.
#[derive(Debug)]
pub(crate) struct Consumption {
    pub(crate) outcomes: Tally<Outcome>,
    pub(crate) latency: Latency<()>,
    pub(crate) clock_skew: Counter<()>,
}

pub(super) fn declare(c: &mut Registration<Snapshot>, options: Options) -> Consumption {
    c.group("consumption");
    let mut tally = TallyOptions::default();
    tally.long = true;
    tally.shards = options.shards;
    tally.recorders = options.recorders;
    let outcomes = c.tally(
        "outcomes",
        Outcome::LABEL,
        Outcome::WINDOW,
        |outcome| outcome,
        tally,
    );
    c.counts(
        About::new(
            "websocket_kafka_messages_total",
            "Delivered records by how they ended; those without a payload are counted apart.",
            Alert("DashstreamDecodeErrors"),
        )
        .shown_as("metrics.kafka_messages_received"),
        MessageStatus::LABEL,
        |s, status| s.totals.of_status(status),
    );
    c.counts(
        About::new(
            "websocket_decode_errors_total",
            "Records of this session that could not be processed, by kind of error.",
            Alert("DashstreamDecodeErrors"),
        )
        .shown_as("metrics.decode_errors"),
        ErrorType::DECODE_ERRORS,
        |s, kind| s.totals.decode_errors_of(kind),
    );
    c.counts(
        About::new(
            "websocket_old_data_decode_errors_total",
            "Records from before this session that could not be processed.",
            Alert("DashstreamOldDataErrors"),
        )
        .shown_as("metrics.old_data_decode_errors"),
        Label::NONE,
        |s, ()| s.totals.old_data_errors(),
    );
    c.counts(
        About::new(
            "dashstream_old_data_processed_total",
            "Records from before this session that were processed.",
            Alert("DashstreamOldDataErrors"),
        )
        .shown_as("metrics.old_data_processed"),
        Label::NONE,
        |s, ()| s.totals.outcomes.get(Outcome::OldProcessed),
    );
    c.counts(
        About::new(
            "websocket_kafka_payload_missing_total",
            "Records without a payload where one was expected.",
            Alert("DashstreamPayloadMissing"),
        )
        .shown_as("metrics.payload_missing"),
        Label::NONE,
        |s, ()| s.totals.payload_missing(),
    );
    c.counts(
        About::new(
            "dashstream_unprocessable_total",
            "Records that could not be processed, each under its one cause.",
            Alert("DashstreamUnprocessableUnsettled"),
        )
        .shown_as("unprocessable.by_cause"),
        CAUSE,
        |s, cause| s.totals.unprocessable(cause),
    );
    c.counts(
        About::new(
            "dashstream_ignored_total",
            "Records without a payload that their topic's rule ignores.",
            Waived("ignored by explicit configuration"),
        )
        .shown_as("metrics.ignored"),
        Label::NONE,
        |s, ()| s.totals.outcomes.get(Outcome::Ignored),
    );
    c.gauges(
        About::new(
            "websocket_last_kafka_message_age_seconds",
            "Seconds since a record was delivered; -1 for never.",
            Alert("DashstreamConsumerSilent"),
        )
        .shown_as("metrics.last_kafka_message_ago_seconds"),
        Label::NONE,
        |s, ()| age(s.ago(s.last.message)),
    );
    c.gauges(
        About::new(
            "websocket_uptime_seconds",
            "Seconds since counting began.",
            Alert("DashstreamRestarting"),
        )
        .shown_as("metrics.uptime_seconds"),
        Label::NONE,
        |s, ()| s.uptime().as_secs_f64(),
    );
    let latency = c.latency(
        About::new(
            "dashstream_latency_seconds",
            "Seconds from the producer's stamp to the end of processing.",
            Waived("the same latencies as websocket_e2e_latency_ms, which is watched"),
        ),
        About::new(
            "dashstream_latency_quantile_seconds",
            "Quantiles of the latencies of the last two minutes, each at most 3.2 % off.",
            Waived("the same latencies as websocket_e2e_latency_ms, which is watched"),
        ),
        &[(
            About::new(
                "websocket_e2e_latency_ms",
                "Milliseconds from the producer's stamp to the end of processing.",
                Alert("DashstreamLatencyHigh"),
            ),
            LATENCY_MS,
        )],
        LATENCY_STAGE,
        options.recorders,
    );
    let clock_skew = c.counter(
        About::new(
            "websocket_clock_skew_events_total",
            "Latencies below zero or above a minute: clocks that differ.",
            Waived("a clock that differs spoils the latency only, which leaves these out"),
        ),
        Label::NONE,
    );
    Consumption {
        outcomes,
        latency,
        clock_skew,
    }
}

/// Milliseconds of microseconds; the edges of existing consumers, so that quantiles stay comparable.
const LATENCY_MS: Edges = Edges {
    edges: &[
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
        50_000_000,
    ],
    divisor: 1_000,
};
