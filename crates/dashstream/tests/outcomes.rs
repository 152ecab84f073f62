//! Disjoint buckets, for a hundred thousand random sequences of outcomes.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "props/outcomes.rs"]
mod outcomes;

use core::time::Duration;

use dashstream::{Metrics, Options, Outcome};
use dashstream_testkit::rng::SplitMix64;
use dashstream_testkit::{alloc, vectors};

#[test]
fn error_buckets_are_disjoint_and_sum_to_the_total_for_100_000_random_sequences() {
    let mut random = SplitMix64::new(0x0BAD_CAFE);
    let mut sequences = 0;
    for _ in 0..1_000 {
        let metrics = fresh();
        let mut now = 0;
        let mut total = 0;
        for _ in 0..100 {
            now += random.below(30);
            let length = random.below(16);
            let sequence: Vec<Outcome> = (0..length)
                .map(|_| outcomes::outcome(random.index(1000)))
                .collect();
            total = outcomes::buckets_sum_to_the_total(
                &metrics,
                Duration::from_secs(now),
                total,
                &sequence,
            );
            sequences += 1;
        }
    }
    assert_eq!(sequences, 100_000);
}

#[test]
fn every_seed_of_outcomes_sums_to_its_total() {
    for (_, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/corpus/metrics_outcomes") {
        outcomes::follow(&fresh(), &bytes);
    }
}

#[test]
fn recording_allocates_nothing_whatever_happens() {
    let metrics = fresh();
    let ((), usage) = alloc::measure(|| {
        let mut recorder = metrics.recorder().unwrap();
        for n in 0..100_000_u32 {
            let now = Duration::from_millis(u64::from(n) * 7);
            metrics.record(now, outcomes::outcome(n as usize));
            recorder.record(now, outcomes::outcome(n as usize));
        }
    });
    assert_eq!(usage, alloc::Usage::default());
}

#[test]
fn an_error_storm_of_100_000_a_second_takes_no_more_memory_than_silence() {
    let (metrics, quiet) = alloc::measure(fresh);
    let ((), storm) = alloc::measure(|| {
        for second in 0..20 {
            for _ in 0..100_000 {
                metrics.record(Duration::from_secs(second), outcomes::outcome(3));
            }
        }
    });
    assert_eq!(storm.peak, 0);
    // 82 KiB of windows for both copies, as ever; 47 for their latencies, 11 for the smaller windows, and
    // the declared families.
    assert!(quiet.peak < 208 * 1024, "{quiet:?}");
}

fn fresh() -> Metrics {
    let options = Options::default().with_recorders(1);
    Metrics::register(options, Duration::ZERO).unwrap()
}
