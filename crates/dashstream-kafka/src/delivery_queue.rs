//! Queue between the polling thread and `Consumer::recv`. It hands out one record, or one batch, of
//! those that are ordered at a time, and withholds records behind one that may be put on hold.

mod delivery_id;
mod hash;
mod lane;

use core::mem;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use dashstream_policy::{Cause, Delivered, Ordering, TopicPartition};
use tokio::sync::Notify;

pub(crate) use self::delivery_id::{DeliveryId, RecordPosition};
use self::hash::LaneHashes;
pub(crate) use self::hash::key_hash;
use self::lane::Lane;
use crate::driver_message::DriverMessage;
use crate::inbox::Inbox;
use crate::message::{Message, RejectedMessage};
use crate::mutex::lock;
use crate::topics::Topics;

/// Connects the host's end of a consumer with the thread that drives the engine.
///
/// The engine says which records wait for others, and keeps them. What it lets out is handed out in
/// order here: the next record of a lane as soon as the host has accepted the one before, without
/// asking that thread. After any other verdict the rest of the lane goes back to the engine.
///
/// A record behind a held one is never handed out. The engine applies a verdict on its own thread, so
/// from a verdict that is not an acceptance until the engine has applied it, what lies behind in its
/// partition stays on the queue; what the engine then gives up is withdrawn.
pub(crate) struct DeliveryQueue {
    state: Mutex<State>,
    topics: Topics,
    ordering: Ordering,
    /// Wakes the host that waits for a record. There is one: waiting takes `&mut Consumer`.
    ready: Notify,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct State {
    /// Records that wait for nothing else. Unbounded, since the engine bounds what is taken.
    unordered: VecDeque<QueuedRecord>,
    /// Records that are handed out one after another, where there are any or the host has one.
    lanes: HashMap<LaneId, Lane, LaneHashes>,
    /// Lanes whose first record may be handed out, each once.
    ready: VecDeque<LaneId>,
    /// Records in all lanes.
    ordered: usize,
    /// Records on the queue that the host is not to see.
    refused: usize,
    /// Verdicts other than acceptances that the engine has not applied, and records that wait until
    /// the host has resources for them, with their lanes.
    unapplied: BTreeMap<DeliveryId, Unapplied>,
    /// What the host has accepted and the consumer's thread has not taken.
    accepted: Vec<Delivered>,
    /// The host waits for a record.
    is_waiting: bool,
    /// Nothing more will come.
    ended: bool,
    /// Nobody will ask any more.
    closed: bool,
}

/// What is known of a record with a verdict other than acceptance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unapplied {
    pub(crate) lane: Option<LaneId>,
    pub(crate) timestamp_ms: Option<i64>,
}

/// Records that are processed one after another: a partition, and a hash of the key.
pub(crate) type LaneId = (TopicPartition, u64);

/// A record that the engine took and the host has not seen.
#[derive(Debug)]
pub(crate) struct QueuedRecord {
    pub(crate) message: Message,
    pub(crate) delivered: Delivered,
    /// Why it is rejected when it is its turn, where the host is not to see it.
    pub(crate) refused: Option<Cause>,
}

impl DeliveryQueue {
    pub(crate) fn new(inbox: Arc<Inbox>, topics: Topics, ordering: Ordering) -> Self {
        Self {
            state: Mutex::default(),
            topics,
            ordering,
            ready: Notify::const_new(),
            inbox,
        }
    }

    /// The topics of the records.
    pub(crate) const fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Tells the consumer's thread something.
    pub(crate) fn tell(&self, message: DriverMessage) {
        self.inbox.send(message);
    }

    /// Takes the next records that the host may see, up to `max`; none once the consumer has ended.
    /// Those of one lane that are handed out together are a batch.
    pub(crate) async fn next(&self, max: usize, taken: &mut Vec<QueuedRecord>) {
        loop {
            // Made before looking: what is put down in between is not missed.
            let ready = self.ready.notified();
            {
                let mut state = self.state();
                // No `await` lies between this and the return, so that a cancelled call has taken nothing.
                state.take(max, self.ordering, taken);
                if !taken.is_empty() || state.ended {
                    return;
                }
                // A call that is cancelled leaves this set, which costs one wake-up too many and no record.
                state.is_waiting = true;
                if !state.accepted.is_empty() {
                    // They make room for others.
                    self.inbox.wake();
                }
            }
            ready.await;
        }
    }

