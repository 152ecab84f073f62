//! The verdict: what degrades, how fast, what recovers, and what the numbers say meanwhile.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

use core::time::Duration;

use dashstream::metrics::{Age, Level};
use dashstream::policy::{Cause, FailureReason};
use dashstream::{
    ArchiveState, BreakerFacts, BreakerState, ErrorType, Facts, Gates, HealthPolicy,
    InfrastructureError, Measured, Metrics, Options, Outcome, PartitionFacts, PartitionState,
    ReasonCode, Refusal, SendOutcome, Status, Verdict, judge,
};

/// A stream that is judged once a second, as a host does it.
struct Stream {
    metrics: Metrics,
    policy: HealthPolicy,
    gates: Gates,
    second: u64,
    facts: Facts,
}

impl Stream {
    fn new() -> Self {
        let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
        Self {
            metrics,
            policy: HealthPolicy::default(),
            gates: Gates::default(),
            second: 0,
            facts: Facts::default(),
        }
    }

    fn now(&self) -> Duration {
        Duration::from_secs(self.second)
    }

    /// One second with these outcomes, then a verdict.
    fn second(&mut self, outcomes: &[(Outcome, u64)]) -> Verdict {
        self.second += 1;
        for (outcome, times) in outcomes {
            for _ in 0..*times {
                self.metrics.record(self.now(), *outcome);
            }
        }
        self.judge()
    }

    fn judge(&mut self) -> Verdict {
        let snapshot = self.metrics.observe(self.now(), self.facts.clone());
        let verdict = judge(self.now(), &snapshot, &self.policy, self.gates.clone());
        self.gates = verdict.gates.clone();
        verdict
    }

    fn seconds(&mut self, seconds: u64, outcomes: &[(Outcome, u64)]) -> Verdict {
        for _ in 1..seconds {
            let _ = self.second(outcomes);
        }
        self.second(outcomes)
    }

    /// Seconds of `outcomes` until the status is `wanted`; at most `limit`.
    fn until(&mut self, wanted: Status, limit: u64, outcomes: &[(Outcome, u64)]) -> u64 {
        for passed in 1..=limit {
            if self.second(outcomes).status == wanted {
                return passed;
            }
        }
        panic!("not {wanted} within {limit} s: {:?}", self.judge());
    }
}

/// Whether decode errors are beyond their threshold in the window of 120 s.
fn short_gate(gates: &Gates) -> bool {
    let short = (ReasonCode::DecodeErrors, Duration::from_secs(120));
    gates.open.contains(&short)
}

const GOOD: Outcome = Outcome::Processed;
const BAD: Outcome = Outcome::Unprocessable(Cause::DecodeError);
const NULL: Outcome = Outcome::Unprocessable(Cause::NullPayload);
const OLD: Outcome = Outcome::OldData(Cause::DecodeError);

#[test]
fn after_a_good_hour_sixty_percent_errors_degrade_within_ten_seconds_and_recover() {
    let mut stream = Stream::new();
    let good = stream.seconds(3600, &[(GOOD, 10)]);
    assert_eq!((good.status, good.level), (Status::Healthy, Level::Pass));

    let took = stream.until(Status::Degraded, 10, &[(GOOD, 4), (BAD, 6)]);
    assert!(took <= 10, "{took} s");
    let totals = stream.metrics.latest().totals.clone();
    assert!(
        totals.decode_errors() * 100 < totals.received(),
        "the lifetime rate is under 1 %"
    );
    let verdict = stream.second(&[(GOOD, 4), (BAD, 6)]);
    let Measured::Rate(rate) = &verdict.reason(ReasonCode::DecodeErrors).unwrap().measured else {
        panic!("a rate was measured: {verdict:?}");
    };
    assert!(rate.open && rate.k > 0 && rate.n > rate.k);
    assert!(rate.threshold < rate.lower && rate.lower < rate.upper);

    let _ = stream.seconds(60, &[(GOOD, 4), (BAD, 6)]);
    let took = stream.until(Status::Healthy, 600, &[(GOOD, 10)]);
    assert!(
        took <= 121,
        "recovers when the window has passed, after {took} s"
    );
}

