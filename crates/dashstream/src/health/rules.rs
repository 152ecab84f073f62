//! The rules: each gives a reason of the verdict, a series, and an alert.

use core::time::Duration;

use dashstream_metrics::artefacts::Alert;
use dashstream_metrics::{Age, Finding, Level, Rule};
use dashstream_policy::Breaker;

use crate::health::case::Case;
use crate::health::verdict::Measured;
use crate::labels::{ArchiveState, PartitionState};
use crate::outcome::Outcome;
use crate::reason_code::ReasonCode as Code;

type Found = Vec<Finding<Measured>>;

/// The alerts of the rules, each on its own series of `dashstream_health`.
///
/// Three rules have none: that a snapshot is stale, which a process that hangs cannot say; and two on
/// windows and on single errors of the connection, whose counters have alerts of their own. What an
/// operator does, and what only tells, is nothing to be called for.
#[must_use]
pub fn alerts() -> Vec<Alert> {
    let silent = [
        Code::SnapshotStale,
        Code::WindowInexact,
        Code::InfrastructureError,
        Code::PartitionPaused,
        Code::NoRecentMessages,
    ];
    let rules = rules();
    let rules = rules.iter().filter(|rule| !silent.contains(&rule.code));
    let alert = |rule| Alert::of_rule("Dashstream", "dashstream_health", Code::LABEL, rule);
    rules.map(alert).collect()
}

/// The families that the rule of a code reads.
#[must_use]
pub fn reads(code: Code) -> &'static [&'static str] {
    let rules = rules();
    let rule = rules.iter().find(|rule| rule.code == code);
    rule.map_or(&[], |rule| rule.reads)
}

/// Where people read what to do; each code is a heading.
const RUNBOOK: &str = "https://docs.rs/crate/dashstream/latest/source/RUNBOOK.md";

/// Declares every rule: the code of its reasons, the most severe level, for some the age at which a warning
/// becomes it, the alert's summary, the families that it reads, and what finds it.
macro_rules! rules {
    ($(
        $Code:ident $Worst:ident $(after $age:ident)? $summary:literal
            reads $reads:expr, $find:expr;
    )+) => {
        // No constant, since the lifetime of the case is a parameter.
        /// Every rule, in the order in which reasons of the same level are given.
        pub(super) fn rules<'a>() -> Vec<Rule<Code, Case<'a>, Measured>> {
            vec![$( Rule {
                code: Code::$Code,
                summary: $summary,
                reads: $reads,
                worst: Level::$Worst,
                runbook: RUNBOOK,
                // `None` where the rule has no age, and `None.or(Some(age))` where it has one.
                fails_after: |_case| None$(.or(Some(_case.policy.$age)))?,
                find: $find,
            } ),+]
        }
    };
}

