//! Writes what the script says, and enters what the broker acknowledged in the ledger.

use core::time::Duration;
use std::sync::Arc;

use anyhow::Context as _;
use dashstream_kafka::Admin;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message as _, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer as _, ProducerContext, ThreadedProducer};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::backlog::{Backlog, watch_committed};
use crate::ledger::{Ledger, Written};
use crate::script::{Demo, Record, Script};
use crate::target::Target;

/// Produces until `stop` says so, then waits for the broker's acknowledgements.
///
/// No partition gets more than three and a half MiB ahead of the offset that `admin` reads back
/// as committed: the mock broker silently drops what lies 5 MiB behind.
///
/// # Errors
///
/// What the client refused, or did not acknowledge within ten seconds of the end.
pub async fn produce(
    demo: Demo,
    target: Target,
    admin: Admin,
    ledger: Arc<Ledger>,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let backlog = Arc::new(Backlog::default());
    let deliveries = Deliveries {
        ledger,
        backlog: Arc::clone(&backlog),
    };
    let producer: ThreadedProducer<Deliveries> = target
        .client
        .create_with_context(deliveries)
        .context("the demo's producer was not created")?;
    let watching = tokio::spawn(watch_committed(admin, Arc::clone(&backlog), stop.clone()));
    let topic = target.topic.clone();
    let mut script = Script::new(demo, target);

    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let begun = Instant::now();
    let mut taken: u64 = 0;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = tick.tick() => {}
        }
        // By the time that has passed, not by ticks: a busy machine delays those.
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let due = millis.saturating_mul(u64::from(demo.rate)) / 1_000;
        while taken < due {
            taken = taken.saturating_add(1);
            let Some(record) = script.next(&backlog) else {
                continue;
            };
            send(&producer, &topic, &backlog, record).await?;
        }
    }
    watching.await.context("the demo's watcher ended early")?;
    spawn_blocking(move || producer.flush(FLUSH_TIMEOUT))
        .await?
        .context("the broker did not acknowledge the demo's last records")
}

/// Hands a record to the client, waiting while its queue is full.
async fn send(
    producer: &ThreadedProducer<Deliveries>,
    topic: &str,
    backlog: &Backlog,
    record: Record,
) -> anyhow::Result<()> {
    let bytes = record.bytes();
    backlog.reserve(record.partition, bytes);
    let sent = Box::new(Sent {
        written: record.written,
        partition: record.partition,
        bytes,
    });
    let mut message = BaseRecord::<str, [u8], Box<Sent>>::with_opaque_to(topic, sent)
        .partition(record.partition)
        .key(&record.key);
    if let Some(value) = &record.value {
        message = message.payload(value);
    }
    if !record.headers.is_empty() {
        let headers = record.headers.iter();
        let headers = headers.fold(OwnedHeaders::new(), |all, &(key, value)| {
            all.insert(Header { key, value })
        });
        message = message.headers(headers);
    }
    loop {
        match producer.send(message) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                message = refused;
                sleep(TICK).await;
            }
            Err((error, _)) => return Err(error).context("the demo's record was refused"),
        }
    }
}

/// What the client hands back when the broker has answered for a record.
struct Sent {
    written: Written,
    partition: i32,
    bytes: usize,
}

/// Enters each acknowledged record in the ledger and the backlog.
struct Deliveries {
    ledger: Arc<Ledger>,
    backlog: Arc<Backlog>,
}

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Box<Sent>) {
        match result {
            Ok(message) => {
                self.backlog
                    .delivered(message.partition(), message.offset(), sent.bytes);
                self.ledger
                    .written(message.partition(), message.offset(), sent.written);
            }
            Err((error, _)) => {
                tracing::error!(partition = sent.partition, %error, "a demo record was not delivered");
                self.backlog.release(sent.partition, sent.bytes);
                self.ledger.undelivered();
            }
        }
    }
}

const TICK: Duration = Duration::from_millis(10);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(10);
