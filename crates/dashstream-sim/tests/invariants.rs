//! The engine keeps its invariants under random schedules and under every short trace.

use dashstream_sim::{exhaustive, schedules};

#[test]
fn two_thousand_schedules_break_no_invariant() {
    match schedules(0, 2_000) {
        // A run in which nothing happens proves nothing.
        Ok(ran) => assert!(ran.steps > 50_000 && ran.unprocessable > 3_000, "{ran:?}"),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn every_trace_of_six_events_breaks_no_invariant() {
    match exhaustive(6) {
        Ok(explored) => assert!(explored.states > 10_000, "{explored:?}"),
        Err(failure) => panic!("{failure}"),
    }
}
