//! What the pages say after each way in which the archive can fail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::thread;

use crate::support::Running;
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::util::Timeout;

type Cluster = MockCluster<'static, DefaultProducerContext>;

/// What the broker answers to every write, how many sends may be out at once, and the reason that
/// the operator is to read.
const FAULTS: [(RDKafkaRespErr, &str, &str); 5] = [
    // Retried until the time for the send is over.
    (
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        "100",
        "timeout",
    ),
    (
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        "1",
        "backpressure",
    ),
    (
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
        "100",
        "kafka_error",
    ),
    (
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
        "100",
        "kafka_error",
    ),
    (
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
        "100",
        "kafka_error",
    ),
];

#[test]
fn after_each_archive_fault_the_scraped_reasons_are_exactly_three() {
    thread::scope(|scope| {
        for (answer, in_flight, reason) in FAULTS {
            scope.spawn(move || {
                let counts = scrape_after(answer, in_flight, reason);
                let labels: Vec<&str> = counts.keys().map(String::as_str).collect();
                assert_eq!(
                    labels,
                    ["backpressure", "kafka_error", "timeout"],
                    "{answer:?}"
                );
                assert!(counts[reason] > 0, "{answer:?}: {counts:?}");
                if reason == "kafka_error" {
                    assert_eq!(
                        (counts["timeout"], counts["backpressure"]),
                        (0, 0),
                        "{answer:?}"
                    );
                }
            });
        }
    });
}

/// Every value of `reason` that failed sends are counted under, once `reason` has been counted.
fn scrape_after(answer: RDKafkaRespErr, in_flight: &str, reason: &str) -> BTreeMap<String, u64> {
    let cluster = poisoned();
    cluster.request_errors(RDKafkaApiKey::Produce, &[answer; REFUSED_WRITES]);
    let brokers = cluster.bootstrap_servers();
    let gateway = Running::start(
        &["--brokers", &brokers, "--group", "g"],
        &[
            ("MAX_CONCURRENT_DLQ_SENDS", in_flight),
            ("DLQ_SEND_TIMEOUT_SECS", "1"),
        ],
    );
    let page = gateway.wait_until("/metrics", reason, |page| {
        reasons(page).get(reason).is_some_and(|count| *count > 0)
    });
    reasons(&page)
}

/// The counters of failed sends in an exposition, by reason.
fn reasons(page: &str) -> BTreeMap<String, u64> {
    let failures = page.lines().filter_map(|line| {
        let labels = line.strip_prefix("websocket_dlq_send_failures_total{")?;
        let (labels, count) = labels.split_once("} ")?;
        let reason = labels.strip_prefix("reason=\"")?.strip_suffix('"')?;
        Some((reason.to_owned(), count.parse().unwrap()))
    });
    failures.collect()
}

/// A cluster whose topic holds only records that cannot be processed.
fn poisoned() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    cluster.create_topic(ARCHIVE, 1, 1).unwrap();
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .create()
        .unwrap();
    for _ in 0..POISONS {
        let record = BaseRecord::<(), _>::to(TOPIC).payload("no frame");
        producer.send(record).unwrap();
    }
    producer.flush(Timeout::Never).unwrap();
    cluster
}

const TOPIC: &str = "dashstream-quality";
const ARCHIVE: &str = "dashstream-quality-dlq";
const POISONS: usize = 20;

/// More than the client can retry within a test.
const REFUSED_WRITES: usize = 10_000;
