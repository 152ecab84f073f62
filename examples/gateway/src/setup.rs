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

pub(crate) type RunningDemo = (
    Arc<Ledger>,
    JoinHandle<anyhow::Result<()>>,
    watch::Sender<bool>,
);

/// Starts the demo producer, with a ledger that begins where each partition ends now.
pub(crate) async fn start_demo(
    settings: &Settings,
    kafka: &Config,
    brokers: &str,
) -> anyhow::Result<Option<RunningDemo>> {
    let Some(demo) = settings.demo else {
        return Ok(None);
    };
    let admin = Admin::new(kafka)?;
    let ledger = Arc::new(Ledger::default());
    let opened = Arc::clone(&ledger);
    let (admin, partitions) = spawn_blocking(move || {
        let partitions = admin.partitions()?;
        for partition in &partitions {
            opened.begin(*partition, admin.watermarks(*partition)?.high);
        }
        Ok::<_, dashstream_kafka::StartError>((admin, partitions))
    })
    .await?
    .context("the demo could not look at its topic")?;
    let target = Target {
        client: settings.producer(brokers),
        topic: kafka.topic_name().to_owned(),
        partitions,
        max_payload_bytes: settings.max_payload_bytes,
        clock: unix_micros,
    };
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(dashstream_demo::produce(
        demo,
        target,
        admin,
        Arc::clone(&ledger),
        stopped,
    ));
    Ok(Some((ledger, task, stop)))
}

/// Reads back, as a second client, where the group goes on.
pub(crate) async fn committed(kafka: &Config) -> anyhow::Result<BTreeMap<i32, Option<i64>>> {
    let admin = Admin::new(kafka)?;
    spawn_blocking(move || admin.committed())
        .await?
        .context("the committed offsets could not be read back")
}
