//! Ratios measured in one run: short slices of both sides in turn, the median of the pairs.
//!
//! A slice is shorter than a scheduler's, so that a machine with other work spoils a few pairs and
//! not the median; what slows both sides of a pair, such as a clock that changes, cancels out.
//!
//! Ratios and counts have goals. Times are printed for orientation and have none: on another
//! processor the peer, too, takes another time.

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

/// How strictly goals are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Every goal as it stands, from one long measurement.
    Exact,
    /// Counts as they stand. A ratio misses only when it is beyond [`SLACK`] times its goal in each
    /// of [`TRIES`] measurements, because the machine is shared and the measurements are short.
    Quick,
}

/// What a ratio of two times may exceed its goal by in a quick run.
const SLACK: f64 = 1.25;
/// How often a quick run measures a ratio before it calls it missed.
const TRIES: u32 = 3;

/// One run of the figures: prints rows as they are measured and remembers the misses.
#[derive(Debug)]
pub struct Run {
    strictness: Strictness,
    /// How the names of the rows begin that are measured.
    wanted: String,
    rows: u32,
    missed: Vec<String>,
}

impl Run {
    pub fn new(strictness: Strictness, wanted: String) -> Self {
        Self {
            strictness,
            wanted,
            rows: 0,
            missed: Vec::new(),
        }
    }

    /// Whether this is the short run: areas then measure only their rows that fit into `ci`.
    pub fn quick(&self) -> bool {
        self.strictness == Strictness::Quick
    }

    /// Times `ours` against `peer` in the same run and records the ratio of their times.
    ///
    /// Assert that both produce equal output before calling this.
    pub fn ratio(
        &mut self,
        figure: &str,
        peer_name: &str,
        goal: Goal,
        mut ours: impl FnMut(),
        mut peer: impl FnMut(),
    ) {
        let quick = self.quick();
        self.ratio_by(figure, "ratio", peer_name, goal, || {
            let (value, ours_ns, peer_ns) = pairs(quick, &mut ours, &mut peer);
            eprintln!("  {figure}: {ours_ns:.1} ns against {peer_ns:.1} ns");
            value
        });
    }

    /// Records a ratio of times that `measure` takes in its own way, both sides in turn.
    pub fn ratio_by(
        &mut self,
        figure: &str,
        unit: &str,
        peer_name: &str,
        goal: Goal,
        mut measure: impl FnMut() -> f64,
    ) {
        if !figure.starts_with(&self.wanted) {
            return;
        }
        let (tries, slack) = match self.strictness {
            Strictness::Exact => (1, 1.0),
            Strictness::Quick => (TRIES, SLACK),
        };
        let mut value = measure();
        for _ in 1..tries {
            if goal.met(value, slack) {
                break;
            }
            value = goal.better(value, measure());
        }
        self.row(figure, value, unit, peer_name, goal, slack);
    }

    /// Prints the median time of `body` in nanoseconds, which belongs to one machine, and why it has
    /// no goal.
    pub fn time(&mut self, figure: &str, why: &'static str, mut body: impl FnMut()) {
        if !figure.starts_with(&self.wanted) {
            return;
        }
        let batch = batch_size(&mut body);
        let mut times = Vec::new();
        rounds(self.quick(), |_| times.push(per_call(&mut body, batch)));
        self.row(
            figure,
            median(&mut times),
            "ns",
            "none",
            Goal::Report(why),
            1.0,
        );
    }

    /// Records a number that does not depend on the machine's speed: bytes, allocations, counts.
    pub fn count(&mut self, figure: &str, unit: &str, peer_name: &str, goal: Goal, value: u64) {
        #[allow(clippy::cast_precision_loss)]
        self.row(figure, value as f64, unit, peer_name, goal, 1.0);
    }

    /// Records a number that was computed from counts, such as bytes over bytes.
    pub fn value(&mut self, figure: &str, unit: &str, peer_name: &str, goal: Goal, value: f64) {
        self.row(figure, value, unit, peer_name, goal, 1.0);
    }

