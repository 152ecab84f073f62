//! What one patch may cost, and how large the state may become.

use crate::document::DEPTH_MAX;

/// Limits on one patch and on the state that it leaves. Write it as a literal, with
/// `..Default::default()` for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written as a literal")]
pub struct PatchLimits {
    /// Operations in one patch. Default 10,000, as in the Kubernetes API server and the existing
    /// consumers.
    pub operations: usize,
    /// Bytes of one `path` or `from`. Default 4 KiB: 64 tokens of 64 bytes.
    pub path_bytes: usize,
    /// Tokens of one `path` or `from`. Default 64; agent state is rarely ten deep.
    pub path_tokens: usize,
    /// Bytes of one operation's value, as JSON text. Default 10 MiB, the wire's limit for a message.
    pub value_bytes: usize,
    /// Values that all `copy` operations of one patch may multiply, counted in nodes. A copy is
    /// shared and costs no memory, but what reads the state later pays for each. Default 1 M.
    pub copied_nodes: u64,
    /// Bytes of the state's canonical text. Default 16 MiB: the wire's 10 MiB and room to grow.
    pub state_bytes: u64,
    /// Nodes in the state: every scalar, array and object is one. Default 4 M.
    pub state_nodes: u64,
    /// Bytes of memory that the state may take, and that a value may take by itself. Default 128 MiB, as
    /// where a state is read.
    pub state_heap_bytes: u64,
    /// Containers inside each other in the state. Default, and at most, 127: a deeper one could not be read
    /// again by serde_json.
    pub state_depth: u16,
    /// Work units of one patch; see [`Applied::fuel`](crate::patch::Applied::fuel). Default 16 M.
    pub fuel: u64,
    /// Whether half a surrogate pair in a value that is JSON text is read as U+FFFD, as in
    /// [`ReadLimits`](crate::ReadLimits). Default: it is, so that one text that was cut inside a character
    /// does not cost the run.
    pub replace_lone_surrogates: bool,
}

impl Default for PatchLimits {
    fn default() -> Self {
        Self {
            operations: 10_000,
            path_bytes: 4 * 1024,
            path_tokens: 64,
            value_bytes: 10 << 20,
            copied_nodes: 1 << 20,
            state_bytes: 16 << 20,
            state_nodes: 4 << 20,
            state_heap_bytes: 128 << 20,
            state_depth: DEPTH_MAX,
            fuel: 16 << 20,
            replace_lone_surrogates: true,
        }
    }
}
