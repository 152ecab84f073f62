//! The gate against chance: how often it cries wolf, and how long a total failure goes unseen.
//!
//! One message a second on average (Poisson), judged once a second, drawn through the whole path of
//! record, snapshot and verdict, which must agree with what is computed for the gate alone. Seeds are
//! fixed, so the figures are the same on every machine.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    reason = "a test draws its input, and fails by panicking"
)]

use core::time::Duration;

use dashstream::policy::Cause;
use dashstream::{Gates, HealthPolicy, Metrics, Observation, Options, Outcome, ReasonCode, judge};
use dashstream_testkit::rng::SplitMix64;

const DAY: u64 = 86_400;
/// As the tests of `dashstream-metrics` compute it for the gate alone.
const PAGES_A_DAY: f64 = 1.93;

struct Stream {
    metrics: Metrics,
    gates: Gates,
    random: SplitMix64,
    second: u64,
}

impl Stream {
    fn new(seed: u64) -> Self {
        let metrics = Metrics::register(Options::default(), Duration::ZERO).unwrap();
        Self {
            metrics,
            gates: Gates::default(),
            random: SplitMix64::new(seed),
            second: 0,
        }
    }

    /// One second of about one message, bad in `bad_ppm` of a million; whether it is a page.
    fn second(&mut self, bad_ppm: u64) -> bool {
        self.second += 1;
        let now = Duration::from_secs(self.second);
        for _ in 0..self.poisson() {
            let bad = self.random.chance(bad_ppm, 1_000_000);
            let outcome = if bad {
                Outcome::Unprocessable(Cause::DecodeError)
            } else {
                Outcome::Processed
            };
            self.metrics.record(now, outcome);
        }
        let snapshot = self.metrics.observe(now, Observation::default());
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), self.gates.clone());
        self.gates = verdict.gates.clone();
        verdict.reason(ReasonCode::DecodeErrors).is_some()
    }

    /// Arrivals in one second at a mean of one, by inversion.
    fn poisson(&mut self) -> u64 {
        let mut rest = (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut probability = (-1.0_f64).exp();
        let mut arrivals = 0_u32;
        while rest > probability && arrivals < 20 {
            rest -= probability;
            arrivals += 1;
            probability /= f64::from(arrivals);
        }
        u64::from(arrivals)
    }
}

#[test]
fn half_the_threshold_at_one_message_a_second_pages_less_than_twice_a_day() {
    const DAYS: u64 = 4;
    let mut drawn = 0_u64;
    for day in 0..DAYS {
        let mut stream = Stream::new(day);
        let mut open = false;
        for _ in 0..DAY {
            let now_open = stream.second(5_000);
            drawn += u64::from(now_open && !open);
            open = now_open;
        }
    }
    println!("{drawn} false pages in {DAYS} days at half the threshold");
    // Pages are rare and nearly independent: three standard deviations around the mean.
    let expected = PAGES_A_DAY * DAYS as f64;
    let chance = 3.0 * expected.sqrt();
    assert!(drawn > 0 && (drawn as f64) < expected + chance, "{drawn}");
}

#[test]
fn a_total_failure_at_one_message_a_second_is_seen_within_ten_seconds_in_95_of_100() {
    const TRIALS: u64 = 400;
    let mut took: Vec<u64> = (0..TRIALS)
        .map(|trial| {
            let mut stream = Stream::new(1_000_000 + trial);
            for _ in 0..300 {
                stream.second(0);
            }
            (1..=120)
                .find(|_| stream.second(1_000_000))
                .unwrap_or(u64::MAX)
        })
        .collect();
    took.sort_unstable();
    let (median, late) = (took[TRIALS as usize / 2], took[TRIALS as usize * 95 / 100]);
    println!("seen after {median} s (median), {late} s (95 %)");
    assert!(late <= 10, "median {median} s, 95 % within {late} s");
}
