//! What a consumer is told before it starts, and its start.

use core::fmt;
use core::num::NonZeroUsize;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_kafka::{Config, ConfigError, StartError};
use dashstream_policy::{self as policy, Archiving, Cause};
use dashstream_reducer::RunsLimits;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::{oneshot, watch};

use crate::consumer::dispatch::{Dispatch, Division};
use crate::consumer::events::Events;
use crate::consumer::handler::Handler;
use crate::consumer::observe::Observer;
use crate::consumer::read_back::ReadBack;
use crate::consumer::shared::{OnDecided, Shared};
use crate::consumer::unowned::UnownedWatch;
use crate::consumer::worker::Worker;
use crate::consumer::{Consumer, Ended, RunError};
use crate::handle::Metrics;
use crate::health::HealthPolicy;
use crate::monitor::Monitor;
use crate::options::Options;
use crate::run_tracker::RunTracker;
use crate::snapshot::Snapshot;

/// What a consumer is told before it starts. Everything but the Kafka configuration has a default.
#[derive(Clone)]
#[must_use]
pub struct Builder {
    kafka: Config,
    policy: policy::Config,
    workers: NonZeroUsize,
    decoding: DecodeOptions,
    runs: RunsLimits,
    health: HealthPolicy,
    watermark_interval: Duration,
    decided: Option<OnDecided>,
    spans: bool,
    read_back: Option<(u32, Duration)>,
}

impl Builder {
    pub(crate) fn new(kafka: Config) -> Self {
        Self {
            watermark_interval: kafka.watermarks_every(),
            kafka,
            policy: policy::Config::default().archiving(Archiving::Required),
            workers: NonZeroUsize::MIN,
            decoding: DecodeOptions::new(),
            runs: RunsLimits::default(),
            health: HealthPolicy::default(),
            decided: None,
            spans: false,
            read_back: None,
        }
    }

    /// Says what happens to a record that cannot be processed, and to its offset. Default: that of
    /// [`policy::Config`], but with [`Archiving::Required`]: its offset moves when the broker has acknowledged
    /// its dead letter, which is the whole record, and a consumer whose archive topic is missing or unfit does
    /// not start.
    pub fn policy(mut self, policy: policy::Config) -> Self {
        self.policy = policy;
        self
    }

    /// Spreads the partitions over so many workers: a task each, with a decoder, a clone of the handler and
    /// a share of the runs' limits. A partition belongs to one of them, or a key where the policy's
    /// ordering is by key. Default 1.
    pub const fn workers(mut self, workers: NonZeroUsize) -> Self {
        self.workers = workers;
        self
    }

    /// Limits what a record may take to decode; [`decode_options`](crate::decode_options) has those that
    /// belong to a longest value.
    pub fn decoding(mut self, options: DecodeOptions) -> Self {
        self.decoding = options;
        self
    }

    /// Limits the runs of all workers together.
    pub fn runs(mut self, limits: RunsLimits) -> Self {
        self.runs = limits;
        self
    }

    /// Sets the thresholds of the verdict.
    pub fn health(mut self, policy: HealthPolicy) -> Self {
        self.health = policy;
        self
    }

    /// Has `decided` told of each record that is decided: its partition, its offset, and why it was
    /// rejected, if it was. It is called before the offset can move, on the workers' and the consumer's
    /// threads, and must not block. A record that is released at its last attempt is rejected; one whose
    /// attempts end before, by [`policy::Config::retry_for_max`], is in the policy's counts alone.
    pub fn on_decided(
        mut self,
        decided: impl Fn(i32, i64, Option<Cause>) + Send + Sync + 'static,
    ) -> Self {
        self.decided = Some(Arc::new(decided));
        self
    }

    /// Opens a `tracing` span for each record, with its place and the `traceparent` of its headers.
    /// Default: none, since one costs about as much as decoding a small record.
    pub const fn spans(mut self, spans: bool) -> Self {
        self.spans = spans;
        self
    }

    /// Reads again what stands before the committed offset of each partition that comes to this consumer, for
    /// the states of its runs: a run whose last full state lies within `records` offsets is known at its next
    /// record, where it would be `not_yet_known` until its next full state. What is read again reaches no
    /// handler, counts nowhere and moves no offset.
    ///
    /// It takes `time` at most for each partition, one after the other, and the worker's records of all
    /// partitions wait meanwhile; beyond it, or without an answer, the runs are as unknown as without. It takes a
    /// client of its own for each partition. Where a key belongs to a worker, each worker reads all of the
    /// partition.
    ///
    /// Default: none.
    pub const fn read_back(mut self, records: u32, time: Duration) -> Self {
        self.read_back = Some((records, time));
        self
    }

