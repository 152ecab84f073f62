//! Brokers, topics and bounded waits for the tests.
//!
//! Without `DASHSTREAM_TEST_BROKERS` each test has a cluster of its own inside this process; with it
//! the same tests run against the broker named there, on topics nobody else uses.
pub mod child;
pub mod host;
pub mod raw;

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use dashstream_kafka::Embedded;
use dashstream_kafka::dlq::{DeadLetter, KafkaRecord, LETTER_BYTES_DEFAULT};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{BorrowedHeaders, Header, Headers as _, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

/// Where a test's records live.
pub struct Broker {
    brokers: String,
    embedded: Option<Embedded>,
}

impl Broker {
    /// The broker named by the environment, or one inside this process.
    pub fn start() -> Self {
        match std::env::var("DASHSTREAM_TEST_BROKERS") {
            Ok(brokers) if !brokers.is_empty() => Self {
                brokers,
                embedded: None,
            },
            _ => Self::embedded(),
        }
    }

    /// A broker that another value keeps.
    pub fn at(brokers: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            embedded: None,
        }
    }

    /// One inside this process whatever the environment says: for facts about that broker, and for
    /// outages.
    pub fn embedded() -> Self {
        let embedded = Embedded::start().unwrap();
        Self {
            brokers: embedded.brokers().to_owned(),
            embedded: Some(embedded),
        }
    }

    /// The broker named by the environment, for what the one inside this process cannot do.
    ///
    /// A test that asks for it is ignored unless it is asked for, so that none passes untried.
    pub fn outside() -> Self {
        let broker = Self::start();
        assert!(
            broker.embedded.is_none(),
            "DASHSTREAM_TEST_BROKERS names no broker"
        );
        broker
    }

    /// Deletes a topic and creates it again, as an operator would who "resets" it.
    pub fn recreate(&self, name: &str, partitions: u16) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let deleted = wait(admin.delete_topics(&[name], &AdminOptions::new())).unwrap();
        assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
        // The broker forgets a topic some time after it has answered.
        eventually("created again", Duration::from_secs(20), || {
            let topic = NewTopic::new(name, i32::from(partitions), TopicReplication::Fixed(1));
            let created = wait(admin.create_topics(&[topic], &AdminOptions::new()));
            created.unwrap().iter().all(Result::is_ok)
        });
        // And it goes on with the old one for a moment, whose records it then takes along.
        let reader = self.consumer(&unique("reader"));
        eventually("empty", Duration::from_secs(20), || {
            (0..i32::from(partitions)).all(|partition| {
                let marks = reader.fetch_watermarks(name, partition, Duration::from_secs(5));
                marks.is_ok_and(|marks| marks == (0, 0))
            })
        });
    }

    /// Adds partitions to a topic until it has so many, and waits until the broker has them.
    pub fn add_partitions(&self, topic: &str, count: usize) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let added = NewPartitions::new(topic, count);
        let made = wait(admin.create_partitions(&[added], &AdminOptions::new())).unwrap();
        assert!(made.iter().all(Result::is_ok), "{made:?}");
        let reader = self.consumer(&unique("reader"));
        eventually("added", Duration::from_secs(20), || {
            let last = i32::try_from(count - 1).unwrap();
            let marks = reader.fetch_watermarks(topic, last, Duration::from_secs(5));
            marks.is_ok()
        });
    }

    /// Deletes the records of a partition before `low`.
    pub fn delete_before(&self, topic: &str, partition: i32, low: i64) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let before = list(topic, &[(partition, Offset::Offset(low))]);
        wait(admin.delete_records(&before, &AdminOptions::new())).unwrap();
    }

    /// A session about as short as this broker allows; the embedded one forms a group in 3 s.
    pub fn session_ms(&self) -> &'static str {
        if self.embedded.is_some() {
            "4000"
        } else {
            "6000"
        }
    }

    pub fn list(&self) -> &str {
        &self.brokers
    }

    /// Takes the broker away, or brings it back.
    pub fn set_available(&self, up: bool) {
        self.embedded.as_ref().unwrap().set_available(up).unwrap();
    }

    /// Lets every write fail, or succeed again.
    pub fn set_writable(&self, writable: bool) {
        let embedded = self.embedded.as_ref().unwrap();
        embedded.set_writable(writable).unwrap();
    }

    /// A topic that no other test uses.
    pub fn topic(&self, partitions: u16) -> String {
        let name = unique("t");
        self.create(&name, partitions, &[]);
        name
    }

    /// Makes a topic. The embedded broker knows no settings.
    pub fn create(&self, name: &str, partitions: u16, settings: &[(&str, &str)]) {
        if let Some(embedded) = &self.embedded {
            return embedded.create_topic(name, partitions).unwrap();
        }
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let mut topic = NewTopic::new(name, i32::from(partitions), TopicReplication::Fixed(1));
        for (setting, value) in settings {
            topic = topic.set(setting, value);
        }
        let created = wait(admin.create_topics(&[topic], &AdminOptions::new())).unwrap();
        assert!(created.iter().all(Result::is_ok), "{created:?}");
    }

    /// The settings that every client of this broker needs.
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    /// A consumer with the settings the adapter uses, for facts about the client itself.
    pub fn consumer(&self, group: &str) -> BaseConsumer {
        self.consumer_with(group, &[])
    }

    pub fn consumer_with(&self, group: &str, settings: &[(&str, &str)]) -> BaseConsumer {
        let mut config = self.client();
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest");
        for (name, value) in settings {
            config.set(*name, *value);
        }
        config.create().unwrap()
    }

    /// Appends records with payloads `0`, `1`, `2`… to a partition, and waits for the broker.
    pub fn fill(&self, topic: &str, partition: i32, records: usize) {
        let payloads: Vec<_> = (0..records).map(|i| Some(i.to_string())).collect();
        self.append(topic, partition, &payloads);
    }

    /// Appends records, `None` as a null payload, and waits until the broker has them all.
    pub fn append<P: AsRef<[u8]>>(&self, topic: &str, partition: i32, payloads: &[Option<P>]) {
        let record = |payload: &Option<P>| KafkaRecord {
            key: Some("thread-1".into()),
            value: payload
                .as_ref()
                .map(|payload| payload.as_ref().to_vec().into()),
            ..KafkaRecord::default()
        };
        let records: Vec<_> = payloads.iter().map(record).collect();
        self.append_records(topic, partition, &records);
    }

    /// Appends records, and waits until the broker has them all.
    pub fn append_records(&self, topic: &str, partition: i32, records: &[KafkaRecord]) {
        let mut config = self.client();
        // One request at a time, so that records stand in the order given.
        config.set("max.in.flight", "1").set("acks", "all");
        // Brokers and topics say what is too large.
        config.set("message.max.bytes", "100000000");
        let producer: BaseProducer<Acks> = config.create_with_context(Acks::default()).unwrap();
        for record in records {
            let sent = outgoing(topic, partition, record);
            producer.send(sent).map_err(|(error, _)| error).unwrap();
        }
        producer.flush(Duration::from_secs(20)).unwrap();
        let acked = producer.context().0.load(Ordering::Relaxed);
        assert_eq!(acked as usize, records.len(), "records acknowledged");
    }

    /// Appends a record in a transaction that is left open, and waits until the broker has it.
    pub fn append_open(&self, topic: &str, partition: i32, record: &KafkaRecord) -> BaseProducer {
        let mut config = self.client();
        config
            .set("transactional.id", unique("open"))
            // Longer than a test waits: the broker aborts it then.
            .set("transaction.timeout.ms", "300000");
        let producer: BaseProducer = config.create().unwrap();
        producer.init_transactions(Duration::from_secs(20)).unwrap();
        producer.begin_transaction().unwrap();
        let sent = outgoing(topic, partition, record);
        producer.send(sent).map_err(|(error, _)| error).unwrap();
        producer.flush(Duration::from_secs(20)).unwrap();
        producer
    }

    /// The offset that `group` would continue at, asked by a client of its own.
    pub fn committed(&self, group: &str, topic: &str, partition: i32) -> Option<i64> {
        let client = self.consumer(group);
        let mut asked = TopicPartitionList::new();
        asked.add_partition(topic, partition);
        let answer = client
            .committed_offsets(asked, Duration::from_secs(10))
            .unwrap();
        match answer.find_partition(topic, partition).unwrap().offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }
    }

    /// Commits an offset for `group`, which has no members, from outside.
    pub fn commit(&self, group: &str, topic: &str, offset: i64) {
        let outsider = self.consumer(group);
        // A group's coordinator may take a moment to be known.
        eventually("committed", Duration::from_secs(20), || {
            let offsets = list(topic, &[(0, Offset::Offset(offset))]);
            outsider.commit(&offsets, CommitMode::Sync).is_ok()
        });
    }

    /// Every record of an archive.
    pub fn letters(&self, archive: &str) -> Vec<DeadLetter> {
        let read = |record| DeadLetter::read(&record, LETTER_BYTES_DEFAULT).unwrap();
        self.records(archive, 0).into_iter().map(read).collect()
    }

    /// Every payload of a topic's partition, read without a group.
    pub fn read(&self, topic: &str, partition: i32) -> Vec<Option<Vec<u8>>> {
        let payload = |record: KafkaRecord| record.value.map(|value| value.to_vec());
        let records = self.records(topic, partition).into_iter();
        records.map(payload).collect()
    }

    /// Every record of a topic's partition, read without a group.
    pub fn records(&self, topic: &str, partition: i32) -> Vec<KafkaRecord> {
        let consumer = self.consumer(&unique("reader"));
        let (low, high) = consumer
            .fetch_watermarks(topic, partition, Duration::from_secs(10))
            .unwrap();
        assign(&consumer, topic, &[(partition, Offset::Offset(low))]);
        let mut read = Vec::new();
        // At least what the watermarks promise; some brokers promise too little for a batch.
        let deadline = Instant::now() + Duration::from_secs(10);
        let mut quiet = Instant::now();
        while (read.len() as i64) < high - low || quiet.elapsed() < Duration::from_secs(1) {
            assert!(Instant::now() < deadline, "read {} of {high}", read.len());
            if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                read.push(record(&message.unwrap()));
                quiet = Instant::now();
            }
        }
        read
    }
}

