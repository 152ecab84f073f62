//! Ratios measured in one run: short slices of both sides in turn, the median of the pairs.
//!
//! A slice is shorter than a scheduler's, so that a machine with other work spoils a few pairs and
//! not the median; what slows both sides of a pair, such as a clock that changes, cancels out.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How a value is held against its goal.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The value must not be larger.
    AtMost(f64),
    /// The value must not be smaller.
    AtLeast(f64),
    /// The value must be this, exactly: counts of bytes, allocations, violations.
    Exactly(f64),
    /// Printed for orientation only, with the reason why there is no goal.
    Report(&'static str),
}

/// One run of the figures: prints rows as they are measured and remembers the misses.
#[derive(Debug)]
pub struct Run {
    quick: bool,
    rows: u32,
    missed: Vec<String>,
}

impl Run {
    pub fn new(quick: bool) -> Self {
        Self { quick, rows: 0, missed: Vec::new() }
    }

    /// Whether this is the short run: areas then measure only their rows that fit into `ci`.
    pub fn quick(&self) -> bool {
        self.quick
    }

    /// Times `ours` against `peer` in the same run and records the ratio of their times.
    ///
    /// Assert that both produce equal output before calling this. In a quick run ratios get 25 %
    /// slack, because it shares its machine with a build.
    pub fn ratio(
        &mut self,
        figure: &str,
        peer_name: &str,
        goal: Goal,
        ours: impl FnMut(),
        peer: impl FnMut(),
    ) {
        let (value, ours_ns, peer_ns) = self.pairs(ours, peer);
        let slack = if self.quick { 1.25 } else { 1.0 };
        self.row(figure, value, "ratio", peer_name, goal, slack);
        eprintln!("  {figure}: {ours_ns:.1} ns against {peer_ns:.1} ns");
    }

    /// Records the median time of `body` in nanoseconds. Prefer [`Run::ratio`]: absolute times
    /// belong to one machine.
    pub fn nanos(&mut self, figure: &str, goal: Goal, mut body: impl FnMut()) {
        let batch = batch_size(&mut body);
        let mut times = Vec::new();
        self.rounds(|_| times.push(per_call(&mut body, batch)));
        let slack = if self.quick { 1.25 } else { 1.0 };
        self.row(figure, median(&mut times), "ns", "none", goal, slack);
    }

    /// Records a number that does not depend on the machine's speed: bytes, allocations, counts.
    pub fn count(&mut self, figure: &str, unit: &str, peer_name: &str, goal: Goal, value: u64) {
        #[allow(clippy::cast_precision_loss)]
        self.row(figure, value as f64, unit, peer_name, goal, 1.0);
    }

    /// Records a ratio that was computed from counts, such as bytes over bytes.
    pub fn value(&mut self, figure: &str, unit: &str, peer_name: &str, goal: Goal, value: f64) {
        self.row(figure, value, unit, peer_name, goal, 1.0);
    }

    /// Prints what was missed; the exit code is non-zero when anything was, or nothing was measured.
    pub fn finish(self) -> ExitCode {
        for missed in &self.missed {
            eprintln!("missed: {missed}");
        }
        eprintln!("{} figures, {} missed", self.rows, self.missed.len());
        if self.rows == 0 || !self.missed.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn pairs(&self, mut ours: impl FnMut(), mut peer: impl FnMut()) -> (f64, f64, f64) {
        let ours_batch = batch_size(&mut ours);
        let peer_batch = batch_size(&mut peer);
        let (mut ratios, mut ours_times, mut peer_times) = (Vec::new(), Vec::new(), Vec::new());
        self.rounds(|round| {
            let (a, b) = if round % 2 == 0 {
                let a = per_call(&mut ours, ours_batch);
                (a, per_call(&mut peer, peer_batch))
            } else {
                let b = per_call(&mut peer, peer_batch);
                (per_call(&mut ours, ours_batch), b)
            };
            ratios.push(a / b);
            ours_times.push(a);
            peer_times.push(b);
        });
        (median(&mut ratios), median(&mut ours_times), median(&mut peer_times))
    }

    /// Calls `body` for each round: many short ones, or few long ones.
    fn rounds(&self, mut body: impl FnMut(u32)) {
        let (few, many, time) = if self.quick {
            (11, 201, Duration::from_millis(50))
        } else {
            (41, 1001, Duration::from_millis(500))
        };
        let start = Instant::now();
        for round in 0..many {
            if round >= few && start.elapsed() > time {
                break;
            }
            body(round);
        }
    }

    fn row(&mut self, figure: &str, value: f64, unit: &str, peer: &str, goal: Goal, slack: f64) {
        let (met, shown) = match goal {
            Goal::AtMost(bound) => (value <= bound * slack, format!("<={bound}")),
            Goal::AtLeast(bound) => (value * slack >= bound, format!(">={bound}")),
            #[allow(clippy::float_cmp)]
            Goal::Exactly(bound) => (value == bound, format!("={bound}")),
            Goal::Report(why) => (true, format!("none: {why}")),
        };
        println!(
            "{}",
            serde_json::json!({
                "figure": figure,
                "value": (value * 1e4).round() / 1e4,
                "unit": unit,
                "peer": peer,
                "goal": shown,
                "met": met,
            })
        );
        self.rows += 1;
        if !met {
            self.missed.push(format!("{figure}: {value:.4} {unit}, goal {shown}"));
        }
    }
}

/// Schedulers give a process milliseconds at a time.
const SLICE: Duration = Duration::from_micros(200);

/// Calls that fill about one slice of time.
fn batch_size(body: &mut impl FnMut()) -> u32 {
    let mut batch = 1_u32;
    loop {
        let start = Instant::now();
        for _ in 0..batch {
            body();
        }
        let taken = start.elapsed();
        if taken >= SLICE || batch >= 1 << 24 {
            return batch;
        }
        batch = batch.saturating_mul(2);
    }
}

fn per_call(body: &mut impl FnMut(), batch: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..batch {
        black_box(&mut *body)();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(batch)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
