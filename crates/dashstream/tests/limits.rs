//! Every limit and threshold: one under, exactly at, one over, and with its value raised and lowered.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

use core::num::NonZeroUsize;
use core::time::Duration;

use dashstream::metrics::{Format, Level, Threshold};
use dashstream::policy::{Cause, FailureReason};
use dashstream::{
    ArchiveState, ErrorType, Gates, HealthPolicy, InfrastructureError, Metrics, Observation,
    Options, Outcome, PartitionObservation, PartitionState, ReasonCode, Recorder, SendOutcome,
    UnownedPartitions, judge,
};
use dashstream_testkit::alloc;

const NOW: Duration = Duration::from_secs(1_000);

fn metrics() -> Metrics {
    Metrics::register(Options::default(), Duration::ZERO).unwrap()
}

/// The level of the reason, if the policy finds one, in what was recorded.
fn found(
    policy: &HealthPolicy,
    code: ReasonCode,
    record: impl Fn(&Metrics, &mut Observation),
) -> Option<Level> {
    let metrics = metrics();
    // The windows have to know the time.
    metrics.observe(NOW, Observation::default());
    let mut observed = Observation::default();
    record(&metrics, &mut observed);
    let snapshot = metrics.observe(NOW, observed);
    let verdict = judge(NOW, &snapshot, policy, Gates::default());
    verdict.reason(code).map(|reason| reason.level)
}

/// With the default, `at` passes and `over` does not; raised by one, `over` passes as well; lowered
/// by one, `at` does not.
fn limit(
    code: ReasonCode,
    at: u64,
    set: impl Fn(&mut HealthPolicy, u64),
    record: impl Fn(&Metrics, &mut Observation, u64),
) {
    let policy = |value| {
        let mut policy = HealthPolicy::default();
        set(&mut policy, value);
        policy
    };
    assert_eq!(policy(at), HealthPolicy::default(), "{at} is the default");
    let passes = |value, given| found(&policy(value), code, |m, f| record(m, f, given)).is_none();
    for (given, ok) in [(at - 1, true), (at, true), (at + 1, false)] {
        assert_eq!(passes(at, given), ok, "{code}: {given}");
    }
    assert!(passes(at + 1, at + 1), "{code}: raised accepts");
    assert!(!passes(at - 1, at), "{code}: lowered rejects");
}

/// A state that warns, up to the age of `at` seconds by default, and fails beyond it.
fn fails_beyond(
    code: ReasonCode,
    at: u64,
    set: impl Fn(&mut HealthPolicy, Duration),
    record: impl Fn(&Metrics, &mut Observation, u64),
) {
    let level = |limit, age| {
        let mut policy = HealthPolicy::default();
        set(&mut policy, Duration::from_secs(limit));
        found(&policy, code, |m, f| record(m, f, age))
    };
    let mut policy = HealthPolicy::default();
    set(&mut policy, Duration::from_secs(at));
    assert_eq!(policy, HealthPolicy::default(), "{at} s is the default");
    for (age, expected) in [
        (at - 1, Level::Warn),
        (at, Level::Warn),
        (at + 1, Level::Fail),
    ] {
        assert_eq!(level(at, age), Some(expected), "{code}: {age} s");
    }
    assert_eq!(level(at + 1, at + 1), Some(Level::Warn), "{code}: raised");
    assert_eq!(level(at - 1, at), Some(Level::Fail), "{code}: lowered");
}

fn ago(seconds: u64) -> Duration {
    NOW - Duration::from_secs(seconds)
}

#[test]
fn ten_dropped_messages_pass() {
    limit(
        ReasonCode::MessagesDropped,
        10,
        |policy, drops| policy.drops = drops,
        |metrics, _, drops| metrics.clients().unwrap().lagged(NOW, drops),
    );
}

#[test]
fn sixty_seconds_of_silence_pass() {
    limit(
        ReasonCode::NoRecentMessages,
        60,
        |policy, seconds| policy.silence = Duration::from_secs(seconds),
        |metrics, _, seconds| metrics.record(ago(seconds), Outcome::Processed),
    );
}

