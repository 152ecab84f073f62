//! Whether a payload is within limits, and where its byte fields will be kept.

use crate::content::SHARED_HEADER_BYTES;
use crate::error::DecodeError;
use crate::frame::Encoding;
use crate::kind::Kind;
use crate::limits::DecodeLimits;
use crate::options::DecodeOptions;
use crate::stats::PayloadStats;
use crate::walk::walk;

/// Where byte fields keep their bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Buffer {
    /// Each in its own allocation.
    Copies,
    /// All in one copy of the payload, or in the content of the compressed payload.
    Shared,
}

impl Buffer {
    pub(crate) const fn heap(self, payload: usize, stats: &PayloadStats<'_>) -> u64 {
        match self {
            Self::Copies => stats.blob_bytes,
            Self::Shared => (payload as u64).saturating_add(SHARED_HEADER_BYTES),
        }
    }
}

/// Walks a payload: one that is stored raw, or the content of a compressed one, which is a buffer already.
#[inline(always)]
pub(crate) fn admit<'a>(
    payload: &'a [u8],
    encoding: Encoding,
    options: &DecodeOptions,
    stats: &mut PayloadStats<'a>,
) -> Result<(Kind, Buffer), DecodeError> {
    let limits = options.limits();
    let is_raw = encoding == Encoding::Raw;
    // The decompressor has held the content of a compressed payload against the payload limit.
    if is_raw {
        payload_size(payload, limits)?;
    }
    let kind = walk(payload, options, stats)?;
    // Content that was decompressed is one buffer already. A payload without `body` is decoded as a whole,
    // from one copy of it.
    let buffer = if is_raw && stats.blobs <= BLOBS_COPIED_MAX && stats.body.is_some() {
        Buffer::Copies
    } else {
        Buffer::Shared
    };
    let limit = limits.heap_bytes();
    // The walk does not charge byte fields: what they take depends on the buffer, which is chosen only here.
    if stats.heap.saturating_add(buffer.heap(payload.len(), stats)) > limit {
        return Err(DecodeError::HeapBudget { limit });
    }
    Ok((kind, buffer))
}

/// Holds a payload that is stored raw against the payload limit.
#[inline]
pub(crate) const fn payload_size(payload: &[u8], limits: &DecodeLimits) -> Result<(), DecodeError> {
    let (len, limit) = (payload.len(), limits.payload_bytes());
    if len > limit {
        return Err(DecodeError::PayloadTooLarge { len, limit });
    }
    Ok(())
}

/// Up to this many byte fields are cheaper to copy one by one than together with everything else;
/// every message has two ids in its header.
const BLOBS_COPIED_MAX: u32 = 4;
