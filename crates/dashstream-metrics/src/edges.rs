//! The buckets of a classic histogram.

/// Upper edges of a histogram, and what its integers are divided by to get the unit of its name.
#[expect(
    clippy::exhaustive_structs,
    reason = "a histogram's buckets are its edges and their unit"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// Upper edges, in rising order; what is at an edge counts below it. One more has no end.
    pub edges: &'static [u64],
    /// Observations in one of the name's unit: 1,000,000 for microseconds that are shown as seconds.
    pub divisor: u32,
}

impl Edges {
    /// Microseconds shown as seconds: from pipelines of a quarter of a millisecond to stragglers of a
    /// minute.
    pub const FAST: Self = Self {
        edges: &[
            250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
            500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        ],
        divisor: 1_000_000,
    };

    /// The edges as the exposition prints them; the last is infinite.
    #[must_use]
    pub fn texts(self) -> Vec<String> {
        let finite = self.edges.iter();
        let finite = finite.map(|edge| self.in_units(*edge).to_string());
        finite.chain([String::from("+Inf")]).collect()
    }

    /// An observation in the unit of the metric's name.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the exposition's numbers are doubles"
    )]
    pub(crate) fn in_units(self, value: u64) -> f64 {
        value as f64 / f64::from(self.divisor)
    }

    /// The bucket of an observation; one for each edge, and one behind the last.
    pub(crate) fn bucket(self, value: u64) -> usize {
        self.edges.partition_point(|edge| *edge < value)
    }

    /// The same where the bucket is `from` or one soon after.
    #[inline]
    pub(crate) fn bucket_from(self, from: usize, value: u64) -> usize {
        let edges = self.edges.get(from..).unwrap_or_default();
        let passed = edges.iter().position(|edge| *edge >= value);
        from.wrapping_add(passed.unwrap_or(edges.len()))
    }
}
