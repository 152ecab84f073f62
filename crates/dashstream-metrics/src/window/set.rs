//! Rings for every key and shard, under one clock.

use core::marker::PhantomData;
use core::num::NonZeroUsize;
use core::time::Duration;

use crate::label::Key;
use crate::shard;
use crate::sync::{AtomicU64, Ordering};
use crate::window::account::Account;
use crate::window::bucket::{After, Bucket, EPOCH_MAX, Left};
use crate::window::readings::{Counts, Readings};
use crate::window::shape::{Epoch, Shape};

/// A window without keys.
pub type Window = WindowSet<()>;

/// One ring a key, all of the same shape and under the same clock.
///
/// Recording is lock-free: two loads and one compare-and-swap. It allocates nothing, and memory is
/// constant however many events there are: 8 bytes a slot, key and shard.
///
/// The window's own time is the latest that [`WindowSet::tick`] or [`WindowSet::read`] was told, or
/// that a record within the guard moved it to. Call either at least once every guard slots: a record
/// further ahead is counted as early and not shown, because one that is wrong about the time
/// could otherwise occupy the slots of those that are right.
pub struct WindowSet<K> {
    shape: Shape,
    mask: u64,
    /// The shards that any thread may write to, a power of two.
    shared: NonZeroUsize,
    /// All of them.
    shards: usize,
    /// By shard, then key, then slot.
    slots: Box<[AtomicU64]>,
    losses: Box<[Losses]>,
    tick: AtomicU64,
    opened: Duration,
    key: PhantomData<fn(K)>,
}

/// What left a shard's rings. Alone on its cache lines: it is written when a slot is reused.
#[repr(align(128))]
#[derive(Debug)]
struct Losses {
    expired: AtomicU64,
    late: AtomicU64,
    early: AtomicU64,
    saturated: AtomicU64,
}

impl<K: Key> WindowSet<K> {
    /// An empty window that was opened `now`.
    #[must_use]
    pub fn new(shape: Shape, now: Duration) -> Self {
        Self::sharded(shape, NonZeroUsize::MIN, now)
    }

    /// An empty window whose writers spread over `shards` copies of the rings, rounded up to a power
    /// of two and at most 256.
    ///
    /// Use about one shard a core when several threads record at once; reading costs, and memory
    /// grows, in proportion. Exactness does not suffer: slots are filtered by their epoch.
    #[must_use]
    pub fn sharded(shape: Shape, shards: NonZeroUsize, now: Duration) -> Self {
        Self::with_owned(shape, shard::rounded(shards), 0, now)
    }

    /// A window of `shared` copies, a power of two, and behind them `owned` copies for one writer each.
    pub(crate) fn with_owned(
        shape: Shape,
        shared: NonZeroUsize,
        owned: usize,
        now: Duration,
    ) -> Self {
        let shards = shared.get().saturating_add(owned);
        let ring = shape.ring() as usize;
        let len = ring.saturating_mul(K::COUNT).saturating_mul(shards);
        Self {
            shape,
            mask: u64::from(shape.ring().saturating_sub(1)),
            shared,
            shards,
            slots: (0..len).map(|_| AtomicU64::new(0)).collect(),
            losses: (0..shards).map(|_| Losses::new()).collect(),
            tick: AtomicU64::new(shape.epoch(now).0),
            opened: now,
            key: PhantomData,
        }
    }

    /// The window's geometry.
    #[must_use]
    pub const fn shape(&self) -> Shape {
        self.shape
    }

    /// Counts `n` events of `key` at `now`.
    pub fn record(&self, now: Duration, key: K, n: u64) {
        self.record_at(self.shape.epoch(now), key, n);
    }

    /// Counts `n` events of `key` in an epoch that [`Shape::epoch`] gave for this window's shape.
    pub fn record_at(&self, epoch: Epoch, key: K, n: u64) {
        self.record_in(shard::current(self.shared), epoch, key, n);
    }

    /// Tells the window the time.
    pub fn tick(&self, now: Duration) {
        let Epoch(epoch) = self.shape.epoch(now);
        self.tick.fetch_max(epoch.min(EPOCH_MAX), Ordering::Relaxed);
    }

