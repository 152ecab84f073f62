//! Crash-loop detection: a record that makes the process die again and again, found by what earlier
//! processes left behind.

mod file;
mod guard;

use std::collections::BTreeMap;

pub(crate) use self::file::beside;
pub(crate) use self::guard::CrashLoopGuard;

/// What one process leaves behind for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct CrashMarks {
    /// The consumed topic; empty when nothing was ever saved.
    topic: String,
    group: String,
    /// One for each partition that has anything to tell.
    partitions: BTreeMap<i32, CrashMark>,
}

/// What is known of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CrashMark {
    /// Every record that was handed out lies below this offset. None after an orderly end.
    handed_below: Option<i64>,
    /// The one record that was handed out, where records are handed out one at a time.
    out: Option<i64>,
    /// The record that was out when the process died.
    suspect: Option<Suspect>,
}

/// A record that was out when a process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Suspect {
    offset: i64,
    /// How many processes in a row died while it was the only one out.
    deaths: u32,
}
