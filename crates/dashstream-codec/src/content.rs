//! The content of a compressed payload, held against the heap budget before it is decompressed.

use dashstream_zstd::{DecompressError, Limits, Refusal};

use crate::error::DecodeError;
use crate::limits::DecodeLimits;

/// What the decompressor may put out: the payload limit, or the heap budget where that is lower.
///
/// The content is the buffer that a decoded message's byte fields share, so that a record whose content
/// alone is over the budget would be refused anyway. This way nothing is allocated for it.
pub(crate) fn limits(limits: &DecodeLimits) -> Limits {
    let zstd = limits.zstd();
    // A budget below the header of the shared buffer leaves room for empty content only.
    let budget = limits.heap_bytes().saturating_sub(SHARED_HEADER_BYTES);
    zstd.clone()
        .with_output_bytes(zstd.output_bytes().min(budget))
}

/// Names the limit that a refusal by the decompressor was about: where the heap budget stood in for the
/// payload limit, what is within the payload limit is over the budget.
#[cold]
pub(crate) fn refused(mut error: DecompressError, decode: &DecodeLimits) -> DecodeError {
    let lowest = limits(decode).output_bytes();
    // How far the heap budget lowered the output limit; 0 where the payload limit decides.
    let lowered = decode.zstd().output_bytes().saturating_sub(lowest);
    let over_budget = if let DecompressError::OutputTooLarge { limit } = error {
        // A ratio may be lower still, and is named as before.
        limit == lowest
    } else if let DecompressError::Refused(
        Refusal::DeclaredTooLarge {
            declared: size,
            limit,
            ..
        }
        | Refusal::ProvenTooLarge {
            proven: size,
            limit,
            ..
        },
    ) = &mut error
    {
        // The error names the payload limit, as it would without a budget.
        *limit = limit.saturating_add(lowered);
        // Within the payload limit, so that the budget alone was in the way.
        *size <= *limit
    } else {
        false
    };
    // Where nothing was lowered, `limit` equals `lowest` for the payload limit too.
    if lowered > 0 && over_budget {
        let limit = decode.heap_bytes();
        return DecodeError::HeapBudget { limit };
    }
    error.into()
}

/// What `bytes::Bytes` allocates beside a buffer that is shared: pointer, capacity and count, with room
/// for another layout.
pub(crate) const SHARED_HEADER_BYTES: u64 = 32;
