//! No family is on the page for show: each moves when what it tells of happens.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits for another process"
)]

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use dashstream::codec::v1::dash_stream_message::Message;
use dashstream::codec::v1::{
    Checkpoint, CompressionInfo, CompressionType, Header, MessageType, StateDiff,
};
use dashstream::codec::{EncodeOptions, Encoder};
use rdkafka::ClientConfig;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::util::Timeout;

use crate::support::Running;

type Cluster = MockCluster<'static, DefaultProducerContext>;

const TOPIC: &str = "dashstream-quality";

/// What does not move here, and why.
const STILL: &[(&str, &str)] = &[
    ("process_start_time_seconds", "it is when it began"),
    ("dashstream_build_info", "it is what was built"),
    (
        "dashstream_held_record_loss_seconds",
        "this broker tells no retention",
    ),
    ("dashstream_self_scrape_differences", "a defect moves it"),
    (
        "dashstream_unowned_records",
        "the one member owns every partition",
    ),
    (
        "dashstream_window_misfits_total",
        "it takes a clock that jumps",
    ),
    (
        "dashstream_window_torn_readings_total",
        "it takes a reader that sleeps for a minute",
    ),
];

#[test]
fn every_family_of_the_page_moves_when_its_cause_comes() {
    let topic = Topic::new();
    let fail = |api, error| topic.cluster.request_errors(api, &[error; 50]);
    topic.send_what_moves();
    // Letters are refused for a while, and so is the group.
    fail(
        RDKafkaApiKey::Produce,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    );
    fail(
        RDKafkaApiKey::JoinGroup,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
    );
    let brokers = topic.cluster.bootstrap_servers();
    let start = |group, more: &[&str], null| {
        let own = [
            "--brokers",
            &brokers,
            "--group",
            group,
            "--archive",
            "required",
        ];
        Running::start(
            &[&own, more].concat(),
            &[
                ("KAFKA_NULL_PAYLOAD", null),
                ("KAFKA_LAG_CHECK_INTERVAL_SECS", "1"),
                ("DLQ_SEND_TIMEOUT_SECS", "1"),
            ],
        )
    };
    let gateway = start("skips", &[], "ignore");
    let mut moved = Moved::default();
    moved.watch(&gateway, |still| {
        !still.contains("dashstream_broker_refusal_age_seconds")
    });
    topic.cluster.clear_request_errors(RDKafkaApiKey::JoinGroup);
    moved.watch(&gateway, |still| {
        !still.contains("websocket_dlq_send_failures_total")
    });
    topic.cluster.clear_request_errors(RDKafkaApiKey::Produce);
    // What is counted apart for records from before the start.
    topic.send_what_moves();
    moved.watch(&gateway, |still| {
        !still.contains("websocket_decode_errors_total")
    });
    topic.cluster.broker_down(-1).unwrap();
    moved.watch(&gateway, |still| {
        !still.contains("websocket_kafka_lag_poll_failures_total")
    });
    topic.cluster.broker_up(-1).unwrap();
    let waived: BTreeSet<&str> = STILL.iter().map(|(name, _)| *name).collect();
    let all = |still: &BTreeSet<String>| still.iter().all(|name| waived.contains(name.as_str()));
    // Another group holds at the record without a value, which the first ignores.
    let holds = start("holds", &["--on-unprocessable", "pause"], "unprocessable");
    moved.watch(&holds, all);
    let mut still = moved.still();
    still.retain(|name| !waived.contains(name.as_str()));
    assert_eq!(still, BTreeSet::new());
    assert!(moved.moved.len() > 40, "{:?}", moved.moved);
}

/// The families, and which of them have a series whose number has changed, or that came with one.
#[derive(Default)]
struct Moved {
    families: BTreeSet<String>,
    moved: BTreeSet<String>,
}

