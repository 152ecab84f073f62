//! The two ends of a partition's log.

/// A partition's first offset and the one its next record will get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "Kafka has these two and no more")]
pub struct Watermarks {
    /// The oldest offset the broker holds.
    pub low: i64,
    /// The next record's offset.
    pub high: i64,
}
