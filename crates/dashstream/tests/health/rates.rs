//! Rates: what degrades, how fast, and what recovers.

use core::time::Duration;

use dashstream::metrics::Level;
use dashstream::{Gates, Measured, Outcome, ReasonCode, Status};

use crate::stream::*;

/// Whether decode errors are beyond their threshold in the window of 120 s.
fn short_gate(gates: &Gates) -> bool {
    let short = (ReasonCode::DecodeErrors, Duration::from_secs(120));
    gates.open.contains(&short)
}

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