/// A record as the client takes it.
fn outgoing<'a>(
    topic: &'a str,
    partition: i32,
    record: &'a KafkaRecord,
) -> BaseRecord<'a, [u8], [u8]> {
    let mut sent = BaseRecord::to(topic).partition(partition);
    (sent.key, sent.payload) = (record.key.as_deref(), record.value.as_deref());
    sent.timestamp = record.timestamp_ms;
    let headers = record
        .headers
        .iter()
        .fold(OwnedHeaders::new(), |all, header| {
            let (key, value) = (&*header.0, header.1.as_deref());
            all.insert(Header { key, value })
        });
    let is_any = !record.headers.is_empty();
    sent.headers = is_any.then_some(headers);
    sent
}

/// A record as the client delivers it.
fn record(message: &impl Message<Headers = BorrowedHeaders>) -> KafkaRecord {
    let bytes = |bytes: &[u8]| bytes.to_vec().into();
    let headers = message
        .headers()
        .into_iter()
        .flat_map(BorrowedHeaders::iter);
    KafkaRecord {
        key: message.key().map(bytes),
        value: message.payload().map(bytes),
        headers: headers
            .map(|header| (header.key.into(), header.value.map(bytes)))
            .collect(),
        timestamp_ms: message.timestamp().to_millis(),
    }
}

