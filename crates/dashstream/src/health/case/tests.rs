use super::*;

#[test]
fn a_rate_is_over_after_more_than_five_mean_gaps_of_silence() {
    // One in ten seconds.
    let covered = Duration::from_secs(100);
    for (millis, over) in [(49_999, false), (50_000, false), (50_001, true)] {
        let silence = Age::since(Duration::ZERO, Duration::from_millis(millis));
        assert_eq!(is_over(covered, 10, Some(silence)), over, "{millis} ms");
    }
    assert!(is_over(covered, 10, None), "what never happened is over");
    let silence = Age::since(Duration::ZERO, Duration::from_secs(500));
    assert!(
        !is_over(covered, 0, Some(silence)),
        "no gap is longer than the window"
    );
}
