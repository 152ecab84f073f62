//! A record on its way through the host.

use core::fmt;
use std::sync::Arc;

use bytes::Bytes;
use dashstream_policy::{Backlog, Cause, Delivered, TopicPartition};

use crate::delivery_queue::{DeliveryId, DeliveryQueue, QueuedRecord};
use crate::driver_message::DriverMessage;
use crate::message::{Message, RecordIds, RejectedMessage};

/// A record that was taken, and that its partition's offset now waits for.
///
/// It is used up by exactly one of [`Record::accept`], [`Record::reject`], [`Record::release`]
/// and [`Record::defer`], on any thread. Until then no other record comes that it is ordered with
/// ([`Ordering`](dashstream_policy::Ordering), by default every other one of its partition), but those
/// of the same batch.
///
/// A record that is dropped without one of them, by a handler that panics for example, counts as
/// [`Record::release`] with [`Cause::Dropped`]: it comes back while its attempts last, and
/// [`ConsumerEvent::Dropped`](crate::ConsumerEvent::Dropped) says so. One that is neither given back nor dropped, since
/// its handler hangs or leaks it, is shown by
/// [`PartitionStatus::oldest_with_host`](dashstream_policy::PartitionStatus::oldest_with_host); no
/// offset passes it.
///
/// ```compile_fail,E0382
/// fn twice(record: dashstream_kafka::Record) {
///     record.accept();
///     record.accept();
/// }
/// ```
///
/// ```
/// fn once(record: dashstream_kafka::Record) {
///     record.accept();
/// }
/// # let _ = once;
/// ```
#[must_use = "a record that is dropped counts as failed"]
pub struct Record {
    message: Message,
    /// There until the record is used up.
    delivered: Option<Delivered>,
    queue: Arc<DeliveryQueue>,
}

impl Record {
    pub(crate) fn new(taken: QueuedRecord, queue: Arc<DeliveryQueue>) -> Self {
        Self {
            message: taken.message,
            delivered: Some(taken.delivered),
            queue,
        }
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.queue.topics().name(self.message.partition.topic())
    }

    /// The partition's number in its topic.
    #[must_use]
    pub const fn partition(&self) -> i32 {
        self.message.partition.partition()
    }

    /// The topic and the partition, as events and the status name them.
    #[must_use]
    pub const fn topic_partition(&self) -> TopicPartition {
        self.message.partition
    }

    /// The offset.
    #[must_use]
    pub const fn offset(&self) -> i64 {
        self.message.offset
    }

    /// The key, if it has one. An empty key is a key.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.message.key.as_deref()
    }

    /// The payload, if it has one. An empty payload is a payload.
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        self.message.payload.as_deref()
    }

    /// The payload as a counted reference, which costs no copy.
    #[must_use]
    pub fn payload_bytes(&self) -> Option<Bytes> {
        self.message.payload.clone()
    }

    /// The headers in the order in which they were written: a name, which need not be unique, and a
    /// value, if there is one. A name that is no UTF-8 is shown with replacement characters.
    pub fn headers(&self) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let headers = self.message.headers().iter();
        headers.map(|(name, value)| (&**name, value.as_deref()))
    }

    /// The time the broker keeps with the record, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn timestamp_ms(&self) -> Option<i64> {
        self.message.timestamp_ms
    }

    /// Whether the record is an old one, as [`Config::old_data`](crate::Config::old_data) says: by default, whether
    /// it was there before this consumer followed the topic.
    #[must_use]
    pub const fn backlog(&self) -> Backlog {
        self.message.backlog
    }

    /// Which attempt at the record this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        match &self.delivered {
            Some(delivered) => delivered.attempt(),
            // Used up, so nobody can ask.
            None => 1,
        }
    }

    /// Accepts the record: it was processed, and its offset may be stored.
    ///
    /// In a batch it counts unless an earlier record that it is ordered with was released or
    /// deferred: then this one comes again, after that.
    pub fn accept(mut self) {
        if let Some(delivered) = self.delivered.take()
            && let Some(void) = self.queue.accepted(&self.message, delivered)
        {
            // Its batch ended before it, so that the acceptance is void and the record comes again.
            self.give_back(void);
        }
    }

    /// Rejects the record: it cannot be processed, now or ever. What happens to it and to its offset
    /// is the policy's decision, and the same whatever the cause.
    pub fn reject(mut self, cause: Cause, ids: RecordIds) {
        if let Some(delivered) = self.judged(false) {
            let kept = self.kept(ids, &delivered);
            let rejected = DriverMessage::Rejected(delivered, cause, kept);
            self.queue.tell(rejected);
        }
    }

    /// Releases the record: an attempt failed for a reason that may pass. The record comes back from
    /// [`Consumer::recv`](crate::Consumer::recv) while its attempts last; after that it is
    /// rejected.
    pub fn release(mut self, cause: Cause, ids: RecordIds) {
        if let Some(delivered) = self.judged(true) {
            let kept = self.kept(ids, &delivered);
            let released = DriverMessage::Released(delivered, cause, kept);
            self.queue.tell(released);
        }
    }

    /// Defers the record: it cannot be processed now, for want of memory or of something else that
    /// the host needs, and that nothing is wrong with the record.
    ///
    /// It counts as no attempt. The partition waits, the record comes back from
    /// [`Consumer::recv`](crate::Consumer::recv) after 100 ms, later after up to 5 s
    /// ([`Config::retry_backoff`](dashstream_policy::Config::retry_backoff)), and is never rejected
    /// or skipped for it; the status says `host_resources` meanwhile.
    pub fn defer(mut self) {
        if let Some(delivered) = self.judged(true) {
            let kept = self.kept(RecordIds::none(), &delivered);
            self.queue.tell(DriverMessage::Deferred(delivered, kept));
        }
    }

    /// Uses the record up for a verdict that is no acceptance, unless its batch ended before it.
    fn judged(&mut self, ends_batch: bool) -> Option<Delivered> {
        let delivered = self.delivered.take()?;
        let verdict = DeliveryId::on(&delivered);
        // The queue is told first, so that nothing behind the record is handed out before the engine has
        // applied the verdict. The message to the engine follows when this returns.
        if self.queue.verdict_sent(&self.message, verdict, ends_batch) {
            return Some(delivered);
        }
        self.give_back(delivered);
        None
    }

    /// Gives the record back as one that nobody has begun to process.
    fn give_back(&self, delivered: Delivered) {
        let kept = self.kept(RecordIds::none(), &delivered);
        self.queue.tell(DriverMessage::Returned(delivered, kept));
    }

    fn kept(&self, ids: RecordIds, delivered: &Delivered) -> RejectedMessage {
        RejectedMessage {
            // `Record` has a destructor, so that its fields cannot be moved out. The clone copies no payload.
            message: self.message.clone(),
            ids,
            assignment: delivered.assignment().get(),
            attempts: delivered.attempt(),
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        // This also runs after each verdict, and finds no token then.
        if let Some(delivered) = self.judged(true) {
            let ids = RecordIds::of_key(self.message.key.as_deref());
            let kept = self.kept(ids, &delivered);
            self.queue.tell(DriverMessage::Dropped(delivered, kept));
        }
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("message", &self.message)
            .field("attempt", &self.attempt())
            .finish_non_exhaustive()
    }
}
