use super::*;

const PATIENCE: Duration = Duration::from_secs(60);

const fn at(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

#[test]
fn a_partition_that_lags_is_stalled_when_its_patience_is_over_and_not_before() {
    let mut progress = Progress::new(at(0), Some(3));
    assert_eq!(progress.judge(at(59), false, Some(9), PATIENCE), None);
    assert_eq!(
        progress.judge(at(60), false, Some(9), PATIENCE),
        Some(Change::Stalled)
    );
    assert_eq!(progress.judge(at(61), false, Some(9), PATIENCE), None);
    assert_eq!(progress.stalled_since(), Some(at(0)));
    progress.moved(at(62), 4);
    assert_eq!(
        progress.judge(at(62), false, Some(9), PATIENCE),
        Some(Change::Unstalled)
    );
    assert_eq!(progress.stalled_since(), None);
}

#[test]
fn an_idle_partition_is_never_stalled() {
    let mut progress = Progress::new(at(0), Some(9));
    for now in 0..1_000 {
        assert_eq!(progress.judge(at(now), false, Some(9), PATIENCE), None);
    }
    // Its patience begins when there is something to read.
    assert_eq!(progress.judge(at(1_058), false, Some(10), PATIENCE), None);
    assert_eq!(
        progress.judge(at(1_059), false, Some(10), PATIENCE),
        Some(Change::Stalled)
    );
}

#[test]
fn a_paused_partition_is_not_stalled_and_its_patience_begins_at_resume() {
    let mut progress = Progress::new(at(0), Some(3));
    assert_eq!(progress.judge(at(600), true, Some(9), PATIENCE), None);
    assert_eq!(progress.judge(at(659), false, Some(9), PATIENCE), None);
    assert_eq!(
        progress.judge(at(660), false, Some(9), PATIENCE),
        Some(Change::Stalled)
    );
}

#[test]
fn without_a_fresh_watermark_nothing_is_concluded() {
    let mut progress = Progress::new(at(0), Some(3));
    assert_eq!(progress.judge(at(600), false, None, PATIENCE), None);
    assert_eq!(
        progress.judge(at(601), false, Some(9), PATIENCE),
        Some(Change::Stalled)
    );
    assert_eq!(
        progress.judge(at(602), false, None, PATIENCE),
        None,
        "still stalled"
    );
}

#[test]
fn behind_a_marker_at_the_end_of_the_log_a_partition_is_at_rest_until_something_follows() {
    let mut progress = Progress::new(at(0), Some(5));
    progress.reached(Some(6));
    assert_eq!(progress.next(), Some(6));
    for now in 0..1_000 {
        assert_eq!(progress.judge(at(now), false, Some(6), PATIENCE), None);
    }
    // One more, which does not come.
    assert_eq!(progress.judge(at(1_058), false, Some(7), PATIENCE), None);
    assert_eq!(
        progress.judge(at(1_059), false, Some(7), PATIENCE),
        Some(Change::Stalled)
    );
    // A position that was set says nothing of how far the client has read from there.
    progress.moved(at(1_060), 3);
    assert_eq!(progress.next(), Some(3));
}

#[test]
fn a_position_that_never_became_known_stalls_too() {
    let mut progress = Progress::new(at(0), None);
    assert_eq!(
        progress.judge(at(60), false, Some(1), PATIENCE),
        Some(Change::Stalled)
    );
}
