//! The calls that are made on the consuming client.
//!
//! Every call builds its own list of partitions and drops it before it returns. librdkafka keeps a
//! hidden pointer in a list that was used: one list used for a second call silences partitions, and
//! one that is alive when the client is dropped makes the drop hang.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::NextOffset;
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, RebalanceProtocol,
};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::client_code::ClientCode;

/// Assigns partitions, each from its offset.
pub(crate) fn assign<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    offsets: impl Iterator<Item = (i32, Offset)>,
    cooperative: bool,
) -> KafkaResult<()> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in offsets {
        list.add_partition_offset(topic, partition, offset)?;
    }
    if cooperative {
        client.incremental_assign(&list)
    } else {
        client.assign(&list)
    }
}

/// Gives partitions back.
pub(crate) fn unassign<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    partitions: &[i32],
    cooperative: bool,
) -> KafkaResult<()> {
    if !cooperative {
        return client.unassign();
    }
    client.incremental_unassign(&list(topic, partitions))
}

/// Stores offsets that the engine released, and says of each whether the client took it. The client
/// commits them.
pub(crate) fn store<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
    offsets: impl ExactSizeIterator<Item = (i32, NextOffset)>,
) -> Vec<Result<(), ClientCode>> {
    let count = offsets.len();
    let mut list = TopicPartitionList::with_capacity(count);
    for (partition, next) in offsets {
        // The list call takes the offset as it is; the other two of the client add one.
        if let Err(error) = list.add_partition_offset(topic, partition, Offset::Offset(next.get()))
        {
            return vec![Err(ClientCode::of(&error)); count];
        }
    }
    // It is an error where none was taken, and each has its own in any case.
    let all = client.store_offsets(&list);
    let of_each = list.elements();
    let refused = all.is_err() && of_each.iter().all(|element| element.error().is_ok());
    if let (true, Err(error)) = (refused, all) {
        return vec![Err(ClientCode::of(&error)); count];
    }
    let result = |error: &rdkafka::error::KafkaError| ClientCode::of(error);
    of_each
        .iter()
        .map(|element| element.error().map_err(|error| result(&error)))
        .collect()
}

/// Commits offsets at once, also lower ones than are committed. The answer comes to the callback.
pub(crate) fn commit<C: ConsumerContext>(
    client: &BaseConsumer<C>,
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
pub(crate) fn set_paused<C: ConsumerContext>(
    client: &BaseConsumer<C>,
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
pub(crate) fn seek<C: ConsumerContext>(
    client: &BaseConsumer<C>,
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
pub(crate) fn reassign<C: ConsumerContext>(
    client: &BaseConsumer<C>,
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
