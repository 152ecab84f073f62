//! A writer whose clock is not to be trusted.

use core::time::Duration;

use dashstream_metrics::Window;
use dashstream_testkit::rng::SplitMix64;

/// Records with a clock that mostly advances, sometimes sleeps far behind, sometimes jumps ahead.
/// Returns how much was recorded.
pub(crate) fn write_wildly(window: &Window<()>, seed: u64, steps: u32) -> u64 {
    let mut random = SplitMix64::new(seed);
    let mut recorded = 0;
    for step in 0..steps {
        let now = u64::from(step) / 10;
        let at = match random.below(1000) {
            0 => now.saturating_sub(random.below(100)), // stalled between clock and record
            1 => now + random.below(5_000),             // a jump that is not taken back
            2..10 => now + random.below(4),             // a clock a little ahead
            _ => now,
        };
        let n = random.below(4);
        window.record(Duration::from_secs(at), (), n);
        recorded += n;
        if step % 64 == 0 {
            window.tick(Duration::from_secs(now));
        }
    }
    recorded
}
