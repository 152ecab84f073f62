//! Windows against a bare counter and the `prometheus` crate's, and the false alarms of the gate.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dashstream::metrics::{Catalogue, Label, Reading, WindowShape, Threshold, Wilson, Window};
use dashstream::policy::Cause;
use dashstream::{Observation, HealthPolicy, Metrics, Options, Outcome, Recorder};
use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

use crate::end_to_end::stream::Stream;
use crate::measure::{Goal, Run, median};

pub fn run(run: &mut Run) {
    record(run);
    with_latency(run);
    recorders_beside_each_other(run);
    contended(run);
    stream(run);
    memory(run);
    lost(run);
    gate(run);
}

const FLOOR: &str = "AtomicU64::fetch_add, relaxed";
/// Calls of one measured body, so that the loop of the harness weighs nothing.
const CALLS: u64 = 256;

fn record(run: &mut Run) {
    let window = window(WindowShape::SHORT, NonZeroUsize::MIN);
    let slot = WindowShape::SHORT.slot_at(Duration::ZERO);
    let floor = AtomicU64::new(0);
    window.record_in_slot(slot, (), 1);
    floor.fetch_add(1, Ordering::Relaxed);
    assert_eq!(
        window.read_at(Duration::ZERO).count(()),
        floor.load(Ordering::Relaxed)
    );
    // It takes up to 1.3 times its goal since keys are known at run time, so that only the whole run
    // judges it.
    if !run.quick() {
        run.ratio(
            "metrics/record/1 thread",
            FLOOR,
            Goal::AtMost(1.8),
            || {
                for _ in 0..CALLS {
                    window.record_in_slot(black_box(slot), (), black_box(1));
                }
            },
            || {
                for _ in 0..CALLS {
                    floor.fetch_add(black_box(1), Ordering::Relaxed);
                }
            },
        );
    }
    let metrics = register(Options::default().with_recorders(1));
    let mut recorder = metrics.recorder().expect("there is room for one");
    let now = Duration::from_millis(1500);
    run.ratio(
        "metrics/record/whole outcome with a recorder: total, age, both windows",
        "the same into counters that threads share",
        Goal::Report("what a host pays for a record, and what it saves"),
        || {
            for _ in 0..CALLS {
                recorder.record(black_box(now), black_box(Outcome::Processed));
            }
        },
        || {
            for _ in 0..CALLS {
                metrics.record(black_box(now), black_box(Outcome::Processed));
            }
        },
    );
}

/// A record with its latency, by whoever owns the counters, against a shared counter.
fn with_latency(run: &mut Run) {
    // It is near its goal, and what a locked access costs differs between processors, so that only the
    // whole run judges it.
    if run.quick() {
        return;
    }
    let metrics = register(Options::default().with_recorders(1));
    let mut recorder = metrics.recorder().expect("there is room for one");
    let floor = AtomicU64::new(0);
    let now = Duration::from_millis(1500);
    run.ratio(
        "metrics/record/with a recorder: outcome, both windows, latency",
        FLOOR,
        Goal::AtMost(3.0),
        || {
            for _ in 0..CALLS {
                recorder.record(black_box(now), black_box(Outcome::Processed));
                recorder.latency(black_box(now), black_box(1_900));
            }
        },
        || {
            for _ in 0..CALLS {
                floor.fetch_add(black_box(1), Ordering::Relaxed);
            }
        },
    );
}

/// Two threads with a recorder each of one catalogue, against each with a catalogue of its own: what the
/// second thread costs the first.
fn recorders_beside_each_other(run: &mut Run) {
    const CALLS: u64 = 20_000;
    if run.quick() {
        return;
    }
    let shared = register(Options::default().with_recorders(2));
    let record = |recorder: &mut Recorder| {
        let now = Duration::from_millis(1500);
        for _ in 0..CALLS {
            recorder.record(black_box(now), black_box(Outcome::Processed));
            recorder.latency(black_box(now), black_box(1_900));
        }
    };
    let together = Together::new(run, 2);
    run.ratio_by(
        "metrics/record/2 threads with a recorder each: outcome, both windows, latency",
        "ratio",
        "each with a catalogue of its own, as one thread alone",
        Goal::AtMost(1.2),
        || {
            let pairs = together.pairs(
                100,
                || {
                    let own = register(Options::default().with_recorders(1));
                    let take = |metrics: &Metrics| metrics.recorder().expect("one a thread");
                    (take(&shared), take(&own))
                },
                |(shared, _), _| record(shared),
                |(_, own), _| record(own),
            );
            let ratios = pairs.counted.iter().map(|pair| pair.ours / pair.theirs);
            median(&mut ratios.collect::<Vec<f64>>())
        },
    );
}

