use super::*;

fn at(offset: i64) -> Offset {
    Offset::new(offset).expect("an offset")
}

fn three() -> (Tracker, [Slot; 3]) {
    let mut tracker = Tracker::default();
    let slots = [3, 7, 8].map(|offset: i64| {
        tracker.push(
            Duration::ZERO,
            at(offset),
            offset.unsigned_abs(),
            State::Out(Duration::ZERO),
        )
    });
    (tracker, slots)
}

#[test]
fn nothing_is_released_past_the_first_outstanding_record() {
    let (mut tracker, [first, second, third]) = three();
    tracker.settle(second, StoreReason::Processed);
    assert_eq!(tracker.release(), None);
    tracker.settle(first, StoreReason::Processed);
    let released = |next: i64, reason, count, rejected| {
        let next = at(next).next();
        Some(Released {
            next,
            reason,
            count,
            rejected,
        })
    };
    assert_eq!(
        tracker.release(),
        released(7, StoreReason::Processed, 2, false)
    );
    tracker.settle(third, StoreReason::Ignored);
    assert_eq!(
        tracker.release(),
        released(8, StoreReason::Ignored, 1, false)
    );
    for (reason, rejected) in [
        (StoreReason::Configured, true),
        (StoreReason::Archived, true),
        (StoreReason::Ordered, true),
        (StoreReason::Ignored, false),
    ] {
        let first = tracker.push(Duration::ZERO, at(9), 9, State::Out(Duration::ZERO));
        let last = tracker.push(Duration::ZERO, at(10), 10, State::Out(Duration::ZERO));
        tracker.settle(first, reason);
        tracker.settle(last, StoreReason::Processed);
        assert_eq!(
            tracker.release(),
            released(10, StoreReason::Processed, 2, rejected)
        );
    }
    assert_eq!(tracker.len(), 0);
}

#[test]
fn a_record_takes_the_48_bytes_that_the_configuration_counts_with() {
    assert_eq!(size_of::<Entry>(), 48);
}

#[test]
fn a_slot_that_was_reused_does_not_answer_to_its_old_serial() {
    let (mut tracker, [_, second, third]) = three();
    assert!(tracker.pop_from(at(7)).is_some());
    assert!(tracker.pop_from(at(7)).is_some());
    assert!(tracker.pop_from(at(7)).is_none());
    let again = tracker.push(Duration::ZERO, at(7), 9, State::Out(Duration::ZERO));
    assert_eq!(again.number, second.number);
    assert!(tracker.get(second).is_none());
    assert!(tracker.get(third).is_none());
    assert!(tracker.get(again).is_some());
}
