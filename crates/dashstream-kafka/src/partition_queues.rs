//! The client's queue of each assigned partition, so that one without room is left alone while the
//! others are read.
//!
//! In the queue that the client keeps for all of them the records of a full partition would stand
//! before those of the others; and pausing it would throw away what was fetched.

use core::mem;
use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use dashstream_policy::TopicPartition;
use rdkafka::consumer::Consumer as _;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;

use crate::driver::{Client, Context, Polled, owned};
use crate::inbox::Inbox;
use crate::mutex::lock;

/// The queues of the partitions that are assigned, and which of them may have something.
pub(crate) struct PartitionQueues {
    client: Arc<Client>,
    of: BTreeMap<TopicPartition, Queue>,
    /// Split since the shared queue was last seen empty: what that still has of them comes first.
    fresh: Vec<TopicPartition>,
    /// Queues that may have something, each once, in turn.
    ready: VecDeque<TopicPartition>,
    signals: Arc<Signals>,
}

struct Queue {
    queue: PartitionQueue<Context>,
    is_ready: bool,
}

/// Queues that have something since they were last asked, told by the client's threads.
struct Signals {
    nonempty: Mutex<Vec<TopicPartition>>,
    inbox: Arc<Inbox>,
}

impl PartitionQueues {
    pub(crate) fn new(client: Arc<Client>, inbox: Arc<Inbox>) -> Self {
        let nonempty = Mutex::default();
        Self {
            client,
            of: BTreeMap::new(),
            fresh: Vec::new(),
            ready: VecDeque::new(),
            signals: Arc::new(Signals { nonempty, inbox }),
        }
    }

    /// Makes queues for the partitions that were assigned, and lets go of the others.
    pub(crate) fn follow(&mut self) {
        let client = Arc::clone(&self.client);
        let context = client.context();
        let driver = context.driver();
        let (topics, assigned) = (driver.topics().clone(), driver.assigned_partitions());
        drop(driver);
        // Dropped queues take their callbacks along. Records that are still in one were fetched for an
        // assignment that is over.
        self.of.retain(|at, _| assigned.contains(at));
        self.fresh.retain(|at| assigned.contains(at));
        for at in assigned {
            if self.of.contains_key(&at) {
                continue;
            }
            // Without a queue of its own its records come by the shared one.
            let Some(mut queue) = self
                .client
                .split_partition_queue(topics.name(at.topic()), at.partition())
            else {
                continue;
            };
            // Called on the client's threads, so that it only takes a note and wakes this one.
            let signals = Arc::clone(&self.signals);
            queue.set_nonempty_callback(move || signals.nonempty(at));
            let is_ready = false;
            self.of.insert(at, Queue { queue, is_ready });
            self.fresh.push(at);
        }
    }

    /// The shared queue is empty, so that nothing of a partition is left in front of its own queue.
    pub(crate) fn mark_fresh_as_nonempty(&mut self) {
        for at in mem::take(&mut self.fresh) {
            self.mark(at);
        }
    }

    /// Polls the queues that have something and room for it, up to `max` records in turns. It says
    /// whether there may be more.
    pub(crate) fn poll(&mut self, max: usize) -> bool {
        for at in self.signals.take() {
            // A fresh queue is marked once the shared one is empty, whether or not it has signalled.
            if !self.fresh.contains(&at) {
                self.mark(at);
            }
        }
        let client = Arc::clone(&self.client);
        let context = client.context();
        let mut left = max;
        let mut more = false;
        // Each queue that is ready at the start has one turn. One that is put back waits for the next poll.
        for _turn in 0..self.ready.len() {
            let Some(at) = self.ready.pop_front() else {
                break;
            };
            let Some(of) = self.of.get_mut(&at) else {
                continue;
            };
            // The driver is locked for the question alone, as callbacks of the poll below lock it too.
            let (records, bytes) = context.driver().room(at);
            let slice = records.min(left).min(SLICE);
            let (run, end) = of.run(at, slice, bytes);
            left = left.saturating_sub(run.len());
            let is_empty = matches!(end, End::Empty);
            // Where the room has ended the run, there is nothing to poll for until the host has made some.
            let mut has_more = run.len() == slice && slice < records;
            // The records come first, so that the error meets the position that they have led to.
            let stopped = !run.is_empty() && !context.driver().polled(&client, at, run);
            if let End::Failed(error) = end {
                context.driver().poll_failed(&error);
                has_more = true;
            }
            // A record that arrives after the queue was seen empty signals again, so that none is missed.
            of.is_ready = !is_empty;
            if !is_empty {
                self.ready.push_back(at);
                more |= has_more && !stopped;
            }
            if stopped || left == 0 {
                break;
            }
        }
        more || left == 0
    }

    /// Whether a partition has records that there was no room for.
    pub(crate) fn is_without_room(&self) -> bool {
        !self.ready.is_empty()
    }

    fn mark(&mut self, at: TopicPartition) {
        if let Some(of) = self.of.get_mut(&at)
            && !mem::replace(&mut of.is_ready, true)
        {
            self.ready.push_back(at);
        }
    }
}

impl Queue {
    /// Polls up to `records` records, and no more once they take `bytes`; and says why it ended.
    fn run(&self, at: TopicPartition, records: usize, bytes: usize) -> (Vec<Polled>, End) {
        let mut run = Vec::with_capacity(records);
        let mut left = bytes;
        // The record that uses up the bytes is still read, so that one larger than all the room is not stuck.
        while run.len() < records && left > 0 {
            match self.queue.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    let (message, bytes) = owned(at, &message);
                    left = left.saturating_sub(bytes);
                    run.push((message, bytes));
                }
                Some(Err(error)) => return (run, End::Failed(error)),
                None => return (run, End::Empty),
            }
        }
        (run, End::Room)
    }
}

/// Why a run of records ended.
enum End {
    /// The queue had no more.
    Empty,
    /// There was room for no more.
    Room,
    Failed(KafkaError),
}

impl Signals {
    fn nonempty(&self, at: TopicPartition) {
        lock(&self.nonempty).push(at);
        self.inbox.wake();
    }

    fn take(&self) -> Vec<TopicPartition> {
        mem::take(&mut lock(&self.nonempty))
    }
}

/// Records of one partition before the next has its turn.
const SLICE: usize = 64;
