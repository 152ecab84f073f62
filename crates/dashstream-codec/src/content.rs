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
    let budget = limits.heap_bytes().saturating_sub(SHARED_HEADER_BYTES);
    zstd.clone()
        .with_output_bytes(zstd.output_bytes().min(budget))
}

/// Names the limit that a refusal by the decompressor was about: where the heap budget stood in for the
/// payload limit, what is within the payload limit is over the budget.
#[cold]
pub(crate) fn refused(error: DecompressError, decode: &DecodeLimits) -> DecodeError {
    let lowest = limits(decode);
    let lowered = decode
        .zstd()
        .output_bytes()
        .saturating_sub(lowest.output_bytes());
    let over_budget = DecodeError::HeapBudget {
        limit: decode.heap_bytes(),
    };
    if lowered == 0 || !error.is_too_large() {
        return error.into();
    }
    // A ratio may be lower still, and is named as before.
    if error
        == (DecompressError::OutputTooLarge {
            limit: lowest.output_bytes(),
        })
    {
        return over_budget;
    }
    let DecompressError::Refused(mut refusal) = error else {
        return error.into();
    };
    if let Refusal::DeclaredTooLarge {
        declared: size,
        limit,
        ..
    }
    | Refusal::ProvenTooLarge {
        proven: size,
        limit,
        ..
    } = &mut refusal
    {
        *limit = limit.saturating_add(lowered);
        if *size <= *limit {
            return over_budget;
        }
    }
    DecompressError::Refused(refusal).into()
}

/// What `bytes::Bytes` allocates beside a buffer that is shared: pointer, capacity and count, with room
/// for another layout.
pub(crate) const SHARED_HEADER_BYTES: u64 = 32;
