//! Models under loom: threads that race over one value, in every way that the memory model allows.
//!
//! Every racing actor is a thread of its own, for loom does not interleave the one that begins a model.
//! `cargo xtask loom` runs all models, and each seeded defect against those that must fail under it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// Runs `actors` as threads that race over what `setup` makes, in every way that there is, and
/// returns what `outcome` said of each.
#[expect(
    clippy::disallowed_macros,
    reason = "what was explored is the test's result"
)]
pub(crate) fn explore<S, R, T, const N: usize>(
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
    let executions = seen.1;
    assert!(executions > 1, "{name}: one execution shows nothing");
    eprintln!("model {name}: {executions} executions");
    std::mem::take(&mut seen.0)
}
