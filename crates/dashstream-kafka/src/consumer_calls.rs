//! The calls that are made on the consuming client.
//!
//! Every call builds its own list of partitions and drops it before it returns. librdkafka keeps a
//! hidden pointer in a list that was used: one list used for a second call silences partitions, and
//! one that is alive when the client is dropped makes the drop hang.

use core::time::Duration;
use std::collections::BTreeMap;

use dashstream_policy::{NextOffset, TopicPartition};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer as _, ConsumerContext, RebalanceProtocol,
};
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::Offset;

use crate::client_code::ClientCode;
use crate::topics::Topics;

/// Assigns partitions, each from its offset.
pub(crate) fn assign<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    offsets: impl Iterator<Item = (TopicPartition, Offset)>,
    cooperative: bool,
) -> KafkaResult<()> {
    let list = topics.offsets(offsets)?;
    if cooperative {
        client.incremental_assign(&list)
    } else {
        client.assign(&list)
    }
}

/// Gives partitions back.
pub(crate) fn unassign<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    partitions: &[TopicPartition],
    cooperative: bool,
) -> KafkaResult<()> {
    // The eager protocol revokes all partitions at once, so that there is nothing to choose.
    if !cooperative {
        return client.unassign();
    }
    client.incremental_unassign(&topics.list(partitions))
}

/// Stores offsets that the engine released, and says of each whether the client took it. The client
/// commits them.
pub(crate) fn store<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    offsets: impl ExactSizeIterator<Item = (TopicPartition, NextOffset)>,
) -> Vec<Result<(), ClientCode>> {
    let count = offsets.len();
    // The list call takes the offset as it is; the other two of the client add one.
    let offsets = offsets.map(|(partition, next)| (partition, Offset::Offset(next.get())));
    let list = match topics.offsets(offsets) {
        Ok(list) => list,
        Err(error) => return vec![Err(ClientCode::of(&error)); count],
    };
    // The call fails where it took no offset at all, and then each element has its own error too. An error
    // that no element has is one of the call, and counts for all.
    let all = client.store_offsets(&list);
    let of_each = list.elements();
    let refused = all.is_err() && of_each.iter().all(|element| element.error().is_ok());
    if let (true, Err(error)) = (refused, all) {
        return vec![Err(ClientCode::of(&error)); count];
    }
    let result = of_each.iter().map(|element| element.error());
    result
        .map(|result| result.map_err(|error| ClientCode::of(&error)))
        .collect()
}

/// Commits offsets at once, also lower ones than are committed. The answer comes to the callback.
pub(crate) fn commit<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    offsets: &BTreeMap<TopicPartition, i64>,
) -> Result<(), ClientCode> {
    let offsets = offsets.iter();
    topics
        .offsets(offsets.map(|(partition, next)| (*partition, Offset::Offset(*next))))
        .and_then(|list| client.commit(&list, CommitMode::Async))
        .map_err(|error| ClientCode::of(&error))
}

/// Pauses or resumes partitions at the client.
pub(crate) fn set_paused<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    partitions: &[TopicPartition],
    paused: bool,
) -> Result<(), ClientCode> {
    if partitions.is_empty() {
        return Ok(());
    }
    let list = topics.list(partitions);
    let result = if paused {
        client.pause(&list)
    } else {
        client.resume(&list)
    };
    // A partition that the client does not know is passed over without an error.
    result.map_err(|error| ClientCode::of(&error))
}

/// Lets the next record of a partition be the one at `to`.
pub(crate) fn seek<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    partition: TopicPartition,
    to: i64,
) -> Result<(), ClientCode> {
    let (topic, number) = (topics.name(partition.topic()), partition.partition());
    client
        .seek(topic, number, Offset::Offset(to), SEEK_TIMEOUT)
        // rdkafka gives a text and no code. The usual reason is that the partition has stopped.
        .map_err(|_text| ClientCode::new(RDKafkaErrorCode::State))
}

/// Where a partition stands, to assign it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AssignedPosition {
    pub(crate) partition: TopicPartition,
    pub(crate) next: Option<i64>,
    pub(crate) paused: bool,
}

/// Assigns `stopped` again, where it stands among `places`. The eager protocol has no way to assign
/// one partition alone, so there all of them are assigned where they stand.
pub(crate) fn reassign<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    topics: &Topics,
    stopped: TopicPartition,
    places: &[AssignedPosition],
) -> Result<(), ClientCode> {
    let cooperative = matches!(client.rebalance_protocol(), RebalanceProtocol::Cooperative);
    let affected: Vec<AssignedPosition> = places
        .iter()
        .filter(|place| !cooperative || place.partition == stopped)
        .copied()
        .collect();
    let assigned = (|| {
        let list = topics.offsets(affected.iter().map(|place| {
            let offset = place.next.map_or(Offset::Stored, Offset::Offset);
            (place.partition, offset)
        }))?;
        if cooperative {
            // A partition that is assigned cannot be added to the assignment once more.
            unassign(client, topics, &[stopped], true)?;
            client.incremental_assign(&list)
        } else {
            client.assign(&list)
        }
    })();
    assigned.map_err(|error| ClientCode::of(&error))?;
    // Both are set, so that the client agrees with what is noted here whatever it kept of the pauses.
    for paused in [true, false] {
        let same: Vec<TopicPartition> = affected
            .iter()
            .filter(|place| place.paused == paused)
            .map(|place| place.partition)
            .collect();
        set_paused(client, topics, &same, paused)?;
    }
    Ok(())
}

/// Longest wait for the client's own thread to set a position; no broker is asked.
const SEEK_TIMEOUT: Duration = Duration::from_secs(1);
