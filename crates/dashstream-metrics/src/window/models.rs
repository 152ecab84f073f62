//! Models of the window under every interleaving of two or three threads.
//!
//! House rules: every racing actor is a spawned thread (an actor on the main thread is not
//! interleaved by this checker), each model asserts the whole set of outcomes seen, and each has a
//! mutant that makes it fail. Run with `cargo xtask loom`.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::{Arc as StdArc, Mutex as StdMutex};
use std::time::Duration;

use loom::sync::Arc;
use loom::thread;

use crate::labels::BreakerState::{self, Closed as Good, Open as Bad};
use crate::window::{Account, Epoch, Shape, WindowSet};

/// Two slots of one second; a window of `slots` of them.
fn shape(slots: u32) -> Shape {
    Shape::with_ring(NonZeroU32::MIN, slots, 2)
}

fn second(second: u64) -> Duration {
    Duration::from_secs(second)
}

/// Runs `model` under every interleaving and returns the outcomes seen and how many runs there were.
fn outcomes<T: Ord + Send + 'static>(
    model: impl Fn() -> T + Send + Sync + 'static,
) -> (BTreeSet<T>, usize) {
    let seen = StdArc::new(StdMutex::new((BTreeSet::new(), 0)));
    let record = StdArc::clone(&seen);
    loom::model(move || {
        let outcome = model();
        let mut seen = record.lock().unwrap();
        seen.0.insert(outcome);
        seen.1 += 1;
    });
    let mut seen = seen.lock().unwrap();
    (std::mem::take(&mut seen.0), seen.1)
}

fn done(name: &str, executions: usize) {
    assert!(executions > 1, "{name}: one execution shows nothing");
    eprintln!("model {name}: {executions} executions");
}

fn numbers(account: Account) -> (u64, u64, u64, u64) {
    (
        account.in_window,
        account.expired,
        account.late,
        account.recorded(),
    )
}

/// Two writers race for a slot across a turn of the ring: nothing is lost, nothing is moved.
#[test]
fn two_writers_across_a_rotation_account_for_every_event() {
    let (seen, executions) = outcomes(|| {
        let window = Arc::new(WindowSet::<()>::new(shape(1), second(2)));
        let writers = [(0, 2), (2, 1)].map(|(at, n)| {
            let window = Arc::clone(&window);
            thread::spawn(move || window.record(second(at), (), n))
        });
        for writer in writers {
            writer.join().unwrap();
        }
        numbers(window.account(second(2)))
    });
    // The old event expires when it was there first, and is late when it was not.
    assert_eq!(seen, BTreeSet::from([(1, 0, 2, 3), (1, 2, 0, 3)]));
    done("rotation", executions);
}

/// Two writers of the same slot: a compare-and-swap that fails is tried again.
#[test]
fn two_writers_of_one_slot_both_count() {
    let (seen, executions) = outcomes(|| {
        let window = Arc::new(WindowSet::<()>::new(shape(1), second(0)));
        let writers = [2, 3].map(|n| {
            let window = Arc::clone(&window);
            thread::spawn(move || window.record(second(0), (), n))
        });
        for writer in writers {
            writer.join().unwrap();
        }
        numbers(window.account(second(0)))
    });
    assert_eq!(seen, BTreeSet::from([(5, 0, 0, 5)]));
    done("same slot", executions);
}

/// A reader races with a writer that turns the slot over: it never takes old events for new ones.
#[test]
fn a_reader_never_sees_events_of_another_turn() {
    let (seen, executions) = outcomes(|| {
        let window = Arc::new(WindowSet::<()>::new(shape(1), second(2)));
        window.record(second(0), (), 1000);
        let writer = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                window.record(second(2), (), 1);
                window.record(second(2), (), 1);
            })
        };
        let reader = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                let seen = window.read(second(2));
                (seen.count(()), seen.torn)
            })
        };
        writer.join().unwrap();
        reader.join().unwrap()
    });
    assert_eq!(seen, BTreeSet::from([(0, false), (1, false), (2, false)]));
    done("reader", executions);
}

/// A reader of two keys races with their writer: the bad are never more than all.
#[test]
fn a_ratio_never_exceeds_one() {
    let (seen, executions) = outcomes(|| {
        let window = Arc::new(WindowSet::<BreakerState>::new(shape(1), second(2)));
        let writer = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                window.record(second(2), Good, 1);
                window.record(second(2), Bad, 1);
            })
        };
        let reader = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                let seen = window.read(second(2)).counts;
                (seen.get(Bad), seen.total())
            })
        };
        writer.join().unwrap();
        reader.join().unwrap()
    });
    assert!(seen.iter().all(|(bad, all)| bad <= all), "{seen:?}");
    // Relaxed: the two keys may be seen in either order.
    assert_eq!(seen, BTreeSet::from([(0, 0), (0, 1), (1, 1), (1, 2)]));
    done("ratio", executions);
}

/// A reader whose clock stands still while a writer laps it says that its sum is too small.
#[test]
fn an_overtaken_reader_says_torn() {
    let (seen, executions) = outcomes(|| {
        let window = Arc::new(WindowSet::<()>::new(shape(1), second(0)));
        window.record(second(0), (), 1);
        let writer = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                window.tick(second(2));
                window.record_at(Epoch(3), (), 1);
            })
        };
        let reader = {
            let window = Arc::clone(&window);
            thread::spawn(move || {
                let seen = window.read(second(0));
                (seen.count(()), seen.torn)
            })
        };
        writer.join().unwrap();
        reader.join().unwrap()
    });
    assert_eq!(seen, BTreeSet::from([(0, true), (1, false)]));
    done("torn", executions);
}
