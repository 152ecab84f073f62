//! Rings for every key and shard, under one clock.

use core::num::NonZeroUsize;
use core::time::Duration;

use crate::sync::{AtomicU64, Ordering};
use crate::window::account::Account;
use crate::window::bucket::{After, Bucket, EPOCH_MAX, Left};
use crate::window::shape::{Epoch, Shape};

/// One ring a key, all of the same shape and under the same clock. Keys are places of a label's values.
pub(crate) struct Rings {
    shape: Shape,
    keys: usize,
    mask: u64,
    /// The shards that any thread may write to, a power of two.
    shared: NonZeroUsize,
    /// All of them.
    shards: usize,
    /// By shard, then key, then slot.
    slots: Box<[AtomicU64]>,
    overflows: Box<[Overflow]>,
    tick: AtomicU64,
    opened: Duration,
}

/// What the rings hold, as seen at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sums {
    /// By key.
    pub(crate) counts: Box<[u64]>,
    pub(crate) window: Duration,
    pub(crate) covered: Duration,
    pub(crate) torn: bool,
    pub(crate) account: Account,
}

/// What left a shard's rings. Alone on its cache lines: it is written when a slot is reused.
#[repr(align(128))]
#[derive(Debug)]
struct Overflow {
    expired: AtomicU64,
    late: AtomicU64,
    early: AtomicU64,
    saturated: AtomicU64,
}

impl Rings {
    /// A window of `shared` copies, a power of two, and behind them `owned` copies for one writer each.
    pub(crate) fn new(
        shape: Shape,
        keys: usize,
        shared: NonZeroUsize,
        owned: usize,
        now: Duration,
    ) -> Self {
        let shards = shared.get().saturating_add(owned);
        let ring = shape.ring() as usize;
        let len = ring.saturating_mul(keys).saturating_mul(shards);
        Self {
            shape,
            keys,
            mask: u64::from(shape.ring().saturating_sub(1)),
            shared,
            shards,
            slots: (0..len).map(|_| AtomicU64::new(0)).collect(),
            overflows: (0..shards).map(|_| Overflow::new()).collect(),
            tick: AtomicU64::new(shape.epoch(now).0),
            opened: now,
        }
    }

    pub(crate) const fn keys(&self) -> usize {
        self.keys
    }

    #[inline]
    pub(crate) const fn shape(&self) -> Shape {
        self.shape
    }

    /// The shards that any thread may write to.
    #[inline]
    pub(crate) const fn shared(&self) -> NonZeroUsize {
        self.shared
    }

    /// Tells the window the time.
    pub(crate) fn tick(&self, now: Duration) {
        let Epoch(epoch) = self.shape.epoch(now);
        self.tick.fetch_max(epoch.min(EPOCH_MAX), Ordering::Relaxed);
    }

    /// Tells the time, sums the window that ends `now`, and accounts for every event that was recorded.
    ///
    /// Exact for every record that happened before; records under way are counted or not. Costs one
    /// load for each slot, key and shard.
    pub(crate) fn read(&self, now: Duration) -> Sums {
        self.tick(now);
        let Epoch(epoch) = self.shape.epoch(now);
        let mut account = Account::default();
        for overflow in &self.overflows {
            overflow.add_to(&mut account);
        }
        let mut torn = false;
        let counts = (0..self.keys).map(|key| {
            let mut inside = 0_u64;
            for bucket in self.buckets(key) {
                let sum = match self.place(bucket.epoch, epoch) {
                    Place::Inside => &mut inside,
                    Place::Empty | Place::Expired => &mut account.expired,
                    Place::Ahead => &mut account.ahead,
                    Place::Overtaken => {
                        torn = true;
                        &mut account.ahead
                    }
                };
                *sum = sum.saturating_add(bucket.count);
            }
            inside
        });
        let counts: Box<[u64]> = counts.collect();
        account.in_window = counts.iter().fold(0, |sum, n| sum.saturating_add(*n));
        Sums {
            counts,
            window: self.shape.window(),
            covered: self.covered(now),
            torn,
            account,
        }
    }

