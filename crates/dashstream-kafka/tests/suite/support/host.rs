//! A host: a consumer, what it was told, and a verdict on every record.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashstream_kafka::dlq::{Disclosure, LetterFormat};
use dashstream_kafka::policy::{
    self, Cause, HeldBy, Operator, OperatorCommand, PartitionState, TopicPartition,
};
use dashstream_kafka::{Closing, Config, Consumer, ConsumerEvent, Record, RecordIds, Status};

use super::{Broker, unique};

/// What a poison record's payload is.
pub const POISON: &str = "poison";

/// A topic, its archive and a group of its own.
#[derive(Clone)]
pub struct Place {
    pub brokers: String,
    pub topic: String,
    pub archive: String,
    pub group: String,
    session_ms: &'static str,
}

impl Place {
    pub fn new(broker: &Broker, partitions: u16) -> Self {
        let topic = broker.topic(partitions);
        let archive = format!("{topic}-dlq");
        broker.create(&archive, 1, &[]);
        Self::made(broker, topic, archive)
    }

    /// With topics that are set so, where the broker knows settings.
    pub fn set(broker: &Broker, topic: &[(&str, &str)], archive: &[(&str, &str)]) -> Self {
        let name = unique("t");
        let archive_name = format!("{name}-dlq");
        broker.create(&name, 1, topic);
        broker.create(&archive_name, 1, archive);
        Self::made(broker, name, archive_name)
    }

    /// With topics that somebody else makes.
    pub fn not_made(broker: &Broker) -> Self {
        let name = unique("t");
        let archive = format!("{name}-dlq");
        Self::made(broker, name, archive)
    }

    fn made(broker: &Broker, topic: String, archive: String) -> Self {
        Self {
            brokers: broker.list().to_owned(),
            topic,
            archive,
            group: unique("g"),
            session_ms: broker.session_ms(),
        }
    }

    /// One line for another process.
    pub fn print(&self) -> String {
        let parts = [&self.brokers, &self.topic, &self.archive, &self.group];
        format!(
            "{} {}",
            parts.map(String::as_str).join(" "),
            self.session_ms
        )
    }

    pub fn parse(line: &str) -> Self {
        let parts: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let [brokers, topic, archive, group, session_ms] = parts.try_into().unwrap();
        Self {
            brokers,
            topic,
            archive,
            group,
            session_ms: if session_ms == "4000" { "4000" } else { "6000" },
        }
    }

    /// A configuration in which everything happens soon.
    pub fn config(&self) -> Config {
        let ms = Duration::from_millis;
        Config::new(&self.brokers, &self.topic, &self.group)
            .and_then(|config| config.archive_topic(&self.archive))
            // What existing deployments read.
            .and_then(|config| config.letters(LetterFormat::Versioned, Disclosure::Truncated))
            .and_then(|config| config.archive_timeout(ms(1_000)))
            .and_then(|config| config.watermark_interval(ms(500)))
            .and_then(|config| config.stall_after(ms(3_000)))
            .and_then(|config| config.drain_timeout(ms(3_000)))
            // A member that takes over waits for as long as the last one's session may last.
            .and_then(|config| config.set("session.timeout.ms", self.session_ms))
            .and_then(|config| config.set("heartbeat.interval.ms", "300"))
            .unwrap()
    }
}

/// A running consumer and everything it reported.
pub struct Host {
    pub consumer: Consumer,
    events: Arc<Mutex<Vec<ConsumerEvent>>>,
}