impl Moved {
    /// Reads the page until `enough` is true of the families that have not moved, or for a minute.
    fn watch(&mut self, gateway: &Running, enough: impl Fn(&BTreeSet<String>) -> bool) {
        let begun = Instant::now();
        let first = families(&gateway.get("/metrics"));
        self.families.extend(first.keys().cloned());
        while !enough(&self.still()) && begun.elapsed() < Duration::from_secs(60) {
            for (family, samples) in families(&gateway.get("/metrics")) {
                let before = first.get(&family);
                let has_moved = |(series, number): (&String, &String)| {
                    let before = before.and_then(|samples| samples.get(series));
                    number != "NaN" && before.map_or("0", String::as_str) != number
                };
                if samples.iter().any(has_moved) {
                    self.moved.insert(family);
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn still(&self) -> BTreeSet<String> {
        self.families.difference(&self.moved).cloned().collect()
    }
}

/// The numbers of a page by family and series.
fn families(page: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let sections = page.split("# TYPE ").skip(1);
    let family = |section: &str| {
        let (head, samples) = section.split_once('\n').unwrap();
        let samples = samples.lines().filter_map(|line| line.rsplit_once(' '));
        let samples = samples.map(|(series, number)| (series.to_owned(), number.to_owned()));
        (
            head.split_once(' ').unwrap().0.to_owned(),
            samples.collect(),
        )
    };
    sections.map(family).collect()
}

struct Topic {
    cluster: Cluster,
    producer: BaseProducer,
}

impl Topic {
    fn new() -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in [TOPIC, "dashstream-quality-dlq"] {
            cluster.create_topic(topic, 1, 1).unwrap();
        }
        let brokers = cluster.bootstrap_servers();
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .create();
        Self {
            cluster,
            producer: producer.unwrap(),
        }
    }

    /// Records of every kind that a family tells of.
    fn send_what_moves(&self) {
        // A record that is read before the hold, behind which a lag stays.
        self.send(diff("first", 1, Duration::ZERO, "{}"));
        let null = BaseRecord::<(), [u8]>::to(TOPIC);
        self.producer.send(null).unwrap();
        let now = Duration::ZERO;
        self.send(diff("from a clock ahead", 1, Duration::from_secs(600), ""));
        self.send(diff("again", 1, now, "{}"));
        self.send(diff("again", 1, now, "{}"));
        self.send(diff("left out", 1, now, "{}"));
        self.send(diff("left out", 3, now, ""));
        self.send(diff("late", 1, now, "{}"));
        let late = diff("late", 3, now, "");
        self.send(diff("late", 5, now, "{}"));
        self.send(late);
        // A zstd frame that would be 64 MiB.
        let state = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 4, 1, 0, 0];
        self.send(Message::Checkpoint(Checkpoint {
            header: Some(header("of its own", 1, now)),
            checkpoint_id: vec![7; 16].into(),
            state: state.to_vec().into(),
            compression_info: Some(CompressionInfo {
                r#type: CompressionType::Zstd.into(),
                ..CompressionInfo::default()
            }),
            ..Checkpoint::default()
        }));
        let poison = BaseRecord::<(), _>::to(TOPIC).payload("no frame");
        self.producer.send(poison).unwrap();
        self.send(diff("behind it", 1, now, "{}"));
        self.producer.flush(Timeout::Never).unwrap();
    }

    fn send(&self, mut message: Message) {
        let mut encoder = Encoder::new(EncodeOptions::new());
        let record = encoder.encode(&mut message).unwrap().record.to_vec();
        let record = BaseRecord::<(), _>::to(TOPIC).payload(&record);
        self.producer.send(record).unwrap();
    }
}

/// A diff of nothing, or a full state.
fn diff(thread: &str, sequence: u64, ahead: Duration, state: &'static str) -> Message {
    Message::StateDiff(StateDiff {
        header: Some(header(thread, sequence, ahead)),
        full_state: state.into(),
        ..StateDiff::default()
    })
}

/// A header that is stamped by a clock so far ahead.
fn header(thread: &str, sequence: u64, ahead: Duration) -> Header {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Header {
        message_id: vec![u8::try_from(sequence).unwrap(); 16].into(),
        timestamp_us: now.saturating_add(ahead).as_micros().try_into().unwrap(),
        tenant_id: "demo".into(),
        thread_id: thread.into(),
        sequence,
        r#type: MessageType::StateDiff.into(),
        schema_version: 1,
        ..Header::default()
    }
}
