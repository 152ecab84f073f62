//! One run from start to end: what is started, what is watched, and in which order it is left.

use core::future::Future;
use core::time::Duration;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use dashstream::{Consumer, HandlerVerdict, Pages, decode_options, policy};
use dashstream_demo::{Decisions, Ending, Ledger, RunReport};
use dashstream_kafka::{Config, Status};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep_until, timeout};

use crate::server;
use crate::settings::{Cluster, Settings};
use crate::setup::{committed, embedded, open_books, start_demo};
use crate::version::Version;

/// Runs until `stop` is ready, until the time is over that the settings give, or until something
/// fails; then drains, commits and reports.
///
/// # Errors
///
/// What kept it from starting, or ended it early, in words for the operator.
pub async fn run(settings: &Settings, stop: impl Future<Output = ()>) -> anyhow::Result<RunReport> {
    let listener = server::bind(&settings.listen).await?;
    let embedded = embedded(settings)?;
    let brokers = match (&settings.cluster, &embedded) {
        (Cluster::Remote { brokers }, _) => brokers.clone(),
        (Cluster::Embedded { .. }, Some(embedded)) => embedded.brokers().to_owned(),
        (Cluster::Embedded { .. }, None) => bail!("the in-process Kafka did not start"),
    };
    let kafka = settings.kafka(&brokers)?;
    let mut session = Session::start(settings, &kafka, &brokers).await?;
    let address = listener.local_addr()?;
    tracing::info!("pages at http://{address}/");
    let version = serde_json::to_value(Version::new(settings, &kafka))?;
    let mut pages = Pages::new(session.consumer.monitor().clone())
        .version(version)
        .hosts(settings.hosts.clone());
    if let Some(token) = &settings.operator_token {
        let consumer = session.consumer.kafka().clone();
        pages = pages.orders(token.clone(), consumer, kafka.clone());
    }
    let (stop_pages, mut stopped) = watch::channel(false);
    let pages = tokio::spawn(async move {
        let stop = async { drop(stopped.wait_for(|stop| *stop).await) };
        pages.serve(listener, server::page(), stop).await;
    });
    let ended = session.consume(settings, stop).await;
    let report = match ended {
        Ok(complete) => session.close(settings, &kafka, complete).await,
        Err(error) => Err(error),
    };
    stop_pages.send_replace(true);
    // A reader that keeps its connection open does not keep the process.
    let _closed = timeout(PAGES_CLOSE_WITHIN, pages).await;
    drop(embedded);
    report
}

/// What runs between the start and the end.
struct Session {
    consumer: Consumer,
    decisions: Decisions,
    ledger: Option<Arc<Ledger>>,
    demo: Option<(JoinHandle<anyhow::Result<()>>, watch::Sender<bool>)>,
}

impl Session {
    async fn start(settings: &Settings, kafka: &Config, brokers: &str) -> anyhow::Result<Self> {
        let books = open_books(settings, kafka).await?;
        let ledger = books.as_ref().map(|books| Arc::clone(&books.ledger));
        let decisions = Decisions::new(ledger.clone());
        let hook = decisions.clone();
        let consumer = Consumer::builder(kafka.clone())
            .policy(settings.policy.clone())
            .decoding(decode_options(settings.max_payload_bytes))
            .on_decided(move |partition, offset, cause| hook.decided(partition, offset, cause))
            .start(|_: dashstream::Message<'_>| HandlerVerdict::Accept)
            .await
            .with_context(|| {
                format!(
                    "topic {} at {brokers} cannot be consumed",
                    kafka.topic_name()
                )
            })?;
        Ok(Self {
            consumer,
            decisions,
            ledger,
            demo: books.and_then(|books| start_demo(settings, kafka, books)),
        })
    }

    /// Consumes until it is time to end. Says whether everything that the demo wrote was waited for.
    async fn consume(
        &mut self,
        settings: &Settings,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<bool> {
        tokio::pin!(stop);
        let begun = Instant::now();
        let end = settings.run_for.and_then(|span| begun.checked_add(span));
        loop {
            tokio::select! {
                runs = self.consumer.observed() => {
                    if !runs {
                        bail!("the Kafka client ended by itself: see the errors above");
                    }
                    self.log_progress();
                    if self.demo.as_ref().is_some_and(|(task, _)| task.is_finished()) {
                        self.stop_demo().await?;
                        bail!("the demo producer ended by itself");
                    }
                }
                () = sleep_until(end.unwrap_or(begun)), if end.is_some() => break,
                () = &mut stop => {
                    tracing::info!("asked to stop");
                    self.stop_demo().await?;
                    return Ok(false);
                }
            }
        }
        self.stop_demo().await?;
        self.catch_up().await
    }

    /// Waits until what the demo has written is consumed, as far as no partition is held.
    async fn catch_up(&mut self) -> anyhow::Result<bool> {
        let Some(ledger) = self.ledger.clone() else {
            return Ok(false);
        };
        let begun = Instant::now();
        let mut tick = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                runs = self.consumer.observed() => if !runs {
                    bail!("the Kafka client ended by itself: see the errors above");
                },
                _ = tick.tick() => {
                    let status = self.consumer.kafka().status();
                    if ledger.is_settled(|partition| is_held(status.as_deref(), partition)) {
                        return Ok(true);
                    }
                    if begun.elapsed() > CATCH_UP_WITHIN {
                        tracing::error!("not everything that was written has been consumed in time");
                        return Ok(true);
                    }
                }
            }
        }
    }

    async fn stop_demo(&mut self) -> anyhow::Result<()> {
        let Some((task, stop)) = self.demo.take() else {
            return Ok(());
        };
        stop.send_replace(true);
        task.await
            .map_err(|error| anyhow!("the demo producer ended early: {error}"))?
    }

    fn log_progress(&self) {
        let (_, snapshot, verdict) = self.consumer.monitor().verdict();
        let counted = self.decisions.counted();
        tracing::info!(
            received = counted.received,
            decoded = counted.decoded,
            partitions = snapshot.observed.partitions.len(),
            synced = snapshot.observed.runs.synced,
            needs_resync = snapshot.observed.runs.needs_resync,
            verdict = verdict.level.as_str(),
            "progress"
        );
    }

    async fn close(
        self,
        settings: &Settings,
        kafka: &Config,
        complete: bool,
    ) -> anyhow::Result<RunReport> {
        self.log_progress();
        let ended = self.consumer.shutdown().await?;
        let committed = committed(kafka).await?;
        let counted = self.decisions.counted();
        Ok(RunReport::new(&Ending {
            counted: &counted,
            committed: &committed,
            ended: &ended,
            ledger: self.ledger.as_deref(),
            complete: complete && settings.policy.mode == policy::Mode::Skip,
        }))
    }
}

/// Whether a partition will not go on by itself.
fn is_held(status: Option<&Status>, id: i32) -> bool {
    status.is_some_and(|status| {
        status.policy.partitions.iter().any(|partition| {
            partition.partition.partition() == id
                && matches!(
                    partition.state,
                    policy::PartitionState::Held { .. } | policy::PartitionState::Waiting
                )
        })
    })
}

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long the end of a timed run waits for what was written last.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(15);

const PAGES_CLOSE_WITHIN: Duration = Duration::from_secs(2);