rules! {
    SnapshotStale Fail "The snapshot is too old to say anything"
        reads &["dashstream_snapshot_taken_seconds"], snapshot_stale;
    DecodeErrors Fail "Too many records cannot be decoded"
        reads OUTCOMES, |case, found| open_rate(case, Code::DecodeErrors, Level::Fail, found);
    PayloadMissing Fail "Too many records have no payload"
        reads &["websocket_kafka_payload_missing_total"],
        |case, found| open_rate(case, Code::PayloadMissing, Level::Fail, found);
    OldDataErrors Warn "Too many old records cannot be processed"
        reads &["websocket_old_data_decode_errors_total", "dashstream_old_data_processed_total"],
        |case, found| open_rate(case, Code::OldDataErrors, Level::Warn, found);
    SendFailures Warn "Too many messages do not reach their clients"
        reads &[
            "dashstream_client_sends_total",
            "websocket_send_failed_total",
            "websocket_send_timeout_total",
        ],
        |case, found| open_rate(case, Code::SendFailures, Level::Warn, found);
    MessagesDropped Warn "Slow clients lose messages"
        reads &["websocket_dropped_messages_total"], messages_dropped;
    NothingProcessed Fail "Records arrive and none is processed"
        reads OUTCOMES, nothing_processed;
    PartitionHeld Fail "A partition is held at a record"
        reads PARTITIONS,
        |case, found| held(case, PartitionState::PausedByPolicy, case.policy.held, found);
    PartitionPaused Warn "A partition is held by an operator"
        reads PARTITIONS,
        |case, found| held(case, PartitionState::PausedByOperator, Level::Warn, found);
    PartitionBlocked Fail "A partition is held because its dead letter is refused"
        reads PARTITIONS,
        |case, found| held(case, PartitionState::BlockedByArchive, Level::Fail, found);
    PartitionUnfetchable Fail "A partition is held at what cannot be fetched"
        reads PARTITIONS,
        |case, found| held(case, PartitionState::Unfetchable, Level::Fail, found);
    PartitionStalled Fail "A partition does not move although nothing holds it"
        reads PARTITIONS,
        |case, found| held(case, PartitionState::Stalled, Level::Fail, found);
    PartitionUnknown Fail after partition_unknown "Whether a partition moves cannot be learned"
        reads PARTITIONS, |case, found| held(case, PartitionState::Unknown, Level::Warn, found);
    RecordDeleted Fail "Retention has removed the record that a partition is held at"
        reads PARTITIONS,
        |case, found| held(case, PartitionState::RecordDeleted, Level::Fail, found);
    HostResources Fail after host_resources "A partition waits for resources of the host"
        reads PARTITIONS, |case, found| held(case, PartitionState::HostResources, Level::Warn, found);
    RetentionNear Fail "Retention will remove the record that a partition is held at"
        reads &["dashstream_held_record_loss_seconds"], retention_near;
    LagHigh Fail after lag_growing "A partition does not catch up"
        reads &["websocket_kafka_consumer_lag"], lag_high;
    PartitionsUnowned Fail after unowned "Records wait in partitions that no member owns"
        reads &["dashstream_unowned_records"], unowned;
    ArchiveFailing Fail after archive_failing "Dead letters are not written"
        reads &["dashstream_archive_state", "websocket_dlq_send_failures_total"],
        archive_failing;
    ArchivePending Fail after archive_pending_fail "A dead letter waits too long for its acknowledgement"
        reads &["dashstream_archive_oldest_pending_age_seconds"],
        archive_pending;
    BreakerOpen Warn "The circuit breaker on unprocessable records is open"
        reads &["dashstream_breaker_state"], breaker_open;
    SelfScrape Fail "The exposition is not what its catalogue says"
        reads &["dashstream_self_scrape_differences"], self_scrape;
    WindowInexact Warn "A window could not show everything"
        reads &["dashstream_window_torn_readings_total"], window_inexact;
    NoRecentMessages Pass "No record has arrived for a while"
        reads &["websocket_last_kafka_message_age_seconds"], silence;
    InfrastructureError Warn "The connection to the brokers had an error"
        reads &["websocket_infrastructure_errors_total"], connection_error;
    BrokerUnreachable Fail after unreachable "No broker answers"
        reads &["dashstream_broker_unreachable_age_seconds"], unreachable;
    BrokerRefusal Fail "The brokers refuse what only a person can grant"
        reads &["dashstream_broker_refusal_age_seconds"], refusal;
}

const OUTCOMES: &[&str] = &[
    "websocket_decode_errors_total",
    "websocket_kafka_messages_total",
];
const PARTITIONS: &[&str] = &["dashstream_partition_state", "dashstream_partitions"];

fn snapshot_stale(case: &Case<'_>, found: &mut Found) {
    let limit = case.policy.snapshot;
    let age = case.snapshot.age(case.now);
    if age.exceeds(limit) {
        found.push(Finding::new(Level::Fail, aged(Some(age), limit)));
    }
}

