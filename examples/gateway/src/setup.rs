//! What a run needs before it begins: a Kafka, a policy, a demo, and a second client that looks on.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use dashstream_demo::{Ledger, Target};
use dashstream_kafka::{Admin, Config, Embedded};
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::clock::unix_micros;
use crate::settings::{Cluster, Settings};

/// Starts the in-process Kafka, if that is what the settings say.
pub(crate) fn embedded(settings: &Settings) -> anyhow::Result<Option<Embedded>> {
    let Cluster::Embedded { partitions } = settings.cluster else {
        return Ok(None);
    };
    let embedded = Embedded::start().context("the in-process Kafka did not start")?;
    let kafka = settings.kafka(embedded.brokers())?;
    embedded.create_topic(kafka.topic_name(), partitions)?;
    embedded.create_topic(kafka.archive_topic_name(), 1)?;
    tracing::info!(
        brokers = embedded.brokers(),
        partitions,
        "in-process Kafka runs"
    );
    Ok(Some(embedded))
}

/// The demo's books, and what looks at its topic.
pub(crate) struct Books {
    pub(crate) ledger: Arc<Ledger>,
    admin: Admin,
    partitions: Vec<i32>,
}

/// Opens the demo's books where each partition ends now, before anything is consumed.
pub(crate) async fn open_books(
    settings: &Settings,
    kafka: &Config,
) -> anyhow::Result<Option<Books>> {
    if settings.demo.is_none() {
        return Ok(None);
    }
    let admin = Admin::new(kafka)?;
    let books = spawn_blocking(move || {
        let ledger = Arc::new(Ledger::default());
        let partitions = admin.partitions()?;
        for partition in &partitions {
            ledger.begin(*partition, admin.watermarks(*partition)?.end);
        }
        Ok::<_, dashstream_kafka::StartError>(Books {
            ledger,
            admin,
            partitions,
        })
    });
    let books = books
        .await?
        .context("the demo could not look at its topic")?;
    Ok(Some(books))
}

/// Starts the demo producer.
pub(crate) fn start_demo(
    settings: &Settings,
    kafka: &Config,
    books: Books,
) -> Option<(JoinHandle<anyhow::Result<()>>, watch::Sender<bool>)> {
    let demo = settings.demo?;
    let target = Target {
        client: settings.producer(kafka.broker_list()),
        topic: kafka.topic_name().to_owned(),
        partitions: books.partitions,
        max_payload_bytes: settings.max_payload_bytes,
        clock: unix_micros,
    };
    let (stop, stopped) = watch::channel(false);
    let produced = dashstream_demo::produce(demo, target, books.admin, books.ledger, stopped);
    Some((tokio::spawn(produced), stop))
}

/// Reads back, as a second client, where the group goes on.
pub(crate) async fn committed(kafka: &Config) -> anyhow::Result<BTreeMap<i32, Option<i64>>> {
    let admin = Admin::new(kafka)?;
    spawn_blocking(move || admin.committed())
        .await?
        .context("the committed offsets could not be read back")
}