#[test]
fn a_burst_of_missing_payloads_degrades_for_that_reason_and_clears_after_the_window() {
    let mut stream = Stream::new();
    let _ = stream.seconds(300, &[(GOOD, 10)]);
    let verdict = stream.second(&[(GOOD, 10), (NULL, 60)]);
    assert_eq!(verdict.status, Status::Degraded);
    assert_eq!(verdict.reasons[0].code, ReasonCode::PayloadMissing);
    assert_eq!(ReasonCode::PayloadMissing.as_str(), "payload_missing");
    assert!(
        verdict.reason(ReasonCode::DecodeErrors).is_none(),
        "it is no decode error"
    );
    let took = stream.until(Status::Healthy, 300, &[(GOOD, 10)]);
    assert!((119..=121).contains(&took), "{took} s");
    assert_eq!(
        stream.metrics.latest().totals.payload_missing(),
        60,
        "the total stays"
    );
}

#[test]
fn a_total_failure_of_a_slow_stream_is_seen_although_it_never_has_a_hundred_samples() {
    let mut stream = Stream::new();
    // One message in 20 seconds: six in the short window.
    for _ in 0..20 {
        let _ = stream.second(&[(GOOD, 1)]);
        let _ = stream.seconds(19, &[]);
    }
    let mut failed = 0;
    loop {
        failed += 1;
        let verdict = stream.second(&[(BAD, 1)]);
        if verdict.status == Status::Degraded {
            break;
        }
        assert!(failed < 10, "{verdict:?}");
        let _ = stream.seconds(19, &[]);
    }
    assert_eq!(failed, 3, "the third failure is proof");
}

#[test]
fn five_percent_errors_of_a_slow_stream_are_seen_by_the_long_window() {
    let mut stream = Stream::new();
    let mut degraded = false;
    // One message in 5 seconds, every twentieth bad: the short window sees one bad in 24.
    for message in 0..720_u32 {
        let outcome = if message % 20 == 19 { BAD } else { GOOD };
        let verdict = stream.second(&[(outcome, 1)]);
        degraded |= verdict.status == Status::Degraded;
        let short_only = short_gate(&verdict.gates);
        assert!(!short_only, "24 messages prove nothing about 5 %");
        let _ = stream.seconds(4, &[]);
    }
    assert!(degraded);
}

#[test]
fn tombstones_by_rule_count_but_do_not_degrade() {
    let mut stream = Stream::new();
    let verdict = stream.seconds(200, &[(Outcome::Ignored, 10)]);
    assert_eq!(
        (verdict.status, verdict.level),
        (Status::Healthy, Level::Pass)
    );
    assert_eq!(stream.metrics.latest().totals.received(), 2000);
}

fn reasons(verdict: &Verdict) -> Vec<(ReasonCode, Level)> {
    let reasons = verdict.reasons.iter();
    reasons.map(|reason| (reason.code, reason.level)).collect()
}

#[test]
fn old_records_have_a_share_of_their_own() {
    let old_good = Outcome::OldProcessed;
    let warned = [(ReasonCode::OldDataErrors, Level::Warn)];
    // One in ten of the old ones, while thousands of live ones are fine.
    let mut stream = Stream::new();
    let verdict = stream.seconds(10, &[(OLD, 1), (old_good, 9), (GOOD, 1_000)]);
    assert_eq!(reasons(&verdict), warned, "live records do not hide it");
    assert_eq!(verdict.status, Status::Healthy);
    // It is over with its window.
    let verdict = stream.seconds(130, &[(GOOD, 100)]);
    assert_eq!(reasons(&verdict), []);

    // Neither do old records hide, or cause, a failure of the live ones.
    let mut stream = Stream::new();
    let verdict = stream.seconds(10, &[(old_good, 1_000), (GOOD, 9), (BAD, 1)]);
    assert_eq!(reasons(&verdict), [(ReasonCode::DecodeErrors, Level::Fail)]);
}

#[test]
fn what_arrives_and_is_never_processed_never_passes() {
    let failed = (ReasonCode::NothingProcessed, Level::Fail);
    let warned = (ReasonCode::NothingProcessed, Level::Warn);
    for (old, expected) in [(0, None), (1, Some(warned)), (2, Some(warned))] {
        let mut stream = Stream::new();
        let verdict = stream.second(&[(OLD, old)]);
        assert_eq!(reasons(&verdict).first().copied(), expected.or(SILENT));
    }
    for old in [3, 4, 300] {
        let mut stream = Stream::new();
        let verdict = stream.second(&[(OLD, old), (Outcome::Ignored, 1)]);
        let expected = [failed, (ReasonCode::OldDataErrors, Level::Warn)];
        assert_eq!(reasons(&verdict), expected, "{old} of {old}");
        assert_eq!(verdict.status, Status::Degraded);
        // Silence does not heal it; a record that is processed does.
        let verdict = stream.seconds(600, &[]);
        assert_eq!(verdict.level, Level::Fail);
        let verdict = stream.second(&[(Outcome::OldProcessed, 1)]);
        assert!(verdict.reason(ReasonCode::NothingProcessed).is_none());
    }
}

