use super::*;

fn at(offset: i64) -> Offset {
    Offset::new(offset).expect("an offset")
}

const OUT: State = State::Out(Duration::ZERO);

fn push(tracker: &mut Tracker, offset: i64, serial: u64) -> Slot {
    tracker.push(Duration::ZERO, (at(offset), serial), OUT, Some(0), 10)
}

fn three() -> (Tracker, [Slot; 3]) {
    let mut tracker = Tracker::default();
    let slots = [3, 7, 8].map(|offset: i64| push(&mut tracker, offset, offset.unsigned_abs()));
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
        let first = push(&mut tracker, 9, 9);
        let last = push(&mut tracker, 10, 10);
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
fn a_record_takes_the_72_bytes_that_the_configuration_counts_with() {
    assert_eq!(size_of::<Entry>(), 72);
}

#[test]
fn a_slot_that_was_reused_does_not_answer_to_its_old_serial() {
    let (mut tracker, [_, second, third]) = three();
    assert_eq!(tracker.give_up(at(7), 0).len(), 2);
    assert_eq!(tracker.give_up(at(7), 0).len(), 0);
    let again = push(&mut tracker, 7, 9);
    assert_eq!(again.number, second.number);
    assert!(tracker.get(second).is_none());
    assert!(tracker.get(third).is_none());
    assert!(tracker.get(again).is_some());
}

#[test]
fn what_is_settled_behind_a_record_that_is_given_up_is_kept_and_so_are_the_places_between() {
    let (mut tracker, [_, second, third]) = three();
    assert!(tracker.settle(third, StoreReason::Processed).is_some());
    assert_eq!((tracker.len(), tracker.bytes()), (3, 20));
    let given_up: Vec<i64> = tracker
        .give_up(at(3), 1)
        .iter()
        .map(|entry| entry.offset.get())
        .collect();
    assert_eq!(given_up, [3, 7]);
    assert_eq!((tracker.len(), tracker.kept(), tracker.bytes()), (1, 1, 0));
    assert!(tracker.expects(at(3)) && tracker.expects(at(7)) && !tracker.expects(at(8)));
    assert!(!tracker.is_settled(at(3)));
    let first = push(&mut tracker, 3, 20);
    let again = push(&mut tracker, 7, 21);
    assert_eq!(again.number, second.number);
    assert!(tracker.is_settled(at(8)));
    for slot in [first, again] {
        assert!(tracker.settle(slot, StoreReason::Processed).is_some());
    }
    let next = tracker
        .release()
        .map(|released| (released.next, released.count));
    assert_eq!(next, Some((at(8).next(), 3)));
}

#[test]
fn a_record_that_is_not_there_when_it_is_to_be_read_again_is_passed() {
    let (mut tracker, [.., third]) = three();
    assert!(tracker.settle(third, StoreReason::Processed).is_some());
    assert_eq!(tracker.give_up(at(3), 1).len(), 2);
    assert_eq!(tracker.release(), None);
    // Neither 3 nor 7 is delivered before 8.
    assert!(tracker.is_settled(at(8)));
    let next = tracker
        .release()
        .map(|released| (released.next, released.count));
    assert_eq!(next, Some((at(8).next(), 1)));
    assert_eq!(tracker.len(), 0);
}

#[test]
fn no_more_is_kept_than_there_is_room_for() {
    let (mut tracker, slots) = three();
    for slot in slots {
        assert!(tracker.settle(slot, StoreReason::Processed).is_some());
    }
    let first = push(&mut tracker, 9, 9);
    assert_eq!(tracker.give_up(at(3), 2).len(), 2);
    assert_eq!(
        (tracker.len(), tracker.front().map(|of| of.offset)),
        (2, Some(at(3)))
    );
    assert!(tracker.get(first).is_none());
}
