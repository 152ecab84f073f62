//! What the client's statistics say of its fetching: they alone say which partition it has stopped.

use core::time::Duration;

use dashstream_policy::{FetchFault, Input, TopicPartition};
use rdkafka::Statistics;

use crate::driver::{Client, Driver};
use crate::topics::Topics;

/// What the client's statistics say of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fetching {
    partition: TopicPartition,
    /// The log's end, where the client has read up to it and handed everything on.
    read_to: Option<i64>,
    /// Whether it does not fetch, and has no reason that would pass.
    is_stopped: bool,
}

impl Driver {
    /// Takes in what the client says about its fetching.
    pub(super) fn fetching(&mut self, client: &Client, now: Duration, all: &[Fetching]) {
        let mut cut = Vec::new();
        for of in all {
            let Some(partition) = self.partitions.get_mut(&of.partition) else {
                continue;
            };
            // The client may have taken these before the partition moved. The next ones are used then.
            if now.saturating_sub(partition.progress.moved_at()) < STATISTICS_AGE_MAX {
                continue;
            }
            partition.progress.reached(of.read_to);
            // One look settles it: if the client fetches, the error was about an earlier position.
            let was_suspect = core::mem::take(&mut partition.is_suspect);
            if was_suspect && of.is_stopped {
                cut.push((of.partition, partition.assignment));
            }
        }
        for (partition, assignment) in cut {
            self.tell(
                client,
                Input::FetchFailed {
                    partition,
                    assignment,
                    fault: FetchFault::Truncated,
                },
            );
        }
    }
}

/// The partitions of the consumed topics in the client's statistics.
pub(super) fn read(statistics: &Statistics, topics: &Topics) -> Vec<Fetching> {
    let mut all = Vec::new();
    for (topic, name) in topics.iter() {
        let Some(of) = statistics.topics.get(name) else {
            continue;
        };
        all.extend(of.partitions.values().map(|of| Fetching {
            partition: TopicPartition::new(topic, of.partition),
            // The end is -1001 until the client has met one.
            read_to: (of.fetchq_cnt == 0 && of.eof_offset >= 0).then_some(of.eof_offset),
            // librdkafka leaves a partition in `none` when the log does not have its offset and it may not
            // reset it.
            is_stopped: of.fetch_state == "none" || of.fetch_state == "stopped",
        }));
    }
    all
}

/// Longer than statistics wait for the thread that polls.
const STATISTICS_AGE_MAX: Duration = Duration::from_secs(2);
