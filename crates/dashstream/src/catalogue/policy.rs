//! What the policy does with unprocessable records, and what the archive does.

use dashstream_metrics::AlertCoverage::{Alert, Waived};
use dashstream_metrics::{Label, LabelSpec, MetricKind, Registration, Tally, TallyOptions, level};
use dashstream_policy::FailureReason;

use crate::catalogue::{age, flag};
use crate::labels::{
    ArchiveState, BREAKER, CAUSE, DISPOSITION, DLQ_FAILURE, DeadLetterOutcome, ErrorType, LETTER,
    PartitionState,
};
use crate::snapshot::Snapshot;

pub(super) fn declare(
    c: &mut Registration<Snapshot>,
    breaker: bool,
) -> Tally<Result<ErrorType, FailureReason>, DeadLetterOutcome> {
    c.group("dead_letters");
    let letters = c.tally(
        "dead letters",
        LETTER,
        DeadLetterOutcome::LABEL,
        |letter| match letter {
            Ok(_) => DeadLetterOutcome::Acknowledged,
            Err(_) => DeadLetterOutcome::Failed,
        },
        TallyOptions::default(),
    );
    families! { c:
        derive[MetricKind::Gauge, vec![LabelSpec::open("partition"), PartitionState::LABEL.into()]]
            "dashstream_partition_state"
            "1 for the state that a partition is in, 0 for the others."
            Alert("DashstreamPartitionHeld") shown as "partitions.state",
            |s, out| {
                for p in &s.observed.partitions {
                    let id = p.id.to_string();
                    // Every state has its series, so that the one that has ended goes to 0.
                    for state in PartitionState::LABEL.values {
                        out.gauge(&[&id, state.as_str()], flag(p.state == *state));
                    }
                }
            };
        gauges[PartitionState::LABEL] "dashstream_partitions"
            "Assigned partitions by state."
            Alert("DashstreamPartitionStalled") shown as "partitions.state",
            |s, state| level(partitions_in(s, state));
        derive[MetricKind::Counter, vec![DISPOSITION.into(), CAUSE.into()]]
            "dashstream_dispositions_total"
            "Unprocessable records that were settled, by how and why."
            Alert("DashstreamUnprocessableUnsettled") shown as "unprocessable.dispositions",
            |s, out| {
                for ((how, why), settled) in &s.observed.policy.settled {
                    out.count(&[how.label(), why.label()], *settled);
                }
            };
        gauges[CAUSE] "dashstream_unprocessable_pending"
            "Unprocessable records that wait for the archive."
            Alert("DashstreamUnprocessableUnsettled") shown as "unprocessable.pending",
            |s, cause| level(s.observed.policy.pending.get(cause));
        gauges[CAUSE] "dashstream_unprocessable_blocked"
            "Unprocessable records that hold their partition."
            Alert("DashstreamUnprocessableUnsettled") shown as "unprocessable.blocked",
            |s, cause| level(s.observed.policy.blocked.get(cause));
        counts[ErrorType::LABEL] "websocket_dlq_sends_total"
            "Dead letters that the broker acknowledged, by kind of error."
            Alert("DashstreamDlqRateHigh") shown as "archive.acknowledged",
            |s, kind| s.totals.dlq_sends.get(kind);
        counts[DLQ_FAILURE] "websocket_dlq_send_failures_total"
            "Dead letters that were not written, by reason."
            Alert("DashstreamDlqBroken") shown as "archive.failures",
            |s, reason| s.totals.dlq_failures.get(reason);
        gauges[ArchiveState::LABEL] "dashstream_archive_state"
            "1 for the state that the archive is in, 0 for the others."
            Alert("DashstreamArchiveFailing") shown as "archive.state",
            |s, state| flag(s.observed.archive.state == state);
        gauges[Label::NONE] "dashstream_archive_oldest_pending_age_seconds"
            "Seconds that the oldest dead letter waits for its acknowledgement; -1 for none."
            Alert("DashstreamArchivePending") shown as "archive.oldest_pending_seconds",
            |s, ()| age(s.ago(s.observed.archive.oldest_pending_since));
        gauges[Label::NONE] "dashstream_archive_last_acknowledged_age_seconds"
            "Seconds since a dead letter was acknowledged; -1 for never."
            Waived("without unprocessable records there is nothing to acknowledge")
            shown as "archive.last_acknowledged_ago_seconds",
            |s, ()| age(s.ago(s.last.archived));
        gauges[Label::NONE] "dashstream_archive_last_failure_age_seconds"
            "Seconds since a dead letter was not written; -1 for never."
            Waived("the failures themselves are watched") shown as "archive.last_failure_ago_seconds",
            |s, ()| age(s.ago(s.last.archive_failure));
    }
    if breaker {
        c.group("breaker");
        families! { c:
            gauges[BREAKER] "dashstream_breaker_state"
                "1 for the state that the circuit breaker is in; all 0 when there is none."
                Alert("DashstreamBreakerOpen") shown as "breaker.state",
                |s, state| flag(s.observed.breaker.is_some_and(|b| b.state == state));
            gauges[Label::NONE] "dashstream_breaker_age_seconds"
                "Seconds since the circuit breaker opened or closed; -1 until it has said so."
                Waived("its state is watched") shown as "breaker.state_seconds",
                |s, ()| age(s.ago(s.observed.breaker.map(|b| b.since)));
        }
    }
    letters
}

fn partitions_in(snapshot: &Snapshot, state: PartitionState) -> u64 {
    let partitions = snapshot.observed.partitions.iter();
    let count = partitions
        .filter(|partition| partition.state == state)
        .count();
    count.try_into().unwrap_or(u64::MAX)
}