    /// The host has accepted a record. It gets it back where that does not count, since the record's
    /// batch ended before it.
    pub(crate) fn accepted(&self, message: &Message, delivered: Delivered) -> Option<Delivered> {
        let mut state = self.state();
        let mut ready = false;
        if let Some(lane) = self.lane(message) {
            let ended;
            // The same lock covers the note of the acceptance below, so that the next record cannot come
            // between.
            (ready, ended) = state.come_back(lane, message.offset);
            if ended {
                self.unlock(state, ready);
                return Some(delivered);
            }
        }
        // The first wakes the thread; those that follow are found with it.
        let is_first = state.accepted.is_empty();
        if !state.ended {
            state.accepted.push(delivered);
        }
        // One that is ready now is not waited for any longer.
        let host_waits = state.is_waiting && !ready;
        self.unlock(state, ready);
        if is_first {
            self.inbox.wake_soon(host_waits);
        }
        None
    }

    /// Takes what the host has accepted where it is due, or many, or where the host waits for the room
    /// that it makes. `accepted` is to be empty.
    pub(crate) fn take_accepted(&self, is_due: bool, accepted: &mut Vec<Delivered>) {
        let is_taken = {
            let state = self.state();
            let count = state.accepted.len();
            count > 0 && (is_due || state.is_waiting || count >= ACCEPTED_MANY)
        };
        if is_taken {
            // Cleared before the list is taken: what is accepted in between is taken along, and what is
            // accepted after sets it again. In the other order a wake-up could be lost.
            self.inbox.clear_wake_soon();
            mem::swap(accepted, &mut self.state().accepted);
        }
    }

    /// Whether the host waits for a record.
    pub(crate) fn is_waiting(&self) -> bool {
        self.state().is_waiting
    }

    /// Lets go of the state, and does what became due: a record for the host that waits for one, and
    /// records that it is not to see.
    fn unlock(&self, mut state: MutexGuard<'_, State>, is_ready: bool) {
        let wakes = is_ready && mem::take(&mut state.is_waiting);
        // They are rejected without the lock, since each rejection takes it for itself.
        let refuses = state.refused > 0;
        drop(state);
        if wakes {
            self.ready.notify_one();
        }
        if refuses {
            self.refuse_due();
        }
    }

    /// Rejects the records whose turn it is and that the host is not to see.
    fn refuse_due(&self) {
        loop {
            let due = self.state().take_refused();
            let Some((record, cause)) = due else { return };
            let QueuedRecord {
                message, delivered, ..
            } = record;
            // The queue is told before the thread. Otherwise the thread could apply the verdict first, and
            // the entry that is made after that would block the partition for ever.
            self.verdict_sent(&message, DeliveryId::on(&delivered), false);
            let kept = RejectedMessage::unseen(message, &delivered);
            self.tell(DriverMessage::RejectedUnseen(delivered, cause, kept));
        }
    }

    /// The host has given another verdict on a record, which may end the batch that it was in, and
    /// whether that counts. What lies behind it in its partition stays queued until
    /// [`DeliveryQueue::verdict_applied`] says that this is over.
    pub(crate) fn verdict_sent(&self, message: &Message, verdict: DeliveryId, ends: bool) -> bool {
        let lane = self.lane(message);
        let mut state = self.state();
        let counts = !lane.is_some_and(|lane| state.has_ended(lane, verdict.offset));
        if counts {
            let timestamp_ms = message.timestamp_ms;
            state
                .unapplied
                .insert(verdict, Unapplied { lane, timestamp_ms });
        }
        // The batch ends before the record comes back: the last record that comes back takes the end with it,
        // which would else be left for the next batch.
        let of = lane.and_then(|lane| state.lanes.get_mut(&lane));
        if let Some(of) = of
            && ends
            && counts
        {
            of.end_batch(verdict.offset);
        }
        let back = lane.map(|lane| state.come_back(lane, verdict.offset));
        let is_ready = back.is_some_and(|(is_ready, _)| is_ready);
        // Not by `unlock`, which rejects what is due and so calls this function. Nothing becomes due here:
        // what lies behind this verdict is not free before it is applied.
        if is_ready && mem::take(&mut state.is_waiting) {
            self.ready.notify_one();
        }
        counts
    }

