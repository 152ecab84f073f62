//! Whether a payload is within limits, and where its byte fields will be kept.

use crate::content::SHARED_HEADER_BYTES;
use crate::error::DecodeError;
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

/// Walks a payload that is stored raw.
#[inline(always)]
pub(crate) fn raw<'a>(
    payload: &'a [u8],
    options: &DecodeOptions,
    stats: &mut PayloadStats<'a>,
) -> Result<(Kind, Buffer), DecodeError> {
    payload_size(payload, options.limits())?;
    let kind = walk(payload, options, stats)?;
    let buffer = if stats.blobs > BLOBS_COPIED_MAX || stats.body.is_none() {
        Buffer::Shared
    } else {
        Buffer::Copies
    };
    afford(payload, options, stats, buffer)?;
    Ok((kind, buffer))
}

/// Walks the content of a compressed payload, which is the buffer already.
#[inline(always)]
pub(crate) fn inflated<'a>(
    payload: &'a [u8],
    options: &DecodeOptions,
    stats: &mut PayloadStats<'a>,
) -> Result<(Kind, Buffer), DecodeError> {
    let kind = walk(payload, options, stats)?;
    afford(payload, options, stats, Buffer::Shared)?;
    Ok((kind, Buffer::Shared))
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

#[inline]
fn afford(
    payload: &[u8],
    options: &DecodeOptions,
    stats: &PayloadStats<'_>,
    buffer: Buffer,
) -> Result<(), DecodeError> {
    let limit = options.limits().heap_bytes();
    let heap = buffer.heap(payload.len(), stats);
    if stats.heap.saturating_add(heap) > limit {
        return Err(DecodeError::HeapBudget { limit });
    }
    Ok(())
}

/// Up to this many byte fields are cheaper to copy one by one than together with everything else;
/// every message has two ids in its header.
const BLOBS_COPIED_MAX: u32 = 4;
