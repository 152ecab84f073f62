//! Classic histograms: fixed buckets, counted since the start.

use core::time::Duration;
use std::sync::Arc;

use crate::buckets::Buckets;
use crate::instruments::counter::Cells;
use crate::instruments::{Frozen, Instrument};
use crate::label::Label;

/// A histogram for each value of a label, of a family of its own. Clones share it.
#[derive(Clone, Debug)]
pub struct Histogram<K: 'static> {
    pub(crate) label: Label<K>,
    pub(crate) cells: Arc<HistogramCells>,
}

/// For each key a count for each bound, one for what is beyond the last, and the sum.
#[derive(Debug)]
pub(crate) struct HistogramCells {
    buckets: Buckets,
    cells: Cells,
}

/// One histogram's numbers. Buckets are disjoint here; the exposition accumulates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) buckets: Buckets,
    pub(crate) counts: Box<[u64]>,
    pub(crate) sum: u64,
}

impl<K: Copy> Histogram<K> {
    /// Counts one observation, in the unit of the bounds.
    pub fn observe(&self, key: K, value: u64) {
        self.cells.observe((self.label.index)(key), value);
    }
}

impl HistogramCells {
    pub(crate) fn zero(buckets: Buckets, keys: usize) -> Self {
        Self {
            buckets,
            cells: Cells::zero(keys.saturating_mul(stride(buckets))),
        }
    }

    pub(crate) fn observe(&self, key: usize, value: u64) {
        let [bucket, sum] = self.places(key, self.buckets.bucket(value));
        // Two words that do not change together: a page taken in between shows only one of the changes.
        self.cells.add(bucket, 1);
        self.cells.add(sum, value);
    }

    /// The same for the only thread that observes. The value's bucket is `from` or a later one.
    #[inline]
    pub(crate) fn observe_alone_from(&self, from: usize, key: usize, value: u64) {
        let [bucket, sum] = self.places(key, self.buckets.bucket_from(from, value));
        self.cells.add_alone(bucket, 1);
        self.cells.add_alone(sum, value);
    }

    #[inline]
    fn places(&self, key: usize, bucket: usize) -> [usize; 2] {
        // Wrapping: for a key of this histogram the results are below the number of allocated cells.
        let start = key.wrapping_mul(stride(self.buckets));
        let behind = self.buckets.bounds.len().wrapping_add(1);
        [bucket, behind].map(|at| start.wrapping_add(at))
    }

    pub(crate) const fn buckets(&self) -> Buckets {
        self.buckets
    }

    pub(crate) fn numbers(&self) -> Vec<Numbers> {
        let values: Vec<u64> = self.cells.values().collect();
        let keys = values.chunks_exact(stride(self.buckets));
        let numbers = keys.filter_map(|values| {
            // The sum is the last word of each key, as in `places`.
            let (sum, counts) = values.split_last()?;
            Some(Numbers {
                buckets: self.buckets,
                counts: counts.into(),
                sum: *sum,
            })
        });
        numbers.collect()
    }
}

const fn stride(buckets: Buckets) -> usize {
    // One more bucket than there are bounds, for what is beyond the last, and the sum.
    buckets.bounds.len().saturating_add(2)
}

impl Instrument for HistogramCells {
    fn freeze(&self, _now: Duration) -> Frozen {
        Frozen::Histograms(self.numbers().into())
    }

    /// One observation for each bucket of each key; the sums move with them.
    fn cells(&self) -> usize {
        let keys = self.cells.len().checked_div(stride(self.buckets));
        let each = self.buckets.bounds.len().saturating_add(1);
        keys.unwrap_or(0).saturating_mul(each)
    }

    fn poke(&self, _now: Duration, cell: usize) {
        let each = self.buckets.bounds.len().saturating_add(1);
        let (key, at) = (cell.checked_div(each), cell.checked_rem(each));
        let bounds = self.buckets.bounds;
        // A bound belongs to its own bucket, since bounds are inclusive; behind the last is one more
        // bucket.
        let bound = at.and_then(|at| bounds.get(at).copied());
        let beyond = bounds.last().map_or(1, |bound| bound.saturating_add(1));
        self.observe(key.unwrap_or(0), bound.unwrap_or(beyond));
    }
}

impl Numbers {
    /// Adds the numbers of another recorder's histogram with the same buckets.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *ours = ours.saturating_add(*theirs);
        }
        // Wraps as the cells do, so that the result is the sum that one histogram for all would have.
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// The same observations in some of its buckets.
    pub(crate) fn view(&self, buckets: Buckets) -> Self {
        let mut counts = vec![0_u64; buckets.bounds.len().saturating_add(1)];
        // A bucket of ours falls whole into one of the view's, since `Registration::latency` refuses other
        // bounds. The last one has no upper bound, and goes to the view's last one.
        let ends = self.buckets.bounds.iter().copied().chain([u64::MAX]);
        for (end, count) in ends.zip(&self.counts) {
            if let Some(bucket) = counts.get_mut(buckets.bucket(end)) {
                *bucket = bucket.saturating_add(*count);
            }
        }
        Self {
            buckets,
            counts: counts.into(),
            sum: self.sum,
        }
    }

    /// The observations up to each bound.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().scan(0_u64, |sum, count| {
            *sum = sum.saturating_add(*count);
            Some(*sum)
        })
    }

    /// All observations.
    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The sum of the observations in the unit of the family's name.
    pub(crate) fn sum_in_units(&self) -> f64 {
        self.buckets.in_units(self.sum)
    }
}