/// What is said of a stream on which nothing ever arrived.
const SILENT: Option<(ReasonCode, Level)> = Some((ReasonCode::NoRecentMessages, Level::Pass));

#[test]
fn a_dead_broker_warns_fails_after_its_age_and_is_over_when_it_answers() {
    let mut stream = Stream::new();
    let _ = stream.seconds(100, &[(GOOD, 1)]);
    stream
        .metrics
        .infrastructure_error(stream.now(), InfrastructureError::BrokerDown);
    stream.facts.broker_unreachable_since = Some(stream.now());
    let verdict = stream.seconds(60, &[]);
    assert_eq!(
        (verdict.status, verdict.level),
        (Status::Reconnecting, Level::Warn)
    );
    assert!(verdict.is_ready());
    // The client said it once, and that was long ago.
    let verdict = stream.seconds(1_200, &[]);
    assert_eq!(
        (verdict.status, verdict.level),
        (Status::Degraded, Level::Fail)
    );
    assert_eq!(verdict.reasons[0].code, ReasonCode::BrokerUnreachable);
    assert!(!verdict.is_ready());
    stream.facts.broker_unreachable_since = None;
    let verdict = stream.second(&[(GOOD, 1)]);
    assert_eq!((verdict.status, verdict.reasons), (Status::Healthy, vec![]));
}

#[test]
fn a_refusal_fails_at_once_in_the_brokers_words_and_until_it_ends() {
    let mut stream = Stream::new();
    let words = "Broker: Group authorization failed";
    let _ = stream.second(&[(GOOD, 1)]);
    stream.facts.broker_refusal = Some(Refusal::new(stream.now(), words));
    for seconds in [1, 119, 3_600] {
        let verdict = stream.seconds(seconds, &[]);
        assert_eq!(verdict.level, Level::Fail);
        let reason = verdict.reason(ReasonCode::BrokerRefusal).unwrap();
        assert!(reason.to_string().contains(words), "{reason}");
        assert!(!verdict.is_ready());
    }
    stream.facts.broker_refusal = None;
    assert_eq!(stream.second(&[(GOOD, 1)]).level, Level::Pass);
}

/// A stream whose one partition is as far behind as `lag` says for each second.
fn behind(stream: &mut Stream, seconds: u64, lag: impl Fn(u64) -> Option<u64>) -> Verdict {
    let mut verdict = stream.judge();
    for second in 0..seconds {
        let mut partition = PartitionFacts::new(0, PartitionState::Running, stream.now());
        partition.lag = lag(second);
        stream.facts.partitions = vec![partition];
        verdict = stream.second(&[(GOOD, 1)]);
    }
    verdict
}

#[test]
fn a_lag_without_a_new_low_fails_after_ten_minutes() {
    let high = |level| vec![(ReasonCode::LagHigh, level)];
    // The first second is the low; one second more than ten minutes after it is too long.
    for (seconds, level) in [(600, Level::Warn), (601, Level::Warn), (602, Level::Fail)] {
        let lags: [fn(u64) -> Option<u64>; 2] =
            [|_| Some(10_000_000), |second| Some(10_001 + second)];
        for lag in lags {
            let verdict = behind(&mut Stream::new(), seconds, lag);
            assert_eq!(reasons(&verdict), high(level), "{seconds} s");
        }
    }
    let mut lowered = Stream::new();
    lowered.policy.lag_growing = Duration::from_secs(599);
    let verdict = behind(&mut lowered, 601, |_| Some(10_000_000));
    assert_eq!(reasons(&verdict), high(Level::Fail));
    // Catching up warns as long as it takes, and stops at the limit.
    let mut stream = Stream::new();
    let verdict = behind(&mut stream, 5_000, |second| Some(10_000_000 - second));
    assert_eq!(reasons(&verdict), high(Level::Warn));
    // Not knowing for a while is no new low.
    let verdict = behind(&mut stream, 602, |second| {
        (second > 300).then_some(9_996_000)
    });
    assert_eq!(reasons(&verdict), high(Level::Fail));
    let verdict = behind(&mut stream, 1, |_| Some(10_000));
    assert_eq!(reasons(&verdict), []);
}

