use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;

use super::*;
use crate::crash_loop::beside;
use crate::delivery_queue::tests::taken;
use crate::topics::at;

/// A file of marks that outlives a process, and goes with the test.
struct Marks(PathBuf);

impl Marks {
    fn none() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("dashstream-guard-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.0);
    }
}

fn open(marks: &Marks, deaths: u32) -> CrashLoopGuard {
    let config = Config::new("b", "t", "g")
        .and_then(|config| config.crash_loop(&marks.0, deaths))
        .unwrap();
    CrashLoopGuard::open(&config).unwrap().unwrap()
}

/// Hands out what may be handed out at once. Returns the offsets.
fn hand_out(guard: &mut CrashLoopGuard, offsets: core::ops::Range<i64>) -> Vec<i64> {
    let taken = taken(0, offsets);
    let now = taken.into_iter().filter_map(|taken| guard.admit(taken));
    now.map(|taken| taken.place().1).collect()
}

fn next(guard: &mut CrashLoopGuard) -> Option<i64> {
    guard.next(false).map(|taken| taken.place().1)
}

#[test]
fn one_mark_covers_a_thousand_offsets_while_all_goes_well() {
    let marks = Marks::none();
    for (end, saves) in [(999, 1), (1_000, 1), (1_001, 2)] {
        let mut guard = open(&marks, 3);
        let (mut before, mut saved) = (marks.text(), 0);
        for first in (0..end).step_by(500) {
            let batch = first..end.min(first + 500);
            let count = batch.end - batch.start;
            assert_eq!(hand_out(&mut guard, batch).len() as i64, count);
            let now = marks.text();
            saved += i32::from(now != before);
            before = now;
        }
        assert_eq!(saved, saves, "{end}");
        guard.end();
    }
}

#[test]
fn after_a_death_records_go_out_one_at_a_time_and_after_an_orderly_end_they_do_not() {
    let marks = Marks::none();
    let mut guard = open(&marks, 3);
    assert_eq!(hand_out(&mut guard, 0..5), [0, 1, 2, 3, 4]);
    drop(guard);

    let mut guard = open(&marks, 3);
    assert!(hand_out(&mut guard, 0..3).is_empty());
    assert_eq!(guard.next(true).map(|taken| taken.place()), None);
    assert_eq!(next(&mut guard), Some(0));
    assert!(guard.next(true).is_none(), "one is out");
    guard.returned(at(0), 0);
    assert_eq!(next(&mut guard), Some(1));
    guard.returned(at(0), 1);
    guard.end();

    let mut guard = open(&marks, 3);
    assert_eq!(hand_out(&mut guard, 2..5), [2, 3, 4]);
}

/// Dies `deaths` times on record 2, and says whether it is rejected then.
fn rejected_after(marks: &Marks, deaths: u32, deaths_max: u32) -> bool {
    // The first death does not say which record it was.
    assert_eq!(hand_out(&mut open(marks, deaths_max), 0..5).len(), 5);
    for _ in 0..deaths {
        let mut guard = open(marks, deaths_max);
        assert!(hand_out(&mut guard, 0..5).is_empty());
        for offset in 0..2 {
            assert_eq!(next(&mut guard), Some(offset));
            guard.returned(at(0), offset);
        }
        assert_eq!(next(&mut guard), Some(2));
    }
    let guard = open(marks, deaths_max);
    assert!(!guard.rejects(at(0), 1) && !guard.rejects(at(0), 3) && !guard.rejects(at(1), 2));
    guard.rejects(at(0), 2)
}

#[test]
fn a_record_is_rejected_at_its_last_allowed_death_and_not_before() {
    for (deaths, rejected) in [(2, false), (3, true), (4, true)] {
        let marks = Marks::none();
        assert_eq!(rejected_after(&marks, deaths, 3), rejected, "{deaths}");
    }
    // Lowered rejects, raised accepts.
    assert!(rejected_after(&Marks::none(), 2, 2));
    assert!(!rejected_after(&Marks::none(), 4, 5));
}

