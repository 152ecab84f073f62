//! Whether records wait in partitions that no member of the group owns: what tells a consumer without
//! partitions that is a standby from one that is missing.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use dashstream_kafka::{Admin, Config, Handle, StartError};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use crate::facts::UnownedFacts;

/// Asks the broker every ten seconds while this process has no partition.
#[derive(Debug)]
pub(crate) struct UnownedWatch {
    known: Arc<Mutex<Known>>,
    task: JoinHandle<()>,
}

/// What was answered last.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    pub(crate) unowned: Option<UnownedFacts>,
    /// When the broker answered at all.
    pub(crate) answered: Option<Duration>,
}

impl UnownedWatch {
    /// Starts asking. `idle` says whether this process has no partition now.
    pub(crate) fn start(
        kafka: &Config,
        clock: Handle,
        idle: impl Fn() -> bool + Send + 'static,
    ) -> Result<Self, StartError> {
        let admin = Arc::new(Admin::new(kafka)?);
        let known = Arc::<Mutex<Known>>::default();
        let shared = Arc::clone(&known);
        let task = tokio::spawn(async move {
            loop {
                sleep(ASK_EVERY).await;
                if !idle() {
                    lock(&shared).unowned = None;
                    continue;
                }
                let admin = Arc::clone(&admin);
                let asked = spawn_blocking(move || {
                    // Every broker answers this one, also those that describe no groups.
                    let reached = admin.partitions().is_ok();
                    (reached, admin.unowned())
                });
                // A question that panics is one without an answer.
                let Ok((reached, answer)) = asked.await else {
                    continue;
                };
                let mut known = lock(&shared);
                if reached {
                    known.answered = Some(clock.now());
                }
                note(&mut known, clock.now(), idle(), answer);
            }
        });
        Ok(Self { known, task })
    }

    pub(crate) fn known(&self) -> Known {
        *lock(&self.known)
    }
}

impl Drop for UnownedWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Answer = Result<Option<std::collections::BTreeMap<i32, u64>>, StartError>;

/// Without an answer what was known stays; a rebalance, which says nothing, ends it.
fn note(known: &mut Known, now: Duration, idle: bool, answer: Answer) {
    let Ok(answer) = answer else { return };
    let waiting = answer.filter(|waiting| idle && !waiting.is_empty());
    known.unowned = waiting.map(|waiting| {
        let since = known.unowned.map_or(now, |before| before.since);
        let partitions = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        let records = waiting
            .values()
            .fold(0_u64, |sum, n| sum.saturating_add(*n));
        UnownedFacts::new(since, partitions, records)
    });
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As often as watermarks are asked for.
const ASK_EVERY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use dashstream_kafka::Config;

    use super::*;

    #[test]
    fn records_without_an_owner_keep_their_first_moment_until_they_have_one() {
        let at = Duration::from_secs;
        let waiting = |records| Ok(Some(BTreeMap::from([(0, 2), (3, records)])));
        let mut known = Known::default();
        note(&mut known, at(10), true, waiting(5));
        assert_eq!(known.unowned, Some(UnownedFacts::new(at(10), 2, 7)));
        note(&mut known, at(20), true, waiting(8));
        assert_eq!(known.unowned, Some(UnownedFacts::new(at(10), 2, 10)));
        // No answer is no news.
        let error = Config::new("", "t", "g").unwrap_err().into();
        note(&mut known, at(30), true, Err(error));
        assert_eq!(known.unowned, Some(UnownedFacts::new(at(10), 2, 10)));
        for (idle, answer) in [
            (true, Ok(None)),
            (true, Ok(Some(BTreeMap::new()))),
            (false, waiting(5)),
        ] {
            note(&mut known, at(40), true, waiting(5));
            note(&mut known, at(50), idle, answer);
            assert_eq!(known.unowned, None);
        }
    }
}
