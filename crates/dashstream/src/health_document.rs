//! The document that `/health` answers with.

use core::time::Duration;

use dashstream_metrics::{Age, Counts, Label, Level, Rate};
use dashstream_policy::{Cause, Disposition};
use serde_json::{Value, json};

use crate::health::{Measured, Reason, Verdict};
use crate::labels::{
    BREAKER, CAUSE, DISPOSITION, DLQ_FAILURE, ErrorType, PartitionState, RESYNC_REASON,
    SendOutcome, WindowLength, WindowMisfit,
};
use crate::observation::{Observation, PartitionObservation};
use crate::outcome::Outcome;
use crate::snapshot::{Snapshot, Totals};

/// Writes the health document of `snapshot` and its `verdict` at `now`, as JSON.
///
/// The fields that existing consumers have keep their names and meanings. Ages are those at `now`; counts
/// are the snapshot's. What never happened is null, not 0; what the host does not have (a breaker, a replay
/// buffer), and a reason's numbers that were not measured, are left out.
///
/// | field | says |
/// |---|---|
/// | `status` | healthy, degraded, waiting or reconnecting: [`Status`](crate::Status) |
/// | `verdict` | pass, warn or fail: [`Level`] |
/// | `reasons` | why, the most severe first: the code, the level, a sentence, and the numbers it was measured by |
/// | `rates` | every rate that was judged, whatever came out, with its interval and its window |
/// | `metrics` | counts since the start and of the last 120 seconds, under the names of existing consumers |
/// | `buckets` | the records received as disjoint parts, which sum to `received` |
/// | `unprocessable` | by cause, and what became of them: `by_cause` is the sum over `dispositions`, `pending` and `blocked` |
/// | `windows` | for each window its length, the time it covers, its records, and what it could not show |
/// | `partitions` | those assigned now: state, held offset and cause, lag, least time until retention removes the held record |
/// | `archive` | the dead-letter topic: state, letters without an acknowledgement, failures by reason |
/// | `broker` | whether a broker answers, what it refuses in its own words, partitions that nobody owns |
/// | `breaker`, `replay_buffer` | where the host has them |
/// | `runs` | how many are synced, wait for a full state, or are not yet known, and why they came to wait |
/// | `kafka_status` | connected, `waiting_for_messages` or `no_recent_messages` |
/// | `websocket_status` | `no_clients`, or their number followed by `_clients_connected` |
/// | `alert` | the reasons that need attention as one line for people; absent when there is none |
/// | `snapshot_age_seconds` | how old the snapshot was at `now` |
/// | `self_scrape` | whether the own page was compared with the catalogue, and by how many series they differ |
#[must_use]
pub fn health_document(now: Duration, snapshot: &Snapshot, verdict: &Verdict) -> Value {
    let observed = &snapshot.observed;
    let rates = verdict.rates.iter().map(|(of, judged)| {
        let of = json!({ "of": of.as_str(), "open": judged.open, "torn": judged.torn });
        merged(of, rate(judged))
    });
    without_nulls(json!({
        "status": verdict.status.as_str(),
        "verdict": verdict.level.as_str(),
        "reasons": verdict.reasons.iter().map(reason).collect::<Value>(),
        "rates": rates.collect::<Value>(),
        "metrics": metrics(now, snapshot),
        "buckets": buckets(&snapshot.totals),
        "unprocessable": unprocessable(snapshot),
        "windows": {
            "short": window(snapshot, WindowLength::Short),
            "long": window(snapshot, WindowLength::Long),
        },
        "partitions": observed.partitions.iter().map(|one| partition(now, one)).collect::<Value>(),
        "archive": archive(now, snapshot),
        "broker": broker(now, observed),
        "breaker": observed.breaker.map(|breaker| json!({
            "state": (BREAKER.text)(breaker.state),
            "state_seconds": Age::since(breaker.since, now).seconds(),
        })),
        "runs": runs(snapshot),
        "replay_buffer": replay_buffer(snapshot),
        "kafka_status": kafka_status(verdict, snapshot),
        "websocket_status": match observed.connected_clients {
            0 => "no_clients".into(),
            clients => format!("{clients}_clients_connected"),
        },
        "alert": alert(&verdict.reasons),
        "snapshot_age_seconds": verdict.snapshot_age.seconds(),
        "self_scrape": {
            "compared": observed.self_scrape.is_some(),
            "differences": observed.self_scrape.unwrap_or(0),
        },
    }))
}

