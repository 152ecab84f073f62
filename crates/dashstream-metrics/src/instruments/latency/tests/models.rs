//! Models of latencies: recorders, threads that share, and a reader race with one another.

use std::collections::BTreeSet;

use crate::buckets::Buckets;
use crate::instruments::latency::*;
use crate::tests::explore::explore;

const NOW: Duration = Duration::from_secs(1);

/// A bucket up to 0 and one for the rest, as the quantiles have in a model.
const EDGES: Buckets = Buckets {
    bounds: &[0],
    divisor: 1,
};

fn latency() -> Latency<()> {
    let core = Core::new(1, || HistogramCells::zero(EDGES, 1), 1, NOW);
    Latency {
        label: Label::NONE,
        core: Arc::new(core),
    }
}

/// What a page would show: the histogram's buckets, its sum, and what the quantiles are made of.
type Shown = ([u64; 2], u64, [u64; 2]);

fn shown(latency: &Latency<()>) -> Shown {
    let merged = latency.core.merged();
    let numbers = merged.first().unwrap();
    let counts = latency.core.rings.read(NOW).counts;
    let pair = |counts: &[u64]| <[u64; 2]>::try_from(counts).unwrap();
    (pair(&numbers.counts), numbers.sum, pair(&counts))
}

/// A recorder and a thread without one observe the same stage: the page has all of both.
#[test]
fn a_recorder_and_a_thread_lose_no_latency() {
    let seen = explore(
        "latency",
        latency,
        [
            |latency: &Latency<()>| {
                let mut recorder = latency.recorder().unwrap();
                recorder.record(NOW, (), 0);
                recorder.record(NOW, (), 5);
            },
            |latency| latency.record(NOW, (), 7),
        ],
        |latency, [(), ()]| shown(latency),
    );
    assert_eq!(seen, BTreeSet::from([([1, 2], 12, [1, 2])]));
}

/// A recorder is dropped and its copy taken again by another thread: that one goes on from the last
/// number, and not from an older one.
#[test]
fn a_copy_that_changes_hands_keeps_its_counts() {
    let record = |latency: &Latency<()>| {
        let recorder = latency.recorder();
        recorder.map_or(0, |mut recorder| {
            recorder.record(NOW, (), 3);
            1_u64
        })
    };
    let seen = explore(
        "handed over",
        latency,
        [record, record],
        |latency, recorded| {
            let recorded: u64 = recorded.iter().sum();
            (recorded, shown(latency))
        },
    );
    // Who finds the copy taken has no recorder, and has recorded nothing.
    let all = |n: u64| (n, ([0, n], n * 3, [0, n]));
    assert_eq!(seen, BTreeSet::from([all(1), all(2)]));
}

/// A reader races with a recorder: it sees nothing that was not observed, and all of it afterwards.
#[test]
fn a_reader_sees_no_latency_that_was_not_recorded() {
    let seen = explore(
        "read latency",
        latency,
        [
            |latency: &Latency<()>| {
                let mut recorder = latency.recorder().unwrap();
                recorder.record(NOW, (), 2);
                None
            },
            |latency| Some(shown(latency)),
        ],
        |latency, [_, read]| {
            assert_eq!(shown(latency), ([0, 1], 2, [0, 1]), "at rest");
            read.unwrap()
        },
    );
    let ones = [0, 1];
    assert!(
        seen.iter().all(|(classic, sum, quantiles)| {
            classic[0] == 0 && classic[1] <= 1 && *sum <= 2 && quantiles <= &ones
        }),
        "{seen:?}"
    );
    assert!(seen.contains(&([0, 0], 0, [0, 0])), "before");
    assert!(seen.contains(&(ones, 2, ones)), "after");
}
