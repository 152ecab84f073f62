//! Rings for every key and shard, under one clock.

use core::num::NonZeroUsize;
use core::time::Duration;

use crate::sync::{AtomicU64, Ordering};
use crate::window::shape::WindowShape;
use crate::window::slot_word::{After, Left, SLOT_MAX, SlotWord};
use crate::window::totals::WindowTotals;

/// One ring a key, all of the same shape and under the same clock. Keys are places of a label's values.
pub(crate) struct Rings {
    pub(crate) shape: WindowShape,
    pub(crate) keys: usize,
    mask: u64,
    /// The shards that any thread may write to, a power of two.
    pub(crate) shared: NonZeroUsize,
    /// All shards: the shared ones, and behind them one for each owner.
    shards: usize,
    /// By shard, then key, then slot.
    cells: Box<[AtomicU64]>,
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
    pub(crate) totals: WindowTotals,
}

/// What left a shard's rings. Alone on its cache lines: it is written when a slot is reused.
#[repr(align(128))]
#[derive(Debug, Default)]
struct Overflow {
    expired: AtomicU64,
    late: AtomicU64,
    early: AtomicU64,
    saturated: AtomicU64,
}

impl Rings {
    /// A window of `shared` copies, a power of two, and behind them `owned` copies for one writer each.
    pub(crate) fn new(
        shape: WindowShape,
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
            cells: (0..len).map(|_| AtomicU64::new(0)).collect(),
            overflows: (0..shards).map(|_| Overflow::default()).collect(),
            // As in `tick`: a slot beyond the last that a word holds would be packed as another.
            tick: AtomicU64::new(shape.slot_at(now).min(SLOT_MAX)),
            opened: now,
        }
    }

    /// Tells the window the time.
    pub(crate) fn tick(&self, now: Duration) {
        let slot = self.shape.slot_at(now);
        // A maximum: readers and writers with different clocks tell the time, and it must not go back.
        self.tick.fetch_max(slot.min(SLOT_MAX), Ordering::Relaxed);
    }

    /// Tells the time, sums the window that ends `now`, and accounts for every event that was recorded.
    ///
    /// Exact for every record that happened before; records under way are counted or not. Costs one
    /// load for each slot, key and shard.
    pub(crate) fn read(&self, now: Duration) -> Sums {
        // First the time, so that writers up to the guard ahead of `now` are admitted although the last
        // reading was long ago.
        self.tick(now);
        let slot = self.shape.slot_at(now);
        let mut totals = WindowTotals::default();
        // These loads and those of the cells have no order among them: a writer that displaces events
        // meanwhile may be seen in one and not in the other. The totals are exact only while nobody writes.
        for overflow in &self.overflows {
            overflow.add_to(&mut totals);
        }
        let mut torn = false;
        let counts = (0..self.keys).map(|key| {
            let mut inside = 0_u64;
            for word in self.words(key) {
                let sum = match self.position(word.slot, slot) {
                    Position::Inside => &mut inside,
                    // An empty cell holds events only when a caller of `Window::record_in_slot` gave slot
                    // 0, which lies before every window.
                    Position::Empty | Position::Expired => &mut totals.expired,
                    Position::Ahead => &mut totals.ahead,
                    // The ring has the window's slots and the guard's, so that a slot further ahead than
                    // the guard has taken the cell of one inside the window: the sum is too small.
                    Position::Overtaken => {
                        torn = true;
                        &mut totals.ahead
                    }
                };
                *sum = sum.saturating_add(word.count);
            }
            inside
        });
        let counts: Box<[u64]> = counts.collect();
        totals.in_window = counts.iter().fold(0, |sum, n| sum.saturating_add(*n));
        Sums {
            counts,
            window: self.shape.window(),
            covered: self.covered(now),
            torn,
            totals,
        }
    }

    #[inline]
    pub(crate) fn record_in(&self, shard: usize, slot: u64, key: usize, n: u64) {
        let Some(cell) = self.admit(shard, slot, key, n) else {
            return;
        };
        // Relaxed: each cell is one self-contained word; nothing else is published through it.
        let mut seen = cell.load(Ordering::Relaxed);
        loop {
            let After::Put { next, left } = SlotWord::unpack(seen).after(slot, n) else {
                return self.lose(shard, |overflow| &overflow.late, n);
            };
            // Weak, because a spurious failure only costs one more turn of this loop.
            match cell.compare_exchange_weak(
                seen,
                next.pack(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                // Only the writer whose exchange succeeded accounts for what it displaced: it is counted
                // once.
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
    pub(crate) fn record_alone_in(&self, shard: usize, slot: u64, key: usize, n: u64) {
        // A seeded defect: it writes where others write.
        let shard = if cfg!(mutant = "window_not_alone") {
            0
        } else {
            shard
        };
        let Some(cell) = self.admit(shard, slot, key, n) else {
            return;
        };
        // Relaxed: readers need whole words and no order; the next owner gets its order from `OwnedCopies`.
        match SlotWord::unpack(cell.load(Ordering::Relaxed)).after(slot, n) {
            After::Put { next, left } => {
                cell.store(next.pack(), Ordering::Relaxed);
                self.leave(shard, left);
            }
            After::Late => self.lose(shard, |overflow| &overflow.late, n),
        }
    }

    /// The cell for events of `slot`; `None` when they are too early, which is then accounted for.
    #[inline]
    fn admit(&self, shard: usize, slot: u64, key: usize, n: u64) -> Option<&AtomicU64> {
        // A stale time can only be too early, since it never goes back: at worst a record ahead of it counts
        // as early. Records of the present only load it, so that its cache line stays shared.
        let tick = self.tick.load(Ordering::Relaxed);
        if slot > tick && !self.advance(tick, slot) {
            // A seeded defect: what comes too early is gone without a trace.
            if !cfg!(mutant = "window_forgets_early") {
                self.lose(shard, |overflow| &overflow.early, n);
            }
            return None;
        }
        let cell = self.cell(shard, key, slot);
        if cell.is_none() {
            // A key that the label's list of values lacks: the shard and the slot always have a cell.
            self.lose(shard, |overflow| &overflow.late, n);
        }
        cell
    }

    /// Accounts for what did not stay in a cell.
    #[inline]
    fn leave(&self, shard: usize, left: Left) {
        if left.displaced > 0 {
            self.lose(shard, |overflow| &overflow.expired, left.displaced);
        }
        if left.clipped > 0 {
            self.lose(shard, |overflow| &overflow.saturated, left.clipped);
        }
    }

    /// Moves the window's time to `slot` if that is within the guard; says whether it is.
    #[cold]
    fn advance(&self, tick: u64, slot: u64) -> bool {
        // Without a limit, a writer with a wrong clock would take cells for a distant slot, and every record
        // of the present for the same cells would be late.
        let allowed = tick
            .saturating_add(u64::from(self.shape.guard()))
            .min(SLOT_MAX);
        if slot > allowed {
            return false;
        }
        // A maximum and no store: another writer may have moved the time further since `tick` was loaded.
        self.tick.fetch_max(slot, Ordering::Relaxed);
        true
    }

    #[cold]
    fn lose(&self, shard: usize, which: impl Fn(&Overflow) -> &AtomicU64, n: u64) {
        if let Some(overflow) = self.overflows.get(shard) {
            which(overflow).fetch_add(n, Ordering::Relaxed);
        }
    }

    #[inline]
    fn cell(&self, shard: usize, key: usize, slot: u64) -> Option<&AtomicU64> {
        // Otherwise a key beyond the last would be counted in the next shard, as another one.
        if key >= self.keys {
            return None;
        }
        // The mask is one less than the length of a ring, which is a power of two.
        let at = usize::try_from(slot & self.mask).ok()?;
        self.cells.get(self.ring_start(shard, key).wrapping_add(at))
    }

    #[inline]
    fn ring_start(&self, shard: usize, key: usize) -> usize {
        // Wrapping: for a shard and a key of this window the result is below the length of `cells`.
        shard
            .wrapping_mul(self.keys)
            .wrapping_add(key)
            .wrapping_mul(self.shape.ring() as usize)
    }

    fn words(&self, key: usize) -> impl Iterator<Item = SlotWord> {
        // A seeded defect: only the first writer's copy is read.
        let shards = if cfg!(mutant = "window_reads_one_shard") {
            1
        } else {
            self.shards
        };
        (0..shards).flat_map(move |shard| {
            let start = self.ring_start(shard, key);
            let end = start.saturating_add(self.shape.ring() as usize);
            let ring = self.cells.get(start..end).unwrap_or_default();
            ring.iter()
                .map(|cell| SlotWord::unpack(cell.load(Ordering::Relaxed)))
        })
    }

    /// Where the slot `held` lies for a reader at the slot `reader`.
    ///
    /// Seeded defects: old slots count as well; nobody says that a slot was reused.
    fn position(&self, held: u64, reader: u64) -> Position {
        let slots = u64::from(self.shape.slots());
        if held == 0 {
            Position::Empty
        } else if held.saturating_add(slots) <= reader && !cfg!(mutant = "window_ignores_epochs") {
            Position::Expired
        } else if held <= reader {
            Position::Inside
        } else if held <= reader.saturating_add(u64::from(self.shape.guard()))
            || cfg!(mutant = "window_never_torn")
        {
            Position::Ahead
        } else {
            Position::Overtaken
        }
    }

    fn covered(&self, now: Duration) -> Duration {
        let slot = self.shape.slot_length().as_secs();
        // All slots before the current one are whole; of the current one only what has passed counts. The
        // divisor is never 0, because a slot lasts at least one second.
        let begun = now.as_secs().checked_rem(slot).unwrap_or(0);
        let full = self.shape.window().saturating_sub(self.shape.slot_length());
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

enum Position {
    Empty,
    Expired,
    Inside,
    Ahead,
    Overtaken,
}

impl Overflow {
    fn add_to(&self, totals: &mut WindowTotals) {
        for (field, cell) in [
            (&mut totals.expired, &self.expired),
            (&mut totals.late, &self.late),
            (&mut totals.early, &self.early),
            (&mut totals.saturated, &self.saturated),
        ] {
            *field = field.saturating_add(cell.load(Ordering::Relaxed));
        }
    }
}
