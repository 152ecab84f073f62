//! Thread ids of bounded length.

use alloc::borrow::Cow;
use alloc::format;

use sha2::{Digest, Sha256};

/// The longest thread id, in bytes, that [`bounded_thread_id`] hands back as it is.
pub const THREAD_ID_BYTES_MAX: usize = 256;

/// Bounds a thread id for use as a key or label: without white space around it, and in at most
/// [`THREAD_ID_BYTES_MAX`] bytes.
///
/// A longer id becomes its beginning, cut before the character that does not fit, `...`, and 16
/// hexadecimal digits of the whole id's SHA-256, so that long ids stay apart. Finding two ids that come
/// out the same takes about 2^32 attempts: isolate tenants by their tenant id, not by this.
#[must_use]
pub fn bounded_thread_id(id: &str) -> Cow<'_, str> {
    let id = id.trim();
    if id.len() <= THREAD_ID_BYTES_MAX {
        return Cow::Borrowed(id);
    }
    // A character has at most four bytes, so that one of the first tries is a boundary.
    let cut = (0..=KEPT_BYTES)
        .rev()
        .find(|at| id.is_char_boundary(*at))
        .unwrap_or(0);
    let (kept, _) = id.split_at_checked(cut).unwrap_or_default();
    let digest = Sha256::digest(id.as_bytes());
    let (tag, _) = digest.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    Cow::Owned(format!("{kept}...{:016x}", u64::from_be_bytes(*tag)))
}

/// Existing consumers keep as much: with the dots and the digits it is one byte less than the maximum.
const KEPT_BYTES: usize = 236;
