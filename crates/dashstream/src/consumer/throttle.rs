//! Lines that a record causes: a few are written, the rest are counted.

use core::time::Duration;
use std::sync::Mutex;

use crate::lock::lock;

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
        let mut kinds = lock(&self.0);
        // A line's number is its place in `ALL`.
        let kind = kinds.get_mut(line as usize)?;
        // `left_out` is kept over the end of a window: the first line of the next one says it.
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
        let mut kinds = lock(&self.0);
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
mod tests;
