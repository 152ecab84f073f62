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

use anyhow::{Context, bail};
use dashstream_examples::capture::Record;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
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
        .set("enable.partition.eof", "true")
        .create()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let metadata = consumer.fetch_metadata(Some(&topic), WAIT)?;
    let partitions = metadata
        .topics()
        .iter()
        .flat_map(|topic| topic.partitions());
    for partition in partitions.map(rdkafka::metadata::MetadataPartition::id) {
        write(&consumer, &topic, partition, &mut out)?;
    }
    Ok(())
}

/// Writes a partition's records until there is none left. The broker says when that is: a high
/// watermark that was asked for before would be out of date, and with some brokers is too low.
fn write(
    consumer: &BaseConsumer,
    topic: &str,
    partition: i32,
    out: &mut impl io::Write,
) -> anyhow::Result<()> {
    {
        // The list must not outlive this block: librdkafka ties it to the client's partitions.
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Beginning)?;
        consumer.assign(&list)?;
    }
    let mut written = 0_u64;
    loop {
        let message = match consumer.poll(WAIT) {
            Some(Err(KafkaError::PartitionEOF(_))) => break,
            Some(message) => message?,
            None => bail!("partition {partition}: no record and no end within {WAIT:?}"),
        };
        written = written.saturating_add(1);
        let time = message.timestamp().to_millis();
        Record::new(partition, message.offset(), time)
            .with_bytes(message.key(), message.payload())
            .write(out)?;
    }
    eprintln!("partition {partition}: {written} records");
    Ok(())
}

/// How long a broker may take to answer, and how long a record may be awaited.
const WAIT: Duration = Duration::from_secs(10);
