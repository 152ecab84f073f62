use super::*;

#[test]
fn a_lag_is_unknown_before_both_ends_are_known_and_never_negative() {
    let lag = |next, high| {
        PartitionLag {
            partition: crate::topics::at(0),
            next,
            low: None,
            high,
            watermarks_at: None,
            paused: false,
            stalled_since: None,
            loss_in: None,
        }
        .lag()
    };
    assert_eq!(lag(None, Some(5)), None);
    assert_eq!(lag(Some(5), None), None);
    assert_eq!(lag(Some(2), Some(5)), Some(3));
    assert_eq!(lag(Some(5), Some(5)), Some(0));
    // The answer is older than the last record.
    assert_eq!(lag(Some(6), Some(5)), Some(0));
}