/// Two threads that record into one window, against two that share a counter.
fn contended(run: &mut Run) {
    const CALLS: u64 = 20_000;
    let shards = NonZeroUsize::new(2).expect("two");
    let window = window(WindowShape::SHORT, shards);
    let slot = WindowShape::SHORT.slot_at(Duration::ZERO);
    let counter = prometheus::IntCounter::new("peer", "the peer").expect("a legal name");
    let together = Together::new(run, 2);
    run.ratio_by(
        "metrics/record/2 threads, sharded",
        "ratio",
        "prometheus IntCounter",
        Goal::AtMost(1.0),
        || {
            let pairs = together.pairs(
                100,
                || (),
                |(), _| (0..CALLS).for_each(|_| window.record_in_slot(black_box(slot), (), 1)),
                |(), _| (0..CALLS).for_each(|_| counter.inc_by(black_box(1))),
            );
            let ratios = pairs.counted.iter().map(|pair| pair.ours / pair.theirs);
            median(&mut ratios.collect::<Vec<f64>>())
        },
    );
    assert_eq!(window.read_at(Duration::ZERO).count(()), counter.get());
}

/// Decoding a stream with every outcome recorded, against decoding it with a recorder that does nothing.
fn stream(run: &mut Run) {
    /// About a tenth of a millisecond, but for the states that each run begins with.
    const SLICE: usize = 100;
    let stream = Stream::new(100 << 10);
    let slices: Vec<&[Vec<u8>]> = stream.records.chunks(SLICE).collect();
    for threads in [1, 2] {
        let together = Together::new(run, threads);
        run.ratio_by(
            &format!("metrics/stream, decode alone, with windows/{threads} threads"),
            "ratio",
            "the same without recording; ours has a Recorder for each thread",
            Goal::AtMost(1.02),
            || {
                let metrics = register(Options::default().with_recorders(threads));
                let pairs = together.pairs(
                    slices.len(),
                    || {
                        let recorder = metrics.recorder().expect("one a thread");
                        (Decoder::new(DecodeOptions::new()), recorder)
                    },
                    |(decoder, recorder), slice| {
                        let now = Duration::from_millis((slice * SLICE) as u64);
                        for record in slices[slice] {
                            let outcome = decode(decoder, record);
                            recorder.record(black_box(now), outcome);
                        }
                    },
                    |(decoder, _), slice| {
                        for record in slices[slice] {
                            black_box(decode(decoder, record));
                        }
                    },
                );
                let snapshot = metrics.observe(Duration::from_secs(10), Observation::default());
                let times = pairs.passes * threads as u64;
                assert_eq!(
                    (snapshot.totals.received(), snapshot.totals.decode_errors()),
                    (times * stream.records.len() as u64, times * stream.hostile)
                );
                pairs.ratio_of_sums(slices.len())
            },
        );
    }
}

fn decode(decoder: &mut Decoder, record: &[u8]) -> Outcome {
    match decoder.decode(black_box(record)) {
        Ok(decoded) => {
            black_box(decoded);
            Outcome::Processed
        }
        Err(_) => Outcome::Unprocessable(Cause::DecodeError),
    }
}

/// Both sides in short slices, each side by all threads at once.
///
/// Which side comes first alternates. A pair counts when in both of its slices the threads ran beside
/// each other: on a busy machine most do not, and then nothing contends.
struct Together {
    threads: usize,
    /// The part of a slice in which all threads run.
    beside: f64,
    /// Pairs of each kind that are enough.
    enough: usize,
    limit: Duration,
}

/// The pairs that counted, and how often every kind was run, counted or not.
struct Pairs {
    counted: Vec<Pair>,
    passes: u64,
}

