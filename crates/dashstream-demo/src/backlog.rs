//! How far the group's committed offset is behind what was written, in bytes.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashstream_kafka::Admin;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Bytes between the group's committed offset and the end of each partition.
#[derive(Debug, Default)]
pub(super) struct Backlog(Mutex<BTreeMap<i32, Behind>>);

#[derive(Debug, Default)]
struct Behind {
    bytes: usize,
    delivered: VecDeque<(i64, usize)>,
}

impl Backlog {
    pub(super) fn has_room(&self, partition: i32) -> bool {
        self.all()
            .get(&partition)
            .is_none_or(|behind| behind.bytes < BACKLOG_BYTES_MAX)
    }

    pub(super) fn reserve(&self, partition: i32, bytes: usize) {
        let mut all = self.all();
        let behind = all.entry(partition).or_default();
        behind.bytes = behind.bytes.saturating_add(bytes);
    }

    pub(super) fn release(&self, partition: i32, bytes: usize) {
        let mut all = self.all();
        let behind = all.entry(partition).or_default();
        behind.bytes = behind.bytes.saturating_sub(bytes);
    }

    pub(super) fn delivered(&self, partition: i32, offset: i64, bytes: usize) {
        self.all()
            .entry(partition)
            .or_default()
            .delivered
            .push_back((offset, bytes));
    }

    pub(super) fn committed(&self, partition: i32, next: i64) {
        let mut all = self.all();
        let behind = all.entry(partition).or_default();
        while let Some(&(offset, bytes)) = behind.delivered.front()
            && offset < next
        {
            behind.bytes = behind.bytes.saturating_sub(bytes);
            behind.delivered.pop_front();
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<i32, Behind>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the group's committed offsets back, as anybody beside the consumer would see them.
pub(super) async fn watch_committed(
    admin: Admin,
    backlog: Arc<Backlog>,
    mut stop: watch::Receiver<bool>,
) {
    let admin = Arc::new(admin);
    while !*stop.borrow_and_update() {
        let asked = Arc::clone(&admin);
        match spawn_blocking(move || asked.committed()).await {
            Ok(Ok(committed)) => {
                for (partition, next) in committed {
                    backlog.committed(partition, next.unwrap_or(0));
                }
            }
            Ok(Err(error)) => tracing::warn!(%error, "the demo could not read committed offsets"),
            Err(error) => tracing::warn!(%error, "the demo's reader of offsets ended early"),
        }
        tokio::select! {
            _ = stop.changed() => {}
            () = sleep(COMMITTED_EVERY) => {}
        }
    }
}

/// A partition's backlog beyond which nothing is written to it. The mock broker keeps 5 MiB; one
/// record over the payload limit still fits between.
pub(super) const BACKLOG_BYTES_MAX: usize = 4 * 1024 * 1024 - 1024 * 1024 / 2;

const COMMITTED_EVERY: Duration = Duration::from_millis(250);
