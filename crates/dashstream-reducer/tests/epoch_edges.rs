//! Whose message it is, at the edges: by place in the log, by time to the microsecond, by number.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use core::time::Duration;

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{Outcome, Position, Reducer, ReducerLimits, ResyncReason, Stamp, Update};

const REUSED: Outcome = Outcome::Resync(ResyncReason::SequenceReused);
const FULL: Update<'_> = Update::Snapshot {
    state: b"[]",
    hash: &[],
};
/// As far as the clocks of a producer's threads may be apart.
const JITTER: i64 = 1_000_000;
const T: i64 = 1_700_000_000_000_000;
const FAR: u64 = 5_000_000;

fn run() -> Reducer {
    Reducer::new(ReducerLimits::default())
}

fn give(run: &mut Reducer, stamp: Stamp, update: Update<'_>) -> Outcome {
    run.apply(Duration::ZERO, stamp, update)
}

/// A message with an id of its own.
fn message(sequence: u64, id: u8) -> Stamp {
    Stamp::new(sequence).with_message_id(&[id; 16])
}

fn at(offset: i64) -> Position {
    Position {
        partition: 0,
        offset,
    }
}

#[test]
fn a_taken_number_of_another_message_at_a_passed_place_is_reused() {
    let mut run = run();
    for sequence in 1..=3_u8 {
        let stamp = message(sequence.into(), sequence).with_position(at(sequence.into()));
        let _taken = give(&mut run, stamp.with_time_us(T + i64::from(sequence)), FULL);
    }
    let other = message(2, 99).with_position(at(2)).with_time_us(T + 2);
    assert_eq!(give(&mut run, other, Update::Other), REUSED);
}

#[test]
fn what_a_full_state_stands_for_is_stale_when_it_comes_at_a_passed_place() {
    let mut run = run();
    let _full = give(&mut run, message(1, 1).with_position(at(1)), FULL);
    let _full = give(&mut run, message(5, 5).with_position(at(5)), FULL);
    let contained = message(3, 3).with_position(at(3));
    assert_eq!(give(&mut run, contained, Update::Other), Outcome::Stale);
    // What was taken itself is a duplicate.
    let taken = Stamp::new(5).with_position(at(5));
    assert_eq!(give(&mut run, taken, FULL), Outcome::Duplicate);
}

#[test]
fn two_far_numbers_that_lie_together_begin_an_epoch_and_one_that_comes_twice_does_not() {
    let mut run = run();
    let _met = give(&mut run, message(1, 1), Update::Other);
    let epoch = run.epoch();
    let _jump = give(&mut run, message(FAR, 2), Update::Other);
    let _again = give(&mut run, message(FAR, 3), Update::Other);
    assert_eq!(run.epoch(), epoch);
    let _next = give(&mut run, message(FAR + 1, 4), Update::Other);
    assert_eq!(run.epoch(), epoch + 1);
}

#[test]
fn messages_of_one_record_stand_at_one_place() {
    let mut run = run();
    let batch = at(2);
    let _met = give(&mut run, message(1, 1).with_position(at(1)), Update::Other);
    let epoch = run.epoch();
    for (sequence, id) in [(FAR, 2), (FAR + 1, 3)] {
        let stamp = message(sequence, id).with_position(batch);
        let _far = give(&mut run, stamp, Update::Other);
    }
    assert_eq!(run.epoch(), epoch + 1, "the second is at no passed place");
}

/// A run whose number 2 came twice, with 3 and 4 missing.
fn in_doubt(time: impl Fn(u64) -> Option<i64>) -> Reducer {
    let mut run = run();
    for (sequence, id, update) in [
        (1, 1, FULL),
        (2, 2, Update::Other),
        (5, 5, Update::Other),
        (2, 99, Update::Other),
    ] {
        let mut stamp = message(sequence, id);
        if let Some(time) = time(sequence) {
            stamp = stamp.with_time_us(time);
        }
        let _outcome = give(&mut run, stamp, update);
    }
    assert_eq!(run.needs_resync(), Some(ResyncReason::SequenceReused));
    run
}

