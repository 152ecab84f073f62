//! Writes what a topic holds now to standard output, as a capture.
//!
//! `record 127.0.0.1:9092 dashstream-quality > incident.jsonl`
//!
//! It reads outside any consumer group, so nobody's offsets are touched.
#![expect(
    clippy::disallowed_macros,
    reason = "a command-line tool reports on standard error"
)]

use core::time::Duration;
use std::io;

use anyhow::Context;
use dashstream_examples::capture::Record;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{Message, Offset, TopicPartitionList};

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: record BROKERS TOPIC";
    let (brokers, topic) = (
        arguments.next().context(usage)?,
        arguments.next().context(usage)?,
    );
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", "dashstream-record")
        .set("enable.auto.commit", "false")
        .create()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let metadata = consumer.fetch_metadata(Some(&topic), WAIT)?;
    let partitions = metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions());
    for partition in partitions.map(rdkafka::metadata::MetadataPartition::id) {
        let (low, high) = consumer.fetch_watermarks(&topic, partition, WAIT)?;
        if low < high {
            write(&consumer, &topic, partition, (low, high), &mut out)?;
        }
    }
    Ok(())
}

/// Writes the records from `low` up to the end as it was when the program began.
fn write(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    (low, high): (i64, i64),
    out: &mut impl io::Write,
) -> anyhow::Result<()> {
    {
        // The list must not outlive this block: librdkafka ties it to the client's partitions.
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(low))?;
        consumer.assign(&list)?;
    }
    while let Some(message) = consumer.poll(WAIT) {
        let message = message?;
        if message.offset() >= high {
            break;
        }
        let time = message.timestamp().to_millis();
        Record::new(partition, message.offset(), time)
            .with_bytes(message.key(), message.payload())
            .write(out)?;
        if message.offset() == high.saturating_sub(1) {
            break;
        }
    }
    eprintln!("partition {partition}: what there was from {low} to {high}");
    Ok(())
}

/// How long a broker may take to answer, and how long a record may be awaited.
const WAIT: Duration = Duration::from_secs(10);
