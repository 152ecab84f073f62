//! Windows against a bare counter and the `prometheus` crate's, and the false alarms of the gate.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use dashstream_codec::{DecodeOptions, Decoder, EncodeOptions, Encoder, Message};
use dashstream_metrics::{
    Facts, Fault, Gates, HealthPolicy, Metrics, Options, Outcome, ReasonCode, Registry, Shape,
    Window, WindowSet, judge,
};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

use crate::measure::{Goal, Run};

pub fn run(run: &mut Run) {
    record(run);
    contended(run);
    stream(run);
    memory(run);
    lost(run);
    gate(run);
}

#[path = "../../crates/dashstream-codec/tests/support/telemetry.rs"]
#[allow(dead_code)]
mod telemetry;

const FLOOR: &str = "AtomicU64::fetch_add, relaxed";
/// Calls of one measured body, so that the loop of the harness weighs nothing.
const CALLS: u64 = 256;

fn record(run: &mut Run) {
    let window = Window::new(Shape::SHORT, Duration::ZERO);
    let epoch = Shape::SHORT.epoch(Duration::ZERO);
    let floor = AtomicU64::new(0);
    window.record_at(epoch, (), 1);
    floor.fetch_add(1, Ordering::Relaxed);
    assert_eq!(
        window.read(Duration::ZERO).count(()),
        floor.load(Ordering::Relaxed)
    );
    run.ratio(
        "metrics/record/1 thread",
        FLOOR,
        Goal::AtMost(1.8),
        || {
            for _ in 0..CALLS {
                window.record_at(black_box(epoch), (), black_box(1));
            }
        },
        || {
            for _ in 0..CALLS {
                floor.fetch_add(black_box(1), Ordering::Relaxed);
            }
        },
    );
    let metrics = fresh(1);
    let now = Duration::from_millis(1500);
    run.nanos(
        "metrics/record/whole outcome: total, age, both windows (256 calls)",
        Goal::Report("what a host pays for a record"),
        || {
            for _ in 0..CALLS {
                metrics.record(black_box(now), black_box(Outcome::Processed));
            }
        },
    );
}

/// Wall time of the slower of two threads; both sides in turn.
fn contended(run: &mut Run) {
    let shards = NonZeroUsize::new(2).expect("two");
    let window = WindowSet::<()>::sharded(Shape::SHORT, shards, Duration::ZERO);
    let epoch = Shape::SHORT.epoch(Duration::ZERO);
    let counter = prometheus::IntCounter::new("peer", "the peer").expect("a legal name");
    let calls: u64 = if run.quick() { 300_000 } else { 2_000_000 };
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let ours = two_threads(calls, || window.record_at(black_box(epoch), (), 1));
        let theirs = two_threads(calls, || counter.inc_by(black_box(1)));
        ratios.push(ours / theirs);
    }
    assert_eq!(window.read(Duration::ZERO).count(()), counter.get());
    ratios.sort_by(f64::total_cmp);
    run.value(
        "metrics/record/2 threads, sharded",
        "ratio",
        "prometheus IntCounter",
        // With a neighbour on the other core nothing is contended, and the peer is a bare counter.
        Goal::AtMost(if run.quick() { 1.5 } else { 1.0 }),
        ratios[ratios.len() / 2],
    );
}

fn two_threads(calls: u64, body: impl Fn() + Sync) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..calls).for_each(|_| body()));
        }
    });
    start.elapsed().as_secs_f64()
}

/// Decoding a stream with every outcome recorded, against decoding it with a recorder that does nothing.
fn stream(run: &mut Run) {
    let mut records = Vec::new();
    let mut encoder = Encoder::new(EncodeOptions::new());
    for n in 0..10_000_u64 {
        let mut message = match n % 10 {
            0 => Message::StateDiff(telemetry::state_diff(10)),
            1..4 => Message::TokenChunk(telemetry::token_chunk()),
            _ => Message::Event(telemetry::event6(n)),
        };
        let mut record = encoder
            .encode(&mut message)
            .expect("encodes")
            .record
            .to_vec();
        if n % 100 == 0 {
            record.truncate(record.len() / 2);
        }
        records.push(record);
    }
    for threads in [1, 2] {
        let metrics = fresh(threads);
        let recorder = |n: usize, outcome| metrics.record(Duration::from_millis(n as u64), outcome);
        let bad = decode_all(&records, &recorder);
        let totals = metrics
            .observe(Duration::from_secs(10), Facts::default())
            .totals
            .clone();
        assert_eq!((totals.received(), totals.decode_errors()), (10_000, bad));
        assert!(bad >= 100, "the hostile ones are refused");
        let mut ratios: Vec<f64> = (0..if run.quick() { 9 } else { 31 })
            .map(|round| {
                let ours = || timed(threads, || decode_all(&records, &recorder));
                let theirs = || timed(threads, || decode_all(&records, &|_, _| ()));
                if round % 2 == 0 {
                    let first = ours();
                    first / theirs()
                } else {
                    let first = theirs();
                    ours() / first
                }
            })
            .collect();
        ratios.sort_by(f64::total_cmp);
        // A quick run shares its machine with a build.
        let goal = if run.quick() { 1.25 } else { 1.02 };
        run.value(
            &format!("metrics/stream, decode alone, with windows/{threads} threads"),
            "ratio",
            "the same with a recorder that does nothing",
            Goal::AtMost(goal),
            ratios[ratios.len() / 2],
        );
    }
}

