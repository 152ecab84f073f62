use core::time::Duration;
use std::sync::mpsc::channel;

use dashstream_policy::{
    Admission, Assignment, Delivery, Engine, Input, Offset, TopicId, TopicPartition,
};

use super::*;

/// Records of a partition, as an engine takes them.
pub(crate) fn taken(partition: i32, offsets: core::ops::Range<i64>) -> Vec<QueuedRecord> {
    let at = TopicPartition::new(TopicId::new(0), partition);
    let mut engine = Engine::<()>::new(dashstream_policy::Config::default()).unwrap();
    let (now, assignment) = (Duration::ZERO, Assignment::new(1));
    engine.handle(
        now,
        Input::Assigned {
            partition: at,
            assignment,
            committed: Offset::new(offsets.start).ok(),
            low: None,
        },
    );
    offsets
        .map(|offset| {
            let delivery = Delivery::new(at, assignment, Offset::new(offset).unwrap());
            let Admission::Take(delivered) = engine.delivered(now, delivery) else {
                panic!("{offset} was not taken");
            };
            QueuedRecord {
                message: Message::at(partition, offset),
                delivered,
            }
        })
        .collect()
}

/// A queue with records 0 to 3 of partitions 0 and 1.
fn queue(mode: Mode, escalation: Escalation) -> DeliveryQueue {
    let (inbox, _events) = channel();
    let queue = DeliveryQueue::new(inbox, mode, escalation);
    for partition in [0, 1] {
        for taken in taken(partition, 0..4) {
            assert!(queue.push(taken));
        }
    }
    queue
}

fn take(queue: &DeliveryQueue) -> Option<(i32, i64)> {
    queue.state().take().map(|taken| taken.place())
}

/// Gives a verdict on the record at offset 0 of partition 0, and returns what can be had then.
fn had_after_a_verdict(queue: &DeliveryQueue) -> Vec<(i32, i64)> {
    let first = queue.state().take().unwrap();
    queue.verdict_sent(DeliveryId::on(&first.delivered));
    let mut had = Vec::new();
    while let Some(place) = take(queue) {
        had.push(place);
    }
    queue.verdict_applied(DeliveryId::on(&first.delivered));
    had
}

#[test]
fn where_a_record_may_be_held_nothing_behind_it_can_be_had_until_that_is_decided() {
    let queue = queue(Mode::Pause, Escalation::Off);
    let other = [(1, 0), (1, 1), (1, 2), (1, 3)];
    assert_eq!(had_after_a_verdict(&queue), other);
    // It was another attempt, say: the engine gave nothing up.
    assert_eq!(take(&queue), Some((0, 1)));
    assert_eq!(queue.withdraw(0, 3), 1);
    assert_eq!((take(&queue), take(&queue)), (Some((0, 2)), None));
}

#[test]
fn where_no_record_can_be_held_nobody_waits() {
    for escalation in [Escalation::Off, Escalation::Pause] {
        assert_eq!(had_after_a_verdict(&queue(Mode::Skip, escalation)).len(), 7);
    }
}

#[test]
fn an_open_breaker_makes_a_skip_a_pause_where_the_policy_says_so() {
    for (escalation, had) in [(Escalation::Off, 7), (Escalation::Pause, 4)] {
        let queue = queue(Mode::Skip, escalation);
        queue.breaker(Breaker::Open);
        assert_eq!(had_after_a_verdict(&queue).len(), had);
    }
}

#[test]
fn a_closed_desk_takes_nothing_and_says_what_was_not_looked_at() {
    let queue = queue(Mode::Skip, Escalation::Off);
    assert!(take(&queue).is_some());
    assert_eq!(queue.close(), 7);
    assert!(!queue.push(taken(0, 4..5).remove(0)));
    assert_eq!(take(&queue), None);
}
