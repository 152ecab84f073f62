//! Latencies: quantiles of the last two minutes from log-linear buckets, and a classic histogram.

use core::time::Duration;
use std::sync::Arc;

use crate::instruments::histogram::{HistogramCells, Numbers};
use crate::instruments::owned::{OwnedCopies, OwnedCopy};
use crate::instruments::{Frozen, Instrument};
use crate::label::Label;
use crate::shard::SHARDS_MAX;
use crate::window::{Rings, WindowShape};

/// Buckets that each doubling is divided into. A quantile is the middle of its bucket, which is at most
/// a 32nd of the value away: the relative error is 3.2 % at most. Below 32 µs it is none.
const LINEAR: u64 = if cfg!(loom) { 2 } else { 16 };

/// Doublings above [`LINEAR`]: the last bucket ends at 2^26 µs, 67 s, and holds what is beyond. Models
/// have two buckets, so that every order of their threads can be run.
const DOUBLINGS: u64 = if cfg!(loom) { 0 } else { 22 };

const BUCKETS: usize = if cfg!(loom) { 2 } else { 368 };

/// Latencies by stage, of two families: a classic histogram since the start, and the quantiles of the
/// last two minutes. Clones share it.
#[derive(Clone, Debug)]
pub struct Latency<K: 'static> {
    pub(crate) label: Label<K>,
    pub(crate) core: Arc<Core>,
}

/// Records into counters that nobody else writes to, as a [`TallyRecorder`](crate::TallyRecorder) does.
#[derive(Debug)]
pub struct LatencyRecorder<K: 'static> {
    label: Label<K>,
    core: Arc<Core>,
    copy: OwnedCopy,
}

/// The quantiles of one stage over the last two minutes, in the order of [`QUANTILES`]; `None` when there
/// was nothing.
pub(crate) type Quantiles = [Option<Duration>; QUANTILES.len()];

/// The quantiles as the page names them, and how many of 1,000 observations are not above each.
pub(crate) const QUANTILES: [(&str, u64); 4] =
    [("0.5", 500), ("0.9", 900), ("0.99", 990), ("0.999", 999)];

#[derive(Debug)]
pub(crate) struct Core {
    stages: usize,
    owned: OwnedCopies,
    rings: Rings,
    /// For all threads, and then for each recorder.
    classic: Box<[HistogramCells]>,
    /// By bucket, the classic one that its smallest latency falls into: from there the search is short.
    classic_of: Box<[usize]>,
}

impl<K: Copy> Latency<K> {
    /// Counts one latency of a stage, in microseconds.
    pub fn record(&self, now: Duration, key: K, micros: u64) {
        self.core.record(now, (self.label.index)(key), micros);
    }

    /// Takes one of the copies that the registration made room for; `None` when all are taken.
    #[must_use]
    pub fn recorder(&self) -> Option<LatencyRecorder<K>> {
        Some(LatencyRecorder {
            label: self.label,
            copy: self.core.owned.take()?,
            core: Arc::clone(&self.core),
        })
    }
}

impl<K: Copy> LatencyRecorder<K> {
    /// Counts one latency of a stage, in microseconds.
    // Exclusive: the copy has one writer at a time.
    #[inline]
    pub fn record(&mut self, now: Duration, key: K, micros: u64) {
        let stage = (self.label.index)(key);
        // A seeded defect: it writes where others write.
        let shard = if cfg!(mutant = "latency_not_alone") {
            0
        } else {
            // Copy 0 is the one that all threads share; the recorders' copies are behind it.
            self.copy.at.saturating_add(1)
        };
        let slot = WindowShape::LATENCY.slot_at(now);
        let bucket = bucket(micros);
        let cell = cell(stage, bucket);
        self.core.rings.record_alone_in(shard, slot, cell, 1);
        let from = self.core.classic_of.get(bucket);
        if let (Some(classic), Some(from)) = (self.core.classic.get(shard), from) {
            // Buckets of the quantiles are narrow, so that the classic bucket of this value is the one of
            // its bucket's smallest value or one soon after: a short scan instead of a binary search.
            classic.observe_alone_from(*from, stage, micros);
        }
    }
}

impl Core {
    pub(crate) fn new(
        stages: usize,
        classic: impl Fn() -> HistogramCells,
        recorders: usize,
        now: Duration,
    ) -> Self {
        let owned = recorders.min(SHARDS_MAX);
        let keys = stages.saturating_mul(BUCKETS);
        // One copy for all threads without a recorder: each copy takes 24 KiB for each stage.
        let one = core::num::NonZeroUsize::MIN;
        let classic: Box<[HistogramCells]> = (0..=owned).map(|_| classic()).collect();
        let buckets = classic.first().map(HistogramCells::buckets);
        let classic_of = |bucket| buckets.map_or(0, |buckets| buckets.bucket(smallest(bucket)));
        Self {
            stages,
            classic_of: (0..BUCKETS).map(classic_of).collect(),
            owned: OwnedCopies::new(owned),
            rings: Rings::new(WindowShape::LATENCY, keys, one, owned, now),
            classic,
        }
    }

