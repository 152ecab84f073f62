//! One run from start to end: what is started, what is watched, and in which order it is left.

use core::time::Duration;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use dashstream::metrics::Format;
use dashstream::{Metrics, Options};
use dashstream_kafka::{Config, Consumer, Status};
use dashstream_policy as policy;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::events::Events;
use crate::observe::{Observation, Seen};
use crate::pipeline::Pipeline;
use crate::report::{Ending, RunReport};
use crate::server::{self, AppState};
use crate::settings::{Cluster, Settings};
use crate::setup::{committed, embedded, start_demo};
use crate::unowned::UnownedWatch;
use crate::version::Version;
use dashstream_demo::Ledger;

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
    let (stop_pages, stopped) = watch::channel(false);
    let pages = tokio::spawn(server::serve(
        listener,
        Arc::clone(&session.state),
        settings.hosts.clone(),
        stopped,
    ));
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
    pipeline: Pipeline,
    events: Events,
    metrics: Metrics,
    observation: Observation,
    unowned: UnownedWatch,
    state: Arc<AppState>,
    archives: bool,
    ledger: Option<Arc<Ledger>>,
    demo: Option<(JoinHandle<anyhow::Result<()>>, watch::Sender<bool>)>,
}

impl Session {
    async fn start(settings: &Settings, kafka: &Config, brokers: &str) -> anyhow::Result<Self> {
        // There are no clients here that messages are sent to, and no replay buffer.
        let options = Options::default().without_clients();
        let metrics = Metrics::register(options, Duration::ZERO)?;
        let events = Events::new(metrics.clone());
        let listener = events.clone();
        let consumer = Consumer::start(kafka.clone(), settings.policy.clone(), move |event| {
            listener.on_event(event)
        })
        .await
        .with_context(|| {
            format!(
                "topic {} at {brokers} cannot be consumed",
                kafka.topic_name()
            )
        })?;
        if settings.policy.archiving != policy::Archiving::Off {
            let topic = kafka.archive_topic_name();
            tracing::info!(topic, "{}", kafka.disclosed().shows());
        }
        let clock = consumer.handle();
        events.started(clock.clone());
        let watched = clock.clone();
        let (ledger, demo) = match start_demo(settings, kafka, brokers).await? {
            Some((ledger, task, stop)) => (Some(ledger), Some((task, stop))),
            None => (None, None),
        };
        Ok(Self {
            pipeline: Pipeline::new(
                clock.clone(),
                settings.max_payload_bytes,
                metrics.clone(),
                ledger.clone(),
                events.throttle(),
            ),
            state: Arc::new(AppState::new(
                metrics.clone(),
                clock,
                Version::new(settings, kafka),
            )),
            consumer,
            events,
            metrics,
            observation: Observation::new(settings.lag_interval),
            unowned: UnownedWatch::start(kafka, watched.clone(), move || {
                let status = watched.status();
                status.is_some_and(|status| status.partitions.is_empty())
            })?,
            archives: settings.policy.archiving != policy::Archiving::Off,
            ledger,
            demo,
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
        let mut tick = interval(OBSERVE_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                record = self.consumer.recv() => match record {
                    Some(record) => self.pipeline.take(record),
                    None => bail!("the Kafka client ended by itself: see the errors above"),
                },
                _ = tick.tick() => {
                    self.observe();
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

    /// Consumes what the demo has written, as far as no partition is held.
    async fn catch_up(&mut self) -> anyhow::Result<bool> {
        let Some(ledger) = self.ledger.clone() else {
            return Ok(false);
        };
        let begun = Instant::now();
        let mut tick = interval(LOOK_EVERY);
        loop {
            tokio::select! {
                record = self.consumer.recv() => match record {
                    Some(record) => self.pipeline.take(record),
                    None => bail!("the Kafka client ended by itself: see the errors above"),
                },
                _ = tick.tick() => {
                    self.pipeline.rejected(self.events.take_rejected());
                    let status = self.consumer.status();
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

    /// Takes a snapshot of everything, reads its own exposition back, and judges.
    fn observe(&mut self) {
        self.pipeline.tick();
        self.events.left_out(self.consumer.handle().now());
        self.pipeline.rejected(self.events.take_rejected());
        let Some(status) = self.consumer.status() else {
            return;
        };
        let mut facts = self.observation.facts(Seen {
            status: &status,
            totals: &self.events.totals(),
            catching_up: self.pipeline.catching_up(),
            runs: self.pipeline.run_facts(),
            archives: self.archives,
            archive_failing: self.state.gates().archive_failures,
            group: self.unowned.known(),
        });
        let partitions = facts.partitions.len();
        let latest = self.metrics.latest();
        let page = self.metrics.page(&latest, Format::Text);
        facts.self_scrape = self.metrics.self_scrape(&page, &latest.facts);
        // What the verdict before found stands on the page of this snapshot.
        facts.standing = self.state.gates().standing;
        let snapshot = self.metrics.observe(self.consumer.handle().now(), facts);
        let verdict = self.state.settle();
        let counted = self.pipeline.counted();
        tracing::info!(
            received = counted.received,
            decoded = counted.decoded,
            partitions,
            synced = snapshot.facts.runs.synced,
            needs_resync = snapshot.facts.runs.needs_resync,
            verdict = verdict.level.as_str(),
            "progress"
        );
    }

    async fn close(
        mut self,
        settings: &Settings,
        kafka: &Config,
        complete: bool,
    ) -> anyhow::Result<RunReport> {
        self.observe();
        let (_, snapshot, verdict) = self.state.verdict();
        let closing = self.consumer.shutdown().await;
        self.pipeline.rejected(self.events.take_rejected());
        tracing::info!(?closing, "the consumer has left the group");
        self.events.left_out(Duration::MAX);
        let committed = committed(kafka).await?;
        Ok(RunReport::new(&Ending {
            counted: self.pipeline.counted(),
            archived: self.events.totals().archived,
            runs: self.pipeline.runs(),
            snapshot: &snapshot,
            verdict: &verdict,
            committed: &committed,
            closing,
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

const OBSERVE_EVERY: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long the end of a timed run waits for what was written last.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(15);

const PAGES_CLOSE_WITHIN: Duration = Duration::from_secs(2);
