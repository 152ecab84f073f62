//! What all runs together may cost.

use crate::reducer::ReducerLimits;

/// Limits of [`Runs`](crate::Runs). Start from [`Default`] and set fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunsLimits {
    /// What each run may cost.
    pub run: ReducerLimits,
    /// Runs held. Default 1,024. The run that arrived first goes first.
    pub runs: usize,
    /// Bytes that all runs may hold, as [`Runs::bytes`](crate::Runs::bytes) counts them. Default 256
    /// MiB. One run is always held, and bounded by its own limits.
    pub bytes: u64,
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
            thread_bytes: 256,
            quarantine_messages: 1_000,
            quarantine_bytes: 5 << 20,
        }
    }
}
