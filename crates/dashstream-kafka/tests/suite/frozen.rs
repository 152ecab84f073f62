//! What others rely on stays as it is: codes, where dead letters go and under which id, crash marks.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use dashstream_kafka::policy::{self, Cause};
use dashstream_kafka::{
    Config, CrashMark, CrashMarker as _, CrashMarks, MarkerFile, Suspect, policy_from_vars,
};
use dashstream_testkit::frozen::{Frozen, check, names};

use crate::support::host::{Host, POISON, run};
use crate::support::{Broker, unique, within};

fn file<'a>(file: &'a str, about: &'a str) -> Frozen<'a> {
    Frozen {
        manifest_dir: env!("CARGO_MANIFEST_DIR"),
        file,
        about,
        test: "-p dashstream-kafka frozen",
    }
}

#[test]
fn the_codes_of_errors_are_frozen() {
    check(
        &file(
            "tests/frozen/names.txt",
            "The codes of errors and findings, which hosts match, log and count.",
        ),
        &names(env!("CARGO_MANIFEST_DIR"), &["code"]),
    );
}

/// As an archive shows it: the topic's name, and the id made from where the record stood.
#[test]
fn the_archive_topic_and_the_trace_ids_are_frozen() {
    within(Duration::from_secs(90), || {
        let broker = Broker::embedded();
        broker.create("events", 2, &[]);
        broker.create("events-dlq", 1, &[]);
        broker.append("events", 0, &[Some(POISON), Some("good"), Some(POISON)]);
        broker.append("events", 1, &[Some(POISON)]);
        let config = Config::new(broker.list(), "events", "group").unwrap();
        run(async {
            let mut host = Host::start(config, policy::Config::default()).await;
            let judged = host.judge(4, Duration::from_secs(20), Cause::DecodeError);
            assert_eq!(judged.await.len(), 4);
            let closing = host.shutdown().await;
            assert_eq!(closing.unfinished, 0, "{closing:?}");
        });
        let letters = broker.letters("events-dlq");
        let mut lines: Vec<_> = letters
            .iter()
            .map(|letter| {
                let source = &letter.source;
                let (topic, partition) = (source.topic.as_deref(), source.partition);
                let offset = source.offset.unwrap().get();
                let (topic, partition) = (topic.unwrap(), partition.unwrap());
                format!(
                    "events-dlq group {topic}/{partition}@{offset} {}",
                    letter.trace_id
                )
            })
            .collect();
        lines.sort();
        check(
            &file(
                "tests/frozen/trace_ids.txt",
                "The archive topic of a topic, the group, where a record stood, and its trace_id.",
            ),
            &lines,
        );
    });
}

#[test]
fn the_marker_file_is_frozen() {
    let mark = |handed_below, out, suspect| CrashMark {
        handed_below,
        out,
        suspect,
    };
    let suspect = Some(Suspect {
        offset: 7,
        deaths: 2,
    });
    let marks = CrashMarks {
        topic: "topic".to_owned(),
        group: "group".to_owned(),
        partitions: BTreeMap::from([
            (0, mark(Some(1_000), Some(3), suspect)),
            (1, mark(None, None, None)),
            (2, mark(Some(i64::MAX), None, suspect)),
        ]),
    };
    let path = std::env::temp_dir().join(unique("dashstream-frozen-marks"));
    let marker = MarkerFile::new(&path);
    marker.save(&marks).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let loaded = marker.load();
    fs::remove_file(&path).unwrap();
    assert_eq!(loaded, Ok(marks));
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    check(
        &file(
            "tests/frozen/crash_marks.txt",
            "The file of crash marks, line by line, as the next process reads it.",
        ),
        &lines,
    );
}

/// Every variable that is asked for, and that its default, written out, changes nothing.
#[test]
fn the_variables_and_their_defaults_are_frozen() {
    let asked = RefCell::new(BTreeSet::new());
    settings(&|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let known: BTreeMap<_, _> = VARIABLES.iter().copied().collect();
    let mut lines = Vec::new();
    for name in asked.into_inner() {
        let default = known.get(name.as_str());
        let default =
            default.unwrap_or_else(|| panic!("{name} is new: add it to VARIABLES in {}", file!()));
        let Some(default) = default else {
            // No word means what an unset one does: the client library decides.
            lines.push(format!("{name} unset"));
            continue;
        };
        // The grace counts only where timestamps do.
        for timestamps in ["false", "true"] {
            let others = |asked: &str| {
                let is_meant = asked == "KAFKA_OLD_DATA_USE_TIMESTAMP" && asked != name;
                is_meant.then(|| timestamps.to_owned())
            };
            let with = |asked: &str| (asked == name).then(|| (*default).to_owned());
            assert_eq!(
                settings(&|asked| with(asked).or_else(|| others(asked))),
                settings(&others),
                "{name}={default} is not what an unset one means"
            );
        }
        lines.push(format!("{name} {default}"));
    }
    check(
        &file(
            "tests/frozen/variables.txt",
            "The variables that a configuration is read from, with their defaults.",
        ),
        &lines,
    );
}

/// What is read from variables, as text.
fn settings(lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let config = Config::from_vars(lookup).unwrap();
    let policy = policy_from_vars(lookup).unwrap();
    format!("{config:?} {policy:?}")
}

const VARIABLES: &[(&str, Option<&str>)] = &[
    ("DLQ_INCLUDE_FULL_PAYLOAD", Some("false")),
    ("DLQ_SEND_TIMEOUT_SECS", Some("5")),
    ("KAFKA_ARCHIVE", Some("best_effort")),
    ("KAFKA_ARCHIVE_ACCEPT_REDUCED", Some("false")),
    ("KAFKA_AUTO_OFFSET_RESET", Some("earliest")),
    ("KAFKA_BROKERS", Some("127.0.0.1:9092")),
    ("KAFKA_BROKER_ADDRESS_FAMILY", None),
    ("KAFKA_DLQ_FORMAT", Some("versioned")),
    ("KAFKA_DLQ_TOPIC", Some("dashstream-quality-dlq")),
    ("KAFKA_GROUP_ID", Some("websocket-server-v4")),
    ("KAFKA_LAG_CHECK_INTERVAL_SECS", Some("10")),
    ("KAFKA_LAG_STALE_PARTITION_SECS", Some("60")),
    ("KAFKA_NULL_PAYLOAD", Some("unprocessable")),
    ("KAFKA_OLD_DATA_GRACE_SECONDS", Some("30")),
    ("KAFKA_OLD_DATA_USE_TIMESTAMP", Some("false")),
    ("KAFKA_ON_DECODE_ERROR", Some("skip")),
    ("KAFKA_PAUSE_SCOPE", Some("consumer")),
    ("KAFKA_SASL_MECHANISM", None),
    ("KAFKA_SASL_PASSWORD", None),
    ("KAFKA_SASL_USERNAME", None),
    ("KAFKA_SECURITY_PROTOCOL", None),
    ("KAFKA_SSL_CA_LOCATION", None),
    ("KAFKA_SSL_CERTIFICATE_LOCATION", None),
    ("KAFKA_SSL_ENDPOINT_ALGORITHM", None),
    ("KAFKA_SSL_KEY_LOCATION", None),
    ("KAFKA_SSL_KEY_PASSWORD", None),
    ("KAFKA_TOPIC", Some("dashstream-quality")),
    ("MAX_CONCURRENT_DLQ_SENDS", Some("100")),
];
