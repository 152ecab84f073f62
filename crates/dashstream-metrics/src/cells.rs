//! The atomic cells behind the catalogue. No handle to one of them leaves the crate.

use core::marker::PhantomData;
use core::time::Duration;

use crate::label::Key;
use crate::sync::{AtomicU64, Ordering};
use crate::window::Counts;

/// One counter for each key.
#[derive(Debug)]
pub(crate) struct Cells<K> {
    cells: Box<[AtomicU64]>,
    key: PhantomData<fn(K)>,
}

impl<K: Key> Cells<K> {
    pub(crate) fn zero() -> Self {
        Self {
            cells: (0..K::COUNT).map(|_| AtomicU64::new(0)).collect(),
            key: PhantomData,
        }
    }

    pub(crate) fn add(&self, key: K, n: u64) {
        // Always there: `zero` made one for each key.
        if let Some(cell) = self.cells.get(key.index()) {
            // Relaxed: a counter publishes nothing but itself.
            cell.fetch_add(n, Ordering::Relaxed);
        }
    }

    /// The same for the only thread that adds to these cells: a counter without a locked access.
    pub(crate) fn add_alone(&self, key: K, n: u64) {
        if let Some(cell) = self.cells.get(key.index()) {
            let before = cell.load(Ordering::Relaxed);
            cell.store(before.wrapping_add(n), Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self, key: K) -> u64 {
        self.cells
            .get(key.index())
            .map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    pub(crate) fn read(&self) -> Counts<K> {
        Counts::from_fn(|key| self.get(key))
    }
}

/// When something happened last, to the millisecond; never is a state of its own.
#[derive(Debug)]
pub(crate) struct Moment(AtomicU64);

impl Moment {
    pub(crate) fn never() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Notes that it happened at `now`. Writes only when a millisecond has passed.
    pub(crate) fn note(&self, now: Duration) {
        // Shifted by one, so that the first millisecond differs from never.
        let stamp = now
            .as_secs()
            .saturating_mul(1000)
            .saturating_add(u64::from(now.subsec_millis()))
            .saturating_add(1);
        if self.0.load(Ordering::Relaxed) < stamp {
            self.0.fetch_max(stamp, Ordering::Relaxed);
        }
    }

    pub(crate) fn get(&self) -> Option<Duration> {
        let stamp = self.0.load(Ordering::Relaxed);
        stamp.checked_sub(1).map(Duration::from_millis)
    }
}

/// Upper edges of a histogram, and what its integers are divided by to get the unit of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edges {
    pub(crate) edges: &'static [u64],
    pub(crate) divisor: u32,
}

/// A histogram for each key; observations are integers.
#[derive(Debug)]
pub(crate) struct Histograms<K> {
    edges: Edges,
    /// By key: a count for each edge, one for what is beyond the last, and the sum.
    cells: Box<[AtomicU64]>,
    key: PhantomData<fn(K)>,
}

impl<K: Key> Histograms<K> {
    pub(crate) fn zero(edges: Edges) -> Self {
        let len = K::COUNT.saturating_mul(Self::stride(edges));
        Self {
            edges,
            cells: (0..len).map(|_| AtomicU64::new(0)).collect(),
            key: PhantomData,
        }
    }

    pub(crate) fn observe(&self, key: K, value: u64) {
        let bucket = self.edges.edges.partition_point(|edge| *edge < value);
        self.add(key, bucket, 1);
        self.add(key, self.edges.edges.len().saturating_add(1), value);
    }

    pub(crate) fn read(&self, key: K) -> Histogram {
        let start = key.index().saturating_mul(Self::stride(self.edges));
        let end = start.saturating_add(Self::stride(self.edges));
        let cells = self.cells.get(start..end).unwrap_or_default();
        let mut values: Vec<u64> = cells
            .iter()
            .map(|cell| cell.load(Ordering::Relaxed))
            .collect();
        let sum = values.pop().unwrap_or(0);
        Histogram {
            edges: self.edges,
            buckets: values.into_boxed_slice(),
            sum,
        }
    }

    pub(crate) fn read_all(&self) -> Box<[Histogram]> {
        K::all().map(|key| self.read(key)).collect()
    }

    fn add(&self, key: K, cell: usize, n: u64) {
        let start = key.index().saturating_mul(Self::stride(self.edges));
        if let Some(cell) = self.cells.get(start.saturating_add(cell)) {
            cell.fetch_add(n, Ordering::Relaxed);
        }
    }

    fn stride(edges: Edges) -> usize {
        edges.edges.len().saturating_add(2)
    }
}

/// One histogram's numbers. Buckets are disjoint here; the exposition accumulates them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Histogram {
    pub(crate) edges: Edges,
    pub(crate) buckets: Box<[u64]>,
    pub(crate) sum: u64,
}

impl Histogram {
    /// Each upper edge as the exposition prints it, with the observations up to it.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (String, u64)> {
        self.buckets
            .iter()
            .scan(0_u64, |sum, count| {
                *sum = sum.saturating_add(*count);
                Some(*sum)
            })
            .zip(self.edges.texts())
            .map(|(count, edge)| (edge, count))
    }

    /// All observations.
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The sum of the observations in the unit of the metric's name.
    pub(crate) fn sum_in_units(&self) -> f64 {
        self.edges.in_units(self.sum)
    }
}

impl Edges {
    /// A value in the unit of the metric's name.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the exposition's numbers are doubles"
    )]
    pub(crate) fn in_units(self, value: u64) -> f64 {
        value as f64 / f64::from(self.divisor)
    }

    /// The upper edges as the exposition prints them; the last is infinite.
    pub(crate) fn texts(self) -> Vec<String> {
        let finite = self
            .edges
            .iter()
            .map(|edge| self.in_units(*edge).to_string());
        finite.chain([String::from("+Inf")]).collect()
    }
}
