//! Producers that begin again, starts that come late, numbers that cannot be right: whose message it is.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_wrap,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use core::time::Duration;

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{Outcome, Position, Reducer, ReducerLimits, ResyncReason, Stamp, Update};

const REUSED: Outcome = Outcome::Resync(ResyncReason::SequenceReused);

/// A producer's messages, with fresh ids each, and what a consumer makes of them.
struct Feed {
    run: Reducer,
    ids: u64,
    /// Where the next record stands, and when it was made, if that is known.
    position: Option<i64>,
    time: Option<i64>,
}

impl Feed {
    fn new() -> Self {
        Self {
            run: Reducer::new(ReducerLimits::default()),
            ids: 0,
            position: None,
            time: None,
        }
    }

    fn timed() -> Self {
        Self {
            time: Some(1_000_000),
            ..Self::new()
        }
    }

    /// The stamp of a new record.
    fn stamp(&mut self, sequence: u64) -> Stamp {
        self.ids += 1;
        let mut id = [9; 16];
        id[..8].copy_from_slice(&self.ids.to_le_bytes());
        let mut stamp = Stamp::new(sequence).with_message_id(&id);
        if let Some(offset) = &mut self.position {
            *offset += 1;
            stamp = stamp.with_position(at(*offset));
        }
        if let Some(time) = &mut self.time {
            *time += 1_000;
            stamp = stamp.with_time_us(*time);
        }
        stamp
    }

    fn start(&mut self, sequence: u64, state: &str) -> Outcome {
        let stamp = self.stamp(sequence);
        let state = Some(state.as_bytes());
        self.give(stamp, Update::Start { state })
    }

    fn snapshot(&mut self, sequence: u64, state: &str) -> Outcome {
        let stamp = self.stamp(sequence);
        self.give(stamp, full(state))
    }

    /// Appends the number to the state, which is an array.
    fn append(&mut self, sequence: u64) -> Outcome {
        let stamp = self.stamp(sequence);
        append(&mut self.run, stamp, sequence)
    }

    fn other(&mut self, sequence: u64) -> Outcome {
        let stamp = self.stamp(sequence);
        self.give(stamp, Update::Other)
    }

    fn give(&mut self, stamp: Stamp, update: Update<'_>) -> Outcome {
        self.run.apply(Duration::ZERO, stamp, update)
    }

    fn shown(&self) -> Option<String> {
        self.run.state().map(ToString::to_string)
    }
}

const fn at(offset: i64) -> Position {
    let partition = 3;
    Position { partition, offset }
}

const fn full(state: &str) -> Update<'_> {
    Update::Snapshot {
        state: state.as_bytes(),
        hash: &[],
    }
}

fn append(run: &mut Reducer, stamp: Stamp, value: u64) -> Outcome {
    let value = value.to_string();
    let operations = [Encoded {
        op: 0,
        path: "/-",
        value: value.as_bytes(),
        ..Encoded::default()
    }];
    let update = Update::Diff {
        operations: operations.as_slice().into(),
        hash: &[],
        base: &[],
    };
    run.apply(Duration::ZERO, stamp, update)
}

/// An epoch of `len` messages: a start, and numbers appended to it.
fn epoch(feed: &mut Feed, len: u64) {
    assert!(matches!(
        feed.start(1, "[]").code(),
        "recovered" | "applied"
    ));
    for sequence in 2..=len {
        assert_eq!(feed.append(sequence).code(), "applied");
    }
}

