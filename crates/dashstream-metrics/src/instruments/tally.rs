//! Events counted in total and in windows, with the time of the last of each kind.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::sync::Arc;

use crate::counts::Counts;
use crate::instruments::owned::{OwnedCopies, OwnedCopy};
use crate::instruments::{Frozen, Instrument};
use crate::label::Label;
use crate::shard::{self, SHARDS_MAX};
use crate::sync::{AtomicU64, Ordering};
use crate::window::{Rings, Sums, WindowCounts, WindowShape};

/// Events by kind: totals since the start, the last two minutes, the last hour, and when each kind
/// happened last. Clones share the counters.
///
/// Recording is lock-free and allocates nothing. It has no family of its own: the host's families are
/// read from it.
#[derive(Clone, Debug)]
pub struct Tally<K: 'static, W: 'static = K> {
    pub(crate) id: usize,
    pub(crate) label: Label<K>,
    pub(crate) window: Label<W>,
    pub(crate) core: Arc<Core>,
}

/// How a [`Tally`] is laid out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TallyOptions {
    /// Whether there is a window of an hour beside that of two minutes. The default is no.
    pub long: bool,
    /// Copies of the counters, one for about each thread that records: rounded up to a power of two, at
    /// most 256. The default is 1.
    pub shards: NonZeroUsize,
    /// Copies that one [`TallyRecorder`] each can own, at most 256. The default is none.
    pub recorders: usize,
}

/// Records into counters that nobody else writes to.
///
/// Without anybody to race with it needs no locked memory access, which is most of what recording
/// costs. Give one to each thread that records every event; what is recorded stays when it is dropped,
/// and its counters go to the next that asks.
#[derive(Debug)]
pub struct TallyRecorder<K: 'static> {
    label: Label<K>,
    core: Arc<Core>,
    copy: OwnedCopy,
    /// Of the event before, so that those of one millisecond divide once.
    times: Times,
}

/// What a record needs of the time.
#[derive(Clone, Copy, Debug)]
struct Times {
    /// As in [`Moment`].
    stamp: u64,
    short: u64,
    long: u64,
}

/// What a [`Tally`] has counted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TallyCounts<K: 'static, W: 'static = K> {
    /// Events since the start. Nothing is ever subtracted.
    pub totals: Counts<K>,
    /// Events of the last 120 seconds.
    pub short: WindowCounts<W>,
    /// Events of the last hour; those of the last 120 seconds when there is no such window.
    pub long: WindowCounts<W>,
    /// Readings so far of the short and of the long window that were too small because a writer
    /// overtook the reader.
    pub torn: [u64; 2],
    /// By kind, the stamp of the last.
    last: Counts<K>,
}

#[derive(Debug)]
pub(crate) struct Core {
    shared: NonZeroUsize,
    owned: OwnedCopies,
    hot: Box<[Hot]>,
    keys: usize,
    short: Rings,
    long: Option<Rings>,
    torn: [AtomicU64; 2],
}

/// What every record touches, one copy a shard, by key.
#[repr(align(128))]
#[derive(Debug)]
struct Hot(Box<[EventCell]>);

#[derive(Debug)]
struct EventCell {
    count: AtomicU64,
    last: Moment,
    /// The place of the windows' key that this kind is folded into.
    window: usize,
}

/// When something happened last, to the millisecond; never is a state of its own.
#[derive(Debug)]
struct Moment(AtomicU64);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TallySums {
    totals: Box<[u64]>,
    last: Box<[u64]>,
    short: Sums,
    long: Option<Sums>,
    torn: [u64; 2],
}

impl Default for TallyOptions {
    fn default() -> Self {
        Self {
            long: false,
            shards: NonZeroUsize::MIN,
            recorders: 0,
        }
    }
}

impl<K: Copy, W: Copy> Tally<K, W> {
    /// Counts `n` events of a kind at `now`.
    pub fn record(&self, now: Duration, key: K, n: u64) {
        self.core.record(now, (self.label.index)(key), n);
    }

    /// Takes one of the copies that [`TallyOptions::recorders`] made room for; `None` when all are
    /// taken. [`Tally::record`] works all the same.
    #[must_use]
    pub fn recorder(&self) -> Option<TallyRecorder<K>> {
        Some(TallyRecorder {
            label: self.label,
            copy: self.core.owned.take()?,
            core: Arc::clone(&self.core),
            // A valid entry, for the origin: any other time differs in its stamp and replaces it.
            times: Times::at(Duration::ZERO),
        })
    }

    /// The counts of a reading of the same catalogue; of another one, none.
    #[must_use]
    pub fn read(&self, reading: &super::Reading) -> TallyCounts<K, W> {
        // Without numbers: `Counts::get` answers 0 for every kind.
        let none = TallySums::default();
        let sums = match reading.get(self.id) {
            Some(Frozen::Tally(sums)) => sums,
            _ => &none,
        };
        let long = sums.long.as_ref().unwrap_or(&sums.short);
        TallyCounts {
            totals: Counts::of(self.label, &sums.totals),
            short: WindowCounts::of(self.window, &sums.short),
            long: WindowCounts::of(self.window, long),
            torn: sums.torn,
            last: Counts::of(self.label, &sums.last),
        }
    }
}

impl<K: Copy> TallyRecorder<K> {
    /// Counts one event of a kind at `now`.
    // Exclusive: the copy has one writer at a time.
    #[inline]
    pub fn record(&mut self, now: Duration, key: K) {
        // Slots begin at whole seconds, so that times of the same millisecond have the same slots.
        if self.times.stamp != stamp(now) {
            self.times = Times::at(now);
        }
        self.core
            .record_alone(self.copy.at, self.times, (self.label.index)(key));
    }
}

