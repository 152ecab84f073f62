//! The command `dashstream`: its exit codes by table, and the tutorial's commands with what they print.
#![cfg(feature = "cli")]
#![expect(clippy::unwrap_used, reason = "a test may panic: that is how it fails")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use dashstream::codec::v1::attribute_value::Value as Chosen;
use dashstream::codec::v1::{self, AttributeValue, Event, EventType};
use dashstream::codec::{EncodeOptions, Encoder, Message};
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
    command.env_remove("DASHSTREAM_OPERATOR_TOKEN");
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

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/capture.jsonl");
const CATALOGUE: [&str; 2] = [
    concat!(env!("CARGO_MANIFEST_DIR"), "/artefacts/alerts.yml"),
    concat!(env!("CARGO_MANIFEST_DIR"), "/artefacts/dashboard.json"),
];

/// Where a server listens that says this, once.
fn answers_with(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _asked = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    address.to_string()
}

#[test]
fn every_way_to_end_has_its_code() {
    let cluster = poisoned();
    let none = "127.0.0.1:1";
    let refused = file("refused.bin", b"{\"not\": \"a frame\"}");
    let malformed = file("malformed.properties", b"# a comment\nsasl.mechanism\n");
    let capture = file("cut.jsonl", b"{\"partition\":0,\"offset\":0,");
    let rules = file(
        "wrong.yml",
        b"rules:\n  - expr: dashstream_no_such_metric > 1\n",
    );
    let [refused, malformed, capture, rules] =
        [&refused, &malformed, &capture, &rules].map(|path| path.to_str().unwrap());
    let stranger = answers_with("220 a mail server\r\n");
    let silent = answers_with("HTTP/1.1 404 Not Found\r\n\r\n");
    let order = |gateway| {
        let order = ["retry", "0", "--who", "ann", "--why", "a test"];
        let gateway = ["hold", "--gateway", gateway, "--operator-token", TOKEN];
        [&gateway[..], &order[..]].concat()
    };
    let (away, other, off) = (order("127.0.0.1:1"), order(&stranger), order(&silent));
    let there = cluster.brokers();
    let cases: &[(&str, &[&str], i32, &str)] = &[
        (none, &["generate", "alerts"], 0, ""),
        (none, &["lint", CATALOGUE[0], CATALOGUE[1]], 0, ""),
        (none, &["lint", "--partial", rules], 1, ""),
        (none, &["lint", "/nowhere"], 3, "/nowhere"),
        (there, &["record", "events"], 0, ""),
        (there, &["record", "missing"], 3, "does not exist"),
        (there, &["replay", "events"], 1, ""),
        (none, &["replay", "--capture", capture], 2, "line 1"),
        (none, &["inspect", "--capture", capture], 2, "line 1"),
        (none, &["inspect", "--capture", CAPTURE], 1, ""),
        (none, &["decode", "--capture", CAPTURE], 1, ""),
        (
            none,
            &["inspect", "--capture", CAPTURE, "--at", "9:9"],
            3,
            "no record at 9:9",
        ),
        (there, &["shadow", "events", "--group", "billing"], 1, ""),
        (
            there,
            &["shadow", "events", "--group", "biling"],
            3,
            "committed nothing",
        ),
        (
            there,
            &["shadow", "missing", "--group", "billing"],
            3,
            "does not exist",
        ),
        (none, &away, 5, "did not answer"),
        (none, &other, 5, "no gateway"),
        (none, &off, 3, "takes no orders"),
        (
            none,
            &["hold", "--gateway", "nowhere", "list"],
            2,
            "HOST:PORT",
        ),
        (
            none,
            &["hold", "retry", "0", "--who", "ann", "--why", "x"],
            2,
            "--operator-token",
        ),
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
    for &(brokers, args, code, words) in cases {
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

/// The lines of a command that prints JSON, and its exit code.
fn json(brokers: &str, args: &[&str]) -> (Vec<serde_json::Value>, Option<i32>) {
    let ended = run(brokers, &[&["--json"], args].concat());
    let lines = text(&ended.stdout);
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), ended.status.code())
}

/// The capture that is checked in: the good records decode, and the hostile ones are refused by their code.
#[test]
fn a_capture_is_inspected_decoded_and_replayed() {
    let (inspected, code) = json("127.0.0.1:1", &["inspect", "--capture", CAPTURE]);
    assert_eq!((inspected.len(), code), (438, Some(1)));
    let (decoded, _) = json("127.0.0.1:1", &["decode", "--capture", CAPTURE]);
    for (inspected, decoded) in inspected.iter().zip(&decoded) {
        assert_eq!(inspected["record"], decoded["record"]);
        if inspected["accepted"] == true {
            assert_eq!(decoded.as_object().unwrap().len(), 2, "{decoded}");
        } else {
            assert_eq!(inspected, decoded);
        }
    }
    let (replayed, code) = json("127.0.0.1:1", &["replay", "--capture", CAPTURE]);
    let refused: BTreeMap<_, _> = replayed[0]["refused"].as_object().unwrap().iter().collect();
    let sum = refused.values().map(|count| count.as_u64().unwrap());
    assert_eq!((&replayed[0]["records"], code), (&438.into(), Some(1)));
    assert_eq!(sum.sum::<u64>(), 438 - 414, "{refused:?}");
    assert_eq!(
        refused.keys().map(|code| code.as_str()).collect::<Vec<_>>(),
        [
            "bad_varint",
            "block_too_large",
            "declared_too_large",
            "empty_record",
            "missing_header",
            "null_payload",
            "proven_too_large",
            "skippable_frame",
            "too_many_frames",
            "truncated",
            "unknown_frame_byte",
        ]
    );
    let runs = replayed.iter().filter(|line| line["run"].is_string());
    let synced = runs.clone().filter(|run| run["needs_resync"].is_null());
    assert_eq!(replayed[0]["synced"], synced.count());
    assert_eq!(runs.count(), 4);
}

/// A message's fields in JSON: names of the schema, bytes in base64, enums and the chosen value by name.
#[test]
fn a_decoded_message_has_its_fields_in_json() {
    let attribute = |value| AttributeValue { value: Some(value) };
    let message = Message::Event(Event {
        header: Some(v1::Header {
            message_id: vec![1, 2, 3].into(),
            thread_id: "t\u{1b}".to_owned(),
            sequence: u64::MAX,
            ..v1::Header::default()
        }),
        event_type: 1,
        attributes: [
            ("nan".to_owned(), attribute(Chosen::FloatValue(f64::NAN))),
            (
                "text".to_owned(),
                attribute(Chosen::StringValue("x".to_owned())),
            ),
        ]
        .into(),
        ..Event::default()
    });
    let mut encoder = Encoder::new(EncodeOptions::new());
    let record = encoder
        .encode(&mut message.clone())
        .unwrap()
        .record
        .to_vec();
    let path = file("event.bin", &record);
    let (lines, code) = json("127.0.0.1:1", &["decode", "--file", path.to_str().unwrap()]);
    assert_eq!((lines.len(), code), (1, Some(0)));
    let event = &lines[0]["event"];
    assert_eq!(
        event["event_type"],
        EventType::try_from(1).unwrap().as_str_name()
    );
    assert_eq!(event["header"]["message_id"], "AQID");
    assert_eq!(event["header"]["thread_id"], "t\u{1b}");
    assert_eq!(event["header"]["sequence"], u64::MAX);
    let expected =
        serde_json::json!({"nan": {"float_value": "NaN"}, "text": {"string_value": "x"}});
    assert_eq!(event["attributes"], expected);
    assert_eq!(event["duration_us"], 0);
}

/// What is generated is what a consumer decodes, but for what was asked to be refused.
#[test]
fn generated_records_are_replayed_and_one_in_so_many_is_refused() {
    for (bad_every, refused) in [("0", None), ("1", Some(40)), ("10", Some(4)), ("41", None)] {
        let args = [
            "generate",
            "records",
            "--records",
            "40",
            "--bad-every",
            bad_every,
        ];
        let capture = run("127.0.0.1:1", &args).stdout;
        assert_eq!(text(&capture).lines().count(), 40);
        let path = file(&format!("generated-{bad_every}.jsonl"), &capture);
        let args = ["replay", "--capture", path.to_str().unwrap()];
        let (replayed, code) = json("127.0.0.1:1", &args);
        let count = replayed[0]["refused"].get("unknown_frame_byte");
        assert_eq!(
            count.and_then(serde_json::Value::as_u64),
            refused,
            "{bad_every}"
        );
        if bad_every == "0" {
            assert_eq!((&replayed[0]["synced"], code), (&10.into(), Some(0)));
        }
    }
    for (what, path) in [("alerts", CATALOGUE[0]), ("dashboard", CATALOGUE[1])] {
        let generated = run("127.0.0.1:1", &["generate", what]).stdout;
        assert_eq!(text(&generated), fs::read_to_string(path).unwrap());
    }
}

/// What a group has passed and would have been rejected, and nothing that it has not passed; its offset
/// stays where it was.
#[test]
fn a_shadow_lists_what_a_group_passed_and_leaves_it_alone() {
    let cluster = poisoned();
    let shadow = |more: &[&str]| {
        let args = ["shadow", "events", "--group", "billing"];
        json(cluster.brokers(), &[&args[..], more].concat()).0
    };
    let listed = shadow(&[]);
    let records: Vec<_> = listed
        .iter()
        .filter_map(|line| line["record"].as_str())
        .collect();
    let causes: Vec<_> = listed
        .iter()
        .filter_map(|line| line["cause"].as_str())
        .collect();
    assert_eq!(records, ["0:0", "0:1"], "the third is not passed");
    assert_eq!(causes, ["bad_frame", "truncated"]);
    let sum = serde_json::json!({"records": 2, "rejected": 2});
    assert_eq!(listed[2], sum);
    for (last, seen) in [("1", 1), ("2", 2), ("3", 2)] {
        let listed = shadow(&["--last", last]);
        assert_eq!(listed.last().unwrap()["records"], seen, "{last}");
    }
    let args = ["why", "events", "0:2", "--group", "billing"];
    let (why, _) = json(cluster.brokers(), &args);
    assert_eq!(why.last().unwrap()["committed"], 2, "it is where it was");
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
            // On stderr is how far a redrive has come, which depends on the machine.
            assert!(ended.stderr.is_empty() || ended.status.success());
            let printed = text(&ended.stdout);
            written += &format!("$ {line}\n{}\n", expected.trim_end());
            happened += &format!("$ {line}\n{}\n", printed.trim_end());
        }
    }
    assert!(written.contains("dlq redrive"), "it has commands");
    assert_eq!(happened, written, "it happened:\n{happened}");
}

