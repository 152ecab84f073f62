//! The rules: each gives a reason of the verdict, a series, and an alert.

use core::time::Duration;

use dashstream_metrics::artefacts::Alert;
use dashstream_metrics::{Age, Finding, Level, Rule};

use crate::health::case::Case;
use crate::health::verdict::Evidence;
use crate::labels::{ArchiveState, BreakerState, PartitionState};
use crate::outcome::Outcome;
use crate::reason_code::ReasonCode as Code;

type Found = Vec<Finding<Evidence>>;
type DashRule<'a> = Rule<Code, Case<'a>, Evidence>;

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

/// Every rule, in the order in which reasons of the same level are given.
pub(super) fn rules<'a>() -> Vec<DashRule<'a>> {
    let mut rules = vec![
        rule(
            Code::SnapshotStale,
            Level::Fail,
            "The snapshot is too old to say anything",
            SNAPSHOT,
            snapshot_stale,
        ),
        rule(
            Code::DecodeErrors,
            Level::Fail,
            "Too many records cannot be decoded",
            OUTCOMES,
            |case, found| {
                open_rate(case, Code::DecodeErrors, Level::Fail, found);
            },
        ),
        rule(
            Code::PayloadMissing,
            Level::Fail,
            "Too many records have no payload",
            MISSING,
            |case, found| {
                open_rate(case, Code::PayloadMissing, Level::Fail, found);
            },
        ),
        rule(
            Code::OldDataErrors,
            Level::Warn,
            "Too many old records cannot be processed",
            OLD,
            |case, found| {
                open_rate(case, Code::OldDataErrors, Level::Warn, found);
            },
        ),
        rule(
            Code::SendFailures,
            Level::Warn,
            "Too many messages do not reach their clients",
            SENDS,
            |case, found| {
                open_rate(case, Code::SendFailures, Level::Warn, found);
            },
        ),
        rule(
            Code::MessagesDropped,
            Level::Warn,
            "Slow clients lose messages",
            DROPS,
            messages_dropped,
        ),
        rule(
            Code::NothingProcessed,
            Level::Fail,
            "Records arrive and none is processed",
            OUTCOMES,
            nothing_processed,
        ),
    ];
    rules.extend(
        HOLDS.map(|(code, worst, summary, find)| rule(code, worst, summary, PARTITIONS, find)),
    );
    rules.extend([
        rule(
            Code::RetentionNear,
            Level::Fail,
            "Retention will remove the record that a partition is held at",
            RETENTION,
            retention_near,
        ),
        rule(
            Code::LagHigh,
            Level::Fail,
            "A partition does not catch up",
            LAG,
            lag_high,
        ),
        rule(
            Code::PartitionsUnowned,
            Level::Fail,
            "Records wait in partitions that no member owns",
            UNOWNED,
            unowned,
        ),
        rule(
            Code::ArchiveFailing,
            Level::Fail,
            "Dead letters are not written",
            LETTERS,
            archive_failing,
        ),
        rule(
            Code::ArchivePending,
            Level::Fail,
            "A dead letter waits too long for its acknowledgement",
            PENDING,
            archive_pending,
        ),
        rule(
            Code::BreakerOpen,
            Level::Warn,
            "The circuit breaker on unprocessable records is open",
            BREAKER,
            breaker_open,
        ),
        rule(
            Code::SelfScrape,
            Level::Fail,
            "The exposition is not what its catalogue says",
            SCRAPE,
            self_scrape,
        ),
        rule(
            Code::WindowInexact,
            Level::Warn,
            "A window could not show everything",
            WINDOWS,
            window_inexact,
        ),
        rule(
            Code::NoRecentMessages,
            Level::Pass,
            "No record has arrived for a while",
            SILENCE,
            silence,
        ),
        rule(
            Code::InfrastructureError,
            Level::Warn,
            "The connection to the brokers had an error",
            ERRORS,
            connection_error,
        ),
        rule(
            Code::BrokerUnreachable,
            Level::Fail,
            "No broker answers",
            UNREACHABLE,
            unreachable,
        ),
        rule(
            Code::BrokerRefusal,
            Level::Fail,
            "The brokers refuse what only a person can grant",
            REFUSAL,
            refusal,
        ),
    ]);
    for rule in &mut rules {
        rule.fails_after = fails_after(rule.code);
    }
    rules
}