    /// Sums the window that ends `now`. Also a [`WindowSet::tick`].
    ///
    /// Exact for every record that happened before; records under way are counted or not. Costs one
    /// load for each slot, key and shard.
    #[must_use]
    pub fn read(&self, now: Duration) -> Readings<K> {
        self.tick(now);
        let Epoch(epoch) = self.shape.epoch(now);
        let mut torn = false;
        let counts = Counts::from_fn(|key: K| {
            let mut sum = 0_u64;
            for bucket in self.buckets(key) {
                match self.place(bucket.epoch, epoch) {
                    Place::Inside => sum = sum.saturating_add(bucket.count),
                    Place::Overtaken => torn = true,
                    Place::Empty | Place::Expired | Place::Ahead => {}
                }
            }
            sum
        });
        Readings {
            counts,
            window: self.shape.window(),
            covered: self.covered(now),
            torn,
        }
    }

    /// Accounts for every event that was recorded, as seen from the window that ends `now`.
    ///
    /// The sum is exact when no writer is under way.
    #[must_use]
    pub fn account(&self, now: Duration) -> Account {
        let Epoch(epoch) = self.shape.epoch(now);
        let mut account = Account::default();
        for losses in &self.losses {
            losses.add_to(&mut account);
        }
        for key in K::all() {
            for bucket in self.buckets(key) {
                let field = match self.place(bucket.epoch, epoch) {
                    Place::Empty | Place::Expired => &mut account.expired,
                    Place::Inside => &mut account.in_window,
                    Place::Ahead | Place::Overtaken => &mut account.ahead,
                };
                *field = field.saturating_add(bucket.count);
            }
        }
        account
    }

    pub(crate) fn record_in(&self, shard: usize, epoch: Epoch, key: K, n: u64) {
        let Some(slot) = self.admit(shard, epoch, key, n) else {
            return;
        };
        // Relaxed: each slot is one self-contained word; nothing else is published through it.
        let mut seen = slot.load(Ordering::Relaxed);
        loop {
            let After::Put { next, left } = Bucket::unpack(seen).after(epoch.0, n) else {
                return self.lose(shard, |losses| &losses.late, n);
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
    pub(crate) fn record_alone_in(&self, shard: usize, epoch: Epoch, key: K, n: u64) {
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
            After::Late => self.lose(shard, |losses| &losses.late, n),
        }
    }

    /// The slot for events of `epoch`; `None` when they are too early, which is then accounted for.
    fn admit(&self, shard: usize, Epoch(epoch): Epoch, key: K, n: u64) -> Option<&AtomicU64> {
        let tick = self.tick.load(Ordering::Relaxed);
        if epoch > tick && !self.advance(tick, epoch) {
            // A seeded defect: what comes too early is gone without a trace.
            if !cfg!(mutant = "window_forgets_early") {
                self.lose(shard, |losses| &losses.early, n);
            }
            return None;
        }
        let slot = self.slot(shard, key, epoch);
        if slot.is_none() {
            // Unreachable: shard, key and slot are all below the lengths the slots were made with.
            self.lose(shard, |losses| &losses.late, n);
        }
        slot
    }

    /// Accounts for what did not stay in a slot.
    fn leave(&self, shard: usize, left: Left) {
        if left.displaced > 0 {
            self.lose(shard, |losses| &losses.expired, left.displaced);
        }
        if left.clipped > 0 {
            self.lose(shard, |losses| &losses.saturated, left.clipped);
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
    fn lose(&self, shard: usize, which: impl Fn(&Losses) -> &AtomicU64, n: u64) {
        if let Some(losses) = self.losses.get(shard) {
            which(losses).fetch_add(n, Ordering::Relaxed);
        }
    }

    fn slot(&self, shard: usize, key: K, epoch: u64) -> Option<&AtomicU64> {
        let slot = usize::try_from(epoch & self.mask).ok()?;
        self.slots
            .get(self.ring_start(shard, key).wrapping_add(slot))
    }

    fn ring_start(&self, shard: usize, key: K) -> usize {
        // Wrapping: the product is below the length of a slice that was allocated.
        shard
            .wrapping_mul(K::COUNT)
            .wrapping_add(key.index())
            .wrapping_mul(self.shape.ring() as usize)
    }

    fn buckets(&self, key: K) -> impl Iterator<Item = Bucket> {
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

impl<K> core::fmt::Debug for WindowSet<K> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("WindowSet")
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

impl Losses {
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
