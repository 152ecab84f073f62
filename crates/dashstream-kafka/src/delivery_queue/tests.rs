use core::time::Duration;

use dashstream_policy::{Admission, Assignment, Delivery, Engine, Input, Offset, TopicPartition};

use super::*;
use crate::topics::at;

/// Records of a partition, as an engine takes them.
pub(crate) fn taken(partition: i32, offsets: core::ops::Range<i64>) -> Vec<QueuedRecord> {
    let at = TopicPartition::new(0, partition);
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
                message: Message::at(at, offset),
                delivered,
                refused: None,
            }
        })
        .collect()
}

/// A queue with records 0 to 3 of partitions 0 and 1.
fn queue(ordering: Ordering) -> DeliveryQueue {
    let queue = DeliveryQueue::new(Arc::default(), Topics::new(["t"].into_iter()), ordering);
    for partition in [0, 1] {
        assert!(queue.push(&mut taken(partition, 0..4)));
    }
    queue
}

fn take(queue: &DeliveryQueue, max: usize) -> Vec<QueuedRecord> {
    let mut taken = Vec::new();
    queue.state().take(max, queue.ordering, &mut taken);
    taken
}

fn places(records: &[QueuedRecord]) -> Vec<(i32, i64)> {
    let place = |record: &QueuedRecord| {
        let (at, offset) = record.place();
        (at.partition(), offset)
    };
    records.iter().map(place).collect()
}

fn had(queue: &DeliveryQueue) -> Vec<(i32, i64)> {
    places(&take(queue, usize::MAX))
}

/// Accepts a record that is out, and says whether that counts.
fn accept(queue: &DeliveryQueue, record: QueuedRecord) -> bool {
    let QueuedRecord {
        message, delivered, ..
    } = record;
    queue.accepted(&message, delivered).is_none()
}

/// Gives a verdict other than acceptance on a record that is out.
fn verdict(queue: &DeliveryQueue, record: &QueuedRecord, ends: bool) -> bool {
    queue.verdict_sent(&record.message, DeliveryId::on(&record.delivered), ends)
}

#[test]
fn nothing_behind_a_rejected_record_can_be_had_until_the_engine_has_decided() {
    let queue = queue(Ordering::Unordered);
    let first = take(&queue, 1).pop().unwrap();
    assert!(verdict(&queue, &first, false));
    assert_eq!(had(&queue), [(1, 0), (1, 1), (1, 2), (1, 3)]);
    // It was another attempt, say: the engine gave nothing up.
    queue.verdict_applied(DeliveryId::on(&first.delivered));
    assert_eq!(places(&take(&queue, 1)), [(0, 1)]);
    assert_eq!(queue.withdraw(at(0), 3), 1);
    assert_eq!(had(&queue), [(0, 2)]);
}

#[test]
fn one_record_of_a_partition_is_out_at_a_time_and_partitions_take_turns() {
    let queue = queue(Ordering::Partition);
    let first = take(&queue, 1).pop().unwrap();
    let second = take(&queue, 1).pop().unwrap();
    assert_eq!((first.place(), second.place()), ((at(0), 0), (at(1), 0)));
    assert_eq!(had(&queue), []);
    assert!(accept(&queue, second));
    assert!(accept(&queue, first));
    assert_eq!(places(&take(&queue, 1)), [(1, 1)]);
    assert_eq!(places(&take(&queue, 1)), [(0, 1)]);
}

#[test]
fn a_batch_is_out_as_a_whole_and_ends_at_the_first_record_that_is_released() {
    let queue = queue(Ordering::Partition);
    let batch = take(&queue, 3);
    assert_eq!(places(&batch), [(0, 0), (0, 1), (0, 2)]);
    let Ok([a, b, c]) = <[QueuedRecord; 3]>::try_from(batch) else {
        panic!("three records");
    };
    assert!(accept(&queue, a));
    assert!(verdict(&queue, &b, true));
    // The engine gets back what was not handed out, and the host's word on the rest is void.
    let of_b = queue.unapplied(DeliveryId::on(&b.delivered)).unwrap();
    let lane = of_b.lane.unwrap();
    let back = queue.take_back(lane, DeliveryId::on(&b.delivered));
    assert_eq!(places(&back), [(0, 3)]);
    queue.verdict_applied(DeliveryId::on(&b.delivered));
    assert!(queue.push(&mut taken(0, 1..2)));
    assert_eq!(had(&queue), [(1, 0), (1, 1), (1, 2), (1, 3)]);
    assert!(!accept(&queue, c));
    // Now nothing of it is out any more.
    assert_eq!(had(&queue), [(0, 1)]);
}

#[test]
fn a_rejected_record_does_not_end_its_batch() {
    let queue = queue(Ordering::Partition);
    let mut batch = take(&queue, 2);
    let second = batch.pop().unwrap();
    assert!(verdict(&queue, &batch[0], false));
    assert!(accept(&queue, second));
}

#[test]
fn by_key_the_records_of_one_key_come_one_at_a_time() {
    let queue = DeliveryQueue::new(
        Arc::default(),
        Topics::new(["t"].into_iter()),
        Ordering::Key,
    );
    let mut records = taken(0, 0..4);
    for record in &mut records {
        let key = if record.message.offset % 2 == 0 {
            "a"
        } else {
            "b"
        };
        record.message.key = Some(key.into());
    }
    assert!(queue.push(&mut records));
    let out = take(&queue, 1).pop().unwrap();
    let other = take(&queue, 1);
    assert_eq!((out.place(), places(&other)), ((at(0), 0), vec![(0, 1)]));
    assert_eq!(had(&queue), []);
    assert!(accept(&queue, out));
    assert_eq!(had(&queue), [(0, 2)]);
}

#[test]
fn a_closed_queue_takes_nothing_and_says_what_was_not_looked_at() {
    for ordering in Ordering::ALL {
        let queue = queue(ordering);
        assert!(accept(&queue, take(&queue, 1).pop().unwrap()));
        assert_eq!(queue.close(), 7);
        let mut accepted = Vec::new();
        queue.take_accepted(true, &mut accepted);
        assert_eq!(accepted.len(), 1, "what was accepted before stays so");
        assert!(!queue.push(&mut taken(0, 4..5)));
        assert_eq!(had(&queue), []);
    }
}

/// Only what the host waits for, or many, is taken before it is due.
#[test]
fn what_is_accepted_is_taken_when_it_is_due_or_many() {
    let queue = DeliveryQueue::new(
        Arc::default(),
        Topics::new(["t"].into_iter()),
        Ordering::Unordered,
    );
    let many = ACCEPTED_MANY as i64;
    let mut records = taken(0, 0..many);
    assert!(queue.push(&mut records));
    let mut accepted = Vec::new();
    let mut take_some = |is_due| {
        queue.take_accepted(is_due, &mut accepted);
        accepted.drain(..).count()
    };
    let mut records = take(&queue, ACCEPTED_MANY).into_iter();
    let last = records.next_back().unwrap();
    records.for_each(|record| assert!(accept(&queue, record)));
    assert_eq!(take_some(false), 0, "one under");
    assert!(accept(&queue, last));
    assert_eq!(take_some(false), ACCEPTED_MANY, "at the limit");

    assert!(queue.push(&mut taken(0, 0..2)));
    for record in take(&queue, 2) {
        assert!(accept(&queue, record));
        assert_eq!((take_some(false), take_some(true)), (0, 1));
    }
    assert!(queue.push(&mut taken(0, 0..1)));
    assert!(accept(&queue, take(&queue, 1).pop().unwrap()));
    queue.state().is_waiting = true;
    assert_eq!(take_some(false), 1);
}
