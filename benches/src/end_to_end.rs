//! A stream of 10,000 records through decode, policy, state and windows, against the same work done
//! with the usual packages: inflate, prost, clone the state, json-patch, hash its text, lock a window.

mod ours;
pub mod stream;
mod usual;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::measure::{Goal, Run, median};
use ours::Ours;
use stream::{Stream, hostile};
use usual::Usual;

/// What a pipeline came to: both have to agree before their times mean anything.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    processed: u64,
    refused: u64,
    /// Hashes that matched the state after a diff.
    verified: u64,
    /// Each thread's last state as text.
    states: BTreeMap<String, String>,
}

pub fn run(run: &mut Run) {
    if run.quick() {
        return;
    }
    let stream = Stream::new(100 << 10);
    let mut ours = Ours::new();
    stream.records.iter().for_each(|record| ours.take(record));
    let mut usual = Usual::default();
    stream.records.iter().for_each(|record| usual.take(record));
    let (ours, usual) = (ours.outcome(), usual.outcome());
    assert_eq!(ours, usual, "both sides read the stream alike");
    assert_eq!(
        (ours.refused, ours.verified),
        (stream.hostile, stream.diffs)
    );
    assert!(ours.states.len() == stream::THREADS && ours.processed > 9_000);

    let measure = || {
        let ratios = (0..ROUNDS).map(|round| {
            let ours = || {
                let mut pipeline = Ours::new();
                timed(|| {
                    stream
                        .records
                        .iter()
                        .for_each(|record| pipeline.take(record))
                })
            };
            let usual = || {
                let mut pipeline = Usual::default();
                timed(|| {
                    stream
                        .records
                        .iter()
                        .for_each(|record| pipeline.take(record))
                })
            };
            if round % 2 == 0 {
                let ours = ours();
                usual() / ours
            } else {
                let usual = usual();
                usual / ours()
            }
        });
        median(&mut ratios.collect::<Vec<f64>>())
    };
    run.ratio_by(
        "end-to-end/stream/100KiB states",
        "times faster",
        "zstd bulk, prost, clone, json-patch 5, to_string + SHA-256, mutex window",
        Goal::AtLeast(16.0),
        measure,
    );
    run.ratio_by(
        "end-to-end/stream/2 workers",
        "times the records a second",
        "1 worker",
        Goal::AtLeast(1.7),
        || {
            let ratios = (0..ROUNDS).map(|round| {
                let time = |workers| {
                    let (time, outcome) = by_workers(&stream, workers);
                    assert_eq!(outcome, ours, "{workers} workers");
                    time
                };
                if round % 2 == 0 {
                    let one = time(1);
                    one / time(2)
                } else {
                    let two = time(2);
                    time(1) / two
                }
            });
            median(&mut ratios.collect::<Vec<f64>>())
        },
    );
    run.value(
        "end-to-end/stream and hostile corpus/peak resident",
        "MiB",
        "none",
        Goal::AtMost(256.0),
        peak_of_a_child(),
    );
}

/// The stream through workers that own its partitions, behind one thread that hands records out as a
/// consumer does. Each worker sees the records of each partition in their order.
fn by_workers(stream: &Stream, workers: usize) -> (f64, Outcome) {
    const PARTITIONS: usize = 4;
    let start = Instant::now();
    let pipelines: Vec<Ours> = thread::scope(|scope| {
        let (senders, threads): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| {
                let (sender, inbox) = mpsc::channel::<(usize, &[u8])>();
                let work = move || {
                    let mut pipeline = Ours::new();
                    let mut next = [0; PARTITIONS];
                    for (offset, record) in inbox {
                        let next = &mut next[offset % PARTITIONS];
                        assert!(offset >= *next, "out of order");
                        *next = offset + 1;
                        pipeline.take_at(Duration::from_millis(offset as u64), record);
                    }
                    pipeline
                };
                (sender, scope.spawn(work))
            })
            .unzip();
        for (offset, record) in stream.records.iter().enumerate() {
            // A thread's records are in one partition: as many threads as there are take turns.
            let worker = offset % PARTITIONS % workers;
            senders[worker].send((offset, record)).expect("it listens");
        }
        drop(senders);
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|pipeline| pipeline.expect("no panic")).collect()
    });
    let time = start.elapsed().as_secs_f64();
    let mut all = Outcome::default();
    for mut pipeline in pipelines {
        let of = pipeline.outcome();
        all.processed += of.processed;
        all.refused += of.refused;
        all.verified += of.verified;
        all.states.extend(of.states);
    }
    (time, all)
}

fn timed(body: impl FnOnce()) -> f64 {
    let start = Instant::now();
    body();
    start.elapsed().as_secs_f64()
}

/// The body of the child: our pipeline alone, then every hostile input, then its own peak on stdout.
pub fn peak() {
    let stream = Stream::new(100 << 10);
    let mut pipeline = Ours::new();
    stream
        .records
        .iter()
        .for_each(|record| pipeline.take(record));
    let before = pipeline.outcome().refused;
    let corpus = hostile();
    corpus.iter().for_each(|record| pipeline.take(record));
    let refused = pipeline.outcome().refused - before;
    assert_eq!(
        refused,
        corpus.len() as u64,
        "every hostile input is refused"
    );
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux machine");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.expect("a peak").trim().trim_end_matches(" kB"));
}

/// Peak resident memory in MiB of a process that does nothing else.
fn peak_of_a_child() -> f64 {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this).arg(PEAK).output().expect("it starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let kib: f64 = String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a number");
    kib / 1024.0
}

/// The argument that makes this program the child.
pub const PEAK: &str = "--peak-of-stream";

const ROUNDS: u32 = 7;