    #[inline]
    pub(crate) fn record_in(&self, shard: usize, epoch: Epoch, key: usize, n: u64) {
        let Some(slot) = self.admit(shard, epoch, key, n) else {
            return;
        };
        // Relaxed: each slot is one self-contained word; nothing else is published through it.
        let mut seen = slot.load(Ordering::Relaxed);
        loop {
            let After::Put { next, left } = Bucket::unpack(seen).after(epoch.0, n) else {
                return self.lose(shard, |overflow| &overflow.late, n);
            };
            match slot.compare_exchange_weak(
                seen,
                next.pack(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return self.leave(shard, left),
                // A seeded defect: a writer that lost the race gives up.
                Err(_) if cfg!(mutant = "window_gives_up") => return,
                Err(now_there) => seen = now_there,
            }
        }
    }

    /// The same for the only thread that writes to this shard: nothing can change between its load and
    /// its store, so that it needs no locked access.
    #[inline]
    pub(crate) fn record_alone_in(&self, shard: usize, epoch: Epoch, key: usize, n: u64) {
        // A seeded defect: it writes where others write.
        let shard = if cfg!(mutant = "window_not_alone") {
            0
        } else {
            shard
        };
        let Some(slot) = self.admit(shard, epoch, key, n) else {
            return;
        };
        match Bucket::unpack(slot.load(Ordering::Relaxed)).after(epoch.0, n) {
            After::Put { next, left } => {
                slot.store(next.pack(), Ordering::Relaxed);
                self.leave(shard, left);
            }
            After::Late => self.lose(shard, |overflow| &overflow.late, n),
        }
    }

    /// The slot for events of `epoch`; `None` when they are too early, which is then accounted for.
    #[inline]
    fn admit(&self, shard: usize, Epoch(epoch): Epoch, key: usize, n: u64) -> Option<&AtomicU64> {
        let tick = self.tick.load(Ordering::Relaxed);
        if epoch > tick && !self.advance(tick, epoch) {
            // A seeded defect: what comes too early is gone without a trace.
            if !cfg!(mutant = "window_forgets_early") {
                self.lose(shard, |overflow| &overflow.early, n);
            }
            return None;
        }
        let slot = self.slot(shard, key, epoch);
        if slot.is_none() {
            // Unreachable: shard, key and slot are all below the lengths the slots were made with.
            self.lose(shard, |overflow| &overflow.late, n);
        }
        slot
    }

    /// Accounts for what did not stay in a slot.
    #[inline]
    fn leave(&self, shard: usize, left: Left) {
        if left.displaced > 0 {
            self.lose(shard, |overflow| &overflow.expired, left.displaced);
        }
        if left.clipped > 0 {
            self.lose(shard, |overflow| &overflow.saturated, left.clipped);
        }
    }

    /// Moves the window's time to `epoch` if that is within the guard; says whether it is.
    #[cold]
    fn advance(&self, tick: u64, epoch: u64) -> bool {
        let allowed = tick
            .saturating_add(u64::from(self.shape.guard()))
            .min(EPOCH_MAX);
        if epoch > allowed {
            return false;
        }
        self.tick.fetch_max(epoch, Ordering::Relaxed);
        true
    }

    #[cold]
    fn lose(&self, shard: usize, which: impl Fn(&Overflow) -> &AtomicU64, n: u64) {
        if let Some(overflow) = self.overflows.get(shard) {
            which(overflow).fetch_add(n, Ordering::Relaxed);
        }
    }

    #[inline]
    fn slot(&self, shard: usize, key: usize, epoch: u64) -> Option<&AtomicU64> {
        let slot = usize::try_from(epoch & self.mask).ok()?;
        self.slots
            .get(self.ring_start(shard, key).wrapping_add(slot))
    }

    #[inline]
    fn ring_start(&self, shard: usize, key: usize) -> usize {
        // Wrapping: the product is below the length of a slice that was allocated.
        shard
            .wrapping_mul(self.keys)
            .wrapping_add(key)
            .wrapping_mul(self.shape.ring() as usize)
    }

    fn buckets(&self, key: usize) -> impl Iterator<Item = Bucket> {
        // A seeded defect: only the first writer's copy is read.
        let shards = if cfg!(mutant = "window_reads_one_shard") {
            1
        } else {
            self.shards
        };
        (0..shards).flat_map(move |shard| {
            let start = self.ring_start(shard, key);
            let end = start.saturating_add(self.shape.ring() as usize);
            let ring = self.slots.get(start..end).unwrap_or_default();
            ring.iter()
                .map(|slot| Bucket::unpack(slot.load(Ordering::Relaxed)))
        })
    }

    /// Where a slot of epoch `held` lies for a reader at epoch `reader`.
    ///
    /// Seeded defects: old slots count as well; nobody says that a slot was reused.
    fn place(&self, held: u64, reader: u64) -> Place {
        let slots = u64::from(self.shape.slots());
        if held == 0 {
            Place::Empty
        } else if held.saturating_add(slots) <= reader && !cfg!(mutant = "window_ignores_epochs") {
            Place::Expired
        } else if held <= reader {
            Place::Inside
        } else if held <= reader.saturating_add(u64::from(self.shape.guard()))
            || cfg!(mutant = "window_never_torn")
        {
            Place::Ahead
        } else {
            Place::Overtaken
        }
    }

    fn covered(&self, now: Duration) -> Duration {
        let slot = self.shape.slot().as_secs();
        let begun = now.as_secs().checked_rem(slot).unwrap_or(0);
        let full = self.shape.window().saturating_sub(self.shape.slot());
        let in_slot = Duration::new(begun, now.subsec_nanos());
        full.saturating_add(in_slot)
            .min(now.saturating_sub(self.opened))
    }
}

impl core::fmt::Debug for Rings {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Rings")
            .field("shape", &self.shape)
            .field("shards", &self.shards)
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}

enum Place {
    Empty,
    Expired,
    Inside,
    Ahead,
    Overtaken,
}

impl Overflow {
    fn new() -> Self {
        Self {
            expired: AtomicU64::new(0),
            late: AtomicU64::new(0),
            early: AtomicU64::new(0),
            saturated: AtomicU64::new(0),
        }
    }

    fn add_to(&self, account: &mut Account) {
        for (field, cell) in [
            (&mut account.expired, &self.expired),
            (&mut account.late, &self.late),
            (&mut account.early, &self.early),
            (&mut account.saturated, &self.saturated),
        ] {
            *field = field.saturating_add(cell.load(Ordering::Relaxed));
        }
    }
}
