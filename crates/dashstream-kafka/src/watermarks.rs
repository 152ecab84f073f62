//! Where a partition's log begins and ends.

/// The two ends of a partition's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Watermarks {
    /// The oldest offset that the broker holds.
    pub(crate) low: i64,
    /// The next record's offset.
    pub(crate) high: i64,
}
