use super::*;

#[test]
fn an_age_of_exactly_the_limit_does_not_exceed_it() {
    let limit = Duration::from_secs(30);
    for (nanos, exceeds) in [(-1, false), (0, false), (1, true)] {
        let passed = limit.checked_add(Duration::from_nanos(1)).unwrap();
        let passed = match nanos {
            -1 => limit.checked_sub(Duration::from_nanos(1)).unwrap(),
            0 => limit,
            _ => passed,
        };
        assert_eq!(Age::since(Duration::ZERO, passed).exceeds(limit), exceeds);
    }
}

#[test]
fn what_is_still_to_come_has_no_age_yet() {
    let age = Age::since(Duration::from_secs(5), Duration::from_secs(3));
    assert_eq!((age.duration(), age.whole_seconds()), (Duration::ZERO, 0));
    assert_eq!(age.to_string(), "0 s ago");
}

#[test]
fn a_rate_needs_time_and_a_share_needs_a_whole() {
    assert_eq!(PerSecond::over(3, Duration::ZERO), None);
    let rate = PerSecond::over(3, Duration::from_millis(1500)).unwrap();
    assert_eq!(
        (rate.per_second(), rate.to_string().as_str()),
        (2.0, "2.00/s")
    );
    assert_eq!(Share::of(0, 0), None);
    let share = Share::of(1, 8).unwrap();
    assert_eq!((share.fraction(), share.percent()), (0.125, 12.5));
    assert_eq!(share.to_string(), "12.50 %");
}

#[test]
fn a_share_is_never_more_than_the_whole() {
    for (part, whole, fraction) in [(9, 10, 0.9), (10, 10, 1.0), (11, 10, 1.0)] {
        assert_eq!(Share::of(part, whole).map(Share::fraction), Some(fraction));
    }
}
