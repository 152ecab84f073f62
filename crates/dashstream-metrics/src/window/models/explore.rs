//! A model under whichever checker the crate is built for.

use std::collections::BTreeSet;

/// Runs `actors` as threads that race over what `setup` makes, in every way that there is, and
/// returns what `outcome` said of each.
#[cfg(loom)]
pub(super) fn explore<S, R, T, const N: usize>(
    name: &str,
    setup: fn() -> S,
    actors: [fn(&S) -> R; N],
    outcome: fn(&S, [R; N]) -> T,
) -> BTreeSet<T>
where
    S: Send + Sync + 'static,
    R: Send + 'static,
    T: Ord + Send + 'static,
{
    use std::sync::{Arc, Mutex};

    let seen = Arc::new(Mutex::new((BTreeSet::new(), 0)));
    let record = Arc::clone(&seen);
    loom::model(move || {
        let shared = loom::sync::Arc::new(setup());
        let threads = actors.map(|actor| {
            let shared = loom::sync::Arc::clone(&shared);
            loom::thread::spawn(move || actor(&shared))
        });
        let results = threads.map(|thread| thread.join().unwrap());
        let mut record = record.lock().unwrap();
        record.0.insert(outcome(&shared, results));
        record.1 += 1;
    });
    let mut seen = seen.lock().unwrap();
    said("loom", name, seen.1);
    std::mem::take(&mut seen.0)
}

/// The same, one step at a time in every order.
#[cfg(not(loom))]
pub(super) fn explore<S, R, T, const N: usize>(
    name: &str,
    setup: fn() -> S,
    actors: [fn(&S) -> R; N],
    outcome: fn(&S, [R; N]) -> T,
) -> BTreeSet<T>
where
    S: Sync,
    R: Send,
    T: Ord,
{
    let mut seen = BTreeSet::new();
    let executions = crate::interleave::every(N, |stage| {
        let shared = &setup();
        let results = std::thread::scope(|scope| {
            let mut numbers = 0..;
            let threads = actors.map(|actor| {
                let number = numbers.next().unwrap();
                scope.spawn(move || stage.act(number, || actor(shared)))
            });
            threads.map(|thread| thread.join().unwrap())
        });
        seen.insert(outcome(shared, results));
    });
    said("enumerator", name, executions);
    seen
}

#[expect(
    clippy::disallowed_macros,
    reason = "what was explored is the test's result"
)]
fn said(checker: &str, name: &str, executions: usize) {
    assert!(executions > 1, "{name}: one execution shows nothing");
    eprintln!("model {name}: {executions} executions, {checker}");
}