const fn rule<'a>(
    code: Code,
    worst: Level,
    summary: &'static str,
    reads: &'static [&'static str],
    find: fn(&Case<'a>, &mut Found),
) -> DashRule<'a> {
    Rule {
        code,
        summary,
        reads,
        worst,
        runbook: RUNBOOK,
        fails_after: |_| None,
        find,
    }
}

/// The age at which the warning of a rule becomes a failure.
fn fails_after<'a>(code: Code) -> fn(&Case<'a>) -> Option<Duration> {
    match code {
        Code::PartitionUnknown => |case| Some(case.policy.partition_unknown),
        Code::HostResources => |case| Some(case.policy.host_resources),
        Code::LagHigh => |case| Some(case.policy.lag_growing),
        Code::PartitionsUnowned => |case| Some(case.policy.unowned),
        Code::ArchiveFailing => |case| Some(case.policy.archive_failing),
        Code::ArchivePending => |case| Some(case.policy.archive_pending_fail),
        Code::BrokerUnreachable => |case| Some(case.policy.unreachable),
        Code::SnapshotStale
        | Code::DecodeErrors
        | Code::PayloadMissing
        | Code::SendFailures
        | Code::MessagesDropped
        | Code::PartitionHeld
        | Code::PartitionPaused
        | Code::PartitionBlocked
        | Code::PartitionUnfetchable
        | Code::PartitionStalled
        | Code::EvidenceLost
        | Code::RetentionNear
        | Code::OldDataErrors
        | Code::NothingProcessed
        | Code::BrokerRefusal
        | Code::BreakerOpen
        | Code::SelfScrape
        | Code::WindowInexact
        | Code::InfrastructureError
        | Code::NoRecentMessages => |_| None,
    }
}

type Hold = (Code, Level, &'static str, fn(&Case<'_>, &mut Found));

/// The states of a partition that are reasons.
const HOLDS: [Hold; 8] = [
    (
        Code::PartitionHeld,
        Level::Fail,
        "A partition is held at a record",
        |case, found| {
            held(
                case,
                PartitionState::PausedByPolicy,
                case.policy.held,
                found,
            );
        },
    ),
    (
        Code::PartitionPaused,
        Level::Warn,
        "A partition is held by an operator",
        |case, found| {
            held(case, PartitionState::PausedByOperator, Level::Warn, found);
        },
    ),
    (
        Code::PartitionBlocked,
        Level::Fail,
        "A partition is held because its dead letter is refused",
        |case, found| {
            held(case, PartitionState::BlockedByArchive, Level::Fail, found);
        },
    ),
    (
        Code::PartitionUnfetchable,
        Level::Fail,
        "A partition is held at what cannot be fetched",
        |case, found| {
            held(case, PartitionState::Unfetchable, Level::Fail, found);
        },
    ),
    (
        Code::PartitionStalled,
        Level::Fail,
        "A partition does not move although nothing holds it",
        |case, found| {
            held(case, PartitionState::Stalled, Level::Fail, found);
        },
    ),
    (
        Code::PartitionUnknown,
        Level::Fail,
        "Whether a partition moves cannot be learned",
        |case, found| {
            held(case, PartitionState::Unknown, Level::Warn, found);
        },
    ),
    (
        Code::EvidenceLost,
        Level::Fail,
        "Retention has removed the record that a partition is held at",
        |case, found| {
            held(case, PartitionState::EvidenceLost, Level::Fail, found);
        },
    ),
    (
        Code::HostResources,
        Level::Fail,
        "A partition waits for resources of the host",
        |case, found| {
            held(case, PartitionState::HostResources, Level::Warn, found);
        },
    ),
];

