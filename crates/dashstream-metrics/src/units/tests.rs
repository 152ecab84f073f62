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