/// The times of all threads together, in seconds.
struct Pair {
    kind: usize,
    /// The side that comes second finds its records in the caches.
    ours_first: bool,
    ours: f64,
    theirs: f64,
}

impl Together {
    fn new(run: &Run, threads: usize) -> Self {
        let (enough, seconds) = if run.quick() { (5, 5) } else { (60, 60) };
        Self {
            threads,
            beside: 0.9,
            enough,
            limit: Duration::from_secs(seconds),
        }
    }

    fn pairs<S>(
        &self,
        kinds: usize,
        state: impl Fn() -> S + Sync,
        ours: impl Fn(&mut S, usize) + Sync,
        theirs: impl Fn(&mut S, usize) + Sync,
    ) -> Pairs {
        let start = Instant::now();
        let mut pairs = Pairs {
            counted: Vec::new(),
            passes: 0,
        };
        // Threads are begun anew for each pass: the scheduler may place them better.
        while pairs.passes == 0
            || start.elapsed() < self.limit && pairs.counted.len() < kinds * self.enough
        {
            let even = pairs.passes.is_multiple_of(2);
            let ours_first = |kind: usize| even == kind.is_multiple_of(2);
            let spans = self.pass(kinds, ours_first, &state, &ours, &theirs);
            pairs.passes += 1;
            pairs.counted.extend((0..kinds).filter_map(|kind| {
                let time = |side| self.time(spans.iter().map(|spans| spans[kind][side]));
                Some(Pair {
                    kind,
                    ours_first: ours_first(kind),
                    ours: time(0)?,
                    theirs: time(1)?,
                })
            }));
        }
        eprintln!(
            "  {} pairs in {} passes of {kinds}",
            pairs.counted.len(),
            pairs.passes
        );
        pairs
    }

    /// What each thread measured of each kind: our side and theirs.
    fn pass<S>(
        &self,
        kinds: usize,
        ours_first: impl Fn(usize) -> bool + Sync,
        state: &(impl Fn() -> S + Sync),
        ours: &(impl Fn(&mut S, usize) + Sync),
        theirs: &(impl Fn(&mut S, usize) + Sync),
    ) -> Vec<Vec<[Span; 2]>> {
        let starts = Starts::new(self.threads);
        let one = || {
            let mut state = state();
            let mut timed = |side: &dyn Fn(&mut S, usize), kind| -> Span {
                starts.together();
                let start = Instant::now();
                side(&mut state, kind);
                (start, Instant::now())
            };
            (0..kinds)
                .map(|kind| {
                    if ours_first(kind) {
                        let first = timed(ours, kind);
                        [first, timed(theirs, kind)]
                    } else {
                        let first = timed(theirs, kind);
                        [timed(ours, kind), first]
                    }
                })
                .collect()
        };
        thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads).map(|_| scope.spawn(&one)).collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"));
            joined.collect()
        })
    }

    /// The sum of the spans; `None` when they did not run beside each other.
    fn time(&self, spans: impl Iterator<Item = Span> + Clone) -> Option<f64> {
        let (begun, ended) = (spans.clone().map(|s| s.0), spans.clone().map(|s| s.1));
        let all = ended.clone().max()? - begun.clone().min()?;
        let beside = ended.min()?.saturating_duration_since(begun.max()?);
        let time: Duration = spans.map(|(start, end)| end - start).sum();
        (beside.as_secs_f64() >= self.beside * all.as_secs_f64()).then(|| time.as_secs_f64())
    }
}

type Span = (Instant, Instant);

impl Pairs {
    /// The lower quartile of each kind in each order, summed for both sides: what else runs on the
    /// machine only adds. Not a number when more than one in ten was never measured.
    fn ratio_of_sums(&self, kinds: usize) -> f64 {
        let groups = (0..2 * kinds).map(|at| {
            let here = |pair: &&Pair| (pair.kind, pair.ours_first) == (at / 2, at % 2 == 0);
            self.counted.iter().filter(here).collect::<Vec<_>>()
        });
        let groups: Vec<_> = groups.filter(|group| !group.is_empty()).collect();
        if groups.len() * 10 < 2 * kinds * 9 {
            return f64::NAN;
        }
        let sum = |side: fn(&Pair) -> f64| -> f64 {
            let quartile = |group: &Vec<&Pair>| {
                let mut times: Vec<f64> = group.iter().map(|pair| side(pair)).collect();
                times.sort_by(f64::total_cmp);
                times[times.len() / 4]
            };
            groups.iter().map(quartile).sum()
        };
        sum(|pair| pair.ours) / sum(|pair| pair.theirs)
    }
}

