//! The gateway at the broker that `DASHSTREAM_TEST_BROKERS` names; ignored without one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and reads where its broker is"
)]

use core::time::Duration;

use crate::support::{Running, health, is_ready, joined, level};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};
use serde_json::Value;

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

    fn produce(&self, values: &[&[u8]]) {
        let producer: BaseProducer = client(&self.brokers).create().unwrap();
        for value in values {
            let record = BaseRecord::<(), _>::to(&self.name).payload(*value);
            producer.send(record).unwrap();
            producer.flush(Timeout::Never).unwrap();
        }
    }

    fn gateway(&self) -> Running {
        self.gateway_with(&[])
    }

    fn gateway_with(&self, more: &[&str]) -> Running {
        let (brokers, topic) = (&self.brokers, &self.name);
        let args = ["--brokers", brokers, "--topic", topic, "--group", topic];
        let env = [
            ("KAFKA_LAG_CHECK_INTERVAL_SECS", "1"),
            ("DASHSTREAM_OPERATOR_TOKEN", TOKEN),
        ];
        Running::start(&[&args[..], more].concat(), &env)
    }

    /// Waits until the group goes on there, as the broker has it.
    fn committed(&self, next: i64) {
        let group: BaseConsumer = client(&self.brokers)
            .set("group.id", &self.name)
            .create()
            .unwrap();
        let mut asked = TopicPartitionList::new();
        asked.add_partition(&self.name, 0);
        let mut last = Offset::Invalid;
        for _ in 0..300 {
            let answer = group.committed_offsets(asked.clone(), Duration::from_secs(10));
            last = answer.unwrap().elements()[0].offset();
            if last == Offset::Offset(next) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert_eq!(last, Offset::Offset(next));
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

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// An event of thread `t` without a number.
const GOOD: &[u8] = b"\0\x0a\x07\x0a\x05\x22\x01t\x28\x01";

/// Status and body of the answer to an order with these headers.
fn sent(gateway: &Running, headers: &str, order: &str) -> (u16, Value) {
    let body = format!(r#"{{{order},"partition":0,"who":"ann","why":"a test"}}"#);
    let len = body.len();
    let answer = gateway.ask(&format!(
        "POST /orders HTTP/1.1\r\n{headers}\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}"
    ));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_default())
}

fn order(gateway: &Running, order: &str) -> (u16, Value) {
    let own = format!(
        "Host: {}\r\nAuthorization: Bearer {TOKEN}",
        gateway.address()
    );
    sent(gateway, &own, order)
}

/// The answer once the order can be carried out: a hold is met again a moment after a retry.
fn applied(gateway: &Running, wanted: &str) -> Value {
    for _ in 0..100 {
        let (status, body) = order(gateway, wanted);
        if status == 200 {
            assert_eq!(body["outcome"], "applied");
            return body["offset"].clone();
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Value::from(format!("{:?}", order(gateway, wanted)))
}

fn held_at(gateway: &Running, offset: Option<u64>) {
    gateway.wait_until("/health", &format!("held at {offset:?}"), |page| {
        let document = health(page);
        let partition = document["partitions"].get(0);
        partition.is_some_and(|partition| partition["held_at"].as_u64() == offset)
    });
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn each_order_ends_a_hold_and_the_group_goes_on_where_it_says() {
    let topic = Topic::new("orders");
    topic.produce(&[GOOD, b"poison", GOOD, b"poison", b"poison", GOOD]);
    let gateway = topic.gateway_with(&["--on-unprocessable", "pause"]);
    held_at(&gateway, Some(1));
    topic.committed(1);
    // A stranger's orders change nothing.
    let (here, bearer) = (gateway.address(), format!("Authorization: Bearer {TOKEN}"));
    for (headers, status) in [
        (format!("Host: {here}"), 401),
        (
            format!("Host: {here}\r\nAuthorization: Bearer {}", "0".repeat(32)),
            401,
        ),
        (
            format!("Host: {here}\r\nOrigin: http://evil.example\r\n{bearer}"),
            403,
        ),
        (format!("Host: evil.example\r\n{bearer}"), 421),
    ] {
        let (answered, body) = sent(&gateway, &headers, r#""order":"skip_one""#);
        assert_eq!(answered, status, "{headers}: {body}");
    }
    held_at(&gateway, Some(1));
    topic.committed(1);
    assert_eq!(applied(&gateway, r#""order":"retry""#), 1);
    held_at(&gateway, Some(1));
    topic.committed(1);
    assert_eq!(applied(&gateway, r#""order":"skip_one""#), 1);
    held_at(&gateway, Some(3));
    topic.committed(3);
    for (to, why) in [(2, "backwards"), (7, "beyond_end")] {
        let (status, body) = order(&gateway, &format!(r#""order":"skip_to","offset":{to}"#));
        assert_eq!((status, &body["outcome"]), (409, &Value::from(why)));
    }
    topic.committed(3);
    // The answer is where it was held.
    assert_eq!(applied(&gateway, r#""order":"skip_to","offset":5"#), 3);
    held_at(&gateway, None);
    topic.committed(6);
    applied(&gateway, r#""order":"pause""#);
    topic.produce(&[GOOD]);
    std::thread::sleep(Duration::from_secs(2));
    topic.committed(6);
    applied(&gateway, r#""order":"resume""#);
    topic.committed(7);
}

#[test]
#[ignore = "needs Apache Kafka: cargo xtask broker-test"]
fn an_order_for_a_partition_of_another_member_is_answered_with_its_owner() {
    let topic = Topic::new("owner");
    let first = topic.gateway();
    joined(&first);
    let second = topic.gateway();
    let begun = std::time::Instant::now();
    loop {
        // Whichever of the two has none, once the group has settled.
        let mut answers = [&first, &second].map(|gateway| order(gateway, r#""order":"retry""#));
        answers.sort_by_key(|(_, body)| body["outcome"].as_str() == Some("not_assigned"));
        let outcomes = answers.each_ref().map(|(_, body)| body["outcome"].clone());
        let owner = answers[1].1["owner"].as_str().map(str::to_owned);
        if outcomes == ["not_held", "not_assigned"]
            && let Some(owner) = owner
        {
            assert_eq!(answers.map(|(status, _)| status), [409, 409]);
            assert!(owner.starts_with("dashstream-gateway at "), "{owner}");
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(90), "{answers:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
}
