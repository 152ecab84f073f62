//! A global allocator that counts, per thread, what a closure asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

/// What one closure allocated on its own thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls that asked for memory: `alloc`, `alloc_zeroed`, and `realloc` that grew.
    pub calls: u64,
    /// Bytes asked for in total; a growing `realloc` counts its growth.
    pub requested: u64,
    /// The highest number of live bytes above the level at the start.
    pub peak: u64,
    /// Live bytes at the end, less those at the start; negative when more was freed.
    pub retained: i64,
}

/// Runs `body` and reports what this thread allocated meanwhile.
///
/// Memory that other threads allocate is not counted. Nested calls do not mix: the outer call
/// counts what the inner one did as well.
pub fn measure<T>(body: impl FnOnce() -> T) -> (T, Usage) {
    let outer = COUNTERS.get();
    COUNTERS.set(Counters {
        calls: 0,
        requested: 0,
        live: 0,
        peak: 0,
    });
    let value = body();
    let inner = COUNTERS.get();
    COUNTERS.set(Counters {
        calls: outer.calls + inner.calls,
        requested: outer.requested + inner.requested,
        live: outer.live + inner.live,
        peak: outer.peak.max(outer.live + inner.peak),
    });
    let usage = Usage {
        calls: inner.calls,
        requested: inner.requested,
        peak: u64::try_from(inner.peak).unwrap_or(0),
        retained: inner.live,
    };
    (value, usage)
}

/// Runs `body` on a machine that is short of memory: on this thread, whatever asks for more than
/// `bytes` at once gets nothing.
///
/// What cannot do without aborts the process, as it would elsewhere.
pub fn short_of_memory<T>(bytes: usize, body: impl FnOnce() -> T) -> T {
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            LARGEST.set(self.0);
        }
    }
    let _restore = Restore(LARGEST.replace(bytes));
    body()
}

/// The system allocator with per-thread counters in front.
#[derive(Debug)]
pub struct Counting;

#[global_allocator]
static GLOBAL: Counting = Counting;

// SAFETY: every call is forwarded to `System` unchanged; the counters are plain thread-local cells
// that are const-initialised and have no destructor, so reading them allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_refused(layout.size()) {
            return null_mut();
        }
        grew(layout.size());
        // SAFETY: the caller upholds the contract of `GlobalAlloc::alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_refused(layout.size()) {
            return null_mut();
        }
        grew(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        shrank(layout.size());
        // SAFETY: `ptr` came from `System` with this layout.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if is_refused(new_size) {
            return null_mut();
        }
        match new_size.checked_sub(layout.size()) {
            Some(growth) => grew(growth),
            None => shrank(layout.size() - new_size),
        }
        // SAFETY: `ptr` came from `System` with this layout; `new_size` is the caller's.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[derive(Clone, Copy)]
struct Counters {
    calls: u64,
    requested: u64,
    live: i64,
    peak: i64,
}

thread_local! {
    static COUNTERS: Cell<Counters> =
        const { Cell::new(Counters { calls: 0, requested: 0, live: 0, peak: 0 }) };
}

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn is_refused(size: usize) -> bool {
    LARGEST
        .try_with(|largest| size > largest.get())
        .unwrap_or(false)
}

fn grew(size: usize) {
    // A thread that is being torn down has no counters any more; nobody measures it.
    let _ = COUNTERS.try_with(|cell| {
        let mut counters = cell.get();
        counters.calls += 1;
        counters.requested += size as u64;
        counters.live += size as i64;
        counters.peak = counters.peak.max(counters.live);
        cell.set(counters);
    });
}

fn shrank(size: usize) {
    let _ = COUNTERS.try_with(|cell| {
        let mut counters = cell.get();
        counters.live -= size as i64;
        cell.set(counters);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_is_the_high_water_mark_and_retained_is_what_is_left() {
        let (kept, usage) = measure(|| {
            let big = vec![0_u8; 10_000];
            drop(big);
            vec![1_u8; 100]
        });
        assert_eq!(kept.len(), 100);
        assert_eq!(
            usage,
            Usage {
                calls: 2,
                requested: 10_100,
                peak: 10_000,
                retained: 100
            }
        );
    }

    #[test]
    fn a_closure_that_allocates_nothing_reports_zero() {
        let ((), usage) = measure(|| {});
        assert_eq!(usage, Usage::default());
    }

    #[test]
    fn short_of_memory_the_last_byte_is_had_and_the_next_is_not() {
        let reserve = |bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok();
        short_of_memory(100, || assert_eq!([100, 101].map(reserve), [true, false]));
        assert!(reserve(101), "only while the body runs");
    }

    #[test]
    fn an_outer_measurement_includes_the_inner_one() {
        let (inner, outer) = measure(|| measure(|| drop(vec![0_u8; 64])).1);
        assert_eq!(inner.peak, 64);
        assert_eq!(outer.peak, 64);
        assert_eq!(outer.calls, 1);
    }
}