#[test]
fn a_full_state_among_numbers_in_doubt_begins_an_epoch_unless_it_is_not_later() {
    let mut run = in_doubt(|_| None);
    let epoch = run.epoch();
    let _part = give(&mut run, message(4, 4), Update::Other);
    assert_eq!(run.epoch(), epoch, "a part tells nothing");
    assert_eq!(give(&mut run, message(3, 3), FULL).code(), "recovered");
    assert_eq!(run.epoch(), epoch + 1);

    let mut run = in_doubt(|_| Some(T));
    let _full = give(&mut run, message(3, 3).with_time_us(T), FULL);
    assert_eq!(run.epoch(), epoch, "it was made with the others");
}

#[test]
fn what_a_full_state_stands_for_is_late_up_to_the_jitter() {
    for (time, outcome) in [
        (T + JITTER - 1, Outcome::Stale),
        (T + JITTER, Outcome::Stale),
        (T + JITTER + 1, REUSED),
    ] {
        let mut run = run();
        let _full = give(&mut run, message(1, 1).with_time_us(T - 1), FULL);
        let _full = give(&mut run, message(5, 5).with_time_us(T), FULL);
        let _next = give(
            &mut run,
            message(6, 6).with_time_us(T + 2 * JITTER),
            Update::Other,
        );
        let contained = message(3, 3).with_time_us(time);
        assert_eq!(give(&mut run, contained, Update::Other), outcome, "{time}");
    }
}

#[test]
fn what_is_older_than_the_first_message_by_more_than_the_jitter_is_left_over() {
    for (time, left_over) in [
        (T - JITTER + 1, false),
        (T - JITTER, false),
        (T - JITTER - 1, true),
    ] {
        let mut run = run();
        let _full = give(&mut run, message(1, 1).with_time_us(T), FULL);
        let outcome = give(&mut run, message(2, 2).with_time_us(time), Update::Other);
        assert_eq!(outcome == REUSED, left_over, "{time}: {outcome:?}");
    }
}

#[test]
fn the_first_message_is_the_one_with_the_lowest_number() {
    let mut run = run();
    let _first = give(&mut run, message(5, 5).with_time_us(T), Update::Other);
    let lower = message(3, 3).with_time_us(T - JITTER / 2);
    let _lower = give(&mut run, lower, Update::Other);
    let between = message(4, 4).with_time_us(T - JITTER * 2);
    assert_eq!(give(&mut run, between, Update::Other), REUSED);
}

#[test]
fn without_a_state_the_second_full_state_below_the_last_is_believed() {
    let mut run = run();
    let _full = give(&mut run, message(1, 1), FULL);
    let _full = give(&mut run, message(9, 9), FULL);
    let _lost = give(&mut run, Stamp::default(), Update::Lost);
    assert_eq!(give(&mut run, message(3, 3), FULL), Outcome::Stale);
    assert_eq!(give(&mut run, message(4, 4), FULL).code(), "recovered");
    // A part of a message says nothing of the kind.
    let mut run = self::run();
    let _full = give(&mut run, message(1, 1), FULL);
    let _full = give(&mut run, message(9, 9), FULL);
    let _lost = give(&mut run, Stamp::default(), Update::Lost);
    assert_eq!(give(&mut run, message(3, 3), Update::Other), Outcome::Stale);
    assert_eq!(give(&mut run, message(4, 4), FULL), Outcome::Stale);
}

#[test]
fn what_waited_is_thrown_away_when_it_may_be_of_either_producer() {
    let mut run = run();
    let _full = give(&mut run, message(1, 1), FULL);
    let _other = give(&mut run, message(2, 2), Update::Other);
    let append = [Encoded {
        op: 0,
        path: "/-",
        value: b"1",
        ..Encoded::default()
    }];
    let waits = Update::Diff {
        operations: append.as_slice().into(),
        hash: &[],
        base: &[],
    };
    assert_eq!(give(&mut run, message(4, 4), waits).code(), "resync");
    assert_eq!(give(&mut run, message(2, 99), Update::Other), REUSED);
    let healed = give(&mut run, message(3, 3), FULL);
    assert_eq!(healed, Outcome::Recovered { replayed: 0 });
    assert_eq!(run.state().unwrap().to_string(), "[]");
}

#[test]
fn a_start_that_comes_again_under_another_number_is_the_same_start() {
    let mut run = run();
    let start = Update::Start { state: Some(b"[]") };
    assert_eq!(give(&mut run, message(1, 7), start).code(), "recovered");
    let epoch = run.epoch();
    assert_eq!(give(&mut run, message(3, 7), start), Outcome::Duplicate);
    assert_eq!(run.epoch(), epoch);
}
