//! The engine keeps its invariants under random schedules and under every short trace.

use dashstream_sim::{exhaustive, schedules};

#[test]
fn two_thousand_schedules_break_no_invariant() {
    match schedules(0, 2_000) {
        // A run in which nothing happens proves nothing.
        Ok(ran) => assert!(
            ran.steps > 50_000 && ran.unprocessable > 3_000 && ran.drained > 1_000,
            "{ran:?}"
        ),
        Err(failure) => panic!("{failure}"),
    }
}

/// `cargo xtask sim` does the same with six events: fifteen times as many traces.
#[test]
fn every_trace_of_five_events_three_offsets_and_two_epochs_breaks_no_invariant() {
    match exhaustive(5) {
        Ok(explored) => {
            assert_eq!(
                (explored.events, explored.epochs, explored.offsets),
                (5, 2, 3)
            );
            assert!(
                explored.traces > 900_000 && explored.states > 50_000,
                "{explored:?}"
            );
        }
        Err(failure) => panic!("{failure}"),
    }
}
