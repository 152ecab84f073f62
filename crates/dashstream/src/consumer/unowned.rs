//! Whether records wait in partitions that no member of the group owns: what tells a consumer without
//! partitions that is a standby from one that is missing, and what names partitions that were added and that the
//! group does not know yet.

use core::time::Duration;
use std::sync::{Arc, Mutex};

use dashstream_kafka::{Admin, Config, Handle, StartError};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use crate::lock::lock;
use crate::observation::UnownedPartitions;

/// Asks the broker every ten seconds.
#[derive(Debug)]
pub(crate) struct UnownedWatch {
    known: Arc<Mutex<Known>>,
    task: JoinHandle<()>,
}

/// What was answered last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) unowned: Option<UnownedPartitions>,
    /// When the broker answered at all.
    pub(crate) answered: Option<Duration>,
}

impl UnownedWatch {
    /// Starts asking.
    pub(crate) fn start(kafka: &Config, clock: Handle) -> Result<Self, StartError> {
        let admin = Arc::new(Admin::new(kafka)?);
        let known = Arc::<Mutex<Known>>::default();
        let shared = Arc::clone(&known);
        let task = tokio::spawn(async move {
            loop {
                // Not at once: while this member joins, the group rebalances, and there is no answer.
                sleep(ASK_EVERY).await;
                let admin = Arc::clone(&admin);
                let asked = spawn_blocking(move || {
                    // Every broker answers this one, also those that describe no groups.
                    let reached = admin.partitions().is_ok();
                    (reached, admin.unowned())
                });
                // The question panicked: there is no answer.
                let Ok((reached, answer)) = asked.await else {
                    continue;
                };
                let mut known = lock(&shared);
                if reached {
                    known.answered = Some(clock.now());
                }
                note(&mut known, clock.now(), answer);
            }
        });
        Ok(Self { known, task })
    }

    pub(crate) fn known(&self) -> Known {
        lock(&self.known).clone()
    }
}

impl Drop for UnownedWatch {
    fn drop(&mut self) {
        // A question under way is not aborted: it ends by itself, on a thread of its own.
        self.task.abort();
    }
}

type Answer = Result<Option<std::collections::BTreeMap<i32, u64>>, StartError>;

/// An error leaves what was known. An answer that names no partition, as during a rebalance, ends it.
fn note(known: &mut Known, now: Duration, answer: Answer) {
    let Ok(answer) = answer else { return };
    let waiting = answer.filter(|waiting| !waiting.is_empty());
    known.unowned = waiting.map(|waiting| {
        let since = known.unowned.as_ref().map_or(now, |before| before.since);
        let partitions = u64::try_from(waiting.len()).unwrap_or(u64::MAX);
        let records = waiting
            .values()
            .fold(0_u64, |sum, n| sum.saturating_add(*n));
        let numbers = waiting.keys().copied().collect();
        UnownedPartitions::new(since, partitions, records).numbers(numbers)
    });
}

/// As often as watermarks are asked for.
const ASK_EVERY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