const SNAPSHOT: &[&str] = &["dashstream_snapshot_taken_seconds"];
const OUTCOMES: &[&str] = &[
    "websocket_decode_errors_total",
    "websocket_kafka_messages_total",
];
const MISSING: &[&str] = &["websocket_kafka_payload_missing_total"];
const OLD: &[&str] = &[
    "websocket_old_data_decode_errors_total",
    "dashstream_old_data_processed_total",
];
const SENDS: &[&str] = &[
    "dashstream_client_sends_total",
    "websocket_send_failed_total",
    "websocket_send_timeout_total",
];
const DROPS: &[&str] = &["websocket_dropped_messages_total"];
const PARTITIONS: &[&str] = &["dashstream_partition_state", "dashstream_partitions"];
const RETENTION: &[&str] = &["dashstream_held_record_loss_seconds"];
const LAG: &[&str] = &["websocket_kafka_consumer_lag"];
const UNOWNED: &[&str] = &["dashstream_unowned_records"];
const LETTERS: &[&str] = &[
    "dashstream_archive_state",
    "websocket_dlq_send_failures_total",
];
const PENDING: &[&str] = &["dashstream_archive_oldest_pending_age_seconds"];
const BREAKER: &[&str] = &["dashstream_breaker_state"];
const SCRAPE: &[&str] = &["dashstream_self_scrape_differences"];
const WINDOWS: &[&str] = &["dashstream_window_torn_readings_total"];
const SILENCE: &[&str] = &["websocket_last_kafka_message_age_seconds"];
const ERRORS: &[&str] = &["websocket_infrastructure_errors_total"];
const UNREACHABLE: &[&str] = &["dashstream_broker_unreachable_age_seconds"];
const REFUSAL: &[&str] = &["dashstream_broker_refusal_age_seconds"];

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
    found.extend(rate.map(|rate| Finding::new(level, Evidence::Rate(rate))));
}

fn messages_dropped(case: &Case<'_>, found: &mut Found) {
    let limit = case.policy.drops;
    let value = case.snapshot.windows.drops.unwrap_or(0);
    if value > limit {
        found.push(Finding::new(Level::Warn, Evidence::Count { value, limit }));
    }
}

/// Whether records arrive and none of them can be processed, old ones included: a rate says nothing about
/// the first two, and one of old records only warns.
fn nothing_processed(case: &Case<'_>, found: &mut Found) {
    let counts = &case.snapshot.windows.long.counts;
    let value = counts.sum_of(|outcome| outcome.cause().is_some());
    if value > 0 && counts.sum_of(Outcome::is_processed) == 0 {
        let level = if value < case.policy.gate.events_min() {
            Level::Warn
        } else {
            Level::Fail
        };
        found.push(Finding::new(level, Evidence::Count { value, limit: 0 }));
    }
}

fn held(case: &Case<'_>, state: PartitionState, level: Level, found: &mut Found) {
    let partitions = case.snapshot.facts.partitions.iter();
    let there = partitions.filter(|partition| partition.state == state);
    found.extend(there.map(|partition| {
        let held = Age::since(partition.since, case.snapshot.taken_at);
        let evidence = Evidence::Partition {
            id: partition.id,
            offset: partition.held_at,
            held,
        };
        Finding {
            level,
            lasts: Some(held),
            evidence,
        }
    }));
}

/// How long retention leaves the held records.
fn retention_near(case: &Case<'_>, found: &mut Found) {
    for partition in &case.snapshot.facts.partitions {
        let limit = case.policy.retention;
        if let Some(left) = partition.loss_in.filter(|left| *left <= limit) {
            let level = if left <= case.policy.retention_fail {
                Level::Fail
            } else {
                Level::Warn
            };
            let evidence = Evidence::Loss {
                id: partition.id,
                offset: partition.held_at,
                left,
                limit,
            };
            found.push(Finding::new(level, evidence));
        }
    }
}

