//! Which copy of the counters a thread writes to, so that threads do not fight over cache lines.

use core::cell::Cell;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};

/// More shards than this only cost memory: every reader visits each of them.
pub(crate) const SHARDS_MAX: usize = 256;

/// The number of shards that is used when `asked` are wanted: a power of two, at most 256.
pub(crate) fn rounded(asked: NonZeroUsize) -> NonZeroUsize {
    // The limit comes first: `next_power_of_two` of a number above 2^63 overflows.
    let rounded = asked.get().min(SHARDS_MAX).next_power_of_two();
    NonZeroUsize::new(rounded).unwrap_or(NonZeroUsize::MIN)
}

/// The calling thread's shard, below `shards`, which is a power of two.
#[inline]
pub(crate) fn current(shards: NonZeroUsize) -> usize {
    // The default of one shard does not pay for the thread-local look-up.
    if shards == NonZeroUsize::MIN {
        return 0;
    }
    // A thread that is being torn down has no number any more; any shard is right.
    let thread = THREAD.try_with(number).unwrap_or(0);
    // A power of two, so that the mask is the remainder. Threads with the same remainder share a shard:
    // writers of a shared shard still need atomic read-modify-write operations.
    thread & shards.get().wrapping_sub(1)
}

fn number(cell: &Cell<usize>) -> usize {
    let known = cell.get();
    if known != UNNUMBERED {
        return known;
    }
    // Numbers in order of first use spread evenly, which hashes of thread ids do not.
    let fresh = NEXT.fetch_add(1, Ordering::Relaxed);
    cell.set(fresh);
    fresh
}

const UNNUMBERED: usize = usize::MAX;

/// Not a modelled atomic: it chooses a shard, and no result depends on which.
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: Cell<usize> = const { Cell::new(UNNUMBERED) };
}

#[cfg(test)]
mod tests;