    /// What is known of a record whose verdict is to be applied.
    pub(crate) fn unapplied(&self, verdict: DeliveryId) -> Option<Unapplied> {
        self.state().unapplied.get(&verdict).copied()
    }

    /// Takes the records off that wait in a lane behind one with such a verdict: the engine keeps them
    /// until they may go on.
    pub(crate) fn take_back(&self, lane: LaneId, verdict: DeliveryId) -> Vec<QueuedRecord> {
        let mut state = self.state();
        let Some(lane) = state.lanes.get_mut(&lane) else {
            return Vec::new();
        };
        let back = lane.take_behind(verdict.offset);
        state.ordered = state.ordered.saturating_sub(back.len());
        let refused = back.iter().filter(|record| record.refused.is_some());
        state.refused = state.refused.saturating_sub(refused.count());
        back
    }

    /// The engine has heard a verdict, and what it gave up for it is taken off.
    pub(crate) fn verdict_applied(&self, verdict: DeliveryId) {
        let mut state = self.state();
        if state.unapplied.remove(&verdict).is_some() {
            self.unlock(state, true);
        }
    }

    /// Puts records down for the host. It says whether anybody will ask for them.
    pub(crate) fn push(&self, records: &mut Vec<QueuedRecord>) -> bool {
        let mut state = self.state();
        // Nothing of these records was stored, so that the next member reads them again.
        if state.closed || state.ended {
            records.clear();
            return false;
        }
        for record in records.drain(..) {
            if record.refused.is_some() {
                state.refused = state.refused.saturating_add(1);
            }
            match self.lane(&record.message) {
                Some(lane) => state.put(lane, record),
                None => state.unordered.push_back(record),
            }
        }
        self.unlock(state, true);
        true
    }

    /// Takes the records of a partition off that lie at `from` or behind, and says how many.
    pub(crate) fn withdraw(&self, partition: TopicPartition, from: i64) -> usize {
        let mut state = self.state();
        let before = state.unread();
        state
            .unordered
            .retain(|taken| !taken.is_at(partition, from));
        // What remains is counted anew, in the pass over all lanes that is made in any case.
        let unordered = state.unordered.iter();
        let mut refused = unordered.filter(|taken| taken.refused.is_some()).count();
        let mut ordered = 0_usize;
        state.lanes.retain(|_, lane| {
            lane.withdraw(partition, from);
            ordered = ordered.saturating_add(lane.len());
            refused = refused.saturating_add(lane.refused());
            !lane.is_over()
        });
        (state.ordered, state.refused) = (ordered, refused);
        before.saturating_sub(state.unread())
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        self.state().ended = true;
        self.ready.notify_one();
    }

    /// Nobody will ask any more. Says how many records were not looked at.
    pub(crate) fn close(&self) -> usize {
        let mut state = self.state();
        let unread = state.unread();
        *state = State {
            closed: true,
            ended: state.ended,
            // It is settled whether or not anybody asks for more.
            accepted: mem::take(&mut state.accepted),
            ..State::default()
        };
        unread
    }

