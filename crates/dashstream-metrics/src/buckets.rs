//! The buckets of a classic histogram.

/// Upper bounds of a histogram's buckets, and what its integers are divided by to get the unit of its name.
#[expect(
    clippy::exhaustive_structs,
    reason = "a histogram's buckets are its bounds and their unit"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Upper bounds, in rising order, inclusive as `le` is. The `+Inf` bucket is added.
    pub bounds: &'static [u64],
    /// Observations in one of the name's unit: 1,000,000 for microseconds that are shown as seconds.
    pub divisor: u32,
}

impl Buckets {
    /// Microseconds shown as seconds: from pipelines of a quarter of a millisecond to stragglers of a
    /// minute.
    pub const LATENCY: Self = Self {
        bounds: &[
            250, 500, 1_000, 2_000, 3_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000,
            500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
        ],
        divisor: 1_000_000,
    };

    /// The bounds as the exposition prints them; the last is infinite.
    #[must_use]
    pub fn texts(self) -> Vec<String> {
        let finite = self.bounds.iter();
        let finite = finite.map(|bound| self.in_units(*bound).to_string());
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

    /// The bucket of an observation; one for each bound, and one behind the last.
    pub(crate) fn bucket(self, value: u64) -> usize {
        // Strictly less, because a bound belongs to its own bucket: `le` is "less than or equal".
        self.bounds.partition_point(|bound| *bound < value)
    }

    /// The same where the bucket is `from` or one soon after.
    #[inline]
    pub(crate) fn bucket_from(self, from: usize, value: u64) -> usize {
        let bounds = self.bounds.get(from..).unwrap_or_default();
        let passed = bounds.iter().position(|bound| *bound >= value);
        // Wrapping: the sum is at most the number of bounds, as long as `from` is a bucket.
        from.wrapping_add(passed.unwrap_or(bounds.len()))
    }
}
