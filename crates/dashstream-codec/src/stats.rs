//! What the walk over a payload finds.

use crate::header::{HeaderView, is_blank};
use crate::shape::SLOTS;

/// What the walk finds in a payload. It is filled where the caller has it: it is large, and a small
/// message is decoded in the time that a few copies of it take.
#[derive(Debug, Default)]
pub(crate) struct PayloadStats<'a> {
    pub(crate) header: Option<HeaderFields>,
    /// The message's bytes, when the payload names it exactly once.
    pub(crate) body: Option<&'a [u8]>,
    /// Elements in the message's own lists, by slot.
    pub(crate) counts: [u32; SLOTS],
    /// What decoding will allocate at most, apart from byte fields. When the payload names the
    /// message once, this takes the message's own lists to be reserved exactly.
    pub(crate) heap: u64,
    pub(crate) fields: u32,
    pub(crate) elements: u32,
    /// Whether the message, or an event of the batch, has a header and no thread in it.
    pub(crate) unrouted: bool,
    /// Byte fields that are not empty, and their bytes.
    pub(crate) blobs: u32,
    pub(crate) blob_bytes: u64,
}

/// What a header says about its record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeaderFields {
    pub(crate) message_type: i32,
    pub(crate) compression: i32,
    pub(crate) schema_version: u32,
    /// Whether the thread id is more than white space.
    pub(crate) routed: bool,
}

impl From<&HeaderView<'_>> for HeaderFields {
    fn from(header: &HeaderView<'_>) -> Self {
        Self {
            message_type: header.message_type,
            compression: header.compression,
            schema_version: header.schema_version,
            routed: !is_blank(header.thread_id.as_bytes()),
        }
    }
}
