//! Records on their way from the client to the host, and back.

use std::sync::Arc;

use bytes::Bytes;
use dashstream_dlq::Header;
use dashstream_policy::{
    Admission, Backlog, Cause, Delivered, Delivery, HeldBy, NullPayload, Offset, Ordering,
    PartitionState, Taking, TopicPartition,
};
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Headers as _, Message as _};

use crate::config::OldData;
use crate::consumer_event::ConsumerEvent;
use crate::crash_loop::CrashLoopGuard;
use crate::delivery_queue::{DeliveryId, QueuedRecord, Unapplied, key_hash};
use crate::driver::{Client, Driver};
use crate::message::{Message, RejectedMessage};
use crate::standing_errors::Served;
use crate::topics::Topics;

impl Driver {
    /// Offers polled records of one partition to the engine, in their order, and says whether more may
    /// be polled.
    ///
    /// What follows from records that are taken is carried out once for all, by
    /// [`Driver::perform`]. What follows from others is carried out behind the last: after a seek
    /// the engine would take those behind it for the next ones.
    pub(crate) fn polled(&mut self, client: &Client, at: TopicPartition, run: Vec<Polled>) -> bool {
        let (Some(partition), Some((last, _))) = (self.partitions.get_mut(&at), run.last()) else {
            // Revoked while the records were on their way.
            return true;
        };
        let now = self.wiring.clock.now();
        let next = last.offset.saturating_add(1);
        // This is where the client stands, whatever the engine says of the records. Where it refuses one, the
        // seek that follows moves the position back.
        partition.progress.moved(now, next);
        let (assignment, old_below) = (partition.assignment, partition.old_below);
        let before = self.received;
        let mut is_plain = true;
        for (mut message, bytes) in run {
            // Kafka has no negative offsets, so that nothing is passed over here.
            let Ok(offset) = Offset::new(message.offset) else {
                continue;
            };
            message.backlog = self.backlog(old_below, message.offset, message.timestamp_ms);
            let key = match self.engine.engine().config().ordering {
                Ordering::Key => message.key.as_deref().map(key_hash),
                Ordering::Partition | Ordering::Unordered => None,
            };
            let delivery = Delivery::new(at, assignment, offset)
                .null(message.payload.is_none())
                .backlog(message.backlog)
                .key(key)
                .bytes(bytes);
            let admission = self.engine.delivered(now, delivery);
            // A record that is refused comes again and is counted then, so that each counts once.
            let (is_received, is_taken) = match &admission {
                Admission::Take(_) | Admission::Queue(_) => (true, true),
                Admission::Rejected(_) | Admission::Ignored => (true, false),
                Admission::Duplicate | Admission::Fenced | Admission::Refused(_) => (false, false),
            };
            is_plain &= is_taken;
            if is_received {
                self.received = self.received.saturating_add(1);
                self.report(&ConsumerEvent::Received {
                    partition: at,
                    offset: message.offset,
                    bytes: message.payload.as_ref().map(Bytes::len),
                });
            }
            match admission {
                Admission::Take(delivered) => self.deliver(message, delivered),
                Admission::Queue(delivered) => self.queue(delivered, message),
                // Like the host's own verdicts it waits until what is before it is judged.
                Admission::Rejected(rejected) => self.queue(rejected.into_record(), message),
                Admission::Ignored => self.report(&ConsumerEvent::Ignored {
                    partition: at,
                    offset: message.offset,
                }),
                Admission::Duplicate | Admission::Fenced | Admission::Refused(_) => {}
            }
        }
        if self.received > before {
            self.served(now, Served::Fetched);
        }
        // What follows from taken records can wait for the end of the batch; only the room has changed.
        if is_plain {
            return self.engine.engine().taking() == Taking::Open;
        }
        self.perform(client);
        self.taking
    }

    /// As [`dashstream_policy::Engine::room`].
    pub(crate) fn room(&self, partition: TopicPartition) -> (usize, usize) {
        self.engine.engine().room(partition)
    }

