//! Crash-loop detection: a record that makes the process die again and again, found by what earlier
//! processes left behind.

mod file;
mod guard;

use core::fmt;
use std::collections::BTreeMap;
use std::io;

pub use self::file::MarkerFile;
pub(crate) use self::guard::CrashLoopGuard;

/// Keeps marks beyond the end of the process. [`MarkerFile`] is one.
///
/// Each process has marks of its own, and the one that takes its place gets them. Where partitions
/// wander between several, each counts for itself, so that a loop ends later and ends all the same.
pub trait CrashMarker: fmt::Debug + Send + Sync {
    /// What was saved last, or [`CrashMarks::default`] when nothing ever was.
    ///
    /// # Errors
    ///
    /// [`MarkerError`]; the consumer does not start then.
    fn load(&self) -> Result<CrashMarks, MarkerError>;

    /// Replaces what was saved. It returns once the marks survive the end of the process.
    ///
    /// It is called on the consumer's thread: once for each 1,000 offsets of a partition, and for the
    /// records that a process that died may have had, twice for each.
    ///
    /// # Errors
    ///
    /// [`MarkerError`]; it is reported, and the consumer goes on.
    fn save(&self, marks: &CrashMarks) -> Result<(), MarkerError>;
}

/// What one process leaves behind for the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever implements a marker writes and reads all of it"
)]
pub struct CrashMarks {
    /// The consumed topic; empty when nothing was ever saved.
    pub topic: String,
    /// The consumer group.
    pub group: String,
    /// One for each partition that has anything to tell.
    pub partitions: BTreeMap<i32, CrashMark>,
}

/// What is known of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever implements a marker writes and reads all of it"
)]
pub struct CrashMark {
    /// No record at this offset or behind it was handed out; nothing after an orderly end.
    pub handed_below: Option<i64>,
    /// The one record that was handed out, where records are handed out one at a time.
    pub out: Option<i64>,
    /// The record that was out when the process died.
    pub suspect: Option<Suspect>,
}

/// A record that was out when a process died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever implements a marker writes and reads all of it"
)]
pub struct Suspect {
    /// Its offset.
    pub offset: i64,
    /// How many processes in a row died while it was the only one out.
    pub deaths: u32,
}

/// Says why marks could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkerError {
    /// The system refused.
    #[error("{0}")]
    Io(io::ErrorKind),
    /// What is there is nothing that this version wrote.
    #[error("line {line} is none of a marker's")]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// What is there was written for another topic or group, so that its offsets mean something else.
    #[error("it belongs to another topic or group")]
    Foreign,
}

impl MarkerError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "marker_io",
            Self::Malformed { .. } => "marker_malformed",
            Self::Foreign => "marker_foreign",
        }
    }
}
