//! What a verdict says whatever its reasons are about.

use core::time::Duration;

use dashstream::metrics::Level;
use dashstream::{
    BrokerRefusal, Gates, HealthPolicy, InfrastructureError, Metrics, Observation, Options,
    ReasonCode, Status, judge,
};

use crate::stream::*;

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
    let snapshot = stream
        .metrics
        .observe(Duration::ZERO, Observation::default());
    assert_eq!(snapshot.last.message, Some(Duration::ZERO));
    assert_eq!(snapshot.last.drop, None);
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
    let runbook = include_str!("../../RUNBOOK.md");
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
    stream.observed.broker_refusal = Some(BrokerRefusal::new(Duration::ZERO, "no"));
    let _ = stream.second(&[(GOOD, 1)]);
    stream.observed.broker_refusal = None;
    for (second, stands) in [(130, true), (131, true), (132, false)] {
        stream.second = second - 1;
        let gates = stream.second(&[(GOOD, 1)]).gates;
        let seen = gates
            .active_reasons
            .is_active(ReasonCode::BrokerRefusal, Level::Fail);
        assert_eq!(seen, stands, "at {second} s, of a reason at 1 s");
        assert!(
            !gates
                .active_reasons
                .is_active(ReasonCode::BrokerRefusal, Level::Warn)
        );
    }
}