    /// The partitions that are assigned, by the numbers of their topics.
    pub(crate) fn assigned_partitions(&self) -> Vec<TopicPartition> {
        self.partitions.keys().copied().collect()
    }

    pub(crate) const fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Why the host is not to see a record, if it is not.
    fn refusal(&self, message: &Message) -> Option<Cause> {
        let guard = self.guard.as_ref();
        if guard.is_some_and(|guard| guard.rejects(message.partition, message.offset)) {
            return Some(Cause::CrashLoop);
        }
        // The engine keeps no cause for such a record while it waits, so that the policy is asked again.
        let config = self.engine.engine().config();
        let meaning = config.null_payload_in(message.partition.topic());
        let is_refused = message.payload.is_none() && meaning == NullPayload::Unprocessable;
        is_refused.then_some(Cause::NullPayload)
    }

    /// Puts a record on its way to the host, or to where it is rejected when those before it are judged.
    pub(super) fn deliver(&mut self, message: Message, delivered: Delivered) {
        let taken = QueuedRecord {
            refused: self.refusal(&message),
            message,
            delivered,
        };
        let now = match &mut self.guard {
            Some(guard) => guard.admit(taken),
            None => Some(taken),
        };
        if let Some(taken) = now {
            self.enqueue(taken);
        }
    }

    /// Hands out the records that go out one at a time, and saves the marks of those that came back.
    pub(super) fn deliver_in_turn(&mut self) {
        loop {
            // This is asked in each turn, so that a record that was just enqueued ends the loop.
            let host_has_one = self.with_host > 0;
            let guard = self.guard.as_mut();
            let Some(taken) = guard.and_then(|guard| guard.next(host_has_one)) else {
                break;
            };
            self.enqueue(taken);
        }
        if let Some(error) = self.guard.as_mut().and_then(CrashLoopGuard::flush) {
            self.report(&ConsumerEvent::MarkerFailed(error));
        }
    }

    fn enqueue(&mut self, taken: QueuedRecord) {
        self.with_host = self.with_host.saturating_add(1);
        self.outgoing.push(taken);
    }

    /// Puts the records down that are to go to the host, all at once: one that is rejected unseen comes by
    /// way of the engine, behind later ones of its run.
    pub(super) fn push_outgoing(&mut self) {
        let count = self.outgoing.len();
        // Where the host's end is gone, it has asked for the end, and that is on its way.
        if count > 0 && !self.wiring.queue.push(&mut self.outgoing) {
            self.left_host(count);
        }
    }

    /// Takes the records off the queue that the engine has given up.
    pub(super) fn withdraw(&mut self, partition: TopicPartition, from: i64) {
        // What is still outgoing has to be on the queue to be found there.
        self.push_outgoing();
        if let Some(guard) = &mut self.guard {
            guard.withdraw(partition, from);
        }
        let withdrawn = self.wiring.queue.withdraw(partition, from);
        self.left_host(withdrawn);
        // A deferred record keeps what lies behind it in its partition on the queue until it has a verdict.
        // One that was given up never gets one.
        self.deferred.retain(|verdict| {
            let is_given_up = verdict.is_at(partition, from);
            if is_given_up {
                self.wiring.queue.verdict_applied(*verdict);
            }
            !is_given_up
        });
    }

    pub(super) fn returned(&mut self, record: &Delivered) {
        if let Some(guard) = &mut self.guard {
            guard.returned(record.partition(), record.offset().get());
        }
        self.left_queue(record);
    }

    /// A record has its verdict, whether or not the host saw it.
    pub(super) fn left_queue(&mut self, record: &Delivered) {
        if let Some(partition) = self.partitions.get_mut(&record.partition()) {
            partition.returned = true;
        }
        self.left_host(1);
    }