/// Where threads wait for each other without sleeping.
struct Starts {
    threads: u64,
    arrived: AtomicU64,
}

impl Starts {
    fn new(threads: usize) -> Self {
        Self {
            threads: threads as u64,
            arrived: AtomicU64::new(0),
        }
    }

    /// Returns when every thread has called it as often as this one.
    fn together(&self) {
        let mine = self.arrived.fetch_add(1, Ordering::AcqRel);
        let all = (mine / self.threads + 1) * self.threads;
        let mut spins = 0_u32;
        while self.arrived.load(Ordering::Acquire) < all {
            spins += 1;
            if spins.is_multiple_of(1_000) {
                thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

fn memory(run: &mut Run) {
    let metrics = register(Options::default());
    let ((), usage) = measure(|| {
        for second in 0..20 {
            for _ in 0..100_000 {
                let now = Duration::from_secs(second);
                metrics.record(now, Outcome::Unprocessable(Cause::DecodeError));
            }
        }
    });
    let received = metrics
        .observe(Duration::from_secs(20), Observation::default())
        .totals
        .received();
    assert_eq!(received, 2_000_000);
    run.count(
        "metrics/memory/error storm of 100k a second",
        "bytes",
        "nothing recorded",
        Goal::Exactly(0.0),
        usage.peak,
    );
}

/// Events that no total knows of, with stalled writers, jumps and thousands of reused slots.
fn lost(run: &mut Run) {
    let shape = WindowShape::new(1, 10).expect("a legal shape");
    let window = window(shape, NonZeroUsize::MIN);
    let recorded: u64 = thread::scope(|scope| {
        let writers = [1, 2].map(|seed| {
            let window = &window;
            scope.spawn(move || {
                let mut random = SplitMix64::new(seed);
                let mut recorded = 0;
                for step in 0..500_000_u64 {
                    let now = step / 10;
                    let at = match random.below(1000) {
                        0 => now.saturating_sub(random.below(100)),
                        1 => now + random.below(5_000),
                        _ => now,
                    };
                    window.record(Duration::from_secs(at), (), 1);
                    recorded += 1;
                    if step % 64 == 0 {
                        window.tick(Duration::from_secs(now));
                    }
                }
                recorded
            })
        });
        writers
            .map(|writer| writer.join().expect("no panic"))
            .iter()
            .sum()
    });
    let totals = window.read_at(Duration::from_secs(50_000)).totals;
    run.count(
        "metrics/counts lost or misattributed",
        "events",
        "what was recorded",
        Goal::Exactly(0.0),
        recorded.abs_diff(totals.recorded()),
    );
}

fn gate(run: &mut Run) {
    let policy = HealthPolicy::default();
    let (gate, threshold) = (policy.gate, policy.decode_errors);
    run.value(
        "metrics/gate/false pages a day at half the threshold, 1 message a second",
        "pages, computed",
        "a gate of 100 samples: 163",
        Goal::AtMost(2.0),
        chance::openings_a_day(gate, threshold, threshold.fraction() / 2.0),
    );
    let seconds = (1..=120_u32)
        .find(|seconds| chance::seen_after(gate, threshold, f64::from(*seconds)) >= 0.95)
        .expect("a total failure is seen");
    run.count(
        "metrics/gate/seconds to see a total failure, 95 %, 1 message a second",
        "s, computed",
        "none",
        Goal::AtMost(10.0),
        seconds.into(),
    );
}

#[path = "../../crates/dashstream-metrics/tests/props/gate.rs"]
mod chance;

fn register(options: Options) -> Metrics {
    Metrics::register(options, Duration::ZERO).expect("a sound catalogue")
}

fn window(shape: WindowShape, shards: NonZeroUsize) -> Window<()> {
    let built = Catalogue::<Reading>::build(Duration::ZERO, |c| {
        c.window("events", Label::NONE, shape, shards)
    });
    built.expect("a sound catalogue").1
}
