//! Partitions that come and go.

use std::collections::BTreeMap;

use dashstream_policy::{Assignment, Input, Offset, TopicPartition};

use crate::config::Start;
use crate::consumer_event::ConsumerEvent;
use crate::driver::{Client, Driver, Partition, Phase, log_range};
use crate::stall_detector::Progress;
use crate::standing_errors::{ClientRole, Served};
use crate::watermarks::Watermarks;

impl Driver {
    /// Where newly assigned partitions begin: what the group committed, or what the configuration
    /// says where it committed nothing.
    ///
    /// # Errors
    ///
    /// Nothing is decided for a partition whose committed offset could not be learned: the client
    /// then asks itself, and an error, not a reset, is what follows when there is none.
    pub(super) fn starts(
        &mut self,
        partitions: &[TopicPartition],
    ) -> BTreeMap<TopicPartition, Beginning> {
        let mut committed = BTreeMap::new();
        // The polling thread blocks meanwhile, each time for the request timeout at most: the callback has to
        // assign the partitions before it returns.
        for _attempt in 0..COMMITTED_ATTEMPTS {
            match self.admin.committed_of(partitions) {
                Ok(known) => {
                    committed = known;
                    break;
                }
                Err(error) => match error.unanswered_code() {
                    Some(code) => self.client_failed(ClientRole::Admin, code),
                    None => break,
                },
            }
        }
        // This is asked second, so that records that are deleted between the two questions are found missing.
        let watermarks = self.admin.watermarks_of(partitions);
        let start = self.config.start;
        partitions
            .iter()
            .map(|partition| {
                let watermarks = watermarks.get(partition).copied();
                let committed = committed.get(partition).copied();
                (*partition, Beginning::new(committed, watermarks, start))
            })
            .collect()
    }

    /// Tells the engine about partitions that the client has just been assigned.
    pub(super) fn assigned(
        &mut self,
        client: &Client,
        starts: &BTreeMap<TopicPartition, Beginning>,
    ) {
        self.rebalancing = true;
        let now = self.wiring.clock.now();
        self.served(now, Served::Member);
        for (at, beginning) in starts {
            // Each assignment has a new number, which tells what is still under way for an earlier one.
            self.assignment = self.assignment.saturating_add(1);
            let assignment = Assignment::new(self.assignment);
            // Without an answer no record counts as old: the label would then be a guess.
            let old_below = beginning.watermarks.map_or(0, |marks| marks.high);
            let partition = Partition {
                assignment,
                progress: Progress::new(now, beginning.next),
                paused: false,
                watermarks: beginning.watermarks.map(|marks| (now, marks)),
                old_below,
                stored: None,
                committed: beginning.committed,
                went_back: false,
                // An assignment sets the position, so that an error that follows shortly may be about an
                // earlier one.
                sought: Some(now),
                highest: beginning.watermarks.map_or(0, |marks| marks.high),
                is_doubted: false,
                is_suspect: false,
                returned: false,
                judged: BTreeMap::new(),
                low_before: None,
            };
            self.partitions.insert(*at, partition);
            // A suspect below the committed offset was passed, perhaps by another process, and is none any
            // more.
            if let (Some(guard), Some(committed)) = (&mut self.guard, beginning.committed) {
                guard.passed(*at, committed);
            }
            // This is reported before the events that come of telling the engine.
            self.report(&ConsumerEvent::Assigned {
                partition: *at,
                committed: beginning.committed,
                is_known: beginning.assign != rdkafka::Offset::Stored,
            });
            self.tell(
                client,
                Input::Assigned {
                    partition: *at,
                    assignment,
                    committed: beginning.committed.and_then(|o| Offset::new(o).ok()),
                    low: beginning.watermarks.and_then(|m| Offset::new(m.low).ok()),
                },
            );
            // This finds a committed offset beyond the log's end before the client waits there for records.
            if let Some(log) = beginning.watermarks.and_then(log_range::range) {
                self.tell(
                    client,
                    Input::Log {
                        partition: *at,
                        assignment,
                        log,
                    },
                );
            }
        }
        // Assigned while draining: the callback has just resumed them, and nothing of them is to be read.
        if self.phase != Phase::Running {
            self.pause_all(client);
        }
        self.rebalancing = false;
        self.published = None;
    }

    /// Tells the engine that partitions are being taken away, before the client lets go of them.
    pub(super) fn revoked(&mut self, client: &Client, partitions: &[TopicPartition], lost: bool) {
        self.rebalancing = true;
        if !lost {
            // What the host gave back is stored while the partitions are still this member's. Once the
            // membership is lost, the broker refuses its commits.
            self.on_messages(client, self.wiring.sender.take());
            self.on_accepted(true);
            self.perform(client);
        }
        for at in partitions {
            let Some(partition) = self.partitions.remove(at) else {
                continue;
            };
            // The next owner reads what is still queued; the host should not process it as well.
            self.withdraw(*at, 0);
            // A commit that failed is sent again, and must not reach the next owner's partition.
            self.commits.forget(*at);
            self.report(&ConsumerEvent::Revoked {
                partition: *at,
                lost,
            });
            self.tell(
                client,
                Input::Revoked {
                    partition: *at,
                    assignment: partition.assignment,
                },
            );
        }
        self.rebalancing = false;
        self.published = None;
    }
}

/// Where a newly assigned partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    pub(super) committed: Option<i64>,
    watermarks: Option<Watermarks>,
    /// The offset of the first record expected, if known.
    next: Option<i64>,
    /// What to assign.
    pub(super) assign: rdkafka::Offset,
}

impl Beginning {
    /// `committed` is nothing when it could not be learned, and holds nothing when there is none.
    fn new(committed: Option<Option<i64>>, watermarks: Option<Watermarks>, start: Start) -> Self {
        let (assign, next) = match (committed, start) {
            // `Stored` lets the client ask for the committed offset itself. A start from the configuration
            // could skip records, or repeat them, if the group has committed after all.
            (None, _) => (rdkafka::Offset::Stored, None),
            (Some(Some(offset)), _) => (rdkafka::Offset::Offset(offset), Some(offset)),
            (Some(None), Start::Earliest) => (
                rdkafka::Offset::Beginning,
                watermarks.map(|marks| marks.low),
            ),
            // The watermark that was just read, not "the end", which the client would ask for later: records
            // that are produced in between would be skipped.
            (Some(None), Start::Latest) => {
                let high = watermarks.map(|marks| marks.high);
                (
                    high.map_or(rdkafka::Offset::End, rdkafka::Offset::Offset),
                    high,
                )
            }
        };
        Self {
            committed: committed.flatten(),
            watermarks,
            next,
            assign,
        }
    }
}

/// Attempts to learn what the group committed before partitions are assigned without it.
const COMMITTED_ATTEMPTS: u32 = 3;