/// Against a broker that knows users; those of `cargo xtask broker-test`.
mod apache {
    mod logins {
        use super::super::*;

        #[test]
        #[ignore = "needs Apache Kafka: cargo xtask broker-test"]
        fn without_a_right_or_with_a_wrong_password_the_code_is_four() {
            #[expect(
                clippy::disallowed_methods,
                reason = "the stage says where users log in"
            )]
            let brokers = std::env::var("DASHSTREAM_TEST_LOGIN").unwrap();
            let login = |user: &str, password: &str| {
                let settings = format!(
                    "security.protocol=sasl_plaintext\nsasl.mechanism=PLAIN\n\
                     sasl.username={user}\nsasl.password={password}\n"
                );
                file(
                    &format!("{user}-{password}.properties"),
                    settings.as_bytes(),
                )
            };
            for (who, args) in [
                (login("reader", "wrong"), &["dlq", "list", "t-dlq"][..]),
                (login("stranger", "secret"), &["dlq", "list", "t-dlq"]),
                (
                    login("stranger", "secret"),
                    &["shadow", "t", "--group", "g"],
                ),
                (
                    login("stranger", "secret"),
                    &["why", "t", "0:0", "--group", "g"],
                ),
                (login("stranger", "secret"), &["record", "t"]),
            ] {
                let who = ["--client-config", who.to_str().unwrap()];
                let ended = run(&brokers, &[&who[..], args].concat());
                let told = text(&ended.stderr);
                assert_eq!(ended.status.code(), Some(4), "{args:?}: {told}");
            }
        }
    }
}