/// The code, the level and the sentence, and the numbers that were measured.
fn reason(reason: &Reason) -> Value {
    let measured = match &reason.measured {
        Measured::Rate(judged) => rate(judged),
        Measured::Count { value, limit } => json!({ "value": value, "limit": limit }),
        Measured::Age { age, limit } => json!({
            "age_seconds": age.map(Age::seconds),
            "limit_seconds": limit.as_secs_f64(),
        }),
        Measured::Partition { id, offset, held } => json!({
            "partition": id,
            "offset": offset,
            "held_seconds": held.seconds(),
        }),
        Measured::Lag {
            id,
            records,
            limit,
            lowest,
        } => json!({
            "partition": id,
            "value": records,
            "limit": limit,
            "age_seconds": lowest.seconds(),
        }),
        Measured::Loss {
            id,
            offset,
            left,
            limit,
        } => json!({
            "partition": id,
            "offset": offset,
            "loss_seconds": left.as_secs_f64(),
            "limit_seconds": limit.as_secs_f64(),
        }),
        // The number of partitions, and a refusal's words below, are in the reason's sentence.
        Measured::Unowned {
            partitions: _,
            records,
            age,
            limit,
        } => json!({
            "value": records,
            "age_seconds": age.seconds(),
            "limit_seconds": limit.as_secs_f64(),
        }),
        Measured::Refusal { words: _, age } => json!({ "age_seconds": age.seconds() }),
    };
    let said = json!({
        "code": reason.code.as_str(),
        "level": reason.level.as_str(),
        "message": reason.to_string(),
    });
    without_nulls(merged(said, measured))
}

/// `k` bad events of `n`, the interval in which the true rate lies, and what it is compared with.
fn rate(rate: &Rate) -> Value {
    json!({
        "k": rate.k,
        "n": rate.n,
        "lower": rate.lower,
        "upper": rate.upper,
        "threshold": rate.threshold,
        "window_seconds": rate.window.as_secs(),
        "covered_seconds": rate.covered.as_secs_f64(),
    })
}

/// Names and meanings are those of existing consumers, in which `kafka_errors` contains `decode_errors`;
/// `buckets` has the same counts as disjoint parts.
fn metrics(now: Duration, snapshot: &Snapshot) -> Value {
    let Snapshot {
        totals,
        last,
        windows,
        ..
    } = snapshot;
    let decode_errors = totals.decode_errors();
    // 0 for a host without clients, so that the fields of existing consumers are all there.
    let sends = |outcome| totals.sends.as_ref().map_or(0, |sends| sends.get(outcome));
    let recent = |outcome| {
        let sends = windows.sends.as_ref();
        sends.map_or(0, |sends| sends.count(outcome))
    };
    let short = &windows.short.counts;
    json!({
        "kafka_messages_received": totals.received(),
        "kafka_errors": decode_errors,
        "infrastructure_errors": totals.infrastructure.total(),
        "connected_clients": snapshot.observed.connected_clients,
        "uptime_seconds": now.saturating_sub(snapshot.opened_at).as_secs(),
        "last_kafka_message_ago_seconds": seconds_ago(now, last.message),
        "dropped_messages": totals.drops.unwrap_or(0),
        "dropped_messages_last_120s": windows.drops.unwrap_or(0),
        "last_drop_ago_seconds": seconds_ago(now, last.drop),
        "last_infrastructure_error_ago_seconds": seconds_ago(now, last.infrastructure_error),
        "decode_errors": decode_errors,
        "old_data_decode_errors": totals.old_data_errors(),
        "payload_missing": totals.payload_missing(),
        "decode_errors_last_120s": short.sum_of(Outcome::is_decode_error),
        "messages_last_120s": short.total(),
        "send_failed": sends(SendOutcome::Failed),
        "send_timeout": sends(SendOutcome::TimedOut),
        "send_failed_last_120s": recent(SendOutcome::Failed),
        "send_timeout_last_120s": recent(SendOutcome::TimedOut),
        "payload_missing_last_120s": short.sum_of(Outcome::is_payload_missing),
        "ignored": totals.outcomes.get(Outcome::Ignored),
        "old_data_processed": totals.outcomes.get(Outcome::OldProcessed),
    })
}

/// The parts are disjoint, and sum to `received`. `other_errors` is for consumers that count errors of no
/// kind.
fn buckets(totals: &Totals) -> Value {
    json!({
        "received": totals.received(),
        "processed": totals.processed(),
        "ignored": totals.outcomes.get(Outcome::Ignored),
        "decode_errors": totals.decode_errors(),
        "old_data_errors": totals.old_data_errors(),
        "payload_missing": totals.payload_missing(),
        "other_errors": 0,
    })
}

fn unprocessable(snapshot: &Snapshot) -> Value {
    let policy = &snapshot.observed.policy;
    json!({
        "by_cause": by(CAUSE, |cause| snapshot.totals.unprocessable(cause)),
        "dispositions": by(DISPOSITION, |how: Disposition| {
            let settled = policy.settled.iter();
            let settled = settled.filter(|((this, _), _)| *this == how);
            settled.fold(0, |sum, (_, n)| sum.saturating_add(*n))
        }),
        "pending": counts(CAUSE, &policy.pending),
        "blocked": counts(CAUSE, &policy.blocked),
    })
}

/// `torn_readings` are readings since the start that came out too small.
fn window(snapshot: &Snapshot, window: WindowLength) -> Value {
    let windows = &snapshot.windows;
    let readings = windows.outcomes(window);
    json!({
        "seconds": readings.window.as_secs(),
        "covered_seconds": readings.covered.as_secs_f64(),
        "messages": readings.counts.total(),
        "misfits": by(WindowMisfit::LABEL, |reason| windows.misfits(window, reason)),
        "torn_readings": windows.torn(window),
    })
}

