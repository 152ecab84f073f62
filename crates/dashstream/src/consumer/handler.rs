//! What a host's own code is given of each record, and what it answers.

use core::future::{Future, ready};

use dashstream_codec as codec;
use dashstream_kafka::Record;
use dashstream_policy::Cause;
use dashstream_reducer::{Reducer, Runs};

/// A host's own code for each decoded record.
///
/// A closure `FnMut(Message<'_>) -> HandlerVerdict` is one. Each worker has a clone, and a fresh one after a
/// panic. A panic is not a lost record: the record counts as released with
/// [`Cause::Dropped`] and comes back while its attempts last.
///
/// Delivery is at least once: after a crash, and after a rebalance, records come again that were accepted
/// and not yet committed.
pub trait Handler: Send {
    /// Decides about one record. The next one of the same worker waits for it.
    fn handle(&mut self, message: Message<'_>) -> impl Future<Output = Verdict> + Send;
}

impl<F: FnMut(Message<'_>) -> Verdict + Send> Handler for F {
    fn handle(&mut self, message: Message<'_>) -> impl Future<Output = Verdict> + Send {
        // The closure has decided when the future is made: no allocation, and no wait.
        ready(self(message))
    }
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(
    clippy::exhaustive_enums,
    reason = "there are no other answers; a new one must break the code that gives them"
)]
pub enum Verdict {
    /// It was processed, and its offset may be stored.
    Accept,
    /// It cannot be processed, now or ever: the policy decides.
    Reject(Cause),
    /// An attempt failed for a reason that may pass. It comes back while its attempts last.
    Release(Cause),
    /// It cannot be processed now, and nothing is wrong with it. It counts as no attempt.
    Defer,
}

/// A decoded record, with the runs of its worker.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Message<'a> {
    /// Where it comes from: topic, partition, offset, key, headers, attempt.
    pub record: &'a Record,
    /// What it says.
    pub content: &'a codec::Message,
    /// The runs of this worker, as they are after this record.
    pub runs: &'a Runs,
}

impl<'a> Message<'a> {
    /// The thread id that the record's header names; empty where it names none.
    #[must_use]
    pub fn thread_id(&self) -> &'a str {
        let header = self.content.header();
        header.map_or("", |header| header.thread_id.as_str())
    }

    /// The run of that thread: its state, and whether that can be relied on. `None` where the message
    /// belongs to no run.
    #[must_use]
    pub fn run(&self) -> Option<&'a Reducer> {
        self.runs.get(self.thread_id())
    }
}
