//! What one run may cost.

use core::time::Duration;

use crate::document::ReadLimits;
use crate::patch::PatchLimits;

/// Limits and choices of one [`Reducer`](crate::Reducer). Write it as a literal, with
/// `..Default::default()` for the rest.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "written as a literal")]
pub struct ReducerLimits {
    /// What a full state may cost. Half a surrogate pair is read as U+FFFD, which the default of
    /// [`ReadLimits`] refuses.
    pub read: ReadLimits,
    /// What a diff may cost, and how large the state may become.
    pub patch: PatchLimits,
    /// The shortest time between two checks of a diff's hash; full states are checked whenever they carry
    /// one. Default 250 ms: what a person takes for at once. Zero checks each diff, [`Duration::MAX`] none.
    ///
    /// A hash covers the whole state, so that a match proves the newest state whatever was skipped before.
    /// The last one of a burst is checked when [`Reducer::handle_timeout`](crate::Reducer::handle_timeout)
    /// is called. What has been proved is said by [`Reducer::proof`](crate::Reducer::proof), and by nothing
    /// else.
    pub hash_interval: Duration,
    /// Bytes of canonical text that may be hashed in a second for this run; unused ones are saved up, for two
    /// seconds, and what a longer text takes is owed. Default 8 MiB, so that the largest state is checked every other
    /// second: about a hundredth of a core. 0 checks no diff.
    pub hash_bytes_per_second: u64,
    /// Diffs kept while the run waits for a snapshot. Default 1,024: a few minutes of a busy run.
    pub buffered_diffs: usize,
    /// Bytes of those diffs. Default 1 MiB, the producers' limit for one message.
    pub buffered_bytes: usize,
    /// Checkpoint ids remembered. Default 64; producers name only their latest.
    pub checkpoints: usize,
    /// Message ids remembered to tell a redelivery from a reused sequence number. Default 64.
    pub message_ids: usize,
    /// How far a number may lie from the highest one that was taken. Default 1,000,000: hours of a busy
    /// run. One that lies further away is a gap, and what comes after is not measured by it.
    pub sequence_jump: u64,
    /// Previous versions kept. Default 0: keeping any makes a diff copy its path.
    pub history_versions: usize,
    /// Bytes that the previous versions may hold on their own. Default 64 MiB.
    pub history_bytes: u64,
    /// Time between the first request for a snapshot and the second; it doubles from there.
    /// Default 1 s.
    pub request_after: Duration,
    /// The longest time between two requests. Default 5 min.
    pub request_at_most: Duration,
}

impl Default for ReducerLimits {
    fn default() -> Self {
        Self {
            read: ReadLimits {
                replace_lone_surrogates: true,
                ..ReadLimits::default()
            },
            patch: PatchLimits::default(),
            hash_interval: Duration::from_millis(250),
            hash_bytes_per_second: 8 << 20,
            buffered_diffs: 1_024,
            buffered_bytes: 1 << 20,
            checkpoints: 64,
            message_ids: 64,
            sequence_jump: 1_000_000,
            history_versions: 0,
            history_bytes: 64 << 20,
            request_after: Duration::from_secs(1),
            request_at_most: Duration::from_secs(300),
        }
    }
}
