//! What is configured by variables, and that a default that is written out changes nothing.
#![cfg(feature = "kafka")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use dashstream::kafka::dlq::{Disclosure, LetterFormat};
use dashstream::policy::{Archiving, Mode, NullPayload, Scope};
use dashstream::{Given, VARIABLES};
use dashstream_testkit::frozen::{Frozen, check};

fn with(vars: &[(&str, &str)]) -> Result<Given, String> {
    let given = Given::read(|row| {
        let found = vars.iter().find(|(name, _)| *name == row.name);
        found.map(|(_, value)| (*value).to_owned())
    });
    given.map_err(|error| error.to_string())
}

/// What is built from variables, as text.
fn built(vars: &[(&str, &str)]) -> String {
    let given = with(vars).unwrap();
    let brokers = given.get("KAFKA_BROKERS").unwrap_or("127.0.0.1:9092");
    let config = given.kafka(brokers).unwrap();
    format!("{config:?} {:?}", given.policy())
}

#[test]
fn the_variables_and_their_defaults_are_frozen() {
    let mut lines = Vec::new();
    for row in VARIABLES {
        let is_built =
            row.client.is_some() || row.goes.contains("kafka") || row.goes.contains("policy");
        if !is_built {
            continue;
        }
        let name = row.name;
        let default = DEFAULTS.iter().find(|(known, _)| *known == name);
        let Some((_, default)) = default else {
            // No word means what an unset one does: the client library decides.
            lines.push(format!("{name} unset"));
            continue;
        };
        // The grace counts only where timestamps do.
        for timestamps in ["false", "true"] {
            let mut others = vec![("KAFKA_OLD_DATA_USE_TIMESTAMP", timestamps)];
            others.retain(|(other, _)| *other != name);
            let without = built(&others);
            others.push((name, default));
            assert_eq!(built(&others), without, "{name}={default}");
        }
        lines.push(format!("{name} {default}"));
    }
    lines.sort();
    check(
        &Frozen {
            manifest_dir: env!("CARGO_MANIFEST_DIR"),
            file: "tests/frozen/variables.txt",
            about: "The variables that a configuration is read from, with their defaults.",
            test: "-p dashstream frozen",
        },
        &lines,
    );
}

#[test]
fn the_policy_is_read_whatever_its_case_and_a_misspelt_one_is_an_error() {
    let default = dashstream::policy::Config::default();
    assert_eq!(with(&[]).unwrap().policy(), default);
    let given = with(&[
        ("KAFKA_ON_DECODE_ERROR", " Pause "),
        ("KAFKA_PAUSE_SCOPE", "partition"),
        ("KAFKA_ARCHIVE", "required"),
        ("KAFKA_ARCHIVE_ACCEPT_REDUCED", "true"),
        ("KAFKA_NULL_PAYLOAD", "ignore"),
    ]);
    assert_eq!(
        given.unwrap().policy(),
        default
            .mode(Mode::Pause)
            .scope(Scope::Partition)
            .archiving(Archiving::Required)
            .accept_reduced(true)
            .null_payload(NullPayload::Ignore)
    );
    assert_eq!(
        with(&[("KAFKA_ON_DECODE_ERROR", "paus")]).unwrap_err(),
        "KAFKA_ON_DECODE_ERROR must be one of: skip, pause"
    );
}

#[test]
fn a_topic_that_kafka_would_refuse_is_named_by_its_variable() {
    for (vars, says) in [
        (&[("KAFKA_TOPIC", "a b")][..], "KAFKA_TOPIC is not a legal"),
        (
            &[("KAFKA_DLQ_TOPIC", "a/b")],
            "KAFKA_DLQ_TOPIC is not a legal",
        ),
        (
            &[("KAFKA_TOPIC", "t"), ("KAFKA_DLQ_TOPIC", "t")],
            "the consumed topic itself",
        ),
    ] {
        let why = with(vars).unwrap().kafka("b:1").unwrap_err().to_string();
        assert!(why.contains(says), "{why}");
    }
}

#[test]
fn letters_stay_what_they_are_unless_another_format_is_named() {
    for (format, letters, without) in [
        ("", LetterFormat::Versioned, Disclosure::Truncated),
        ("record", LetterFormat::Record, Disclosure::Hashed),
        ("library", LetterFormat::Library, Disclosure::Truncated),
        ("server", LetterFormat::Server, Disclosure::Truncated),
    ] {
        for (full, disclosure) in [("0", without), ("1", Disclosure::Full)] {
            let vars = [
                ("KAFKA_DLQ_FORMAT", format),
                ("DLQ_INCLUDE_FULL_PAYLOAD", full),
            ];
            let config = with(&vars).unwrap().kafka("b:1").unwrap();
            assert_eq!(config.letters_format(), letters);
            assert_eq!(config.disclosed(), disclosure, "{format}");
        }
    }
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let empty = [("KAFKA_TOPIC", " "), ("MAX_CONCURRENT_DLQ_SENDS", "")];
    assert_eq!(built(&empty), built(&[]));
}

const DEFAULTS: &[(&str, &str)] = &[
    ("DLQ_INCLUDE_FULL_PAYLOAD", "false"),
    ("DLQ_SEND_TIMEOUT_SECS", "5"),
    ("KAFKA_ARCHIVE", "best_effort"),
    ("KAFKA_ARCHIVE_ACCEPT_REDUCED", "false"),
    ("KAFKA_AUTO_OFFSET_RESET", "earliest"),
    ("KAFKA_BROKERS", "127.0.0.1:9092"),
    ("KAFKA_DLQ_FORMAT", "versioned"),
    ("KAFKA_DLQ_TOPIC", "dashstream-quality-dlq"),
    ("KAFKA_GROUP_ID", "websocket-server-v4"),
    ("KAFKA_LAG_CHECK_INTERVAL_SECS", "10"),
    ("KAFKA_LAG_STALE_PARTITION_SECS", "60"),
    ("KAFKA_NULL_PAYLOAD", "unprocessable"),
    ("KAFKA_OLD_DATA_GRACE_SECONDS", "30"),
    ("KAFKA_OLD_DATA_USE_TIMESTAMP", "false"),
    ("KAFKA_ON_DECODE_ERROR", "skip"),
    ("KAFKA_PAUSE_SCOPE", "consumer"),
    ("KAFKA_TOPIC", "dashstream-quality"),
    ("MAX_CONCURRENT_DLQ_SENDS", "100"),
];
