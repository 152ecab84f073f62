//! Lines that a record causes: a few are written, the rest are counted.

use core::time::Duration;
use std::sync::{Mutex, PoisonError};

/// What a line is about. One that records can cause as fast as they come is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    ArchiveRefused,
    PartitionHeld,
    RecordDropped,
    RecordDeferred,
    MessageOfNoRun,
    ClientError,
    NotCommitted,
}

/// Lets [`LINES_MAX`] lines of each kind through in [`WINDOW`].
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<[Kind; Line::ALL.len()]>);

#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    since: Duration,
    written: u32,
    left_out: u64,
}

impl Line {
    const ALL: [Self; 7] = [
        Self::ArchiveRefused,
        Self::PartitionHeld,
        Self::RecordDropped,
        Self::RecordDeferred,
        Self::MessageOfNoRun,
        Self::ClientError,
        Self::NotCommitted,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ArchiveRefused => "archive refused",
            Self::PartitionHeld => "partition held",
            Self::RecordDropped => "record dropped by its handler",
            Self::RecordDeferred => "no memory for a record, which is deferred",
            Self::MessageOfNoRun => "message of no run",
            Self::ClientError => "the Kafka client reports an error",
            Self::NotCommitted => "offsets were not committed",
        }
    }
}

impl Throttle {
    /// Whether a line is to be written at `now`, and how many of its kind were left out before it.
    #[must_use]
    pub(crate) fn pass(&self, line: Line, now: Duration) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.get_mut(line as usize)?;
        if now.saturating_sub(kind.since) >= WINDOW {
            kind.since = now;
            kind.written = 0;
        }
        if kind.written >= LINES_MAX {
            kind.left_out = kind.left_out.saturating_add(1);
            return None;
        }
        kind.written = kind.written.saturating_add(1);
        Some(core::mem::take(&mut kind.left_out))
    }

    /// What was left out and is not said by a line that follows: the windows that are over at `now`.
    pub(crate) fn left_out(&self, now: Duration) -> Vec<(Line, u64)> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = Line::ALL.into_iter().zip(kinds.iter_mut());
        over.filter(|(_, kind)| kind.left_out > 0 && now.saturating_sub(kind.since) >= WINDOW)
            .map(|(line, kind)| (line, core::mem::take(&mut kind.left_out)))
            .collect()
    }
}

/// Enough to see what happens, few enough to be read.
const LINES_MAX: u32 = 5;
const WINDOW: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_lines_pass_in_ten_seconds_and_the_next_says_how_many_did_not() {
        let throttle = Throttle::default();
        let at = Duration::from_millis;
        let pass = |millis| throttle.pass(Line::ArchiveRefused, at(millis));
        assert_eq!([1, 2, 3, 4].map(pass), [Some(0); 4]);
        assert_eq!([5, 6, 7].map(pass), [Some(0), None, None]);
        assert_eq!(
            throttle.pass(Line::PartitionHeld, at(7)),
            Some(0),
            "each kind"
        );
        assert_eq!([9_999, 10_000, 10_001].map(pass), [None, Some(3), Some(0)]);
    }

    #[test]
    fn what_no_line_follows_is_said_when_its_window_is_over() {
        let throttle = Throttle::default();
        for _ in 0..8 {
            let _passed = throttle.pass(Line::MessageOfNoRun, Duration::ZERO);
        }
        assert_eq!(throttle.left_out(Duration::from_millis(9_999)), []);
        let over = WINDOW;
        assert_eq!(throttle.left_out(over), [(Line::MessageOfNoRun, 3)]);
        assert_eq!(throttle.left_out(over), [], "once");
        assert_eq!(throttle.pass(Line::MessageOfNoRun, over), Some(0));
    }

    #[test]
    fn each_kind_has_its_place() {
        for (at, line) in Line::ALL.into_iter().enumerate() {
            assert_eq!(line as usize, at);
        }
    }
}
