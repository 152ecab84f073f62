//! What all runs together may cost.

use crate::reducer::ReducerLimits;

/// Limits of [`Runs`](crate::Runs). Write it as a literal, with
/// `..Default::default()` for the rest.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "written as a literal")]
pub struct RunsLimits {
    /// What each run may cost.
    pub run: ReducerLimits,
    /// Runs held. Default 1,024. A run that ended goes first, then the one that has been silent longest.
    pub runs: usize,
    /// Bytes that all runs may hold, as [`Runs::bytes`](crate::Runs::bytes) counts them. Default 256
    /// MiB. One run is always held, and bounded by its own limits. Where a run that grows crosses this
    /// and holds more than half of [`run_bytes`](Self::run_bytes), it is that run which goes.
    pub bytes: u64,
    /// Bytes that one run may hold. Default 64 MiB, a quarter of `bytes`: a state that would take more
    /// is refused, and a run that takes more with its versions and the diffs that wait goes.
    pub run_bytes: u64,
    /// Requests for a snapshot in a second, of all runs together. Default 100. They are spread: at most
    /// a tenth of them come at once. 0 is none.
    pub requests_per_second: u32,
    /// Bytes of canonical text that may be hashed in a second to check diffs, of all runs together;
    /// unused ones are saved up, for two seconds, and what a longer text takes is owed. Default 24 MiB,
    /// less than a tenth of a core. 0 checks no diff.
    pub hash_bytes_per_second: u64,
    /// Bytes of a thread id. Default 256: producers write UUIDs (36 bytes), the rest is room for a
    /// prefix. A message with a longer one is quarantined.
    pub thread_bytes: usize,
    /// Messages kept in quarantine. Default 1,000, as in the existing consumers. The oldest goes first.
    pub quarantine_messages: usize,
    /// Bytes of those messages. Default 5 MiB, as in the existing consumers. A message that is larger
    /// by itself is counted and not kept.
    pub quarantine_bytes: u64,
}

impl Default for RunsLimits {
    fn default() -> Self {
        Self {
            run: ReducerLimits::default(),
            runs: 1_024,
            bytes: 256 << 20,
            run_bytes: 64 << 20,
            requests_per_second: 100,
            hash_bytes_per_second: 24 << 20,
            thread_bytes: 256,
            quarantine_messages: 1_000,
            quarantine_bytes: 5 << 20,
        }
    }
}