/// At most one reason comes of a rate in two windows.
fn open_rate(case: &Case<'_>, code: Code, level: Level, found: &mut Found) {
    let rate = case.open(code);
    found.extend(rate.map(|rate| Finding::new(level, Measured::Rate(rate))));
}

fn messages_dropped(case: &Case<'_>, found: &mut Found) {
    let limit = case.policy.drops;
    let value = case.snapshot.windows.drops.unwrap_or(0);
    if value > limit {
        found.push(Finding::new(Level::Warn, Measured::Count { value, limit }));
    }
}

/// Whether records arrive and none of them can be processed, old ones included: a rate says nothing about
/// the first two, and one of old records only warns.
fn nothing_processed(case: &Case<'_>, found: &mut Found) {
    let counts = &case.snapshot.windows.long.counts;
    let value = counts.sum_of(|outcome| outcome.cause().is_some());
    // Ignored records say nothing here: they are neither processed nor at fault.
    if value > 0 && counts.sum_of(Outcome::is_processed) == 0 {
        // As many as a rate needs before it is judged at all.
        let level = if value < case.policy.gate.events_min() {
            Level::Warn
        } else {
            Level::Fail
        };
        found.push(Finding::new(level, Measured::Count { value, limit: 0 }));
    }
}

fn held(case: &Case<'_>, state: PartitionState, level: Level, found: &mut Found) {
    let partitions = case.snapshot.observed.partitions.iter();
    let there = partitions.filter(|partition| partition.state == state);
    found.extend(there.map(|partition| {
        let held = Age::since(partition.since, case.snapshot.taken_at);
        let measured = Measured::Partition {
            id: partition.id,
            offset: partition.held_at,
            held,
        };
        // Not `Finding::lasting`, which begins as a warning: most of these are failures at once. `lasts`
        // matters to the two rules with an age.
        Finding {
            level,
            lasts: Some(held),
            measured,
        }
    }));
}

/// How long retention leaves the held records.
fn retention_near(case: &Case<'_>, found: &mut Found) {
    for partition in &case.snapshot.observed.partitions {
        let limit = case.policy.retention;
        if let Some(left) = partition.loss_in.filter(|left| *left <= limit) {
            let level = if left <= case.policy.retention_fail {
                Level::Fail
            } else {
                Level::Warn
            };
            let measured = Measured::Loss {
                id: partition.id,
                offset: partition.held_at,
                left,
                limit,
            };
            found.push(Finding::new(level, measured));
        }
    }
}

/// How far partitions are behind: one reason for the worst of them.
fn lag_high(case: &Case<'_>, found: &mut Found) {
    let at = case.snapshot.taken_at;
    let behind = case
        .snapshot
        .observed
        .partitions
        .iter()
        .filter_map(|partition| {
            let records = partition.lag.filter(|records| *records > case.policy.lag)?;
            // It is there: `Case::new` has made an entry for each partition beyond the limit.
            let lowest = Age::since(case.gates.lag.get(&partition.id)?.at, at);
            let fails = lowest.exceeds(case.policy.lag_growing);
            Some((fails, records, partition.id, lowest))
        });
    // One that does not catch up comes before one that is further behind and does.
    found.extend(behind.max().map(|(_, records, id, lowest)| {
        let limit = case.policy.lag;
        let measured = Measured::Lag {
            id,
            records,
            limit,
            lowest,
        };
        Finding::lasting(lowest, measured)
    }));
}

fn unowned(case: &Case<'_>, found: &mut Found) {
    found.extend(case.snapshot.observed.unowned.as_ref().map(|unowned| {
        let age = Age::since(unowned.since, case.now);
        let measured = Measured::Unowned {
            partitions: unowned.partitions,
            records: unowned.records,
            age,
            limit: case.policy.unowned,
        };
        Finding::lasting(age, measured)
    }));
}

