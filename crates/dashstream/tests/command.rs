//! The command `dashstream`: its exit codes by table, and the tutorial's commands with what they print.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic: that is how it fails")]

use core::time::Duration;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use dashstream_dlq::{Disclosure, KafkaRecord, LetterFormat, RejectedRecord};
use dashstream_kafka::Embedded;
use dashstream_policy::{Cause, Form};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

fn dashstream(brokers: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dashstream"));
    command.env("KAFKA_BROKERS", brokers).args(args);
    command
}

fn run(brokers: &str, args: &[&str]) -> Output {
    dashstream(brokers, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A file of this test alone.
fn file(name: &str, content: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path
}

/// A topic with three records that a consumer has rejected, and their letters: two have the record, the
/// third only names it.
fn poisoned() -> Embedded {
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

#[test]
fn every_way_to_end_has_its_code() {
    let cluster = poisoned();
    let none = "127.0.0.1:1";
    let refused = file("refused.bin", b"{\"not\": \"a frame\"}");
    let malformed = file("malformed.properties", b"# a comment\nsasl.mechanism\n");
    let [refused, malformed] = [&refused, &malformed].map(|path| path.to_str().unwrap());
    let there = cluster.brokers();
    let cases: [(&str, &[&str], i32, &str); 20] = [
        (none, &["--help"], 0, ""),
        (none, &["completions", "bash"], 0, ""),
        (there, &["dlq", "list", "events-dlq"], 0, ""),
        (none, &["inspect", "--file", refused], 1, ""),
        (none, &["decode", "--file", refused], 1, ""),
        (there, &["dlq", "show", "events", "0:0"], 1, ""),
        (none, &[], 2, "Usage"),
        (none, &["dlq", "redrive", "events-dlq"], 2, "--name"),
        (none, &["dlq", "show", "events-dlq", "0"], 2, "such as 0:42"),
        (none, &["dlq", "list", "a b"], 2, "legal topic name"),
        (
            there,
            &["dlq", "redrive", "events-dlq", "--name", "a b"],
            2,
            "1 to 100",
        ),
        (
            there,
            &["dlq", "list", "t", "--from", "yesterday"],
            2,
            "such as 2026",
        ),
        (
            there,
            &["--client-config", malformed, "dlq", "list", "t"],
            2,
            "line 2",
        ),
        (none, &["inspect", "--file", "/nowhere"], 3, "/nowhere"),
        (there, &["dlq", "list", "missing-dlq"], 3, "does not exist"),
        (
            there,
            &["dlq", "show", "events-dlq", "0:3"],
            3,
            "no record at 0:3",
        ),
        (
            there,
            &["dlq", "show", "events-dlq", "7:0"],
            3,
            "no record at 7:0",
        ),
        (none, &["dlq", "list", "events-dlq"], 5, "failed"),
        (
            there,
            &["why", "events", "0:0", "--group", "billing"],
            0,
            "",
        ),
        (
            there,
            &["why", "events", "0:3", "--group", "billing"],
            3,
            "no record at 0:3",
        ),
    ];
    for (brokers, args, code, words) in cases {
        let ended = run(brokers, args);
        let told = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(code), "{args:?}: {told}");
        assert!(told.contains(words), "{args:?}: {told}");
        assert_eq!(told.is_empty(), words.is_empty(), "{args:?}: {told}");
    }
    for args in [&["--help"][..], &["dlq", "list", "events-dlq"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = dashstream(there, args);
        let ended = command
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(6), "{args:?}");
        assert!(
            text(&ended.stderr).contains("could not be written"),
            "{args:?}"
        );
        let mut command = dashstream(there, args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(
            (ended.status.code(), text(&ended.stderr)),
            (Some(0), String::new()),
            "{args:?}"
        );
    }
}

#[test]
fn what_became_of_a_record_is_told_for_the_group_that_is_asked_about() {
    let cluster = poisoned();
    let state = |place: &str, group: &str| {
        let args = ["--json", "why", "events", place, "--group", group];
        let told = text(&run(cluster.brokers(), &args).stdout);
        let last: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
        (
            last["state"].as_str().unwrap().to_owned(),
            last["letters"].as_u64().unwrap(),
        )
    };
    assert_eq!(state("0:1", "billing"), ("rejected".to_owned(), 1));
    assert_eq!(state("0:2", "billing"), ("waiting".to_owned(), 1));
    assert_eq!(state("0:1", "another"), ("uncommitted".to_owned(), 0));
}

#[test]
fn every_line_is_an_object_where_json_is_asked_for() {
    let cluster = poisoned();
    for args in [
        &["dlq", "list", "events-dlq"][..],
        &["dlq", "show", "events-dlq", "0:1"],
        &["dlq", "redrive", "events-dlq", "--dry-run"],
        &["inspect", "events", "0:1"],
    ] {
        let ended = run(cluster.brokers(), &[&["--json"], args].concat());
        let lines = text(&ended.stdout);
        assert!(!lines.is_empty(), "{args:?} {}", text(&ended.stderr));
        for line in lines.lines() {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(value.is_object(), "{line}");
        }
    }
}

/// Each command of the tutorial is run, and prints what stands there.
#[test]
fn the_tutorial_says_what_happens() {
    const TUTORIAL: &str = include_str!("../docs/dead-letters.md");
    let cluster = poisoned();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    fs::create_dir_all(&folder).unwrap();
    let (mut written, mut happened) = (String::new(), String::new());
    for block in TUTORIAL.split("```console\n").skip(1) {
        let (block, _) = block.split_once("```").unwrap();
        for command in block.split("$ ").skip(1) {
            let (line, expected) = command.split_once('\n').unwrap();
            let mut shell = Command::new("sh");
            let bin = PathBuf::from(env!("CARGO_BIN_EXE_dashstream"));
            let path =
                std::env::join_paths([bin.parent().unwrap(), "/usr/bin".as_ref(), "/bin".as_ref()]);
            shell
                .env("PATH", path.unwrap())
                .env("KAFKA_BROKERS", cluster.brokers());
            let ended = shell
                .args(["-c", line])
                .current_dir(&folder)
                .output()
                .unwrap();
            let printed = text(&ended.stdout) + &text(&ended.stderr);
            written += &format!("$ {line}\n{}\n", expected.trim_end());
            happened += &format!("$ {line}\n{}\n", printed.trim_end());
        }
    }
    assert!(written.contains("dlq redrive"), "it has commands");
    assert_eq!(happened, written, "it happened:\n{happened}");
}