    /// Gives the engine back what waits behind a record with this verdict, before which it had forgotten so
    /// many records.
    pub(super) fn take_back(&mut self, verdict: DeliveryId, forgotten: u64) {
        let queue = &self.wiring.queue;
        let Some(Unapplied { lane, timestamp_ms }) = queue.unapplied(verdict) else {
            return;
        };
        let (at, offset) = verdict.place();
        // If this record is held, its timestamp says when retention may take it.
        if let (Some(partition), Some(ms)) = (self.partitions.get_mut(&at), timestamp_ms) {
            partition.judged.insert(offset, ms);
        }
        let Some(lane) = lane else {
            return;
        };
        // A hold has forgotten what lies behind it, and `perform` withdraws it. Given back, each of these
        // records would count as a verdict that came too late, and the host never had them.
        if self.engine.engine().counters().forgotten != forgotten && self.is_held_at(verdict) {
            return;
        }
        let mut back = queue.take_back(lane, verdict);
        self.with_host = self.with_host.saturating_sub(back.len());
        // What waits at the guard goes back too, and was never counted as with the host.
        if let Some(guard) = &mut self.guard {
            back.extend(guard.take_back(|taken| {
                verdict.is_before(taken.place()) && queue.lane(&taken.message) == Some(lane)
            }));
        }
        for QueuedRecord {
            message, delivered, ..
        } in back
        {
            self.queue(delivered, message);
        }
    }

    /// Whether this verdict has put its partition on hold.
    fn is_held_at(&self, verdict: DeliveryId) -> bool {
        let (at, offset) = verdict.place();
        let status = self.engine.engine().status();
        let mut partitions = status.partitions.iter();
        partitions.any(|of| {
            let PartitionState::Held {
                by,
                offset: Some(held),
                ..
            } = of.state
            else {
                return false;
            };
            (of.partition, held.get()) == (at, offset) && by != HeldBy::HostResources
        })
    }

    /// Gives the engine a record that waits for those before it.
    fn queue(&mut self, delivered: Delivered, message: Message) {
        let kept = RejectedMessage::unread(message, &delivered);
        self.engine.queue(self.wiring.clock.now(), delivered, kept);
    }

    /// A record came back with a verdict that may hold its partition. Names it for the queue.
    pub(super) fn verdict(&mut self, record: &Delivered) -> DeliveryId {
        self.returned(record);
        let verdict = DeliveryId::on(record);
        self.deferred.remove(&verdict);
        verdict
    }

    pub(super) const fn left_host(&mut self, records: usize) {
        self.with_host = self.with_host.saturating_sub(records);
    }

    fn backlog(&self, old_below: i64, offset: i64, timestamp_ms: Option<i64>) -> Backlog {
        let old = match self.config.old_data {
            OldData::BelowWatermark => offset < old_below,
            OldData::OlderThan { grace } => timestamp_ms.is_some_and(|ms| {
                // The start is what counts, not the present: a record does not become old by waiting.
                let grace = i64::try_from(grace.as_millis()).unwrap_or(i64::MAX);
                ms < self.wiring.clock.started_unix_ms().saturating_sub(grace)
            }),
        };
        if old { Backlog::Old } else { Backlog::Current }
    }
}

/// A record that was polled, and what it takes of the memory that may be outstanding.
pub(crate) type Polled = (Message, usize);

/// A copy of the record, so that the client can let go of what it fetched.
pub(crate) fn owned(partition: TopicPartition, message: &BorrowedMessage<'_>) -> Polled {
    let owned = Message {
        partition,
        offset: message.offset(),
        key: message.key().map(Bytes::copy_from_slice),
        payload: message.payload().map(Bytes::copy_from_slice),
        // Once: the client parses them each time, and it costs as much as all that it does for a poll.
        headers: message.headers().map(headers),
        timestamp_ms: message.timestamp().to_millis(),
        backlog: Backlog::Current,
    };
    // The place on the queue counts too, since records without a payload take memory as well.
    let bytes = size_of::<QueuedRecord>().saturating_add(owned.bytes());
    (owned, bytes)
}

fn headers(headers: &BorrowedHeaders) -> Arc<[Header]> {
    let owned = |header: rdkafka::message::Header<'_, &[u8]>| {
        (
            Box::from(header.key),
            header.value.map(Bytes::copy_from_slice),
        )
    };
    headers.iter().map(owned).collect()
}
