//! The decoder's limits that belong to a longest value.

use dashstream_codec::{DecodeLimits, DecodeOptions};

/// The limits for values of at most `max_payload_bytes`: the payload within a compressed one may be as long,
/// and a limit below the decoder's default takes the heap along in the same proportion, 64 MiB for 10 MiB.
///
/// # Examples
///
/// ```
/// let options = dashstream::decode_options(1 << 20);
/// # let _ = options;
/// ```
pub fn decode_options(max_payload_bytes: usize) -> DecodeOptions {
    let default = DecodeLimits::new();
    let limits = default.clone().with_payload_bytes(max_payload_bytes);
    if max_payload_bytes >= default.payload_bytes() {
        return DecodeOptions::new().with_limits(limits);
    }
    // A limit that is raised takes the others along; one that is lowered leaves them where they are, and
    // who sends less here may also ask for less.
    let share = |of: usize| u64::try_from(of).unwrap_or(u64::MAX);
    // Both defaults are below 2^27, so that the product fits, and neither is 0.
    let heap = default
        .heap_bytes()
        .saturating_mul(share(max_payload_bytes))
        .checked_div(share(default.payload_bytes()));
    DecodeOptions::new().with_limits(limits.with_heap_bytes(heap.unwrap_or(u64::MAX)))
}