impl Host {
    pub async fn start(config: Config, policy: policy::Config) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&events);
        let consumer = Consumer::start(config, policy, move |event| {
            told.lock().unwrap().push(event.clone());
        })
        .await
        .unwrap();
        Self { consumer, events }
    }

    pub fn events(&self) -> Vec<ConsumerEvent> {
        self.events.lock().unwrap().clone()
    }

    /// What is reported, also after this host is gone.
    pub fn shared_events(&self) -> Arc<Mutex<Vec<ConsumerEvent>>> {
        Arc::clone(&self.events)
    }

    pub fn saw(&self, event: &ConsumerEvent) -> bool {
        self.events.lock().unwrap().contains(event)
    }

    pub fn status(&self) -> Arc<Status> {
        self.consumer.status().unwrap()
    }

    /// The next record, or nothing when none comes in time.
    pub async fn next(&mut self, patience: Duration) -> Option<Record> {
        tokio::time::timeout(patience, self.consumer.recv())
            .await
            .ok()
            .flatten()
    }

    /// Judges records until `count` came or none came for `patience`: what is [`POISON`] or has no
    /// payload is unprocessable for `cause`, the rest is done. Returns where the records stood.
    pub async fn judge(
        &mut self,
        count: usize,
        patience: Duration,
        cause: Cause,
    ) -> Vec<(i32, i64)> {
        let mut seen = Vec::new();
        while seen.len() < count {
            let Some(record) = self.next(patience).await else {
                break;
            };
            seen.push((record.partition(), record.offset()));
            if record
                .payload()
                .is_none_or(|payload| payload == POISON.as_bytes())
            {
                record.reject(cause, RecordIds::none().thread_id("thread-1"));
            } else {
                record.accept();
            }
        }
        seen
    }

    /// Waits until the status is as `wanted`.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Status) -> bool) {
        self.wait(what, || {
            self.consumer.status().is_some_and(|status| wanted(&status))
        })
        .await;
    }

    /// Waits until `event` was reported.
    pub async fn told(&self, event: &ConsumerEvent) {
        self.wait(&format!("{event:?}"), || self.saw(event)).await;
    }

    /// Waits until a event of this kind was reported.
    pub async fn wait_for(&self, is_meant: impl Fn(&ConsumerEvent) -> bool) {
        self.wait("a event", || self.events().iter().any(&is_meant))
            .await;
    }

    /// Waits until `event` was reported so many times.
    pub async fn wait_for_times(&self, event: &ConsumerEvent, times: usize) {
        let count = || self.events().iter().filter(|seen| *seen == event).count();
        self.wait(&format!("{event:?} {times} times"), || count() >= times)
            .await;
    }

    async fn wait(&self, what: &str, ready: impl Fn() -> bool) {
        for _ in 0..1_000 {
            if ready() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("not within 20 s: {what}\n{:#?}", self.consumer.status());
    }

    /// Gives an order for a partition.
    pub async fn order(&self, partition: i32, command: policy::Command) -> policy::CommandOutcome {
        self.order_at(at(partition), command).await
    }

    /// Gives an order for a partition of any topic.
    pub async fn order_at(
        &self,
        at: TopicPartition,
        command: policy::Command,
    ) -> policy::CommandOutcome {
        let signature = Operator::new("a test", "to see what happens").unwrap();
        let order = OperatorCommand::new(at, command, signature);
        self.consumer.handle().order(order).await.unwrap()
    }

    pub async fn shutdown(self) -> Closing {
        self.consumer.shutdown().await
    }
}

/// By what, why and where a partition is held, if it is.
pub fn held(status: &Status, partition: i32) -> Option<(HeldBy, Option<Cause>, Option<i64>)> {
    let mut partitions = status.policy.partitions.iter();
    let found = partitions.find(|found| found.partition.partition() == partition)?;
    match found.state {
        PartitionState::Held {
            by, cause, offset, ..
        } => Some((by, cause, offset.map(|offset| offset.get()))),
        _ => None,
    }
}

/// Where a partition is held, if it is.
pub fn held_at(status: &Status, partition: i32) -> Option<i64> {
    held(status, partition)?.2
}

/// Runs a test's future on a runtime of its own.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(test)
}

/// A partition of the first topic.
pub const fn at(partition: i32) -> TopicPartition {
    TopicPartition::new(0, partition)
}
