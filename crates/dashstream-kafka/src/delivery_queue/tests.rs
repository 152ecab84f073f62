use core::time::Duration;

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
fn queue() -> DeliveryQueue {
    let queue = DeliveryQueue::new(Arc::default());
    for partition in [0, 1] {
        assert!(queue.push(&mut taken(partition, 0..4)));
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
fn nothing_behind_a_rejected_record_can_be_had_until_the_engine_has_decided() {
    let queue = queue();
    let other = [(1, 0), (1, 1), (1, 2), (1, 3)];
    assert_eq!(had_after_a_verdict(&queue), other);
    // It was another attempt, say: the engine gave nothing up.
    assert_eq!(take(&queue), Some((0, 1)));
    assert_eq!(queue.withdraw(0, 3), 1);
    assert_eq!((take(&queue), take(&queue)), (Some((0, 2)), None));
}

#[test]
fn a_closed_desk_takes_nothing_and_says_what_was_not_looked_at() {
    let queue = queue();
    assert!(take(&queue).is_some());
    assert_eq!(queue.close(), 7);
    assert!(!queue.push(&mut taken(0, 4..5)));
    assert_eq!(take(&queue), None);
}