impl<K: Copy, W> TallyCounts<K, W> {
    /// When an event that `wanted` picks happened last, to the millisecond; `None` for never.
    pub fn last(&self, mut wanted: impl FnMut(K) -> bool) -> Option<Duration> {
        let picked = self.last.pairs().filter(|(kind, _)| wanted(*kind));
        let stamps = picked.map(|(_, stamp)| stamp);
        let stamp = stamps.max().unwrap_or(0);
        // Stamp 0 is never, and the others are one too large: see `stamp`.
        stamp.checked_sub(1).map(Duration::from_millis)
    }
}

impl Core {
    pub(crate) fn new(
        window_of: &[usize],
        window_keys: usize,
        options: TallyOptions,
        now: Duration,
    ) -> Self {
        let shared = shard::rounded(options.shards);
        let owned = options.recorders.min(SHARDS_MAX);
        let copies = shared.get().saturating_add(owned);
        // Shared copies first and owned ones behind them, as in `hot`: one number is the place in both.
        let rings = |shape| Rings::new(shape, window_keys, shared, owned, now);
        Self {
            shared,
            owned: OwnedCopies::new(owned),
            hot: (0..copies).map(|_| Hot::new(window_of)).collect(),
            keys: window_of.len(),
            short: rings(WindowShape::SHORT),
            long: options.long.then(|| rings(WindowShape::LONG)),
            torn: [0, 0].map(AtomicU64::new),
        }
    }

    fn record(&self, now: Duration, key: usize, n: u64) {
        let shard = shard::current(self.shared);
        let Some(kind) = self.hot.get(shard).and_then(|hot| hot.0.get(key)) else {
            return;
        };
        // Relaxed: a counter publishes nothing but itself.
        kind.count.fetch_add(n, Ordering::Relaxed);
        let times = Times::at(now);
        kind.last.note(times.stamp);
        self.short.record_in(shard, times.short, kind.window, n);
        if let Some(long) = &self.long {
            long.record_in(shard, times.long, kind.window, n);
        }
    }

    /// Records in a copy that the calling thread owns.
    #[inline]
    fn record_alone(&self, owned: usize, times: Times, key: usize) {
        let shard = self.shared.get().saturating_add(owned);
        let Some(kind) = self.hot.get(shard).and_then(|hot| hot.0.get(key)) else {
            return;
        };
        // A load and a store instead of `fetch_add`: exact because this copy has no other writer.
        let before = kind.count.load(Ordering::Relaxed);
        kind.count.store(before.wrapping_add(1), Ordering::Relaxed);
        kind.last.note(times.stamp);
        self.short
            .record_alone_in(shard, times.short, kind.window, 1);
        if let Some(long) = &self.long {
            long.record_alone_in(shard, times.long, kind.window, 1);
        }
    }

    fn by_key(&self, read: impl Fn(&EventCell) -> u64, join: fn(u64, u64) -> u64) -> Box<[u64]> {
        let keys = 0..self.keys;
        let over = |key| {
            let cells = self.hot.iter().filter_map(|hot| hot.0.get(key));
            cells.map(&read).fold(0, join)
        };
        keys.map(over).collect()
    }
}

impl Instrument for Core {
    fn freeze(&self, now: Duration) -> Frozen {
        let short = self.short.read(now);
        let long = self.long.as_ref().map(|long| long.read(now));
        let torn = [short.torn, long.as_ref().is_some_and(|long| long.torn)];
        for (torn, counter) in torn.into_iter().zip(&self.torn) {
            // Counted here, because a torn reading is followed by a whole one that shows no trace of it.
            counter.fetch_add(u64::from(torn), Ordering::Relaxed);
        }
        Frozen::Tally(TallySums {
            totals: self.by_key(
                |kind| kind.count.load(Ordering::Relaxed),
                u64::saturating_add,
            ),
            last: self.by_key(|kind| kind.last.0.load(Ordering::Relaxed), u64::max),
            short,
            long,
            torn: self.torn.each_ref().map(|n| n.load(Ordering::Relaxed)),
        })
    }

    fn cells(&self) -> usize {
        self.keys
    }

    fn poke(&self, now: Duration, cell: usize) {
        self.record(now, cell, 1);
    }
}

impl Hot {
    fn new(window_of: &[usize]) -> Self {
        let kind = |window: &usize| EventCell {
            count: AtomicU64::new(0),
            last: Moment(AtomicU64::new(0)),
            // Folded once here, so that a record does not call the host's function.
            window: *window,
        };
        Self(window_of.iter().map(kind).collect())
    }
}

impl Times {
    #[inline]
    const fn at(now: Duration) -> Self {
        Self {
            stamp: stamp(now),
            short: WindowShape::SHORT.slot_at(now),
            long: WindowShape::LONG.slot_at(now),
        }
    }
}

impl Moment {
    /// Notes that it happened at `stamp`. Writes only when a millisecond has passed.
    #[inline]
    fn note(&self, stamp: u64) {
        // The plain load saves the locked access for all but the first event of a millisecond. The maximum
        // behind it is still needed: another thread may note a later one in between.
        if self.0.load(Ordering::Relaxed) < stamp {
            self.0.fetch_max(stamp, Ordering::Relaxed);
        }
    }
}

/// Milliseconds, one more than there are, so that the first differs from never.
#[inline]
const fn stamp(now: Duration) -> u64 {
    now.as_secs()
        .saturating_mul(1000)
        .saturating_add(now.subsec_millis() as u64)
        .saturating_add(1)
}
