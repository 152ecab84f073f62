//! The consuming client, its rebalances, and the calls that are made on it.
//!
//! Every call builds its own list of partitions and drops it before it returns. librdkafka keeps a
//! hidden pointer in a list that was used: one list used for a second call silences partitions, and
//! one that is alive when the client is dropped makes the drop hang.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dashstream_policy::NextOffset;
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, RebalanceProtocol,
};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Statistics};

use crate::driver::{Beginning, Driver};
use crate::error::ClientCode;

pub(crate) type Client = BaseConsumer<Context>;

/// Gives the client's callbacks the driver. They run inside a poll, on the thread that polls.
pub(crate) struct Context {
    topic: String,
    // Only the polling thread takes it, and never while it polls, so nobody ever waits for it.
    driver: Mutex<Driver>,
}

impl Context {
    pub(crate) const fn new(topic: String, driver: Driver) -> Self {
        Self {
            topic,
            driver: Mutex::new(driver),
        }
    }

    pub(crate) fn driver(&self) -> MutexGuard<'_, Driver> {
        self.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Context {
    fn error(&self, _error: KafkaError, _reason: &str) {
        // The poll that calls this returns the same error.
    }

    fn stats(&self, statistics: Statistics) {
        self.driver().measured(&statistics);
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, client: &Client, event: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let partitions: Vec<i32> = list
            .elements_for_topic(&self.topic)
            .iter()
            .map(|element| element.partition())
            .collect();
        let cooperative = matches!(client.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let mut driver = self.driver();
        if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            let starts = driver.starts(&partitions);
            if let Err(error) = assign(client, &self.topic, &starts, cooperative) {
                driver.consumer_failed(ClientCode::of(&error));
                return;
            }
            // A pause survives an assignment, so the state is set whatever it was.
            if let Err(code) = set_paused(client, &self.topic, &partitions, false) {
                driver.consumer_failed(code);
            }
            driver.assigned(client, &starts);
        } else {
            driver.revoked(client, &partitions, client.assignment_lost());
            if let Err(error) = unassign(client, &self.topic, &partitions, cooperative) {
                driver.consumer_failed(ClientCode::of(&error));
            }
        }
    }

    fn commit_callback(&self, result: KafkaResult<()>, _offsets: &TopicPartitionList) {
        let result = result.map_err(|error| ClientCode::of(&error));
        self.driver().committed(result);
    }
}

fn assign(
    client: &Client,
    topic: &str,
    starts: &BTreeMap<i32, Beginning>,
    cooperative: bool,
) -> KafkaResult<()> {
    let mut list = TopicPartitionList::with_capacity(starts.len());
    for (partition, beginning) in starts {
        list.add_partition_offset(topic, *partition, beginning.assign)?;
    }
    if cooperative {
        client.incremental_assign(&list)
    } else {
        client.assign(&list)
    }
}

fn unassign(
    client: &Client,
    topic: &str,
    partitions: &[i32],
    cooperative: bool,
) -> KafkaResult<()> {
    if !cooperative {
        return client.unassign();
    }
    client.incremental_unassign(&list(topic, partitions))
}

/// Stores an offset that the engine released. The client commits it.
pub(crate) fn store(
    client: &Client,
    topic: &str,
    partition: i32,
    next: NextOffset,
) -> Result<(), ClientCode> {
    let mut list = TopicPartitionList::with_capacity(1);
    // The list call takes the offset as it is; the other two of the client add one.
    list.add_partition_offset(topic, partition, Offset::Offset(next.get()))
        .and_then(|()| client.store_offsets(&list))
        .map_err(|error| ClientCode::of(&error))
}

/// Commits offsets at once, also lower ones than are committed. The answer comes to the callback.
pub(crate) fn commit(
    client: &Client,
    topic: &str,
    offsets: &BTreeMap<i32, i64>,
) -> Result<(), ClientCode> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    let added = offsets.iter().try_for_each(|(partition, next)| {
        list.add_partition_offset(topic, *partition, Offset::Offset(*next))
    });
    added
        .and_then(|()| client.commit(&list, CommitMode::Async))
        .map_err(|error| ClientCode::of(&error))
}

/// Pauses or resumes partitions at the client.
pub(crate) fn set_paused(
    client: &Client,
    topic: &str,
    partitions: &[i32],
    paused: bool,
) -> Result<(), ClientCode> {
    if partitions.is_empty() {
        return Ok(());
    }
    let list = list(topic, partitions);
    let result = if paused {
        client.pause(&list)
    } else {
        client.resume(&list)
    };
    result.map_err(|error| ClientCode::of(&error))
}

/// Lets the next record of a partition be the one at `to`.
pub(crate) fn seek(
    client: &Client,
    topic: &str,
    partition: i32,
    to: i64,
) -> Result<(), ClientCode> {
    client
        .seek(topic, partition, Offset::Offset(to), SEEK_TIMEOUT)
        .map_err(|_text| ClientCode::new(RDKafkaErrorCode::State))
}

/// Where a partition stands, to assign it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) partition: i32,
    pub(crate) next: Option<i64>,
    pub(crate) paused: bool,
}

/// Assigns `stopped` again, where it stands among `places`. The eager protocol has no way to assign
/// one partition alone, so there all of them are assigned where they stand.
pub(crate) fn reassign(
    client: &Client,
    topic: &str,
    stopped: i32,
    places: &[Place],
) -> Result<(), ClientCode> {
    let cooperative = matches!(client.rebalance_protocol(), RebalanceProtocol::Cooperative);
    let affected: Vec<Place> = places
        .iter()
        .filter(|place| !cooperative || place.partition == stopped)
        .copied()
        .collect();
    let assigned = (|| {
        let mut list = TopicPartitionList::with_capacity(affected.len());
        for place in &affected {
            let offset = place.next.map_or(Offset::Stored, Offset::Offset);
            list.add_partition_offset(topic, place.partition, offset)?;
        }
        if cooperative {
            unassign(client, topic, &[stopped], true)?;
            client.incremental_assign(&list)
        } else {
            client.assign(&list)
        }
    })();
    assigned.map_err(|error| ClientCode::of(&error))?;
    for paused in [true, false] {
        let same: Vec<i32> = affected
            .iter()
            .filter(|place| place.paused == paused)
            .map(|place| place.partition)
            .collect();
        set_paused(client, topic, &same, paused)?;
    }
    Ok(())
}

fn list(topic: &str, partitions: &[i32]) -> TopicPartitionList {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition(topic, *partition);
    }
    list
}

/// Longest wait for the client's own thread to set a position; no broker is asked.
const SEEK_TIMEOUT: Duration = Duration::from_secs(1);
