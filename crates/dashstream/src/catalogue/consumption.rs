//! Delivered records: how they ended, how old and how late they are.

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{
    Buckets, Counter, Label, Latency, MetricDesc, Registration, Tally, TallyOptions,
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
    // Records are judged over an hour too: a slow stream has too few of them in two minutes.
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
    families! { c:
        counts[MessageStatus::LABEL] "websocket_kafka_messages_total"
            "Delivered records by how they ended; those without a payload are counted apart."
            Alert("DashstreamDecodeErrors") shown as "metrics.kafka_messages_received",
            |s, status| s.totals.of_status(status);
        counts[ErrorType::DECODE_ERRORS] "websocket_decode_errors_total"
            "Records of this session that could not be processed, by kind of error."
            Alert("DashstreamDecodeErrors") shown as "metrics.decode_errors",
            |s, kind| s.totals.decode_errors_of(kind);
        counts[Label::NONE] "websocket_old_data_decode_errors_total"
            "Records from before this session that could not be processed."
            Alert("DashstreamOldDataErrors") shown as "metrics.old_data_decode_errors",
            |s, ()| s.totals.old_data_errors();
        counts[Label::NONE] "dashstream_old_data_processed_total"
            "Records from before this session that were processed."
            Alert("DashstreamOldDataErrors") shown as "metrics.old_data_processed",
            |s, ()| s.totals.outcomes.get(Outcome::OldProcessed);
        counts[Label::NONE] "websocket_kafka_payload_missing_total"
            "Records without a payload where one was expected."
            Alert("DashstreamPayloadMissing") shown as "metrics.payload_missing",
            |s, ()| s.totals.payload_missing();
        counts[CAUSE] "dashstream_unprocessable_total"
            "Records that could not be processed, each under its one cause."
            Alert("DashstreamUnprocessableUnsettled") shown as "unprocessable.by_cause",
            |s, cause| s.totals.unprocessable(cause);
        counts[Label::NONE] "dashstream_ignored_total"
            "Records without a payload that their topic's rule ignores."
            Waived("ignored by explicit configuration") shown as "metrics.ignored",
            |s, ()| s.totals.outcomes.get(Outcome::Ignored);
        gauges[Label::NONE] "websocket_last_kafka_message_age_seconds"
            "Seconds since a record was delivered; -1 for never."
            Alert("DashstreamConsumerSilent") shown as "metrics.last_kafka_message_ago_seconds",
            |s, ()| age(s.ago(s.last.message));
        gauges[Label::NONE] "websocket_uptime_seconds"
            "Seconds since counting began."
            Alert("DashstreamRestarting") shown as "metrics.uptime_seconds",
            |s, ()| s.uptime().as_secs_f64();
    }
    let same = Waived("the same latencies as websocket_e2e_latency_ms, which is watched");
    let seconds = "Seconds from the producer's stamp to the end of processing.";
    let quantiles = "Quantiles of the latencies of the last two minutes, each at most 3.2 % off.";
    let millis = "Milliseconds from the producer's stamp to the end of processing.";
    let watched = Alert("DashstreamLatencyHigh");
    let latency = c.latency(
        MetricDesc::new("dashstream_latency_seconds", seconds, same),
        MetricDesc::new("dashstream_latency_quantile_seconds", quantiles, same),
        &[(
            MetricDesc::new("websocket_e2e_latency_ms", millis, watched),
            LATENCY_MS,
        )],
        LATENCY_STAGE,
        options.recorders,
    );
    instruments! { c: Consumption { outcomes, latency }
        clock_skew: counter[Label::NONE] "websocket_clock_skew_events_total"
            "Latencies below zero or above a minute: clocks that differ."
            Waived("a clock that differs spoils the latency only, which leaves these out");
    }
}

/// Milliseconds of microseconds; the bounds of existing consumers, so that quantiles stay comparable.
const LATENCY_MS: Buckets = Buckets {
    bounds: &[
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000,
        50_000_000,
    ],
    divisor: 1_000,
};
