//! The gateway at the broker that `DASHSTREAM_TEST_BROKERS` names; ignored without one.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads where its broker is"
)]

mod support;

use core::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::util::Timeout;
use support::{Running, health, is_ready, joined, level};

/// A topic of one partition that nobody else uses, and its archive.
struct Topic {
    brokers: String,
    name: String,
}

impl Topic {
    fn new(test: &str) -> Self {
        let brokers = std::env::var("DASHSTREAM_TEST_BROKERS").unwrap();
        let name = format!("{test}-{}", std::process::id());
        let admin: AdminClient<DefaultClientContext> = client(&brokers).create().unwrap();
        let topics = [name.clone(), format!("{name}-dlq")];
        let new = topics
            .each_ref()
            .map(|name| NewTopic::new(name, 1, TopicReplication::Fixed(1)));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let created = runtime.block_on(admin.create_topics(&new, &AdminOptions::new()));
        assert!(created.unwrap().iter().all(Result::is_ok));
        Self { brokers, name }
    }

    fn fill(&self, records: usize) {
        let producer: BaseProducer = client(&self.brokers).create().unwrap();
        for _ in 0..records {
            let record = BaseRecord::<(), _>::to(&self.name).payload("no frame");
            producer.send(record).unwrap();
        }
        producer.flush(Timeout::Never).unwrap();
    }

    fn gateway(&self) -> Running {
        let (brokers, topic) = (&self.brokers, &self.name);
        let args = ["--brokers", brokers, "--topic", topic, "--group", topic];
        Running::start(&args, &[("KAFKA_LAG_CHECK_INTERVAL_SECS", "1")])
    }
}

fn client(brokers: &str) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers);
    client
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_first_pass_in_which_nothing_decodes_never_passes() {
    let topic = Topic::new("first-pass");
    topic.fill(300);
    let gateway = topic.gateway();
    let page = gateway.wait_until("/health", "every record", |page| {
        health(page)["metrics"]["kafka_messages_received"] == 300
    });
    assert_eq!(health(&page)["metrics"]["old_data_decode_errors"], 300);
    assert_eq!(level(&page, "nothing_processed").as_deref(), Some("fail"));
    assert_eq!(level(&page, "old_data_errors").as_deref(), Some("warn"));
    assert!(!is_ready(&gateway));
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn a_second_member_without_partitions_is_a_standby() {
    let topic = Topic::new("standby");
    let first = topic.gateway();
    joined(&first);
    let second = topic.gateway();
    let idle = |page: &str| {
        let document = health(page);
        document["partitions"].as_array().is_some_and(Vec::is_empty)
    };
    // Either of the two may have the partition; longer than it takes to ask about the group twice.
    let begun = std::time::Instant::now();
    while begun.elapsed() < Duration::from_secs(25) {
        for gateway in [&first, &second] {
            let page = gateway.get("/health");
            assert_eq!(level(&page, "partitions_unowned"), None, "{page}");
            assert!(!idle(&page) || is_ready(gateway), "{page}");
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    let members = [&first, &second].map(|gateway| idle(&gateway.get("/health")));
    assert!(members.contains(&true) && members.contains(&false));
}