#[test]
fn half_a_minute_of_waiting_for_the_archive_passes() {
    limit(
        ReasonCode::ArchivePending,
        30,
        |policy, seconds| policy.archive_pending = Duration::from_secs(seconds),
        |_, observed, seconds| observed.archive.oldest_pending_since = Some(ago(seconds)),
    );
}

#[test]
fn brokers_that_do_not_answer_are_a_failure_after_a_minute() {
    fails_beyond(
        ReasonCode::BrokerUnreachable,
        60,
        |policy, limit| policy.unreachable = limit,
        |_, observed, seconds| observed.broker_unreachable_since = Some(ago(seconds)),
    );
}

#[test]
fn records_that_nobody_reads_are_a_failure_after_a_minute() {
    fails_beyond(
        ReasonCode::PartitionsUnowned,
        60,
        |policy, limit| policy.unowned = limit,
        |_, observed, seconds| observed.unowned = Some(UnownedPartitions::new(ago(seconds), 2, 7)),
    );
}

#[test]
fn a_partition_that_waits_for_the_host_or_is_unknown_is_a_failure_after_its_age() {
    type Set = fn(&mut HealthPolicy, Duration);
    let cases: [(ReasonCode, PartitionState, u64, Set); 2] = [
        (
            ReasonCode::HostResources,
            PartitionState::HostResources,
            60,
            |policy, limit| policy.host_resources = limit,
        ),
        (
            ReasonCode::PartitionUnknown,
            PartitionState::Unknown,
            300,
            |policy, limit| policy.partition_unknown = limit,
        ),
    ];
    for (code, state, at, set) in cases {
        fails_beyond(code, at, set, |_, observed, seconds| {
            let partition = PartitionObservation::new(3, state, ago(seconds));
            observed.partitions.push(partition);
        });
    }
}

#[test]
fn a_held_record_that_retention_takes_within_a_day_warns_and_within_an_hour_fails() {
    let level = |policy: &HealthPolicy, left: Option<u64>| {
        found(policy, ReasonCode::RetentionNear, |_, observed| {
            let mut held = PartitionObservation::new(3, PartitionState::PausedByPolicy, NOW);
            held.loss_in = left.map(Duration::from_secs);
            observed.partitions.push(held);
        })
    };
    let policy = HealthPolicy::default();
    for (left, expected) in [
        (None, None),
        (Some(86_401), None),
        (Some(86_400), Some(Level::Warn)),
        (Some(86_399), Some(Level::Warn)),
        (Some(3_601), Some(Level::Warn)),
        (Some(3_600), Some(Level::Fail)),
        (Some(3_599), Some(Level::Fail)),
        (Some(0), Some(Level::Fail)),
    ] {
        assert_eq!(level(&policy, left), expected, "{left:?} s left");
    }
    let mut lowered = policy.clone();
    (lowered.retention, lowered.retention_fail) = (Duration::from_secs(100), Duration::ZERO);
    assert_eq!(level(&lowered, Some(101)), None);
    assert_eq!(level(&lowered, Some(1)), Some(Level::Warn));
    assert_eq!(level(&lowered, Some(0)), Some(Level::Fail));
}

#[test]
fn a_letter_that_waits_is_a_failure_after_two_minutes() {
    fails_beyond(
        ReasonCode::ArchivePending,
        120,
        |policy, limit| policy.archive_pending_fail = limit,
        |_, observed, seconds| observed.archive.oldest_pending_since = Some(ago(seconds)),
    );
}

#[test]
fn ten_thousand_records_behind_pass() {
    limit(
        ReasonCode::LagHigh,
        10_000,
        |policy, records| policy.lag = records,
        |_, observed, records| {
            let mut partition = PartitionObservation::new(0, PartitionState::Running, NOW);
            partition.lag = Some(records);
            observed.partitions.push(partition);
        },
    );
}