/// `loss_seconds` is null while nothing is held, where records are kept for ever, and where retention
/// is not known.
fn partition(now: Duration, partition: &PartitionObservation) -> Value {
    // Fields that are null stay, so that every partition has the same ones.
    json!({
        "id": partition.id,
        "state": partition.state.as_str(),
        "state_seconds": Age::since(partition.since, now).seconds(),
        "held_at": partition.held_at,
        "held_cause": partition.held_cause.map(Cause::label),
        "loss_seconds": partition.loss_in.map(|left| left.as_secs_f64()),
        "stalled": partition.state == PartitionState::Stalled,
        "lag": partition.lag,
        "offset_age_seconds": seconds_ago(now, partition.offset_moved_at),
        "catching_up": partition.catching_up,
    })
}

fn archive(now: Duration, snapshot: &Snapshot) -> Value {
    let (archive, totals, last) = (&snapshot.observed.archive, &snapshot.totals, &snapshot.last);
    json!({
        "state": archive.state.as_str(),
        "pending": archive.pending,
        "oldest_pending_seconds": seconds_ago(now, archive.oldest_pending_since),
        "acknowledged": counts(ErrorType::LABEL, &totals.dlq_sends),
        "failures": counts(DLQ_FAILURE, &totals.dlq_failures),
        "last_acknowledged_ago_seconds": seconds_ago(now, last.archived),
        "last_failure_ago_seconds": seconds_ago(now, last.archive_failure),
    })
}

fn broker(now: Duration, observed: &Observation) -> Value {
    let (refusal, unowned) = (observed.broker_refusal.as_ref(), observed.unowned.as_ref());
    let broker = json!({
        "unreachable_seconds": seconds_ago(now, observed.broker_unreachable_since),
        "refusal": refusal.map(|refusal| &*refusal.words),
        "refusal_seconds": seconds_ago(now, refusal.map(|refusal| refusal.since)),
        "unowned_records": unowned.map_or(0, |unowned| unowned.records),
    });
    // Left out where it is not known which they are.
    match unowned {
        Some(unowned) if !unowned.numbers.is_empty() => {
            merged(broker, json!({ "unowned_partitions": unowned.numbers }))
        }
        _ => broker,
    }
}

fn runs(snapshot: &Snapshot) -> Value {
    let (runs, totals) = (&snapshot.observed.runs, &snapshot.totals);
    let [gaps, duplicates, reorders] = totals.sequence;
    let resyncs = totals.resyncs.as_ref();
    json!({
        "synced": runs.synced,
        "needs_resync": runs.needs_resync,
        "not_yet_known": runs.not_yet_known,
        "resyncs": by(RESYNC_REASON, |why| resyncs.map_or(0, |resyncs| resyncs.get(why))),
        "sequence_gaps": gaps,
        "sequence_duplicates": duplicates,
        "sequence_reorders": reorders,
    })
}

fn replay_buffer(snapshot: &Snapshot) -> Option<Value> {
    let buffer = snapshot.observed.replay_buffer?;
    let [memory_hits, hits, misses, dropped, failed] = snapshot.totals.replay.unwrap_or_default();
    Some(json!({
        "redis_enabled": buffer.redis_enabled,
        "memory_hits": memory_hits,
        "redis_hits": hits,
        "redis_misses": misses,
        "redis_write_dropped": dropped,
        "redis_write_failures": failed,
        "memory_buffer_size": buffer.memory_buffer_size,
        "max_memory_size": buffer.max_memory_size,
        "redis_message_ttl_secs": buffer.redis_message_ttl.as_secs(),
        "redis_max_sequences": buffer.redis_max_sequences,
    }))
}

fn kafka_status(verdict: &Verdict, snapshot: &Snapshot) -> &'static str {
    // First: a consumer that never had a record is silent as well.
    if snapshot.last.message.is_none() {
        "waiting_for_messages"
    } else if verdict.is_silent() {
        "no_recent_messages"
    } else {
        "connected"
    }
}

fn alert(reasons: &[Reason]) -> Option<String> {
    let lines: Vec<String> = reasons
        .iter()
        .filter_map(|reason| match reason.level {
            Level::Pass => None,
            Level::Warn => Some(format!("WARNING: {reason}")),
            Level::Fail => Some(format!("CRITICAL: {reason}")),
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

/// Whole seconds from `moment` to `now`; `None` for never.
fn seconds_ago(now: Duration, moment: Option<Duration>) -> Option<u64> {
    moment.map(|moment| Age::since(moment, now).whole_seconds())
}

fn by<K: Copy>(label: Label<K>, mut read: impl FnMut(K) -> u64) -> Value {
    let values = label.values.iter();
    values
        .map(|value| ((label.text)(*value), read(*value)))
        .collect()
}

fn counts<K: Copy>(label: Label<K>, counts: &Counts<K>) -> Value {
    by(label, |value| counts.get(value))
}

/// The fields of both objects.
fn merged(mut object: Value, more: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut object, more) {
        fields.extend(more);
    }
    object
}

/// The object without its own fields that are null.
fn without_nulls(mut object: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.retain(|_, value| !value.is_null());
    }
    object
}