#[test]
fn a_partition_that_does_not_catch_up_is_not_hidden_by_one_that_does() {
    let mut stream = Stream::new();
    let mut verdict = stream.judge();
    for second in 0..700 {
        let of = |id, lag| {
            let mut partition = PartitionFacts::new(id, PartitionState::Running, Duration::ZERO);
            partition.lag = Some(lag);
            partition
        };
        stream.facts.partitions = vec![of(0, 20_000), of(1, 9_000_000 - second * 1_000)];
        verdict = stream.second(&[(GOOD, 1)]);
    }
    let Measured::Lag { id, records, .. } = verdict.reasons[0].measured else {
        panic!("a lag was measured: {verdict:?}");
    };
    assert_eq!(reasons(&verdict), [(ReasonCode::LagHigh, Level::Fail)]);
    assert_eq!((id, records), (0, 20_000));
}

#[test]
fn letters_that_fail_for_five_minutes_are_a_failure() {
    let run = |limit, seconds| {
        let mut stream = Stream::new();
        stream.policy.archive_failing = Duration::from_secs(limit);
        stream.facts.archive.state = ArchiveState::Healthy;
        let mut verdict = stream.judge();
        for _ in 0..seconds {
            // Five in a hundred, and an acknowledgement last.
            let now = stream.now() + Duration::from_secs(1);
            for n in 0..100 {
                match n < 5 {
                    true => stream
                        .metrics
                        .dead_letter_failed(now, FailureReason::Backpressure),
                    false => {
                        let kind = ErrorType::InvalidProtobuf;
                        stream.metrics.dead_letter_acknowledged(now, kind);
                    }
                }
            }
            verdict = stream.second(&[(GOOD, 1)]);
        }
        let reason = verdict.reason(ReasonCode::ArchiveFailing).unwrap();
        assert!(matches!(reason.measured, Measured::Rate(_)), "{reason}");
        reason.level
    };
    for (seconds, level) in [(300, Level::Warn), (301, Level::Warn), (302, Level::Fail)] {
        assert_eq!(run(300, seconds), level, "{seconds} s");
    }
    assert_eq!(run(301, 302), Level::Warn, "raised");
    assert_eq!(run(299, 301), Level::Fail, "lowered");
}

#[test]
fn two_errors_are_never_enough_and_three_can_be() {
    for (errors, degraded) in [(2, false), (3, true), (4, true)] {
        let mut stream = Stream::new();
        let verdict = stream.second(&[(BAD, errors)]);
        assert_eq!(
            verdict.status == Status::Degraded,
            degraded,
            "{errors} errors"
        );
    }
}

#[test]
fn a_gate_that_is_open_does_not_close_by_one_second_of_luck() {
    let mut stream = Stream::new();
    let _ = stream.seconds(120, &[(GOOD, 20), (BAD, 1)]);
    assert!(short_gate(&stream.gates));
    let mut changes = 0;
    let mut was = true;
    for second in 0..600_u64 {
        // 0.5 % to 1 %: between the bounds at which it opens and closes.
        let bad = u64::from(second % 6 == 0);
        let _ = stream.second(&[(GOOD, 20), (BAD, bad)]);
        changes += u32::from(short_gate(&stream.gates) != was);
        was = short_gate(&stream.gates);
    }
    assert!(changes <= 1, "{changes} changes");
}

#[test]
fn a_stale_snapshot_fails_whatever_it_says() {
    let mut stream = Stream::new();
    let _ = stream.seconds(10, &[(GOOD, 10)]);
    let snapshot = stream.metrics.latest();
    for (age, stale) in [(9, false), (10, false), (11, true)] {
        let now = Duration::from_secs(10 + age);
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), Gates::default());
        assert_eq!(verdict.level == Level::Fail, stale, "{age} s old");
        assert_eq!(verdict.reason(ReasonCode::SnapshotStale).is_some(), stale);
        assert_eq!(verdict.snapshot_age.whole_seconds(), age);
    }
}

