//! Runs threads under every interleaving of their atomic steps, one step at a time.
//!
//! An independent witness for the models that loom checks: it knows nothing of memory orders, and
//! forgets no interleaving for want of a dependency between two steps. Outside of [`every`] its
//! atomics are those of the standard library.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a part of the tests, which fail by panicking"
)]

use core::cell::RefCell;
use core::sync::atomic::{self, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// An atomic whose accesses are the steps that are interleaved.
#[derive(Debug)]
pub(crate) struct AtomicU64(atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) const fn new(value: u64) -> Self {
        Self(atomic::AtomicU64::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        step();
        self.0.load(order)
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        step();
        self.0.store(value, order);
    }

    pub(crate) fn fetch_add(&self, n: u64, order: Ordering) -> u64 {
        step();
        self.0.fetch_add(n, order)
    }

    pub(crate) fn fetch_max(&self, n: u64, order: Ordering) -> u64 {
        step();
        self.0.fetch_max(n, order)
    }

    pub(crate) fn compare_exchange_weak(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        step();
        // The strong one: a failure without a cause would be no choice of the schedule.
        self.0.compare_exchange(current, new, success, failure)
    }
}

/// Calls `run` with each schedule of `actors` threads in turn, and returns how many there were.
pub(crate) fn every(actors: usize, mut run: impl FnMut(&Arc<Stage>)) -> usize {
    let mut path = Path::default();
    let mut schedules = 0;
    loop {
        let stage = Arc::new(Stage::new(actors));
        let director = {
            let stage = Arc::clone(&stage);
            let mut path = core::mem::take(&mut path);
            thread::spawn(move || {
                stage.direct(&mut path);
                path
            })
        };
        run(&stage);
        schedules += 1;
        path = director.join().expect("a director does not panic");
        if !path.advance() {
            return schedules;
        }
    }
}

/// Where the actors of one schedule wait for their turns.
#[derive(Debug)]
pub(crate) struct Stage {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    actors: Vec<Actor>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    /// Between two steps, or not begun.
    Acting,
    /// Before a step.
    Waiting,
    /// Told to take its step.
    Called,
    /// At its end.
    Done,
}

impl Stage {
    fn new(actors: usize) -> Self {
        Self {
            state: Mutex::new(State {
                actors: vec![Actor::Acting; actors],
            }),
            changed: Condvar::new(),
        }
    }

    /// Runs `body` as the actor of this number.
    pub(crate) fn act<R>(self: &Arc<Self>, number: usize, body: impl FnOnce() -> R) -> R {
        /// Also when the body panics, so that the others are not waited for in vain.
        struct Leave<'a>(&'a Stage, usize);
        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                PLACE.set(None);
                self.0.set(self.1, Actor::Done);
            }
        }
        PLACE.set(Some((Arc::clone(self), number)));
        let _leave = Leave(self, number);
        body()
    }

    fn step(&self, number: usize) {
        self.set(number, Actor::Waiting);
        let mut state = self.lock();
        while state.actors[number] != Actor::Called {
            state = self.wait(state);
        }
        state.actors[number] = Actor::Acting;
    }

    /// Calls one waiting actor after the other, as `path` says and then the first.
    fn direct(&self, path: &mut Path) {
        let mut depth = 0;
        let mut state = self.lock();
        loop {
            let busy = |actor: &Actor| matches!(actor, Actor::Acting | Actor::Called);
            if state.actors.iter().any(busy) {
                state = self.wait(state);
                continue;
            }
            let waiting =
                |(number, actor): (usize, &Actor)| (*actor == Actor::Waiting).then_some(number);
            let able: Vec<usize> = state
                .actors
                .iter()
                .enumerate()
                .filter_map(waiting)
                .collect();
            if able.is_empty() {
                return;
            }
            let called = able[path.choose(depth, able.len())];
            depth += 1;
            state.actors[called] = Actor::Called;
            self.changed.notify_all();
        }
    }

    fn set(&self, number: usize, actor: Actor) {
        self.lock().actors[number] = actor;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The choices of one schedule, each with how many there were: the way to a leaf of the tree.
#[derive(Debug, Default)]
struct Path(Vec<(usize, usize)>);

impl Path {
    fn choose(&mut self, depth: usize, among: usize) -> usize {
        match self.0.get(depth) {
            Some((chosen, there_were)) => {
                assert_eq!(
                    *there_were, among,
                    "the same choices lead to the same place"
                );
                *chosen
            }
            None => {
                self.0.push((0, among));
                0
            }
        }
    }

    /// Moves to the next leaf; says whether there is one.
    fn advance(&mut self) -> bool {
        while let Some((chosen, among)) = self.0.pop() {
            if chosen + 1 < among {
                self.0.push((chosen + 1, among));
                return true;
            }
        }
        false
    }
}

thread_local! {
    static PLACE: RefCell<Option<(Arc<Stage>, usize)>> = const { RefCell::new(None) };
}

fn step() {
    let place = PLACE.with_borrow(Clone::clone);
    if let Some((stage, number)) = place {
        stage.step(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two threads of `m` and `n` steps have (m + n)! / (m! n!) interleavings.
    #[test]
    fn every_interleaving_is_run_exactly_once() {
        for (steps, schedules) in [([1, 1], 2), ([2, 2], 6), ([2, 3], 10), ([0, 4], 1)] {
            let mut seen = std::collections::BTreeSet::new();
            let ran = every(2, |stage| {
                let order = Mutex::new(Vec::new());
                thread::scope(|scope| {
                    for (number, steps) in steps.into_iter().enumerate() {
                        let (stage, order) = (Arc::clone(stage), &order);
                        scope.spawn(move || {
                            stage.act(number, || {
                                for _ in 0..steps {
                                    step();
                                    order.lock().unwrap().push(number);
                                }
                            })
                        });
                    }
                });
                assert!(
                    seen.insert(order.into_inner().unwrap()),
                    "an order came twice"
                );
            });
            assert_eq!((ran, seen.len()), (schedules, schedules), "{steps:?}");
        }
    }

    /// The lost update that every checker must find.
    #[test]
    fn a_load_and_an_add_apart_lose_an_increment_in_some_interleaving() {
        let mut seen = std::collections::BTreeSet::new();
        every(2, |stage| {
            let cell = AtomicU64::new(0);
            thread::scope(|scope| {
                for number in 0..2 {
                    let (stage, cell) = (Arc::clone(stage), &cell);
                    scope.spawn(move || {
                        stage.act(number, || {
                            let old = cell.load(Ordering::Relaxed);
                            cell.fetch_max(old + 1, Ordering::Relaxed);
                        });
                    });
                }
            });
            seen.insert(cell.load(Ordering::Relaxed));
        });
        assert_eq!(seen, std::collections::BTreeSet::from([1, 2]));
    }
}