/// How far partitions are behind: one reason for the worst of them.
fn lag_high(case: &Case<'_>, found: &mut Found) {
    let at = case.snapshot.taken_at;
    let behind = case
        .snapshot
        .facts
        .partitions
        .iter()
        .filter_map(|partition| {
            let records = partition.lag.filter(|records| *records > case.policy.lag)?;
            let lowest = Age::since(case.gates.lag.get(&partition.id)?.at, at);
            let fails = lowest.exceeds(case.policy.lag_growing);
            Some((fails, records, partition.id, lowest))
        });
    found.extend(behind.max().map(|(_, records, id, lowest)| {
        let limit = case.policy.lag;
        let evidence = Evidence::Lag {
            id,
            records,
            limit,
            lowest,
        };
        Finding::lasting(lowest, evidence)
    }));
}

fn unowned(case: &Case<'_>, found: &mut Found) {
    found.extend(case.snapshot.facts.unowned.as_ref().map(|unowned| {
        let age = Age::since(unowned.since, case.now);
        let evidence = Evidence::Unowned {
            partitions: unowned.partitions,
            records: unowned.records,
            age,
            limit: case.policy.unowned,
        };
        Finding::lasting(age, evidence)
    }));
}

fn archive_failing(case: &Case<'_>, found: &mut Found) {
    let Some(since) = case.gates.archive_failing_since else {
        return;
    };
    let snapshot = case.snapshot;
    let last = snapshot.ago(snapshot.last.archive_failure);
    let failed = aged(last, Duration::ZERO);
    let rate = case.open(Code::ArchiveFailing).map(Evidence::Rate);
    let lasts = Age::since(since, snapshot.taken_at);
    found.push(match snapshot.facts.archive.state {
        ArchiveState::Blocked => Finding::new(Level::Fail, failed),
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
        .ago(case.snapshot.facts.archive.oldest_pending_since);
    let waits = waits.filter(|waits| waits.exceeds(limit));
    found.extend(waits.map(|waits| Finding::lasting(waits, aged(Some(waits), limit))));
}

fn breaker_open(case: &Case<'_>, found: &mut Found) {
    let breaker = case.snapshot.facts.breaker;
    let open = breaker.filter(|breaker| breaker.state == BreakerState::Open);
    found.extend(open.map(|breaker| {
        let since = case.snapshot.ago(Some(breaker.since));
        Finding::new(Level::Warn, aged(since, Duration::ZERO))
    }));
}

/// Whether what was measured can be believed.
fn self_scrape(case: &Case<'_>, found: &mut Found) {
    let value = case.snapshot.facts.self_scrape.unwrap_or(0).into();
    if value > 0 {
        let evidence = Evidence::Count { value, limit: 0 };
        found.push(Finding::new(Level::Fail, evidence));
    }
}

fn window_inexact(case: &Case<'_>, found: &mut Found) {
    let torn = case.rates.iter().filter(|(_, rate)| rate.torn).count();
    if torn > 0 {
        let value = torn.try_into().unwrap_or(u64::MAX);
        found.push(Finding::new(
            Level::Warn,
            Evidence::Count { value, limit: 0 },
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
    let evidence = |failed| aged(Some(failed), case.policy.infrastructure);
    found.extend(failed.map(|failed| Finding::new(Level::Warn, evidence(failed))));
}

/// What lasts, however long ago the last error was reported: a client reports an outage once.
fn unreachable(case: &Case<'_>, found: &mut Found) {
    let lasts = case.ago(case.snapshot.facts.broker_unreachable_since);
    let evidence = |lasts| aged(Some(lasts), case.policy.unreachable);
    found.extend(lasts.map(|lasts| Finding::lasting(lasts, evidence(lasts))));
}

fn refusal(case: &Case<'_>, found: &mut Found) {
    let refusal = case.snapshot.facts.broker_refusal.as_ref();
    found.extend(refusal.map(|refusal| {
        let evidence = Evidence::Refusal {
            words: refusal.words.clone(),
            age: Age::since(refusal.since, case.now),
        };
        Finding::new(Level::Fail, evidence)
    }));
}

const fn aged(age: Option<Age>, limit: Duration) -> Evidence {
    Evidence::Age { age, limit }
}