#[test]
fn the_status_words_follow_silence_and_connection_errors() {
    let mut stream = Stream::new();
    assert_eq!(
        stream.judge().status,
        Status::Waiting,
        "nothing ever arrived"
    );
    stream
        .metrics
        .infrastructure_error(stream.now(), InfrastructureError::BrokerDown);
    assert_eq!(stream.judge().status, Status::Reconnecting);
    let _ = stream.second(&[(GOOD, 1)]);
    assert_eq!(
        stream.judge().status,
        Status::Reconnecting,
        "the error is recent"
    );
    for (silent, infrastructure, status) in [
        (59, 60, Status::Reconnecting),
        (60, 118, Status::Reconnecting),
        (60, 200, Status::Healthy),
        (61, 200, Status::Waiting),
        (61, 119, Status::Reconnecting),
        (61, 120, Status::Waiting),
    ] {
        let mut stream = Stream::new();
        let now = Duration::from_secs(300);
        stream
            .metrics
            .record(now - Duration::from_secs(silent), GOOD);
        let failed = now - Duration::from_secs(infrastructure);
        stream
            .metrics
            .infrastructure_error(failed, InfrastructureError::BrokerDown);
        stream.second = 300;
        assert_eq!(
            stream.judge().status,
            status,
            "{silent} s silent, error {infrastructure} s ago"
        );
    }
}

#[test]
fn an_event_in_the_first_millisecond_is_not_never() {
    let stream = Stream::new();
    stream.metrics.record(Duration::ZERO, GOOD);
    let snapshot = stream.metrics.observe(Duration::ZERO, Facts::default());
    assert_eq!(snapshot.last.message, Some(Duration::ZERO));
    assert_eq!(snapshot.last.drop, None);
}

#[test]
fn each_partition_state_has_its_reason_and_level() {
    let expected = |state| match state {
        PartitionState::Running | PartitionState::Seeking | PartitionState::Waiting => None,
        PartitionState::PausedByPolicy => Some((ReasonCode::PartitionHeld, Level::Fail)),
        PartitionState::PausedByOperator => Some((ReasonCode::PartitionPaused, Level::Warn)),
        PartitionState::BlockedByArchive => Some((ReasonCode::PartitionBlocked, Level::Fail)),
        PartitionState::Unfetchable => Some((ReasonCode::PartitionUnfetchable, Level::Fail)),
        PartitionState::RecordDeleted => Some((ReasonCode::RecordDeleted, Level::Fail)),
        PartitionState::HostResources => Some((ReasonCode::HostResources, Level::Warn)),
        PartitionState::Stalled => Some((ReasonCode::PartitionStalled, Level::Fail)),
        PartitionState::Unknown => Some((ReasonCode::PartitionUnknown, Level::Warn)),
    };
    for state in PartitionState::LABEL.values {
        let mut stream = Stream::new();
        let _ = stream.second(&[(GOOD, 1)]);
        let mut partition = PartitionFacts::new(3, *state, Duration::ZERO);
        partition.held_at = state.is_held().then_some(42);
        stream.facts.partitions.push(partition);
        let verdict = stream.judge();
        let reasons: Vec<_> = verdict.reasons.iter().map(|r| (r.code, r.level)).collect();
        assert_eq!(
            reasons,
            expected(*state).into_iter().collect::<Vec<_>>(),
            "{state}"
        );
        if let Some(reason) = verdict.reasons.first() {
            let offset = state.is_held().then_some(42);
            let held = Age::since(Duration::ZERO, Duration::from_secs(1));
            assert_eq!(
                reason.measured,
                Measured::Partition {
                    id: 3,
                    offset,
                    held
                }
            );
        }
    }
}

/// What is done to a good stream, and the reason that must come of it.
type Case = (fn(&mut Stream), ReasonCode, Level);