/// Waits for an answer of the admin client, on a thread of its own: some tests call from a runtime.
fn wait<T: Send>(answer: impl Future<Output = T> + Send) -> T {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(answer)
        });
        waiting.join().unwrap()
    })
}

/// Assigns partitions at offsets, with a list that lives no longer than the call.
pub fn assign(consumer: &BaseConsumer, topic: &str, partitions: &[(i32, Offset)]) {
    consumer.assign(&list(topic, partitions)).unwrap();
}

/// A fresh list. Never keep one: see the facts.
pub fn list(topic: &str, partitions: &[(i32, Offset)]) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        list.add_partition_offset(topic, *partition, *offset)
            .unwrap();
    }
    list
}

/// The offsets of the next `count` records, or of fewer when nothing comes for `patience`.
pub fn offsets(consumer: &BaseConsumer, count: usize, patience: Duration) -> Vec<i64> {
    let mut offsets = Vec::new();
    let mut last = Instant::now();
    while offsets.len() < count && last.elapsed() < patience {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(50)) {
            offsets.push(message.offset());
            last = Instant::now();
        }
    }
    offsets
}

/// A name that no other test and no other run uses.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    format!(
        "{prefix}-{}-{}-{next}",
        std::process::id(),
        since.as_millis()
    )
}

/// When a test's records were written, an hour before it began. A broker looks every five minutes for
/// records that are older than `retention.ms`, a week, and deletes them under the test.
pub static WRITTEN_MS: LazyLock<i64> = LazyLock::new(|| {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    i64::try_from(now).unwrap() - 3_600_000
});

/// Runs `body` on a thread of its own and fails when it takes longer than `limit`: a client that
/// hangs must fail a test, not stop the run.
pub fn within(limit: Duration, body: impl FnOnce() + Send + 'static) {
    let (done, finished) = mpsc::channel();
    let thread = thread::spawn(move || {
        body();
        let _gone = done.send(());
    });
    match finished.recv_timeout(limit) {
        Ok(()) => {}
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("still running after {limit:?}"),
        // The body panicked; its own message says why.
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("the sender is dropped after it has sent"),
        },
    }
}

/// Waits until `ready` says so, and fails with `what` when it does not within `limit`.
pub fn eventually(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let deadline = Instant::now() + limit;
    while !ready() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Counts acknowledged records.
#[derive(Default)]
pub struct Acks(AtomicU32);

impl rdkafka::ClientContext for Acks {}

impl ProducerContext for Acks {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, _opaque: ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
