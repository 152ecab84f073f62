use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_record_is_lost_when_it_is_as_old_as_retention_and_not_before() {
    for (age, left) in [(59, 1), (60, 0), (61, 0)] {
        let held = HeldRecord {
            age: Some(s(age)),
            ..HeldRecord::default()
        };
        assert_eq!(held.loss_in(s(9), Some(s(60))), Some(s(left)));
        assert_eq!(held.loss_in(s(9), None), None, "kept for ever, or unknown");
    }
    let unknown = HeldRecord::default();
    assert_eq!(unknown.loss_in(s(9), Some(s(60))), None, "no timestamp");
}

#[test]
fn a_log_whose_start_comes_nearer_takes_the_record_when_it_is_there() {
    let held = |low| HeldRecord {
        offset: 1_000,
        age: None,
        low_before: Some((s(10), 100)),
        low: Some((s(20), low)),
    };
    // Ten records a second, and a look five seconds later.
    assert_eq!(held(200).loss_in(s(25), None), Some(s(75)));
    for (low, left) in [(999, 0), (1_000, 0), (1_001, 0)] {
        assert_eq!(held(low).loss_in(s(25), None), Some(s(left)));
    }
    assert_eq!(held(100).loss_in(s(25), None), None, "it does not move");
    assert_eq!(held(99).loss_in(s(25), None), None, "another log");
    // The nearer of the two.
    let old = HeldRecord {
        age: Some(s(50)),
        ..held(200)
    };
    assert_eq!(old.loss_in(s(25), Some(s(60))), Some(s(10)));
    assert_eq!(old.loss_in(s(25), Some(s(600))), Some(s(75)));
}