#[test]
fn a_restart_whose_start_is_lost_is_healed_by_full_states_after_any_epoch() {
    // Within the ids that are remembered, beyond them, and far beyond.
    for len in [5, 50, 64, 65, 200, 1_000] {
        let mut feed = Feed::new();
        epoch(&mut feed, len);
        assert_eq!(feed.snapshot(2, "[\"b\"]"), REUSED, "{len}");
        assert_eq!(feed.shown(), None);
        assert_eq!(feed.snapshot(3, "[\"b\",\"c\"]").code(), "recovered");
        assert_eq!(feed.shown().as_deref(), Some(r#"["b","c"]"#));
        assert_eq!(feed.append(4).code(), "applied");
        assert_eq!(feed.shown().as_deref(), Some(r#"["b","c",4]"#));
        assert_eq!(feed.run.epoch(), 1);
    }
}

#[test]
fn a_restart_whose_start_is_lost_never_has_its_diffs_applied_to_the_old_state() {
    for timed in [false, true] {
        let mut feed = if timed { Feed::timed() } else { Feed::new() };
        epoch(&mut feed, 10);
        for sequence in 2..=30 {
            let outcome = feed.append(sequence);
            assert_eq!(feed.shown(), None, "{sequence} {outcome:?}");
        }
        assert_eq!(feed.snapshot(31, "[31]").code(), "recovered");
        assert_eq!(feed.append(32).code(), "applied");
        assert_eq!(feed.shown().as_deref(), Some("[31,32]"));
    }
}

#[test]
fn a_restart_after_a_run_that_was_joined_midstream_is_noticed() {
    for joined in [20, 1_000] {
        let mut feed = Feed::new();
        assert_eq!(feed.snapshot(joined, "[0]").code(), "recovered");
        assert_eq!(feed.snapshot(2, "[2]"), REUSED);
        assert_eq!(feed.shown(), None);
        assert_eq!(feed.snapshot(3, "[3]").code(), "recovered");
        assert_eq!(feed.shown().as_deref(), Some("[3]"));
    }
}

#[test]
fn a_later_time_begins_another_epoch_and_no_later_time_needs_a_full_state() {
    let diff = |later: i64| {
        let mut feed = Feed::timed();
        epoch(&mut feed, 10);
        let newest = feed.time.unwrap();
        let stamp = feed.stamp(4).with_time_us(newest + later);
        let outcome = append(&mut feed.run, stamp, 4);
        (outcome, feed.run.epoch())
    };
    let another = (Outcome::Resync(ResyncReason::NoSnapshot), 1);
    assert_eq!(diff(-1), (REUSED, 0));
    assert_eq!(diff(0), (REUSED, 0));
    assert_eq!(diff(1), another);
    // A full state is at once what the new epoch needs.
    let mut feed = Feed::timed();
    epoch(&mut feed, 10);
    assert_eq!(feed.snapshot(4, "[4]").code(), "applied");
    assert_eq!(
        (feed.shown().as_deref(), feed.run.epoch()),
        (Some("[4]"), 1)
    );
    assert_eq!(feed.append(5).code(), "applied");
}

#[test]
fn a_missing_number_with_a_later_time_does_not_close_the_gap_of_the_epoch_before() {
    let mut feed = Feed::timed();
    epoch(&mut feed, 5);
    assert_eq!(feed.append(8).code(), "resync");
    // 6 and 7 of the old epoch are lost; these are of the next.
    feed.time = feed.time.map(|time| time + 2_000_000);
    for sequence in [6, 7] {
        let outcome = feed.append(sequence);
        assert_eq!(feed.shown(), None, "{outcome:?}");
    }
    assert_eq!(feed.snapshot(8, "[8]").code(), "recovered");
    assert_eq!(feed.shown().as_deref(), Some("[8]"));
}

#[test]
fn threads_of_one_producer_may_stamp_out_of_order_by_a_second_and_no_more() {
    for (apart, code) in [
        (999_999, "recovered"),
        (1_000_000, "recovered"),
        (1_000_001, "resync"),
    ] {
        // The message that closes a gap was stamped after the one behind it.
        let mut feed = Feed::timed();
        epoch(&mut feed, 5);
        assert_eq!(feed.append(7).code(), "resync");
        let newest = feed.time.unwrap();
        let stamp = feed.stamp(6).with_time_us(newest + apart);
        assert_eq!(append(&mut feed.run, stamp, 6).code(), code, "{apart}");
        // The next was stamped before the last.
        let mut feed = Feed::timed();
        feed.time = Some(5_000_000);
        epoch(&mut feed, 5);
        let newest = feed.time.unwrap();
        let stamp = feed.stamp(6).with_time_us(newest - apart);
        let code = if code == "resync" { code } else { "applied" };
        assert_eq!(append(&mut feed.run, stamp, 6).code(), code, "{apart}");
    }
}

#[test]
fn a_clock_that_is_set_back_while_the_numbers_go_on_is_believed_after_a_while() {
    let mut feed = Feed::timed();
    feed.time = Some(500_000_000);
    epoch(&mut feed, 5);
    feed.time = Some(1_000);
    let healed = (6..40).find(|sequence| feed.snapshot(*sequence, "[7]").code() == "recovered");
    assert!(healed.is_some_and(|after| after < 16), "{healed:?}");
    assert_eq!(feed.append(healed.unwrap() + 1).code(), "applied");
}

#[test]
fn a_clock_that_went_back_costs_one_full_state() {
    let mut feed = Feed::timed();
    epoch(&mut feed, 10);
    feed.time = Some(5_000);
    assert_eq!(feed.snapshot(2, "[2]"), REUSED);
    assert_eq!(feed.snapshot(3, "[3]").code(), "recovered");
    for sequence in 4..40 {
        assert_eq!(feed.append(sequence).code(), "applied");
    }
}

#[test]
fn a_full_state_that_is_not_later_than_what_was_taken_does_not_end_a_doubt() {
    let mut feed = Feed::timed();
    epoch(&mut feed, 5);
    // Another producer's, of which 3 and 4 are delayed.
    let (third, fourth) = (feed.stamp(3), feed.stamp(4));
    assert_eq!(feed.other(6), Outcome::Unchanged);
    assert_eq!(feed.give(third, Update::Other), REUSED);
    assert_eq!(feed.give(fourth, full("[4]")), REUSED);
    assert_eq!(feed.snapshot(5, "[5]").code(), "recovered");
    assert_eq!(feed.shown().as_deref(), Some("[5]"));
}

#[test]
fn a_clock_that_went_back_is_believed_where_the_numbers_go_on_or_after_a_while() {
    let run = |numbers: &[u64]| {
        let mut feed = Feed::timed();
        epoch(&mut feed, 20);
        feed.time = Some(5_000);
        let outcome = |sequence: &u64| feed.snapshot(*sequence, "[0]").code() == "recovered";
        numbers.iter().map(outcome).collect::<Vec<_>>()
    };
    assert_eq!(run(&[7, 8]), [false, true]);
    assert_eq!(run(&[7, 7, 6]), [false; 3]);
    // After eight in a row any will do.
    let mut expected = [false; 9];
    expected[8] = true;
    assert_eq!(run(&[7, 6, 5, 4, 3, 6, 5, 4, 3]), expected);
}

#[test]
fn records_from_before_a_run_was_held_are_no_part_of_it_where_number_and_time_contradict() {
    const SECONDS: i64 = 10_000_000;
    let held = |passed: i64, number: u64| {
        let mut feed = Feed::timed();
        feed.position = Some(100);
        let old = feed.stamp(number).with_position(at(passed));
        feed.time = feed.time.map(|time| time + SECONDS);
        assert_eq!(feed.append(3).code(), "buffered");
        assert_eq!(feed.other(5), Outcome::Waiting);
        feed.give(old, full("[0]"))
    };
    // The missing beginning; a number that the first message's is below, though it is older.
    assert_eq!(held(50, 2).code(), "resync");
    assert_eq!(held(50, 3), Outcome::Stale);
    assert_eq!(held(50, 4), Outcome::Stale);
    assert_eq!(held(50, 6), Outcome::Stale);
    // What stands before such a one is of no later epoch than that.
    let mut feed = Feed::timed();
    feed.position = Some(100);
    let [second, ninth, fourth] = [(2, 51), (9, 52), (4, 53)]
        .map(|(number, place)| feed.stamp(number).with_position(at(place)));
    feed.time = feed.time.map(|time| time + SECONDS);
    assert_eq!(feed.append(5).code(), "buffered");
    assert_eq!(feed.give(ninth, Update::Other), Outcome::Stale);
    assert_eq!(feed.give(second, full("[2]")), Outcome::Stale);
    assert_eq!(feed.give(fourth, full("[4]")).code(), "recovered");
}

#[test]
fn what_is_left_over_at_a_passed_place_takes_back_what_was_filled_in_from_there() {
    let mut feed = Feed::timed();
    feed.position = Some(100);
    let (start, sixth) = (
        feed.stamp(1).with_position(at(50)),
        feed.stamp(6).with_position(at(51)),
    );
    feed.time = feed.time.map(|time| time + 10_000_000);
    assert_eq!(feed.other(2), Outcome::Waiting);
    let state = Some(&b"[1]"[..]);
    assert_eq!(
        feed.give(start, Update::Start { state }).code(),
        "recovered"
    );
    // It is older than 2, so that it is of an epoch before, and the start as well.
    assert_eq!(feed.give(sixth, full("[6]")), REUSED);
    assert_eq!(feed.shown(), None);
    assert_eq!(feed.snapshot(3, "[3]").code(), "recovered");
}

#[test]
fn what_a_full_state_contains_by_its_number_and_not_by_its_time_is_somebody_elses() {
    let mut feed = Feed::timed();
    epoch(&mut feed, 3);
    assert_eq!(feed.snapshot(6, "[6]").code(), "applied");
    feed.time = feed.time.map(|time| time + 10_000_000);
    let (start, fifth) = (feed.stamp(1), feed.stamp(5));
    assert_eq!(feed.other(7), Outcome::Unchanged);
    let mut other = Feed {
        run: feed.run.clone(),
        ..Feed::timed()
    };
    assert_eq!(feed.give(fifth, full("[5]")), REUSED);
    let state = Some(&b"[1]"[..]);
    assert_eq!(other.give(start, Update::Start { state }), REUSED);
}

#[test]
fn what_a_full_state_contains_is_late_by_its_time_and_anybodys_without_one() {
    for timed in [false, true] {
        let mut feed = if timed { Feed::timed() } else { Feed::new() };
        let late = [feed.stamp(3), feed.stamp(4)];
        assert_eq!(feed.snapshot(6, "[6]").code(), "recovered");
        for stamp in late {
            let outcome = feed.give(stamp, full("[0]"));
            let expected = if timed { Outcome::Stale } else { REUSED };
            assert_eq!(outcome, expected);
            if !timed {
                break;
            }
        }
        assert_eq!(feed.shown().is_some(), timed);
    }
    // Many in a row are no stragglers: the clock of another producer is behind.
    for (late, stale) in [(7, true), (8, true), (9, false)] {
        let mut feed = Feed::timed();
        let stamps: Vec<_> = (2..2 + late).map(|sequence| feed.stamp(sequence)).collect();
        assert_eq!(feed.snapshot(20, "[20]").code(), "recovered");
        let outcomes = stamps
            .into_iter()
            .map(|stamp| feed.give(stamp, Update::Other));
        assert_eq!(outcomes.last() == Some(Outcome::Stale), stale, "{late}");
    }
}

#[test]
fn what_is_left_over_from_the_epoch_before_changes_no_state() {
    let mut feed = Feed::timed();
    epoch(&mut feed, 10);
    let before = feed.time.unwrap();
    epoch(&mut feed, 5);
    // A diff that fits, one that leaves a gap, and full states.
    for sequence in [6, 9] {
        let stamp = feed.stamp(sequence).with_time_us(before);
        assert_eq!(append(&mut feed.run, stamp, sequence), REUSED);
    }
    for sequence in [8, 9, 10, 11] {
        let stamp = feed.stamp(sequence).with_time_us(before - 10);
        assert_eq!(feed.give(stamp, full("[0]")), REUSED);
        assert_eq!(feed.shown(), None);
    }
    // The epoch's own full state heals.
    assert_eq!(feed.snapshot(6, "[6]").code(), "recovered");
    assert_eq!(feed.shown().as_deref(), Some("[6]"));
}

#[test]
fn a_clock_that_goes_back_behind_the_epoch_before_is_believed_after_a_while() {
    let mut feed = Feed::timed();
    epoch(&mut feed, 10);
    epoch(&mut feed, 5);
    feed.time = Some(10);
    let healed = (2..40).find(|sequence| feed.snapshot(*sequence, "[7]").code() == "recovered");
    assert!(healed.is_some_and(|after| after < 16), "{healed:?}");
    assert_eq!(feed.shown().as_deref(), Some("[7]"));
}

#[test]
fn a_record_at_a_position_that_was_passed_is_a_redelivery_whatever_is_forgotten() {
    let mut feed = Feed::new();
    feed.position = Some(0);
    epoch(&mut feed, 500);
    let shown = feed.shown();
    // The consumer goes back to the beginning, and no id is remembered.
    feed.position = Some(1);
    for sequence in 2..=500 {
        let stamp = feed.stamp(sequence);
        let stamp = Stamp::new(sequence).with_position(stamp.position());
        assert_eq!(append(&mut feed.run, stamp, sequence), Outcome::Duplicate);
    }
    assert_eq!(feed.shown(), shown);
    assert_eq!(feed.append(501).code(), "applied");
}

#[test]
fn a_record_from_before_the_epoch_is_stale_whatever_its_number() {
    let mut feed = Feed::new();
    feed.position = Some(0);
    epoch(&mut feed, 100);
    epoch(&mut feed, 10);
    let shown = feed.shown();
    for sequence in [1, 5, 10, 11, 12, 90] {
        let stamp = feed.stamp(sequence).with_position(at(100));
        assert_eq!(feed.give(stamp, full("[0]")), Outcome::Stale, "{sequence}");
        assert_eq!(feed.shown(), shown);
    }
    // The one that began it is of the epoch.
    let first = Stamp::new(1).with_position(at(101));
    assert_eq!(feed.give(first, Update::Other), Outcome::Duplicate);
    assert_eq!(feed.append(11).code(), "applied");
}

#[test]
fn another_partition_has_an_order_of_its_own() {
    let mut feed = Feed::new();
    feed.position = Some(1_000);
    epoch(&mut feed, 10);
    let elsewhere = Position {
        partition: 4,
        offset: 1,
    };
    let stamp = feed.stamp(2).with_position(elsewhere);
    assert_eq!(feed.give(stamp, full("[0]")), REUSED);
    let stamp = feed.stamp(11).with_position(elsewhere);
    assert_eq!(feed.give(stamp, full("[11]")).code(), "recovered");
}

#[test]
fn a_record_that_was_held_back_takes_its_place_at_its_old_position() {
    let mut feed = Feed::timed();
    feed.position = Some(0);
    epoch(&mut feed, 3);
    let held_back = feed.stamp(4);
    assert_eq!(feed.append(5).code(), "resync");
    assert_eq!(
        append(&mut feed.run, held_back, 4),
        Outcome::Recovered { replayed: 2 }
    );
    assert_eq!(feed.shown().as_deref(), Some("[2,3,4,5]"));
}

#[test]
fn a_late_start_fills_its_gap_and_what_waited_follows() {
    let mut feed = Feed::timed();
    for sequence in [2, 3] {
        assert_eq!(feed.append(sequence), Outcome::Buffered);
    }
    let start = feed.stamp(1).with_time_us(1);
    let update = Update::Start { state: Some(b"[]") };
    assert_eq!(feed.give(start, update), Outcome::Recovered { replayed: 2 });
    assert_eq!(feed.shown().as_deref(), Some("[2,3]"));
    assert_eq!((feed.run.epoch(), feed.append(4).code()), (0, "applied"));
    // The same once more changes nothing.
    assert_eq!(feed.give(start, update), Outcome::Duplicate);
}

#[test]
fn a_late_start_after_a_full_state_is_stale() {
    for timed in [false, true] {
        let mut feed = if timed { Feed::timed() } else { Feed::new() };
        let late = feed.stamp(1);
        assert_eq!(feed.snapshot(2, "[2]").code(), "recovered");
        let update = Update::Start { state: Some(b"[]") };
        assert_eq!(feed.give(late, update), Outcome::Stale);
        assert_eq!(feed.shown().as_deref(), Some("[2]"));
        assert_eq!(feed.append(3).code(), "applied");
    }
    // With a later time, or far behind, it is no straggler.
    let mut feed = Feed::timed();
    let _joined = feed.snapshot(2, "[2]");
    assert_eq!(feed.start(1, "[]").code(), "applied");
    assert_eq!((feed.shown().as_deref(), feed.run.epoch()), (Some("[]"), 1));
    for (joined, epochs) in [(65, 0), (66, 1)] {
        let mut feed = Feed::new();
        let _joined = feed.snapshot(joined, "[2]");
        let _start = feed.start(1, "[]");
        assert_eq!(feed.run.epoch(), epochs, "{joined}");
    }
}

#[test]
fn a_start_without_an_id_may_be_the_same_again() {
    let start = Update::Start { state: Some(b"[]") };
    let mut run = Reducer::new(ReducerLimits::default());
    let _started = run.apply(Duration::ZERO, Stamp::new(1), start);
    // Nothing came after it: taking it again changes nothing.
    assert_eq!(
        run.apply(Duration::ZERO, Stamp::new(1), start).code(),
        "applied"
    );
    let _applied = append(&mut run, Stamp::new(2), 2);
    assert_eq!(run.apply(Duration::ZERO, Stamp::new(1), start), REUSED);
    assert_eq!(run.state(), None);
}

#[test]
fn a_message_without_an_id_that_comes_again_may_be_anybodys() {
    let mut feed = Feed::new();
    epoch(&mut feed, 3);
    assert_eq!(append(&mut feed.run, Stamp::new(3), 3), REUSED);
}

#[test]
fn one_wild_number_changes_nothing_and_the_next_message_goes_on() {
    for wild in [1_000_012, 1 << 62, u64::MAX] {
        type Give = fn(&mut Feed, u64) -> Outcome;
        let gives: [Give; 4] = [
            Feed::other,
            Feed::append,
            |feed, sequence| feed.snapshot(sequence, "[0]"),
            |feed, sequence| feed.start(sequence, "[0]"),
        ];
        for give in gives {
            let mut feed = Feed::timed();
            epoch(&mut feed, 10);
            let before = feed.shown();
            let missing = ReducerLimits::default().sequence_jump;
            let gap = Outcome::Resync(ResyncReason::Gap { missing });
            assert_eq!(give(&mut feed, wild), gap);
            assert_eq!(feed.shown(), None);
            let mut later = feed.run.clone();
            assert_eq!(feed.append(11), Outcome::Recovered { replayed: 0 });
            let expected = before.unwrap().replace(']', ",11]");
            assert_eq!(feed.shown(), Some(expected));
            // A full state does it as well.
            let stamp = Stamp::new(11);
            let healed = later.apply(Duration::ZERO, stamp, full("[11]"));
            assert_eq!(healed, Outcome::Recovered { replayed: 0 });
        }
    }
}

#[test]
fn numbers_that_go_on_from_a_jump_are_those_of_another_epoch() {
    let mut feed = Feed::new();
    epoch(&mut feed, 10);
    let far = 1 << 40;
    assert_eq!(feed.snapshot(far, "[0]").code(), "resync");
    // The same number again confirms nothing.
    assert_eq!(feed.snapshot(far, "[0]"), Outcome::Waiting);
    assert_eq!(feed.snapshot(far + 1, "[1]").code(), "recovered");
    assert_eq!(feed.append(far + 2).code(), "applied");
    assert_eq!(feed.run.epoch(), 1);
}

#[test]
fn a_run_that_begins_with_a_wild_number_is_healed() {
    for wild in [1 << 40, u64::MAX] {
        for full_first in [false, true] {
            let mut feed = Feed::new();
            let _wild = if full_first {
                feed.snapshot(wild, "[0]")
            } else {
                feed.other(wild)
            };
            let healed =
                (2..6).find(|at| feed.snapshot(*at, &format!("[{at}]")).code() == "recovered");
            let healed = healed.unwrap_or_else(|| panic!("{wild} {full_first}"));
            assert_eq!(feed.shown(), Some(format!("[{healed}]")));
            assert_eq!(feed.append(healed + 1).code(), "applied");
        }
        let mut feed = Feed::new();
        let _wild = feed.other(wild);
        assert_eq!(feed.start(1, "[]").code(), "recovered");
        assert_eq!(feed.append(2).code(), "applied");
    }
}

#[test]
fn every_number_that_was_not_believed_is_remembered() {
    let mut feed = Feed::new();
    for number in [u64::MAX, 3, 1 << 62] {
        let _not_believed = feed.append(number);
    }
    // 3 was dropped, so that the beginning is not all.
    assert_eq!(feed.start(1, "[]").code(), "resync");
    assert_eq!(feed.shown(), None);
    assert_eq!(feed.snapshot(4, "[3]").code(), "recovered");
}

#[test]
fn what_stands_at_a_passed_place_begins_no_epoch_far_away() {
    let mut feed = Feed::new();
    feed.position = Some(100);
    let passed = [8, 9].map(|number| feed.stamp(number).with_position(at(50)));
    assert_eq!(feed.append(1 << 40).code(), "buffered");
    assert_eq!(feed.append(5), Outcome::Waiting);
    for stamp in passed {
        assert_eq!(feed.give(stamp, full("[0]")), Outcome::Waiting);
    }
    assert_eq!(feed.snapshot(10, "[10]").code(), "recovered");
}
