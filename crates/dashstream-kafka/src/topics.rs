//! The consumed topics, and the numbers that the policy engine knows them by.

use std::sync::Arc;

use dashstream_policy::TopicPartition;
use rdkafka::error::KafkaResult;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// Names of the consumed topics; a topic's number is its place among them. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Topics(Arc<[Box<str>]>);

impl Topics {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        Self(names.map(Box::from).collect())
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|name| &**name)
    }

    /// Each topic's number and name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, &str)> {
        (0..).zip(self.names())
    }

    /// The name of a topic that is among them; empty for another one.
    pub(crate) fn name(&self, topic: u16) -> &str {
        // Only numbers from `partition` are asked for. No broker has a topic with an empty name.
        self.0.get(usize::from(topic)).map_or("", |name| name)
    }

    /// Nothing for a topic that is not consumed.
    pub(crate) fn partition(&self, topic: &str, number: i32) -> Option<TopicPartition> {
        // A search is enough: there are at most 64 topics, and a partition's own queue knows its topic.
        let (topic, _) = self.iter().find(|(_, name)| *name == topic)?;
        Some(TopicPartition::new(topic, number))
    }

    /// The client's list of these partitions, each without an offset.
    pub(crate) fn list(&self, partitions: &[TopicPartition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(self.name(partition.topic()), partition.partition());
        }
        list
    }

    /// The client's list of these partitions with an offset each.
    pub(crate) fn offsets(
        &self,
        offsets: impl Iterator<Item = (TopicPartition, Offset)>,
    ) -> KafkaResult<TopicPartitionList> {
        let mut list = TopicPartitionList::with_capacity(offsets.size_hint().0);
        for (partition, offset) in offsets {
            let topic = self.name(partition.topic());
            list.add_partition_offset(topic, partition.partition(), offset)?;
        }
        Ok(list)
    }

    /// The partitions of a list of the client, without those of topics that are not consumed.
    pub(crate) fn partitions(&self, list: &TopicPartitionList) -> Vec<TopicPartition> {
        let elements = list.elements();
        let known = |of: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| {
            self.partition(of.topic(), of.partition())
        };
        elements.iter().filter_map(known).collect()
    }
}

/// A partition of the first topic.
#[cfg(test)]
pub(crate) const fn at(partition: i32) -> TopicPartition {
    TopicPartition::new(0, partition)
}

#[cfg(test)]
mod tests;