    /// Measures each row that was missed once more, by `again` with its name, in another process: a
    /// heap that many rows have used, and what else ran at that moment, slow one side more than the
    /// other. A count that is wrong is wrong there too.
    pub fn second_chance(&mut self, mut again: impl FnMut(&str) -> bool) {
        self.missed.retain(|missed| {
            let name = missed.split(": ").next().unwrap_or(missed);
            eprintln!("missed, once more: {missed}");
            !again(name)
        });
    }

    /// Prints what was missed; the exit code is non-zero when anything was, or nothing was measured.
    pub fn finish(self) -> ExitCode {
        for missed in &self.missed {
            eprintln!("missed: {missed}");
        }
        eprintln!("{} figures, {} missed", self.rows, self.missed.len());
        if self.rows == 0 || !self.missed.is_empty() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }

    fn row(&mut self, figure: &str, value: f64, unit: &str, peer: &str, goal: Goal, slack: f64) {
        if !figure.starts_with(&self.wanted) {
            return;
        }
        let met = goal.met(value, slack);
        println!(
            "{}",
            serde_json::json!({
                "figure": figure,
                // Small ratios need their significant digits, not their decimal places.
                "value": format!("{value:.3e}").parse::<f64>().unwrap_or(value),
                "unit": unit,
                "peer": peer,
                "goal": goal.to_string(),
                "met": met,
            })
        );
        self.rows += 1;
        if !met {
            self.missed
                .push(format!("{figure}: {value:.4} {unit}, goal {goal}"));
        }
    }
}

impl Goal {
    /// What is not a number meets no goal.
    fn met(self, value: f64, slack: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound * slack,
            Self::AtLeast(bound) => value * slack >= bound,
            #[allow(clippy::float_cmp)]
            Self::Exactly(bound) => value == bound,
            Self::Report(_) => true,
        }
    }

    /// Of two measurements, the one that is nearer to the goal.
    fn better(self, a: f64, b: f64) -> f64 {
        match self {
            Self::AtLeast(_) => a.max(b),
            Self::AtMost(_) | Self::Exactly(_) | Self::Report(_) => a.min(b),
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "<={bound}"),
            Self::AtLeast(bound) => write!(f, ">={bound}"),
            Self::Exactly(bound) => write!(f, "={bound}"),
            Self::Report(why) => write!(f, "none: {why}"),
        }
    }
}

/// The median of the pairs' ratios, and the median time of each side in nanoseconds.
fn pairs(quick: bool, ours: &mut impl FnMut(), peer: &mut impl FnMut()) -> (f64, f64, f64) {
    let ours_batch = batch_size(ours);
    let peer_batch = batch_size(peer);
    let (mut ratios, mut ours_times, mut peer_times) = (Vec::new(), Vec::new(), Vec::new());
    rounds(quick, |round| {
        let (a, b) = if round % 2 == 0 {
            let a = per_call(ours, ours_batch);
            (a, per_call(peer, peer_batch))
        } else {
            let b = per_call(peer, peer_batch);
            (per_call(ours, ours_batch), b)
        };
        ratios.push(a / b);
        ours_times.push(a);
        peer_times.push(b);
    });
    (
        median(&mut ratios),
        median(&mut ours_times),
        median(&mut peer_times),
    )
}

/// Calls `body` for each round: many short ones, or few long ones, and no more than [`SLOW_ROUNDS`]
/// once they have taken long.
fn rounds(quick: bool, mut body: impl FnMut(u32)) {
    let (few, many, time) = if quick {
        (11, 201, Duration::from_millis(50))
    } else {
        (41, 1001, Duration::from_millis(500))
    };
    let start = Instant::now();
    for round in 0..many {
        let taken = start.elapsed();
        if taken > time && (round >= few || round >= SLOW_ROUNDS && taken > SLOW) {
            break;
        }
        body(round);
    }
}

/// A peer that takes seconds is measured at least this often.
const SLOW_ROUNDS: u32 = 3;
const SLOW: Duration = Duration::from_secs(3);

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

/// The median; of nothing it is not a number, which meets no goal.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