#[test]
fn an_error_of_the_connection_is_recent_for_two_minutes() {
    let recent = |limit, seconds| {
        let mut policy = HealthPolicy::default();
        policy.infrastructure = Duration::from_secs(limit);
        let record = |metrics: &Metrics, _: &mut Observation| {
            metrics.infrastructure_error(ago(seconds), InfrastructureError::BrokerDown);
        };
        found(&policy, ReasonCode::InfrastructureError, record).is_some()
    };
    for (seconds, is_recent) in [(119, true), (120, false), (121, false)] {
        assert_eq!(recent(120, seconds), is_recent, "{seconds} s");
    }
    assert!(recent(121, 120), "raised");
    assert!(!recent(119, 119), "lowered");
    assert_eq!(
        HealthPolicy::default().infrastructure,
        Duration::from_secs(120)
    );
}

#[test]
fn a_snapshot_of_ten_seconds_is_believed() {
    let snapshot = metrics().observe(NOW, Observation::default());
    let stale = |limit, age| {
        let mut policy = HealthPolicy::default();
        policy.snapshot = Duration::from_secs(limit);
        let now = NOW + Duration::from_secs(age);
        let verdict = judge(now, &snapshot, &policy, Gates::default());
        verdict.reason(ReasonCode::SnapshotStale).is_some()
    };
    for (age, is_stale) in [(9, false), (10, false), (11, true)] {
        assert_eq!(stale(10, age), is_stale, "{age} s");
    }
    assert!(!stale(11, 11) && stale(9, 10));
    assert_eq!(HealthPolicy::default().snapshot, Duration::from_secs(10));
}

/// Of 120 records in two minutes, four prove nothing about 1 %, and five do.
#[test]
fn each_share_has_a_threshold_of_one_per_cent() {
    type Record = fn(&Metrics, bool);
    type Set = fn(&mut HealthPolicy, Threshold);
    let record: [(ReasonCode, Set, Record); 5] = [
        (
            ReasonCode::DecodeErrors,
            |policy, share| policy.decode_errors = share,
            |metrics, bad| {
                let fault = Outcome::Unprocessable(Cause::DecodeError);
                metrics.record(NOW, if bad { fault } else { Outcome::Processed });
            },
        ),
        (
            ReasonCode::PayloadMissing,
            |policy, share| policy.payload_missing = share,
            |metrics, bad| {
                let fault = Outcome::Unprocessable(Cause::NullPayload);
                metrics.record(NOW, if bad { fault } else { Outcome::Processed });
            },
        ),
        (
            ReasonCode::SendFailures,
            |policy, share| policy.send_failures = share,
            |metrics, bad| {
                let failed = SendOutcome::TimedOut;
                metrics
                    .clients()
                    .unwrap()
                    .sent(NOW, if bad { failed } else { SendOutcome::Sent });
            },
        ),
        (
            ReasonCode::OldDataErrors,
            |policy, share| policy.old_data_errors = share,
            |metrics, bad| {
                let fault = Outcome::OldData(Cause::DecodeError);
                metrics.record(NOW, if bad { fault } else { Outcome::OldProcessed });
            },
        ),
        (
            ReasonCode::ArchiveFailing,
            |policy, share| policy.archive_failures = share,
            |metrics, bad| match bad {
                true => metrics.dead_letter_failed(NOW, FailureReason::Backpressure),
                false => metrics.dead_letter_acknowledged(NOW, ErrorType::InvalidProtobuf),
            },
        ),
    ];
    for (code, set, record) in record {
        let opens = |ppm, bad: u32| {
            let mut policy = HealthPolicy::default();
            set(&mut policy, Threshold::from_ppm(ppm).unwrap());
            found(&policy, code, |metrics, observed| {
                observed.archive.state = ArchiveState::Healthy;
                (0..120).for_each(|n| record(metrics, n < bad));
            })
            .is_some()
        };
        for (bad, open) in [(4, false), (5, true), (6, true)] {
            assert_eq!(opens(10_000, bad), open, "{code}: {bad} of 120");
        }
        assert!(!opens(12_000, 5), "{code}: raised accepts");
        assert!(opens(8_000, 4), "{code}: lowered rejects");
    }
}

#[test]
fn a_minute_is_a_latency_and_more_is_a_clock_that_differs() {
    for (millis, skewed) in [(59_999, 0), (60_000, 0), (60_001, 1), (0, 0), (-1, 1)] {
        let metrics = metrics();
        metrics.latency(NOW, millis * 1000);
        let page = metrics.page(&metrics.observe(NOW, Observation::default()), Format::Text);
        let line = format!("\nwebsocket_clock_skew_events_total {skewed}\n");
        assert!(page.contains(&line), "{millis} ms");
    }
}

