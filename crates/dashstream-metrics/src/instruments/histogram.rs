//! Classic histograms: fixed edges, counted since the start.

use core::time::Duration;
use std::sync::Arc;

use crate::edges::Edges;
use crate::instruments::counter::Cells;
use crate::instruments::{Frozen, Instrument};
use crate::label::Label;

/// A histogram for each value of a label, of a family of its own. Clones share it.
#[derive(Clone, Debug)]
pub struct Histogram<K: 'static> {
    pub(crate) label: Label<K>,
    pub(crate) buckets: Arc<Buckets>,
}

/// For each key a count for each edge, one for what is beyond the last, and the sum.
#[derive(Debug)]
pub(crate) struct Buckets {
    edges: Edges,
    cells: Cells,
}

/// One histogram's numbers. Buckets are disjoint here; the exposition accumulates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) edges: Edges,
    pub(crate) buckets: Box<[u64]>,
    pub(crate) sum: u64,
}

impl<K: Copy> Histogram<K> {
    /// Counts one observation, in the unit of the edges.
    pub fn observe(&self, key: K, value: u64) {
        self.buckets.observe((self.label.index)(key), value);
    }
}

impl Buckets {
    pub(crate) fn zero(edges: Edges, keys: usize) -> Self {
        Self {
            edges,
            cells: Cells::zero(keys.saturating_mul(stride(edges))),
        }
    }

    pub(crate) fn observe(&self, key: usize, value: u64) {
        let [bucket, sum] = self.places(key, self.edges.bucket(value));
        self.cells.add(bucket, 1);
        self.cells.add(sum, value);
    }

    /// The same for the only thread that observes. The value's bucket is `from` or a later one.
    #[inline]
    pub(crate) fn observe_alone_from(&self, from: usize, key: usize, value: u64) {
        let [bucket, sum] = self.places(key, self.edges.bucket_from(from, value));
        self.cells.add_alone(bucket, 1);
        self.cells.add_alone(sum, value);
    }

    #[inline]
    fn places(&self, key: usize, bucket: usize) -> [usize; 2] {
        // Wrapping: what is below the number of cells does not wrap, and nothing else is looked up.
        let start = key.wrapping_mul(stride(self.edges));
        let behind = self.edges.edges.len().wrapping_add(1);
        [bucket, behind].map(|at| start.wrapping_add(at))
    }

    pub(crate) const fn edges(&self) -> Edges {
        self.edges
    }

    pub(crate) fn numbers(&self) -> Vec<Numbers> {
        let values: Vec<u64> = self.cells.values().collect();
        let keys = values.chunks_exact(stride(self.edges));
        let numbers = keys.filter_map(|values| {
            let (sum, buckets) = values.split_last()?;
            Some(Numbers {
                edges: self.edges,
                buckets: buckets.into(),
                sum: *sum,
            })
        });
        numbers.collect()
    }
}

const fn stride(edges: Edges) -> usize {
    edges.edges.len().saturating_add(2)
}

impl Instrument for Buckets {
    fn freeze(&self, _now: Duration) -> Frozen {
        Frozen::Histograms(self.numbers().into())
    }

    /// One observation for each bucket of each key; the sums move with them.
    fn cells(&self) -> usize {
        let keys = self.cells.len().checked_div(stride(self.edges));
        let each = self.edges.edges.len().saturating_add(1);
        keys.unwrap_or(0).saturating_mul(each)
    }

    fn poke(&self, _now: Duration, cell: usize) {
        let each = self.edges.edges.len().saturating_add(1);
        let (key, at) = (cell.checked_div(each), cell.checked_rem(each));
        let edge = at.and_then(|at| self.edges.edges.get(at).copied());
        let beyond = self
            .edges
            .edges
            .last()
            .map_or(1, |edge| edge.saturating_add(1));
        self.observe(key.unwrap_or(0), edge.unwrap_or(beyond));
    }
}

impl Numbers {
    /// Adds the numbers of another recorder's histogram with the same edges.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *ours = ours.saturating_add(*theirs);
        }
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// The same observations in the buckets of some of its edges.
    pub(crate) fn view(&self, edges: Edges) -> Self {
        let mut buckets = vec![0_u64; edges.edges.len().saturating_add(1)];
        // The last bucket ends nowhere, nor does the view's.
        let ends = self.edges.edges.iter().copied().chain([u64::MAX]);
        for (end, count) in ends.zip(&self.buckets) {
            if let Some(bucket) = buckets.get_mut(edges.bucket(end)) {
                *bucket = bucket.saturating_add(*count);
            }
        }
        Self {
            edges,
            buckets: buckets.into(),
            sum: self.sum,
        }
    }

    /// The observations up to each edge.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().scan(0_u64, |sum, count| {
            *sum = sum.saturating_add(*count);
            Some(*sum)
        })
    }

    /// All observations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The sum of the observations in the unit of the family's name.
    pub(crate) fn sum_in_units(&self) -> f64 {
        self.edges.in_units(self.sum)
    }
}
