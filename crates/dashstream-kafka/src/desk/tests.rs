use core::time::Duration;
use std::sync::mpsc::channel;

use dashstream_policy::{Delivery, Engine, Epoch, Input, Intake, Offset, TopicId, TopicPartition};

use super::*;

/// Records of a partition, as an engine takes them.
pub(crate) fn taken(partition: i32, offsets: core::ops::Range<i64>) -> Vec<Taken> {
    let at = TopicPartition::new(TopicId::new(0), partition);
    let mut engine = Engine::<()>::new(dashstream_policy::Config::default()).unwrap();
    let (now, epoch) = (Duration::ZERO, Epoch::new(1));
    engine.handle(
        now,
        Input::Assigned {
            partition: at,
            epoch,
            committed: Offset::new(offsets.start).ok(),
            low: None,
        },
    );
    offsets
        .map(|offset| {
            let delivery = Delivery::new(at, epoch, Offset::new(offset).unwrap());
            let Intake::Take(delivered) = engine.delivered(now, delivery) else {
                panic!("{offset} was not taken");
            };
            Taken {
                message: Message::at(partition, offset),
                delivered,
            }
        })
        .collect()
}

/// A desk with records 0 to 3 of partitions 0 and 1.
fn desk(mode: Mode, escalation: Escalation) -> Desk {
    let (inbox, _events) = channel();
    let desk = Desk::new(inbox, mode, escalation);
    for partition in [0, 1] {
        for taken in taken(partition, 0..4) {
            assert!(desk.put(taken));
        }
    }
    desk
}

fn take(desk: &Desk) -> Option<(i32, i64)> {
    desk.state().take().map(|taken| taken.place())
}

/// Gives a verdict on the record at offset 0 of partition 0, and returns what can be had then.
fn had_after_a_verdict(desk: &Desk) -> Vec<(i32, i64)> {
    let first = desk.state().take().unwrap();
    desk.judged(Verdict::on(&first.delivered));
    let mut had = Vec::new();
    while let Some(place) = take(desk) {
        had.push(place);
    }
    desk.heard(Verdict::on(&first.delivered));
    had
}

#[test]
fn where_a_record_may_be_held_nothing_behind_it_can_be_had_until_that_is_decided() {
    let desk = desk(Mode::Pause, Escalation::Off);
    let other = [(1, 0), (1, 1), (1, 2), (1, 3)];
    assert_eq!(had_after_a_verdict(&desk), other);
    // It was another attempt, say: the engine gave nothing up.
    assert_eq!(take(&desk), Some((0, 1)));
    assert_eq!(desk.take_off(0, 3), 1);
    assert_eq!((take(&desk), take(&desk)), (Some((0, 2)), None));
}

#[test]
fn where_no_record_can_be_held_nobody_waits() {
    for escalation in [Escalation::Off, Escalation::Pause] {
        assert_eq!(had_after_a_verdict(&desk(Mode::Skip, escalation)).len(), 7);
    }
}

#[test]
fn an_open_breaker_makes_a_skip_a_pause_where_the_policy_says_so() {
    for (escalation, had) in [(Escalation::Off, 7), (Escalation::Pause, 4)] {
        let desk = desk(Mode::Skip, escalation);
        desk.breaker(Breaker::Open);
        assert_eq!(had_after_a_verdict(&desk).len(), had);
    }
}

#[test]
fn a_closed_desk_takes_nothing_and_says_what_was_not_looked_at() {
    let desk = desk(Mode::Skip, Escalation::Off);
    assert!(take(&desk).is_some());
    assert_eq!(desk.close(), 7);
    assert!(!desk.put(taken(0, 4..5).remove(0)));
    assert_eq!(take(&desk), None);
}
