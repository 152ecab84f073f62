//! What the command prints.

use std::collections::BTreeMap;
use std::fs::{self};
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use dashstream::codec::v1::attribute_value::Value as Chosen;
use dashstream::codec::v1::{self, AttributeValue, Event, EventType, StateDiff};
use dashstream::codec::{EncodeOptions, Encoder, Message};

use crate::setup::*;

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

/// The last hash of a run is checked too, although no time passes behind it.
#[test]
fn a_run_whose_last_hash_is_wrong_waits_for_a_full_state() {
    let header = |sequence| {
        Some(v1::Header {
            thread_id: "t".to_owned(),
            sequence,
            ..v1::Header::default()
        })
    };
    // SHA-256 of `{}`.
    const RIGHT: [u8; 32] = [
        0x44, 0x13, 0x6f, 0xa3, 0x55, 0xb3, 0x67, 0x8a, 0x11, 0x46, 0xad, 0x16, 0xf7, 0xe8, 0x64,
        0x9e, 0x94, 0xfb, 0x4f, 0xc2, 0x1f, 0xe7, 0x7e, 0x83, 0x10, 0xc0, 0x60, 0xf6, 0x1c, 0xaa,
        0xff, 0x8a,
    ];
    let full = Message::StateDiff(StateDiff {
        header: header(1),
        full_state: b"{}".to_vec().into(),
        state_hash: RIGHT.to_vec().into(),
        ..StateDiff::default()
    });
    // Without operations, so that the state stays.
    let wrong = Message::StateDiff(StateDiff {
        header: header(2),
        state_hash: vec![7; 32].into(),
        ..StateDiff::default()
    });
    let mut encoder = Encoder::new(EncodeOptions::new());
    let mut capture = String::new();
    for (offset, mut message) in (0..).zip([full, wrong]) {
        let value = base64::engine::general_purpose::STANDARD
            .encode(encoder.encode(&mut message).unwrap().record);
        let at = 1_000 + offset;
        capture += &format!(
            "{{\"partition\":0,\"offset\":{offset},\"timestamp_ms\":{at},\"key\":null,\"value\":\"{value}\"}}\n"
        );
    }
    let path = file("wrong-hash.jsonl", capture.as_bytes());
    let args = ["replay", "--capture", path.to_str().unwrap()];
    let (replayed, code) = json("127.0.0.1:1", &args);
    assert_eq!(
        (&replayed[1]["needs_resync"], code),
        (&"hash_mismatch".into(), Some(1)),
        "{replayed:?}"
    );
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
    const TUTORIAL: &str = include_str!("../../docs/dead-letters.md");
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
