use super::*;

#[test]
fn five_lines_pass_in_ten_seconds_and_the_next_says_how_many_did_not() {
    let throttle = Throttle::default();
    let at = Duration::from_millis;
    let pass = |millis| throttle.pass(Line::ArchiveRefused, at(millis));
    assert_eq!([1, 2, 3, 4].map(pass), [Some(0); 4]);
    assert_eq!([5, 6, 7].map(pass), [Some(0), None, None]);
    assert_eq!(
        throttle.pass(Line::PartitionHeld, at(7)),
        Some(0),
        "each kind"
    );
    assert_eq!([9_999, 10_000, 10_001].map(pass), [None, Some(3), Some(0)]);
}

#[test]
fn what_no_line_follows_is_said_when_its_window_is_over() {
    let throttle = Throttle::default();
    for _ in 0..8 {
        let _passed = throttle.pass(Line::MessageOfNoRun, Duration::ZERO);
    }
    assert_eq!(throttle.left_out(Duration::from_millis(9_999)), []);
    let over = WINDOW;
    assert_eq!(throttle.left_out(over), [(Line::MessageOfNoRun, 3)]);
    assert_eq!(throttle.left_out(over), [], "once");
    assert_eq!(throttle.pass(Line::MessageOfNoRun, over), Some(0));
}

#[test]
fn each_kind_has_its_place() {
    for (at, line) in Line::ALL.into_iter().enumerate() {
        assert_eq!(line as usize, at);
    }
}