    /// Joins the group and begins to consume, on the tokio runtime of the caller, which needs its timer.
    ///
    /// # Errors
    ///
    /// [`StartError`], as [`kafka::Consumer::start`](dashstream_kafka::Consumer::start) says. Of a configuration with
    /// several topics it is [`ConfigError::OutOfRange`]: runs, metrics and pages know partitions of one topic.
    pub async fn start<H: Handler + Clone + 'static>(
        self,
        handler: H,
    ) -> Result<Consumer, StartError> {
        let topics = self.kafka.topics().count();
        if topics != 1 {
            return Err(StartError::Config(ConfigError::OutOfRange {
                name: "topics",
                value: u64::try_from(topics).unwrap_or(u64::MAX),
                min: 1,
                max: 1,
            }));
        }
        let workers = self.workers.get();
        // There are no clients here that messages are sent to, no replay buffer and no circuit breaker.
        let options = Options::default()
            .without_clients()
            .without_breaker()
            .with_recorders(workers)
            .with_shards(self.workers);
        // Does not fail: the catalogue's own tests check that it is sound.
        let metrics = Metrics::register(options, Duration::ZERO).map_err(|_| StartError::Client)?;
        let shared = Shared::new(workers, self.decided);
        // Unbounded, since events are sent from the consumer's thread, which must not block. The policy
        // limits the records that are out, and so what waits here.
        let (senders, inboxes): (Vec<_>, Vec<_>) =
            (0..workers).map(|_| unbounded_channel()).unzip();
        // Before the consumer starts, whose thread reports events at once: the channels keep what is for
        // workers that do not run yet.
        let events = Events::new(metrics.clone(), shared.clone(), senders.clone());
        let listener = events.clone();
        let kafka = self.kafka;
        let division = Division {
            ordering: self.policy.ordering,
            workers: self.workers,
        };
        let attempts_max = self.policy.attempts_max;
        let archives = self.policy.archiving != Archiving::Off;
        let consumer =
            dashstream_kafka::Consumer::start(kafka.clone(), self.policy, move |event| {
                listener.on_event(event);
            })
            .await?;
        if archives {
            let topic = kafka.archive_topic_name();
            tracing::info!(topic, "{}", kafka.disclosed().shows());
        }
        let handle = consumer.handle();
        // The clock is the consumer's: events that came before this line have the time 0.
        events.started(handle.clone());
        let clock = handle.clone();
        let monitor = Monitor::new(metrics.clone(), self.health, move || clock.now());
        let limits = share(&self.runs, workers);
        let mut tasks = Vec::with_capacity(workers);
        for (number, inbox) in inboxes.into_iter().enumerate() {
            // There is one for each worker, by the options above.
            let recorder = metrics.recorder().ok_or(StartError::Client)?;
            let worker = Worker {
                number,
                pristine: handler.clone(),
                handler: handler.clone(),
                kafka: handle.clone(),
                decoder: Decoder::new(self.decoding.clone()),
                runs: RunTracker::new(limits.clone(), metrics.clone()),
                recorder,
                shared: shared.clone(),
                last: BTreeMap::new(),
                spans: self.spans,
                read_back: self.read_back.map(|(records, time)| ReadBack {
                    kafka: kafka.clone(),
                    records,
                    time,
                }),
                division,
                attempts_max,
            };
            tasks.push(tokio::spawn(worker.run(inbox)));
        }
        // An error drops `consumer`, which closes it, and with it the last senders, so that the workers end.
        let unowned = UnownedWatch::start(&kafka, handle.clone())?;
        let (observed_tx, observed) = watch::channel(());
        let (stop, stopped) = oneshot::channel();
        let dispatch = Dispatch {
            consumer,
            monitor: monitor.clone(),
            events,
            shared,
            senders,
            workers: tasks,
            observer: Observer::new(self.watermark_interval),
            unowned,
            archives,
            observed: observed_tx,
            division,
        };
        Ok(Consumer {
            monitor,
            kafka: handle,
            observed,
            stop,
            task: tokio::spawn(dispatch.run(stopped)),
        })
    }

    /// Consumes on a runtime of its own, with a thread for each worker and one for the rest, until a
    /// snapshot, which is taken about once a second, is such that `until` says so. Blocks the caller.
    ///
    /// # Errors
    ///
    /// [`RunError`].
    pub fn run<H: Handler + Clone + 'static>(
        self,
        handler: H,
        until: impl FnMut(&Snapshot) -> bool,
    ) -> Result<Ended, RunError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.workers.get().saturating_add(1))
            // No I/O: the sockets belong to threads of the Kafka client.
            .enable_time()
            .build()
            .map_err(|_| RunError::Runtime)?;
        let ended = runtime.block_on(async {
            let consumer = self.start(handler).await?;
            consumer.run(until).await
        });
        // What still blocks is a call into the Kafka client, which ends by itself.
        runtime.shutdown_background();
        ended
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("kafka", &self.kafka)
            .field("policy", &self.policy)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// A worker's share of what all runs may take: what is per run stays, as far as the share allows.
fn share(all: &RunsLimits, workers: usize) -> RunsLimits {
    // Rounded up, so that no limit becomes 0 where there are more workers than it allows runs or messages.
    let count = |of: usize| of.div_ceil(workers);
    let bytes = |of: u64| of.div_ceil(u64::try_from(workers).unwrap_or(u64::MAX));
    let rate = |of: u32| of.div_ceil(u32::try_from(workers).unwrap_or(u32::MAX));
    let mut share = all.clone();
    share.runs = count(all.runs);
    share.bytes = bytes(all.bytes);
    share.run_bytes = all.run_bytes.min(share.bytes);
    share.requests_per_second = rate(all.requests_per_second);
    share.hash_bytes_per_second = bytes(all.hash_bytes_per_second);
    share.quarantine_messages = count(all.quarantine_messages);
    share.quarantine_bytes = bytes(all.quarantine_bytes);
    share
}

#[cfg(test)]
mod tests;