#[test]
fn a_suspect_is_acquitted_by_coming_back_by_being_passed_and_by_an_operator() {
    let acquit: [fn(&mut CrashLoopGuard); 3] = [
        |guard| guard.returned(at(0), 2),
        |guard| guard.passed(at(0), 3),
        |guard| guard.forgive(at(0)),
    ];
    for acquit in acquit {
        let marks = Marks::none();
        assert!(rejected_after(&marks, 3, 3));
        let mut guard = open(&marks, 3);
        guard.passed(at(0), 2);
        assert!(guard.rejects(at(0), 2), "not by the record before it");
        acquit(&mut guard);
        assert!(!guard.rejects(at(0), 2));
        assert_eq!(guard.flush(), None);
        assert!(!open(&marks, 3).rejects(at(0), 2), "and that is saved");
    }
}

#[test]
fn a_rejected_record_stays_so_over_an_orderly_end() {
    let marks = Marks::none();
    assert!(rejected_after(&marks, 3, 3));
    open(&marks, 3).end();
    assert!(open(&marks, 3).rejects(at(0), 2));
}

#[test]
fn marks_of_another_group_are_refused() {
    let marks = Marks::none();
    drop(open(&marks, 3));
    let other = Config::new("b", "t", "other")
        .and_then(|config| config.crash_loop(&marks.0, 3))
        .unwrap();
    assert_eq!(
        CrashLoopGuard::open(&other).err(),
        Some(MarkerError::Foreign)
    );
}

#[test]
fn a_marker_that_cannot_be_written_is_reported_and_stops_nothing() {
    let marks = Marks::none();
    let mut guard = open(&marks, 3);
    // It worked at the start, and never again.
    fs::create_dir(beside(&marks.0)).unwrap();
    assert_eq!(hand_out(&mut guard, 0..2), [0, 1]);
    let taken = MarkerError::Io(std::io::ErrorKind::IsADirectory);
    assert_eq!(guard.flush(), Some(taken));
    assert_eq!(guard.flush(), None);
    fs::remove_dir(beside(&marks.0)).unwrap();
}

#[test]
fn single_file_ends_with_what_the_dead_process_may_have_had_however_much_waits() {
    let marks = Marks::none();
    assert_eq!(hand_out(&mut open(&marks, 3), 0..2), [0, 1]);
    let mut guard = open(&marks, 3);
    // A backlog that never ends: there is always something behind the range.
    assert!(hand_out(&mut guard, 0..1_010).is_empty());
    for offset in 0..1_000 {
        assert_eq!(next(&mut guard), Some(offset));
        assert!(guard.next(true).is_none(), "one is out");
        guard.returned(at(0), offset);
    }
    for offset in 1_000..1_010 {
        let taken = guard.next(true).map(|taken| taken.place().1);
        assert_eq!(taken, Some(offset));
    }
    assert!(guard.next(true).is_none());
    assert_eq!(hand_out(&mut guard, 1_010..1_012), [1_010, 1_011]);
}

#[test]
fn a_record_that_may_be_fatal_is_with_the_host_alone() {
    let marks = Marks::none();
    assert_eq!(hand_out(&mut open(&marks, 3), 0..2), [0, 1]);
    let mut guard = open(&marks, 3);
    let other = taken(1, 0..1)
        .into_iter()
        .filter_map(|taken| guard.admit(taken));
    assert_eq!(other.count(), 1, "no process died of this partition");
    assert!(hand_out(&mut guard, 0..1).is_empty());
    assert!(guard.next(true).is_none(), "the host has that one");
    assert_eq!(next(&mut guard), Some(0));
    for taken in taken(1, 1..2) {
        assert!(guard.admit(taken).is_none());
    }
    assert!(guard.next(true).is_none(), "and has this one now");
    guard.returned(at(0), 0);
    assert_eq!(next(&mut guard), Some(1));
}