    fn record(&self, now: Duration, stage: usize, micros: u64) {
        let slot = WindowShape::LATENCY.slot_at(now);
        let cell = cell(stage, bucket(micros));
        self.rings.record_in(0, slot, cell, 1);
        if let Some(classic) = self.classic.first() {
            classic.observe(stage, micros);
        }
    }

    /// The classic histograms of all recorders, added up.
    fn merged(&self) -> Vec<Numbers> {
        // A seeded defect: only the first copy is read.
        let copies = if cfg!(mutant = "latency_reads_one_copy") {
            self.classic.get(..1).unwrap_or_default()
        } else {
            &self.classic
        };
        let mut all = copies.iter().map(HistogramCells::numbers);
        let mut sum = all.next().unwrap_or_default();
        for other in all {
            for (ours, theirs) in sum.iter_mut().zip(&other) {
                ours.merge(theirs);
            }
        }
        sum
    }
}

impl Instrument for Core {
    fn freeze(&self, now: Duration) -> Frozen {
        // `sums.torn` is left out: writers must be more than two slots, 40 s, ahead of `now` before a
        // latency of the window is missing.
        let sums = self.rings.read(now);
        let quantiles = sums.counts.chunks_exact(BUCKETS).map(quantiles);
        Frozen::Latencies(self.merged().into_iter().zip(quantiles).collect())
    }

    fn cells(&self) -> usize {
        self.stages.saturating_mul(BUCKETS)
    }

    fn poke(&self, now: Duration, cell: usize) {
        let stage = cell.checked_div(BUCKETS).unwrap_or(0);
        let bucket = cell.checked_rem(BUCKETS).unwrap_or(0);
        self.record(now, stage, middle(bucket));
    }
}

fn quantiles(counts: &[u64]) -> Quantiles {
    let total = counts.iter().fold(0_u64, |sum, n| sum.saturating_add(*n));
    QUANTILES.map(|(_, per_mille)| {
        // The nearest-rank quantile: the bucket in which the count of observations reaches the rank.
        // Rounded up: of one observation, every quantile is that one. Saturates only beyond 2^54
        // observations.
        let rank = total.saturating_mul(per_mille).div_ceil(1000);
        let mut seen = 0_u64;
        let bucket = counts.iter().position(|n| {
            seen = seen.saturating_add(*n);
            // Of no observations the rank is 0, which the first bucket would reach: there is no quantile
            // then.
            seen >= rank && seen > 0
        });
        bucket.map(|bucket| Duration::from_micros(middle(bucket)))
    })
}

#[inline]
const fn cell(stage: usize, bucket: usize) -> usize {
    // Wrapping: for a stage of this latency the result is below the number of allocated cells.
    stage.wrapping_mul(BUCKETS).wrapping_add(bucket)
}

/// The bucket of a latency: [`LINEAR`] of equal width for each doubling.
#[inline]
fn bucket(micros: u64) -> usize {
    let micros = micros.min(MICROS_LAST);
    // With the bit of `LINEAR` set, everything below it counts as the first doubling, whose buckets are 1
    // µs wide, and `ilog2` never gets 0.
    let doublings = (micros | LINEAR).ilog2().wrapping_sub(LINEAR.ilog2());
    let within = micros >> doublings;
    // Wrapping: `doublings` is at most 21 and `within` at most 31, since `micros` is below 2^26.
    let bucket = u64::from(doublings)
        .wrapping_mul(LINEAR)
        .wrapping_add(within);
    usize::try_from(bucket).unwrap_or(BUCKETS_LAST)
}

/// The largest latency of the last bucket, which counts all larger ones as well.
const MICROS_LAST: u64 = (LINEAR << DOUBLINGS) - 1;

const BUCKETS_LAST: usize = BUCKETS.saturating_sub(1);

/// The middle of a bucket, in microseconds.
fn middle(bucket: usize) -> u64 {
    // Integer division: a bucket of 1 µs has its only value for its middle, so that small latencies are
    // exact.
    smallest(bucket).saturating_add((1_u64 << doublings(bucket)) / 2)
}

/// The smallest latency of a bucket, in microseconds.
fn smallest(bucket: usize) -> u64 {
    let doublings = doublings(bucket);
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    let within = bucket.saturating_sub(doublings.saturating_mul(LINEAR));
    within.saturating_mul(1_u64 << doublings)
}

fn doublings(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    // The first two runs of `LINEAR` buckets are both 1 µs wide: up to twice `LINEAR` nothing is rounded.
    (bucket / LINEAR).saturating_sub(1).min(DOUBLINGS)
}

#[cfg(all(test, loom))]
mod tests {
    mod models;
}
#[cfg(all(test, not(loom)))]
mod tests;
