//! Names of records that were delivered.

use dashstream_policy::{Delivered, TopicPartition};

/// Where a record stands: its partition and its offset.
pub(crate) type RecordPosition = (TopicPartition, i64);

/// Names a delivered record. Those of one partition sort by offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DeliveryId {
    // The order of these fields is the order of names: `is_free` asks for a range of offsets in a partition.
    pub(super) partition: TopicPartition,
    pub(super) offset: i64,
    /// Tells a record from the same one delivered again.
    pub(super) serial: u64,
}

impl DeliveryId {
    /// Whether it is on a record of `partition` at `from` or behind.
    pub(crate) fn is_at(&self, partition: TopicPartition, from: i64) -> bool {
        self.partition == partition && self.offset >= from
    }

    /// Whether a record of the same partition lies behind the one it is on.
    pub(crate) fn is_before(&self, place: RecordPosition) -> bool {
        self.partition == place.0 && self.offset < place.1
    }

    /// Partition and offset.
    pub(crate) const fn place(&self) -> RecordPosition {
        (self.partition, self.offset)
    }

    pub(crate) const fn on(record: &Delivered) -> Self {
        Self {
            partition: record.partition(),
            offset: record.offset().get(),
            serial: record.serial(),
        }
    }
}