#[test]
fn archive_breaker_sends_drops_and_instruments_have_their_reasons() {
    let cases: [Case; 8] = [
        (
            |s| s.facts.archive.state = ArchiveState::Failing,
            ReasonCode::ArchiveFailing,
            Level::Warn,
        ),
        (
            |s| s.facts.archive.state = ArchiveState::Blocked,
            ReasonCode::ArchiveFailing,
            Level::Fail,
        ),
        (
            |s| s.facts.archive.oldest_pending_since = Some(s.now() - Duration::from_secs(31)),
            ReasonCode::ArchivePending,
            Level::Warn,
        ),
        (
            |s| s.facts.breaker = Some(BreakerFacts::new(BreakerState::Open, s.now())),
            ReasonCode::BreakerOpen,
            Level::Warn,
        ),
        (
            |s| s.facts.self_scrape = Some(1),
            ReasonCode::SelfScrape,
            Level::Fail,
        ),
        (
            |s| s.metrics.clients().unwrap().lagged(s.now(), 11),
            ReasonCode::MessagesDropped,
            Level::Warn,
        ),
        (
            |s| {
                (0..3).for_each(|_| {
                    s.metrics
                        .clients()
                        .unwrap()
                        .sent(s.now(), SendOutcome::TimedOut)
                })
            },
            ReasonCode::SendFailures,
            Level::Warn,
        ),
        (
            |s| {
                (0..3).for_each(|_| {
                    s.metrics
                        .clients()
                        .unwrap()
                        .sent(s.now(), SendOutcome::Failed)
                })
            },
            ReasonCode::SendFailures,
            Level::Warn,
        ),
    ];
    for (cause, code, level) in cases {
        let mut stream = Stream::new();
        let _ = stream.seconds(100, &[(GOOD, 1)]);
        assert_eq!(stream.judge().reasons, []);
        cause(&mut stream);
        let verdict = stream.judge();
        let reasons: Vec<_> = verdict.reasons.iter().map(|r| (r.code, r.level)).collect();
        assert_eq!(reasons, [(code, level)]);
        assert_eq!(verdict.level, level);
    }
}

#[test]
fn ten_drops_pass_and_eleven_warn() {
    for (drops, warned) in [(9, false), (10, false), (11, true)] {
        let mut stream = Stream::new();
        let _ = stream.second(&[(GOOD, 1)]);
        stream
            .metrics
            .clients()
            .unwrap()
            .lagged(stream.now(), drops);
        assert_eq!(stream.judge().level == Level::Warn, warned, "{drops} drops");
    }
}

#[test]
fn liveness_asks_only_whether_the_loop_turns() {
    let stream = Stream::new();
    let snapshot = stream.metrics.latest();
    for (age, alive) in [(29, true), (30, true), (31, false)] {
        let now = snapshot.taken_at + Duration::from_secs(age);
        assert_eq!(snapshot.is_live(now), alive, "{age} s");
    }
}

#[test]
fn an_instance_is_ready_unless_its_verdict_is_fail() {
    let mut stream = Stream::new();
    let verdicts = [
        (stream.seconds(10, &[(GOOD, 1)]), (Level::Pass, true)),
        (
            {
                stream.metrics.clients().unwrap().lagged(stream.now(), 100);
                stream.judge()
            },
            (Level::Warn, true),
        ),
        (stream.second(&[(BAD, 100)]), (Level::Fail, false)),
    ];
    for (verdict, expected) in verdicts {
        assert_eq!((verdict.level, verdict.is_ready()), expected);
    }
}

#[test]
fn the_same_snapshot_gives_the_same_verdict() {
    let mut stream = Stream::new();
    let _ = stream.seconds(50, &[(GOOD, 5), (BAD, 1), (NULL, 1)]);
    let snapshot = stream.metrics.latest();
    let verdict = || {
        judge(
            stream.now(),
            &snapshot,
            &stream.policy,
            stream.gates.clone(),
        )
    };
    assert_eq!(verdict(), verdict());
}

#[test]
fn every_reason_has_a_heading_in_the_runbook_and_its_rule_reads_what_is_exported() {
    let runbook = include_str!("../RUNBOOK.md");
    let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
    for code in ReasonCode::LABEL.values {
        assert!(runbook.contains(&format!("\n## {code}\n")), "{code}");
        let read = dashstream::reads(*code);
        assert!(!read.is_empty(), "{code}");
        for family in read {
            assert!(
                metrics.catalogue().find(family).is_some(),
                "{code}: {family}"
            );
        }
    }
}

#[test]
fn a_reason_stands_for_130_seconds_after_it_ended() {
    let mut stream = Stream::new();
    stream.facts.broker_refusal = Some(Refusal::new(Duration::ZERO, "no"));
    let _ = stream.second(&[(GOOD, 1)]);
    stream.facts.broker_refusal = None;
    for (second, stands) in [(130, true), (131, true), (132, false)] {
        stream.second = second - 1;
        let gates = stream.second(&[(GOOD, 1)]).gates;
        let seen = gates
            .standing
            .stands(ReasonCode::BrokerRefusal, Level::Fail);
        assert_eq!(seen, stands, "at {second} s, of a reason at 1 s");
        assert!(
            !gates
                .standing
                .stands(ReasonCode::BrokerRefusal, Level::Warn)
        );
    }
}