fn archive_failing(case: &Case<'_>, found: &mut Found) {
    let Some(since) = case.gates.archive_failing_since else {
        return;
    };
    let snapshot = case.snapshot;
    let last = snapshot.ago(snapshot.last.archive_failure);
    let failed = aged(last, Duration::ZERO);
    let rate = case.open(Code::ArchiveFailing).map(Measured::Rate);
    let lasts = Age::since(since, snapshot.taken_at);
    found.push(match snapshot.observed.archive.state {
        // A failure at once, whatever the rate: a partition is held.
        ArchiveState::Blocked => Finding::new(Level::Fail, failed),
        // `Off` does not come here: `archive_failing_since` is none then.
        ArchiveState::Off | ArchiveState::Healthy | ArchiveState::Failing => {
            Finding::lasting(lasts, rate.unwrap_or(failed))
        }
    });
}

/// A letter that waits holds its partition where the archive is required, so that waiting for long is a
/// stream that stands still.
fn archive_pending(case: &Case<'_>, found: &mut Found) {
    let limit = case.policy.archive_pending;
    let waits = case
        .snapshot
        .ago(case.snapshot.observed.archive.oldest_pending_since);
    let waits = waits.filter(|waits| waits.exceeds(limit));
    found.extend(waits.map(|waits| Finding::lasting(waits, aged(Some(waits), limit))));
}

fn breaker_open(case: &Case<'_>, found: &mut Found) {
    let breaker = case.snapshot.observed.breaker;
    let open = breaker.filter(|breaker| breaker.state == Breaker::Open);
    found.extend(open.map(|breaker| {
        let since = case.snapshot.ago(Some(breaker.since));
        Finding::new(Level::Warn, aged(since, Duration::ZERO))
    }));
}

/// Whether what was measured can be believed.
fn self_scrape(case: &Case<'_>, found: &mut Found) {
    let value = case.snapshot.observed.self_scrape.unwrap_or(0).into();
    if value > 0 {
        let measured = Measured::Count { value, limit: 0 };
        found.push(Finding::new(Level::Fail, measured));
    }
}

fn window_inexact(case: &Case<'_>, found: &mut Found) {
    let torn = case.rates.iter().filter(|(_, rate)| rate.torn).count();
    if torn > 0 {
        let value = torn.try_into().unwrap_or(u64::MAX);
        found.push(Finding::new(
            Level::Warn,
            Measured::Count { value, limit: 0 },
        ));
    }
}

fn silence(case: &Case<'_>, found: &mut Found) {
    if case.is_silent() {
        let silent = case.ago(case.snapshot.last.message);
        found.push(Finding::new(Level::Pass, aged(silent, case.policy.silence)));
    }
}

fn connection_error(case: &Case<'_>, found: &mut Found) {
    let failed = case.connection_error();
    let measured = |failed| aged(Some(failed), case.policy.infrastructure);
    found.extend(failed.map(|failed| Finding::new(Level::Warn, measured(failed))));
}

/// What lasts, however long ago the last error was reported: a client reports an outage once.
fn unreachable(case: &Case<'_>, found: &mut Found) {
    // At `now`: it goes on while no snapshot is taken.
    let lasts = case.ago(case.snapshot.observed.broker_unreachable_since);
    let measured = |lasts| aged(Some(lasts), case.policy.unreachable);
    found.extend(lasts.map(|lasts| Finding::lasting(lasts, measured(lasts))));
}

fn refusal(case: &Case<'_>, found: &mut Found) {
    let refusal = case.snapshot.observed.broker_refusal.as_ref();
    found.extend(refusal.map(|refusal| {
        let measured = Measured::Refusal {
            words: refusal.words.clone(),
            age: Age::since(refusal.since, case.now),
        };
        Finding::new(Level::Fail, measured)
    }));
}

const fn aged(age: Option<Age>, limit: Duration) -> Measured {
    Measured::Age { age, limit }
}
