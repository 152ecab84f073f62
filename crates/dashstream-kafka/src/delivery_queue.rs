//! Queue between the polling thread and `Consumer::recv`; withholds records behind one that may be put on
//! hold.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashstream_policy::Delivered;
use tokio::sync::Notify;

use crate::driver_message::DriverMessage;
use crate::inbox::Inbox;
use crate::message::Message;

/// Connects the host's end of a consumer with the thread that drives the engine.
///
/// A record behind a held one is never handed out. The engine applies a verdict on its own thread, so
/// from a verdict that is not an acceptance until the engine has applied it, what lies behind in its
/// partition stays on the queue; what the engine then gives up is withdrawn.
pub(crate) struct DeliveryQueue {
    state: Mutex<State>,
    /// Wakes the host that waits for a record. There is one: waiting takes `&mut Consumer`.
    ready: Notify,
    inbox: Arc<Inbox>,
}

struct State {
    // Unbounded, since the engine bounds what is taken.
    waiting: VecDeque<QueuedRecord>,
    /// Verdicts other than acceptances that the engine has not applied, and records that wait until
    /// the host has resources for them.
    unapplied: BTreeSet<DeliveryId>,
    /// Nothing more will come.
    ended: bool,
    /// Nobody will ask any more.
    closed: bool,
}

/// A record that the engine took and the host has not seen.
#[derive(Debug)]
pub(crate) struct QueuedRecord {
    pub(crate) message: Message,
    pub(crate) delivered: Delivered,
}

/// Names a delivered record. Those of one partition sort by offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeliveryId {
    partition: i32,
    offset: i64,
    /// Tells a record from the same one delivered again.
    serial: u64,
}

impl DeliveryId {
    /// Whether it is on a record of `partition` at `from` or behind.
    pub(crate) const fn is_at(&self, partition: i32, from: i64) -> bool {
        self.partition == partition && self.offset >= from
    }

    pub(crate) const fn on(record: &Delivered) -> Self {
        Self {
            partition: record.partition().partition(),
            offset: record.offset().get(),
            serial: record.serial(),
        }
    }
}

impl DeliveryQueue {
    pub(crate) const fn new(inbox: Arc<Inbox>) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                unapplied: BTreeSet::new(),
                ended: false,
                closed: false,
            }),
            ready: Notify::const_new(),
            inbox,
        }
    }

    /// Tells the consumer's thread something.
    pub(crate) fn tell(&self, message: DriverMessage) {
        self.inbox.send(message);
    }

    /// The next record that the host may see; nothing once the consumer has ended.
    pub(crate) async fn next(&self) -> Option<QueuedRecord> {
        loop {
            // Made before looking: what is put down in between is not missed.
            let ready = self.ready.notified();
            {
                let mut state = self.state();
                if let Some(taken) = state.take() {
                    return Some(taken);
                }
                if state.ended {
                    return None;
                }
            }
            self.inbox.hurry();
            ready.await;
        }
    }

    /// Says that a verdict is on its way, or that a record cannot be processed now. What lies behind it
    /// in its partition stays queued until [`DeliveryQueue::verdict_applied`] says that this is over.
    pub(crate) fn verdict_sent(&self, verdict: DeliveryId) {
        self.state().unapplied.insert(verdict);
    }

    /// The engine has heard a verdict, and what it gave up for it is taken off.
    pub(crate) fn verdict_applied(&self, verdict: DeliveryId) {
        if self.state().unapplied.remove(&verdict) {
            self.ready.notify_one();
        }
    }

    /// Puts records down for the host. It says whether anybody will ask for them.
    pub(crate) fn push(&self, records: &mut Vec<QueuedRecord>) -> bool {
        let mut state = self.state();
        if state.closed || state.ended {
            records.clear();
            return false;
        }
        state.waiting.extend(records.drain(..));
        drop(state);
        self.ready.notify_one();
        true
    }

    /// Takes the records of a partition off that lie at `from` or behind, and says how many.
    pub(crate) fn withdraw(&self, partition: i32, from: i64) -> usize {
        let mut state = self.state();
        let before = state.waiting.len();
        state.waiting.retain(|taken| !taken.is_at(partition, from));
        before.saturating_sub(state.waiting.len())
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.ready.notify_one();
    }

    /// Nobody will ask any more. Says how many records were not looked at.
    pub(crate) fn close(&self) -> usize {
        let mut state = self.state();
        state.closed = true;
        let unread = state.waiting.len();
        state.waiting.clear();
        unread
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self) -> Option<QueuedRecord> {
        if self.unapplied.is_empty() {
            return self.waiting.pop_front();
        }
        let unapplied = &self.unapplied;
        let free = self.waiting.iter().position(|taken| {
            let (partition, offset) = taken.place();
            let first = |offset| DeliveryId {
                partition,
                offset,
                serial: 0,
            };
            unapplied.range(first(0)..first(offset)).next().is_none()
        })?;
        self.waiting.remove(free)
    }
}

impl QueuedRecord {
    /// Partition and offset.
    pub(crate) const fn place(&self) -> (i32, i64) {
        (self.message.partition, self.message.offset)
    }

    /// Whether it is a record of `partition` at `from` or behind.
    pub(crate) const fn is_at(&self, partition: i32, from: i64) -> bool {
        self.message.partition == partition && self.message.offset >= from
    }
}

#[cfg(test)]
pub(crate) mod tests;