#[test]
fn losing_ten_messages_is_a_warning_and_a_hundred_is_critical() {
    for (lost, severity) in [
        (0, "info"),
        (9, "info"),
        (10, "warning"),
        (11, "warning"),
        (99, "warning"),
        (100, "critical"),
        (101, "critical"),
    ] {
        let metrics = metrics();
        metrics.clients().unwrap().lagged(NOW, lost);
        let page = metrics.page(&metrics.observe(NOW, Observation::default()), Format::Text);
        let line = format!("\nwebsocket_client_lag_events_total{{severity=\"{severity}\"}} 1\n");
        assert!(page.contains(&line), "{lost}");
    }
}

#[test]
fn a_histogram_counts_what_is_at_an_edge_below_it() {
    for edge in [100_i64, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000] {
        for (millis, inside) in [(edge - 1, 1), (edge, 1), (edge + 1, 0)] {
            let metrics = metrics();
            metrics.latency(NOW, millis * 1000);
            let page = metrics.page(&metrics.observe(NOW, Observation::default()), Format::Text);
            let line = format!(
                "websocket_e2e_latency_ms_bucket{{stage=\"producer_to_consumer\",le=\"{edge}\"}} {inside}\n"
            );
            assert!(page.contains(&line), "{millis} ms: {line}");
        }
    }
}

#[test]
fn there_are_at_most_256_shards_and_each_takes_41_kib() {
    let memory = |shards: usize| {
        let options = Options::default().with_shards(NonZeroUsize::new(shards).unwrap());
        let (metrics, usage) =
            alloc::measure(|| Metrics::register(options, Duration::ZERO).unwrap());
        drop::<Metrics>(metrics);
        usage.peak
    };
    let one = memory(2) - memory(1);
    assert!((40 * 1024..42 * 1024).contains(&one), "{one} bytes a shard");
    let all = memory(256);
    for (asked, same) in [
        (128, false),
        (129, true),
        (255, true),
        (257, true),
        (usize::MAX, true),
    ] {
        assert_eq!(memory(asked) == all, same, "{asked} shards");
    }
}

#[test]
fn a_recorder_is_given_as_often_as_there_is_room_and_at_most_256_times() {
    for (asked, given) in [(0, 0), (1, 1), (255, 255), (256, 256), (257, 256)] {
        let options = Options::default().with_recorders(asked);
        let metrics = Metrics::register(options, NOW).unwrap();
        let mut recorders: Vec<Recorder> = core::iter::from_fn(|| metrics.recorder()).collect();
        assert_eq!(recorders.len(), given, "room for {asked}");
        let last = recorders.pop();
        assert_eq!(metrics.recorder().is_some(), last.is_none() && given > 0);
        drop(last);
        assert_eq!(
            metrics.recorder().is_some(),
            given > 0,
            "what is dropped is free"
        );
    }
}

#[test]
fn recorders_and_threads_that_share_lose_nothing_together() {
    const EACH: u64 = 20_000;
    let options = Options::default().with_recorders(2);
    let metrics = Metrics::register(options, NOW).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..EACH).for_each(|_| metrics.record(NOW, Outcome::Ignored)));
            scope.spawn(|| {
                // Half each, the second by whoever gets the place next.
                for _ in 0..2 {
                    let mut recorder = metrics.recorder().unwrap();
                    (0..EACH / 2).for_each(|_| recorder.record(NOW, Outcome::Processed));
                }
            });
        }
    });
    let snapshot = metrics.observe(NOW, Observation::default());
    let counts = |outcome| snapshot.totals.outcomes.get(outcome);
    assert_eq!(
        (counts(Outcome::Processed), counts(Outcome::Ignored)),
        (2 * EACH, 2 * EACH)
    );
    assert_eq!(snapshot.windows.short.counts.total(), 4 * EACH);
    assert_eq!(snapshot.windows.long.counts.total(), 4 * EACH);
    assert_eq!(snapshot.last.message, Some(NOW));
}
