//! Reasons beside the rates: partitions, lag, brokers, letters, and the instruments themselves.

use core::time::Duration;

use dashstream::metrics::{Age, Level};
use dashstream::policy::{Breaker, FailureReason};
use dashstream::{
    ArchiveState, BreakerObservation, BrokerRefusal, ErrorType, InfrastructureError, Measured,
    PartitionObservation, PartitionState, ReasonCode, SendOutcome, Status, Verdict,
};

use crate::stream::*;

#[test]
fn a_dead_broker_warns_fails_after_its_age_and_is_over_when_it_answers() {
    let mut stream = Stream::new();
    let _ = stream.seconds(100, &[(GOOD, 1)]);
    stream
        .metrics
        .infrastructure_error(stream.now(), InfrastructureError::BrokerDown);
    stream.observed.broker_unreachable_since = Some(stream.now());
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
    stream.observed.broker_unreachable_since = None;
    let verdict = stream.second(&[(GOOD, 1)]);
    assert_eq!((verdict.status, verdict.reasons), (Status::Healthy, vec![]));
}

#[test]
fn a_refusal_fails_at_once_in_the_brokers_words_and_until_it_ends() {
    let mut stream = Stream::new();
    let words = "Broker: Group authorization failed";
    let _ = stream.second(&[(GOOD, 1)]);
    stream.observed.broker_refusal = Some(BrokerRefusal::new(stream.now(), words));
    for seconds in [1, 119, 3_600] {
        let verdict = stream.seconds(seconds, &[]);
        assert_eq!(verdict.level, Level::Fail);
        let reason = verdict.reason(ReasonCode::BrokerRefusal).unwrap();
        assert!(reason.to_string().contains(words), "{reason}");
        assert!(!verdict.is_ready());
    }
    stream.observed.broker_refusal = None;
    assert_eq!(stream.second(&[(GOOD, 1)]).level, Level::Pass);
}

/// A stream whose one partition is as far behind as `lag` says for each second.
fn behind(stream: &mut Stream, seconds: u64, lag: impl Fn(u64) -> Option<u64>) -> Verdict {
    let mut verdict = stream.judge();
    for second in 0..seconds {
        let mut partition = PartitionObservation::new(0, PartitionState::Running, stream.now());
        partition.lag = lag(second);
        stream.observed.partitions = vec![partition];
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
            let mut partition =
                PartitionObservation::new(id, PartitionState::Running, Duration::ZERO);
            partition.lag = Some(lag);
            partition
        };
        stream.observed.partitions = vec![of(0, 20_000), of(1, 9_000_000 - second * 1_000)];
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
        stream.observed.archive.state = ArchiveState::Healthy;
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
        let mut partition = PartitionObservation::new(3, *state, Duration::ZERO);
        partition.held_at = state.is_held().then_some(42);
        stream.observed.partitions.push(partition);
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
            |s| s.observed.archive.state = ArchiveState::Failing,
            ReasonCode::ArchiveFailing,
            Level::Warn,
        ),
        (
            |s| s.observed.archive.state = ArchiveState::Blocked,
            ReasonCode::ArchiveFailing,
            Level::Fail,
        ),
        (
            |s| s.observed.archive.oldest_pending_since = Some(s.now() - Duration::from_secs(31)),
            ReasonCode::ArchivePending,
            Level::Warn,
        ),
        (
            |s| s.observed.breaker = Some(BreakerObservation::new(Breaker::Open, s.now())),
            ReasonCode::BreakerOpen,
            Level::Warn,
        ),
        (
            |s| s.observed.self_scrape = Some(1),
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