    /// The records that a record is ordered with.
    pub(crate) fn lane(&self, message: &Message) -> Option<LaneId> {
        match self.ordering {
            Ordering::Partition => Some((message.partition, 0)),
            Ordering::Key => Some((
                message.partition,
                message.key.as_deref().map_or(0, key_hash),
            )),
            Ordering::Unordered => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// Takes up to `max` records that may be handed out. Lanes take turns.
    fn take(&mut self, max: usize, ordering: Ordering, taken: &mut Vec<QueuedRecord>) {
        if ordering == Ordering::Unordered {
            while taken.len() < max
                && let Some(record) = self.take_unordered()
            {
                taken.push(record);
            }
            return;
        }
        let mut at = 0_usize;
        while taken.len() < max
            && let Some(&id) = self.ready.get(at)
        {
            // Lanes are emptied by `take_back` and `withdraw` without a search in this list, so that an entry
            // may be out of date.
            let Some(lane) = self.lanes.get_mut(&id).filter(|lane| lane.is_ready()) else {
                self.ready.remove(at);
                continue;
            };
            let unapplied = &self.unapplied;
            let before = taken.len();
            lane.hand_out(max, taken, |place| is_free(unapplied, place));
            if taken.len() == before {
                // It waits for a verdict in its partition.
                at = at.saturating_add(1);
            } else {
                let count = taken.len().saturating_sub(before);
                self.ordered = self.ordered.saturating_sub(count);
                self.ready.remove(at);
            }
        }
    }

    fn take_unordered(&mut self) -> Option<QueuedRecord> {
        // The usual case needs no search.
        if self.unapplied.is_empty() && self.refused == 0 {
            return self.unordered.pop_front();
        }
        let unapplied = &self.unapplied;
        let mut waiting = self.unordered.iter();
        let is_next =
            |taken: &QueuedRecord| taken.refused.is_none() && is_free(unapplied, taken.place());
        let free = waiting.position(is_next)?;
        self.unordered.remove(free)
    }

    /// Takes a record off whose turn it is and that the host is not to see, and why not.
    fn take_refused(&mut self) -> Option<(QueuedRecord, Cause)> {
        if self.refused == 0 {
            return None;
        }
        let unapplied = &self.unapplied;
        let is_due = |place| is_free(unapplied, place);
        let mut waiting = self.unordered.iter();
        let at = waiting.position(|taken| taken.refused.is_some() && is_due(taken.place()));
        let mut record = at.and_then(|at| self.unordered.remove(at));
        if record.is_none() {
            let mut ready = self.ready.iter().enumerate();
            // Only the first record of a lane may be due: the ones behind it wait for it whatever they are.
            let (at, found) = ready.find_map(|(at, id)| {
                let lane = self.lanes.get_mut(id).filter(|lane| lane.is_ready())?;
                Some((at, lane.take_refused(is_due)?))
            })?;
            self.ready.remove(at);
            self.ordered = self.ordered.saturating_sub(1);
            record = Some(found);
        }
        self.refused = self.refused.saturating_sub(1);
        let record = record?;
        let cause = record.refused?;
        Some((record, cause))
    }

    fn put(&mut self, id: LaneId, record: QueuedRecord) {
        self.ordered = self.ordered.saturating_add(1);
        let lane = self.lanes.entry(id).or_default();
        let was_ready = lane.is_ready();
        lane.push(record);
        // A lane with a record out is put on the list when the record comes back.
        if !was_ready && lane.is_ready() {
            self.ready.push_back(id);
        }
    }

    /// The host is through with a record of a lane. Says whether the lane has another one for it, and
    /// whether the record's batch ended before it.
    fn come_back(&mut self, id: LaneId, offset: i64) -> (bool, bool) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return (false, false);
        };
        // This comes first: with its last record the lane forgets where the batch ended.
        let ended = lane.has_ended_before(offset);
        lane.come_back();
        let is_ready = lane.is_ready();
        if is_ready {
            self.ready.push_back(id);
        } else if id.1 != 0 && lane.is_over() {
            // The number of keys has no bound, so that their empty lanes are dropped. The one lane of a
            // partition is kept for its next record.
            self.lanes.remove(&id);
        }
        (is_ready, ended)
    }

    fn has_ended(&self, id: LaneId, offset: i64) -> bool {
        let lane = self.lanes.get(&id);
        lane.is_some_and(|lane| lane.has_ended_before(offset))
    }

    fn unread(&self) -> usize {
        self.unordered.len().saturating_add(self.ordered)
    }
}

/// Whether no verdict on a record before it in its partition is still to be applied.
fn is_free(unapplied: &BTreeMap<DeliveryId, Unapplied>, place: RecordPosition) -> bool {
    let (partition, offset) = place;
    // No record has the serial 0, so that this sorts before every verdict on the same offset: one on the
    // record itself is not counted.
    let first = |offset| DeliveryId {
        partition,
        offset,
        serial: 0,
    };
    unapplied.range(first(0)..first(offset)).next().is_none()
}

impl QueuedRecord {
    /// Partition and offset.
    pub(crate) const fn place(&self) -> RecordPosition {
        (self.message.partition, self.message.offset)
    }

    /// Whether it is a record of `partition` at `from` or behind.
    pub(crate) fn is_at(&self, partition: TopicPartition, from: i64) -> bool {
        self.message.partition == partition && self.message.offset >= from
    }
}

/// Accepted records that are taken before they are due: the room that they keep from others is a
/// fraction of what may be out by default.
const ACCEPTED_MANY: usize = 2_000;

#[cfg(test)]
pub(crate) mod tests;
