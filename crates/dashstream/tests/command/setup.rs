//! A run of the command, and a topic with letters.

use core::time::Duration;
use std::fs::{self};
use std::path::PathBuf;
use std::process::{Command, Output};

use dashstream_dlq::{Disclosure, KafkaRecord, LetterFormat, RejectedRecord};
use dashstream_kafka::Embedded;
use dashstream_policy::{Cause, Form};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

pub(crate) fn dashstream(brokers: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dashstream"));
    command.env("KAFKA_BROKERS", brokers).args(args);
    command.env_remove("DASHSTREAM_OPERATOR_TOKEN");
    command
}

pub(crate) fn run(brokers: &str, args: &[&str]) -> Output {
    dashstream(brokers, args).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file of this test alone.
pub(crate) fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

/// The lines of a command that prints JSON, and its exit code.
pub(crate) fn json(brokers: &str, args: &[&str]) -> (Vec<serde_json::Value>, Option<i32>) {
    let ended = run(brokers, &[&["--json"], args].concat());
    let lines = text(&ended.stdout);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), ended.status.code())
}

pub(crate) const CAPTURE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/capture.jsonl");

/// A topic with three records that a consumer has rejected, and their letters: two have the record, the
/// third only names it.
pub(crate) fn poisoned() -> Embedded {
    let cluster = Embedded::start().unwrap();
    for topic in ["events", "events-dlq", "events-dlq-redriven"] {
        cluster.create_topic(topic, 1).unwrap();
    }
    let client: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster.brokers())
        .set("max.in.flight", "1")
        .create()
        .unwrap();
    let produce = |topic, record: &KafkaRecord| {
        let mut sent = BaseRecord::<[u8], [u8]>::to(topic).partition(0);
        (sent.key, sent.payload) = (record.key.as_deref(), record.value.as_deref());
        sent.timestamp = record.timestamp_ms;
        let headers = record.headers.iter();
        sent.headers = Some(headers.fold(OwnedHeaders::new(), |all, (key, value)| {
            let value = value.as_deref();
            all.insert(Header { key, value })
        }));
        client.send(sent).map_err(|(error, _)| error).unwrap();
        client.flush(Duration::from_secs(10)).unwrap();
    };
    let causes = [
        (
            0,
            Cause::BadFrame,
            Disclosure::Full,
            &b"{\"not\": \"a frame\"}"[..],
        ),
        (1, Cause::Truncated, Disclosure::Full, b"\x00\x0a\x20\x0a"),
        (2, Cause::Empty, Disclosure::Hashed, b""),
    ];
    for (offset, cause, disclosure, value) in causes {
        let source = KafkaRecord {
            key: Some(format!("thread-{offset}").into()),
            value: Some(value.to_vec().into()),
            headers: vec![("traceparent".into(), Some("00-ab-cd-01".into()))],
            timestamp_ms: Some(1_764_500_000_000),
        };
        produce("events", &source);
        let at = Duration::from_secs(1_764_500_001);
        let mut rejected = RejectedRecord::new("events", 0, offset, Some(value), cause, at, "id");
        (rejected.key, rejected.headers) = (source.key.as_deref(), &source.headers);
        (rejected.group, rejected.timestamp_ms) = ("billing", source.timestamp_ms);
        let letter = rejected.encode(LetterFormat::Record, disclosure, Form::Full, 100_000);
        let letter = letter.unwrap();
        let own = |(name, value): (&str, Option<&[u8]>)| {
            (name.into(), value.map(|value| value.to_vec().into()))
        };
        let letter = KafkaRecord {
            key: letter.key().map(|key| key.to_vec().into()),
            value: letter.value().map(|value| value.to_vec().into()),
            headers: letter.headers().map(own).collect(),
            timestamp_ms: letter.timestamp_ms(),
        };
        produce("events-dlq", &letter);
    }
    // The group has passed the first two.
    let group: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.brokers())
        .set("group.id", "billing")
        .create()
        .unwrap();
    let mut passed = TopicPartitionList::new();
    passed
        .add_partition_offset("events", 0, Offset::Offset(2))
        .unwrap();
    group.commit(&passed, CommitMode::Sync).unwrap();
    cluster
}

pub(crate) const CATALOGUE: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/artefacts/alerts.yml"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/artefacts/dashboard.json"),
];
