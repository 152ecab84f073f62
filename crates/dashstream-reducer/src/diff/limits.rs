//! What comparing two states may cost, and what consumers accept.

/// Limits of [`diff`](crate::diff::diff). Write it as a literal, with
/// `..Default::default()` for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written as a literal")]
pub struct DiffLimits {
    /// Operations of one patch. Default 10,000: more are refused by every consumer.
    pub operations: usize,
    /// Bytes of one pointer. Default 1,000, the least that existing consumers accept.
    pub path_bytes: usize,
    /// Tokens of one pointer. Default 64, as in [`PatchLimits`](crate::patch::PatchLimits).
    pub path_tokens: usize,
    /// Work units; see [`Difference::fuel`](crate::diff::Difference::fuel). Default 1 M: two chats of
    /// 10 MiB that share nothing.
    pub fuel: u64,
    /// The members that tell elements of an array apart, in order of preference. Default `id`, `_id`,
    /// `uuid`, `key`. What is chosen changes the length of a patch, never its result.
    pub identity: &'static [&'static str],
}

impl Default for DiffLimits {
    fn default() -> Self {
        Self {
            operations: 10_000,
            path_bytes: 1_000,
            path_tokens: 64,
            fuel: 1 << 20,
            identity: &["id", "_id", "uuid", "key"],
        }
    }
}
