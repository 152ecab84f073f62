//! What the pages say while something lasts that no window shows.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and measures how long another process takes"
)]

use core::time::Duration;
use std::time::Instant;

use crate::support::{Running, health, is_ready, joined, level};
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::util::Timeout;

type Cluster = MockCluster<'static, DefaultProducerContext>;

const TOPIC: &str = "dashstream-quality";

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    for topic in [TOPIC, "dashstream-quality-dlq"] {
        cluster.create_topic(topic, 1, 1).unwrap();
    }
    cluster
}

fn gateway(cluster: &Cluster, env: &[(&str, &str)]) -> Running {
    let brokers = cluster.bootstrap_servers();
    Running::start(&["--brokers", &brokers, "--group", "g"], env)
}

#[test]
fn a_dead_broker_warns_and_after_a_minute_fails_until_it_is_back() {
    let cluster = cluster();
    let gateway = gateway(&cluster, &[("KAFKA_LAG_CHECK_INTERVAL_SECS", "1")]);
    joined(&gateway);
    cluster.broker_down(1).unwrap();
    let page = gateway.wait_until("/health", "an outage", |page| {
        level(page, "broker_unreachable").is_some()
    });
    assert_eq!(level(&page, "broker_unreachable").unwrap(), "warn");
    assert_eq!(health(&page)["status"], "reconnecting");
    assert!(is_ready(&gateway));
    let begun = Instant::now();
    let page = gateway.wait_for_long("/health", Duration::from_secs(80), |page| {
        level(page, "broker_unreachable").unwrap() == "fail"
    });
    let took = begun.elapsed();
    assert!((50..75).contains(&took.as_secs()), "{took:?}: {page}");
    assert!(!is_ready(&gateway));
    assert!(gateway.get("/livez").starts_with("HTTP/1.1 200"));
    cluster.broker_up(1).unwrap();
    gateway.wait_for_long("/health", Duration::from_secs(40), |page| {
        level(page, "broker_unreachable").is_none()
    });
    assert!(is_ready(&gateway));
}

#[test]
fn a_group_that_may_not_be_joined_fails_at_once_in_the_brokers_words() {
    let cluster = cluster();
    let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
    cluster.request_errors(RDKafkaApiKey::JoinGroup, &[refused; 10_000]);
    let gateway = gateway(&cluster, &[]);
    let page = gateway.wait_until("/health", "a refusal", |page| {
        level(page, "broker_refusal").is_some()
    });
    assert_eq!(level(&page, "broker_refusal").unwrap(), "fail");
    assert!(page.contains("Group authorization failed"), "{page}");
    assert!(!is_ready(&gateway));
    cluster.clear_request_errors(RDKafkaApiKey::JoinGroup);
    joined(&gateway);
    gateway.wait_until("/readyz", "200", |page| page.starts_with("HTTP/1.1 200"));
    assert_eq!(level(&gateway.get("/health"), "broker_refusal"), None);
}

#[test]
fn old_records_of_which_none_decodes_never_pass() {
    let cluster = cluster();
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .create()
        .unwrap();
    for _ in 0..30 {
        let record = BaseRecord::<(), _>::to(TOPIC).payload("no frame");
        producer.send(record).unwrap();
    }
    producer.flush(Timeout::Never).unwrap();
    let gateway = gateway(&cluster, &[("KAFKA_LAG_CHECK_INTERVAL_SECS", "1")]);
    let page = gateway.wait_until("/health", "thirty records", |page| {
        health(page)["metrics"]["kafka_messages_received"] == 30
    });
    assert_eq!(health(&page)["metrics"]["old_data_decode_errors"], 30);
    assert_eq!(level(&page, "nothing_processed").as_deref(), Some("fail"));
    assert_eq!(level(&page, "old_data_errors").as_deref(), Some("warn"));
    assert_eq!(level(&page, "decode_errors"), None, "they are not live");
    assert!(!is_ready(&gateway));
    // The ends of the log are asked for, and that is counted.
    gateway.wait_until("/metrics", "a poll", |page| {
        let count = "websocket_kafka_lag_poll_duration_seconds_count{status=\"success\"} ";
        page.lines()
            .filter_map(|line| line.strip_prefix(count))
            .any(|count| count.trim() != "0")
    });
}