fn decode_all(records: &[Vec<u8>], record: &impl Fn(usize, Outcome)) -> u64 {
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut bad = 0;
    for (n, bytes) in records.iter().enumerate() {
        match decoder.decode(black_box(bytes)) {
            Ok(decoded) => {
                black_box(decoded);
                record(n, Outcome::Processed);
            }
            Err(_) => {
                bad += 1;
                record(n, Outcome::Unprocessable(Fault::Malformed));
            }
        }
    }
    bad
}

fn timed(threads: usize, body: impl Fn() -> u64 + Sync) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| black_box(body()));
        }
    });
    start.elapsed().as_secs_f64()
}

fn memory(run: &mut Run) {
    let metrics = fresh(1);
    let ((), usage) = measure(|| {
        for second in 0..20 {
            for _ in 0..100_000 {
                let now = Duration::from_secs(second);
                metrics.record(now, Outcome::Unprocessable(Fault::Malformed));
            }
        }
    });
    let received = metrics
        .observe(Duration::from_secs(20), Facts::default())
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

/// Events that no account knows of, with stalled writers, jumps and thousands of reused slots.
fn lost(run: &mut Run) {
    let shape = Shape::new(1, 10).expect("a legal shape");
    let window = WindowSet::<()>::new(shape, Duration::ZERO);
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
    let account = window.account(Duration::from_secs(50_000));
    run.count(
        "metrics/counts lost or misattributed",
        "events",
        "what was recorded",
        Goal::Exactly(0.0),
        recorded.abs_diff(account.recorded()),
    );
}

fn gate(run: &mut Run) {
    let days = if run.quick() { 1 } else { 10 };
    let mut pages = 0;
    for day in 0..days {
        let mut stream = Stream::new(day);
        let mut open = false;
        for _ in 0..86_400 {
            let now_open = stream.second(5_000);
            pages += u32::from(now_open && !open);
            open = now_open;
        }
    }
    run.value(
        "metrics/gate/false pages a day at half the threshold, 1 message a second",
        "pages",
        "a gate of 100 samples: 163",
        Goal::AtMost(2.0),
        f64::from(pages) / days as f64,
    );
    let trials: u64 = if run.quick() { 100 } else { 1_000 };
    let mut took: Vec<u64> = (0..trials)
        .map(|trial| {
            let mut stream = Stream::new(1_000_000 + trial);
            for _ in 0..300 {
                stream.second(0);
            }
            (1..=120).find(|_| stream.second(1_000_000)).unwrap_or(120)
        })
        .collect();
    took.sort_unstable();
    run.count(
        "metrics/gate/seconds to see a total failure, 95 %, 1 message a second",
        "s",
        "none",
        Goal::AtMost(10.0),
        took[took.len() * 95 / 100],
    );
}

struct Stream {
    metrics: Metrics,
    gates: Gates,
    random: SplitMix64,
    second: u64,
}

impl Stream {
    fn new(seed: u64) -> Self {
        Self {
            metrics: fresh(1),
            gates: Gates::default(),
            random: SplitMix64::new(seed),
            second: 0,
        }
    }

    /// One second of about one message (Poisson), bad in `bad_ppm` of a million.
    fn second(&mut self, bad_ppm: u64) -> bool {
        self.second += 1;
        let now = Duration::from_secs(self.second);
        let mut rest = (self.random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        let mut probability = (-1.0_f64).exp();
        let mut arrivals = 0_u32;
        while rest > probability && arrivals < 20 {
            rest -= probability;
            arrivals += 1;
            probability /= f64::from(arrivals);
        }
        for _ in 0..arrivals {
            let bad = self.random.chance(bad_ppm, 1_000_000);
            let fault = Outcome::Unprocessable(Fault::Malformed);
            self.metrics
                .record(now, if bad { fault } else { Outcome::Processed });
        }
        let snapshot = self.metrics.observe(now, Facts::default());
        let verdict = judge(now, &snapshot, &HealthPolicy::default(), self.gates);
        self.gates = verdict.gates;
        verdict.reason(ReasonCode::DecodeErrors).is_some()
    }
}

fn fresh(shards: usize) -> Metrics {
    let shards = NonZeroUsize::new(shards).expect("a shard");
    let options = Options::default().with_shards(shards);
    Metrics::register(&mut Registry::new(), options, Duration::ZERO).expect("a fresh registry")
}
