//! What the policy does with unprocessable records, and what the archive does.

use dashstream_metrics::Watch::{Alert, Waived};
use dashstream_metrics::{About, Kind, Label, LabelSpec, Registration, Tally, TallyOptions, level};

use crate::catalogue::{age, flag};
use crate::labels::{
    ArchiveState, BreakerState, CAUSE, DISPOSITION, DLQ_FAILURE, DeadLetterOutcome, ErrorType,
    Letter, PartitionState,
};
use crate::snapshot::Snapshot;

pub(super) fn declare(
    c: &mut Registration<Snapshot>,
    breaker: bool,
) -> Tally<Letter, DeadLetterOutcome> {
    c.group("dead_letters");
    let letters = c.tally(
        "dead letters",
        Letter::LABEL,
        DeadLetterOutcome::LABEL,
        Letter::outcome,
        TallyOptions::default(),
    );
    c.derive(
        About::new(
            "dashstream_partition_state",
            "1 for the state that a partition is in, 0 for the others.",
            Alert("DashstreamPartitionHeld"),
        )
        .shown_as("partitions.state"),
        Kind::Gauge,
        vec![LabelSpec::open("partition"), PartitionState::LABEL.into()],
        |s, out| {
            for p in &s.facts.partitions {
                let id = p.id.to_string();
                for state in PartitionState::LABEL.values {
                    out.gauge(&[&id, state.as_str()], flag(p.state == *state));
                }
            }
        },
    );
    c.gauges(
        About::new(
            "dashstream_partitions",
            "Assigned partitions by state.",
            Alert("DashstreamPartitionStalled"),
        )
        .shown_as("partitions.state"),
        PartitionState::LABEL,
        |s, state| level(partitions_in(s, state)),
    );
    c.derive(
        About::new(
            "dashstream_dispositions_total",
            "Unprocessable records that were settled, by how and why.",
            Alert("DashstreamUnprocessableUnsettled"),
        )
        .shown_as("unprocessable.dispositions"),
        Kind::Counter,
        vec![DISPOSITION.into(), CAUSE.into()],
        |s, out| {
            for ((how, why), settled) in &s.facts.ledger.settled {
                out.count(&[how.label(), why.label()], *settled);
            }
        },
    );
    c.gauges(
        About::new(
            "dashstream_unprocessable_pending",
            "Unprocessable records that wait for the archive.",
            Alert("DashstreamUnprocessableUnsettled"),
        )
        .shown_as("unprocessable.pending"),
        CAUSE,
        |s, cause| level(s.facts.ledger.pending.get(cause)),
    );
    c.gauges(
        About::new(
            "dashstream_unprocessable_blocked",
            "Unprocessable records that hold their partition.",
            Alert("DashstreamUnprocessableUnsettled"),
        )
        .shown_as("unprocessable.blocked"),
        CAUSE,
        |s, cause| level(s.facts.ledger.blocked.get(cause)),
    );
    c.counts(
        About::new(
            "websocket_dlq_sends_total",
            "Dead letters that the broker acknowledged, by kind of error.",
            Alert("DashstreamDlqRateHigh"),
        )
        .shown_as("archive.acknowledged"),
        ErrorType::LABEL,
        |s, kind| s.totals.dlq_sends.get(kind),
    );
    c.counts(
        About::new(
            "websocket_dlq_send_failures_total",
            "Dead letters that were not written, by reason.",
            Alert("DashstreamDlqBroken"),
        )
        .shown_as("archive.failures"),
        DLQ_FAILURE,
        |s, reason| s.totals.dlq_failures.get(reason),
    );
    c.gauges(
        About::new(
            "dashstream_archive_state",
            "1 for the state that the archive is in, 0 for the others.",
            Alert("DashstreamArchiveFailing"),
        )
        .shown_as("archive.state"),
        ArchiveState::LABEL,
        |s, state| flag(s.facts.archive.state == state),
    );
    c.gauges(
        About::new(
            "dashstream_archive_oldest_pending_age_seconds",
            "Seconds that the oldest dead letter waits for its acknowledgement; -1 for none.",
            Alert("DashstreamArchivePending"),
        )
        .shown_as("archive.oldest_pending_seconds"),
        Label::NONE,
        |s, ()| age(s.ago(s.facts.archive.oldest_pending_since)),
    );
    c.gauges(
        About::new(
            "dashstream_archive_last_acknowledged_age_seconds",
            "Seconds since a dead letter was acknowledged; -1 for never.",
            Waived("without unprocessable records there is nothing to acknowledge"),
        )
        .shown_as("archive.last_acknowledged_ago_seconds"),
        Label::NONE,
        |s, ()| age(s.ago(s.last.archived)),
    );
    c.gauges(
        About::new(
            "dashstream_archive_last_failure_age_seconds",
            "Seconds since a dead letter was not written; -1 for never.",
            Waived("the failures themselves are watched"),
        )
        .shown_as("archive.last_failure_ago_seconds"),
        Label::NONE,
        |s, ()| age(s.ago(s.last.archive_failure)),
    );
    if breaker {
        c.group("breaker");
        c.gauges(
            About::new(
                "dashstream_breaker_state",
                "1 for the state that the circuit breaker is in; all 0 when there is none.",
                Alert("DashstreamBreakerOpen"),
            )
            .shown_as("breaker.state"),
            BreakerState::LABEL,
            |s, state| flag(s.facts.breaker.is_some_and(|b| b.state == state)),
        );
        c.gauges(
            About::new(
                "dashstream_breaker_age_seconds",
                "Seconds since the circuit breaker opened or closed; -1 until it has said so.",
                Waived("its state is watched"),
            )
            .shown_as("breaker.state_seconds"),
            Label::NONE,
            |s, ()| age(s.ago(s.facts.breaker.map(|b| b.since))),
        );
    }
    letters
}

fn partitions_in(snapshot: &Snapshot, state: PartitionState) -> u64 {
    let partitions = snapshot.facts.partitions.iter();
    let count = partitions
        .filter(|partition| partition.state == state)
        .count();
    count.try_into().unwrap_or(u64::MAX)
}
