//! What a document is said to hold, against an allocator that counts.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

use dashstream_reducer::patch::{self, Encoded, PatchLimits};
use dashstream_reducer::{Document, ReadLimits};
use dashstream_testkit::alloc::measure;
use dashstream_testkit::rng::SplitMix64;

use self::support::{add, apply, copy, document, operation};

/// Agent states and the dearest of everything else, as text.
fn shapes() -> Vec<(&'static str, String)> {
    let long = "n".repeat(23);
    let words = "The agent reads the plan and writes down what it found. ".repeat(4);
    let message = |at: usize| {
        format!(
            r#"{{"role":"assistant","content":"{words}","id":{at},"tokens":{}}}"#,
            at % 700
        )
    };
    let chat = |many| (0..many).map(message).collect::<Vec<_>>().join(",");
    let many = |one: &str, times: usize| vec![one; times].join(",");
    let names = |times: usize, value: &str| {
        let member = |at| format!(r#""node-{at:05}":{value}"#);
        (0..times).map(member).collect::<Vec<_>>().join(",")
    };
    let tool = r#"{"name":"search","args":{"q":"weather in Paris","k":5},"ok":true,"ms":12.5}"#;
    vec![
        (
            "agent chat",
            format!(r#"{{"messages":[{}],"step":7}}"#, chat(2_000)),
        ),
        ("agent nodes", format!("{{{}}}", names(2_000, tool))),
        (
            "agent small",
            format!(r#"{{"messages":[{}],"step":0}}"#, chat(2)),
        ),
        (
            "agent tools",
            format!(r#"{{"calls":[{}]}}"#, many(tool, 3_000)),
        ),
        ("empty objects", format!("[{}]", many("{}", 3_000))),
        ("empty arrays", format!("[{}]", many("[]", 3_000))),
        ("arrays of one", format!("[{}]", many("[[]]", 3_000))),
        (
            "long names",
            format!("[{}]", many(&format!(r#"{{"{long}":{{}}}}"#), 3_000)),
        ),
        (
            "long strings",
            format!("[{}]", many(&format!("\"{long}\""), 3_000)),
        ),
        ("integers", format!("[{}]", many("1", 30_000))),
        ("floats", format!("[{}]", many("1.25", 30_000))),
        (
            "big integers",
            format!("[{}]", many("123456789012345678901234567890", 3_000)),
        ),
        (
            "escapes",
            format!(
                "[{}]",
                many(
                    r#""\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001""#,
                    3_000
                )
            ),
        ),
        (
            "33 members",
            format!("[{}]", many(&format!("{{{}}}", names(33, "0")), 200)),
        ),
        ("deep", format!("{}{}", "[".repeat(127), "]".repeat(127))),
        ("one string", format!("\"{}\"", "x".repeat(100_000))),
    ]
}

fn counted<T>(make: impl FnOnce() -> T) -> (T, u64) {
    let (made, usage) = measure(make);
    (made, u64::try_from(usage.retained).unwrap())
}

/// Charges are those of a 64-bit target everywhere: a smaller one holds less than it is charged.
fn assert_counted(charged: u64, held: u64, what: &str) {
    if cfg!(target_pointer_width = "64") {
        assert_eq!(charged, held, "{what}");
    } else {
        assert!(held <= charged, "{what}: {held} of {charged}");
    }
}

#[test]
fn what_is_read_is_counted_to_the_byte() {
    for (name, text) in shapes() {
        let (document, held) = counted(|| document(&text));
        assert_counted(document.heap_bytes(), held, name);
        let held = document.heap_bytes();
        // And refused one byte below.
        for (limit, fits) in [(held + 1, true), (held, true), (held - 1, false)] {
            let mut limits = ReadLimits::default();
            limits.heap_bytes = limit;
            let read = Document::from_str(&text, &limits);
            assert_eq!(read.is_ok(), fits, "{name} {limit}");
        }
        let value = serde_json::from_str::<serde_json::Value>(&text).unwrap();
        let (copy, held) =
            counted(|| Document::from_value(&value, &ReadLimits::default()).unwrap());
        assert_counted(copy.heap_bytes(), held, name);
    }
}

/// Edits of all kinds, on documents that nobody shares: never under what is held, and hardly above it.
#[test]
fn what_is_edited_in_place_is_counted() {
    for (name, text) in shapes() {
        let (document, held) = counted(|| {
            let mut document = document(&text);
            let mut rng = SplitMix64::new(9);
            let mut refused = 0_u32;
            for step in 0..600_u64 {
                let value = match rng.below(4) {
                    0 => format!("\"{}\"", "v".repeat(rng.below(60) as usize)),
                    1 => r#"{"a":[1,2,{"b":"some text of more than 22 bytes"}]}"#.to_owned(),
                    2 => step.to_string(),
                    _ => "[]".to_owned(),
                };
                let at = rng.below(40);
                let paths = [
                    format!("/{at}"),
                    "/-".to_owned(),
                    format!("/messages/{at}"),
                    format!("/calls/{at}/args"),
                    format!("/node-{at:05}"),
                    format!("/key-with-a-long-name-{at}"),
                    format!("/{at}/0"),
                ];
                let path = &paths[rng.below(paths.len() as u64) as usize];
                let from = &paths[rng.below(paths.len() as u64) as usize];
                let op = [0, 1, 2, 3][rng.below(4) as usize];
                let edit = operation(op, path, from, value.as_bytes());
                // Some are refused, after a change that is taken back.
                let fails = operation(5, "", "", b"0");
                let patch: &[Encoded<'_>] = if rng.chance(1, 5) {
                    &[edit, fails]
                } else {
                    &[edit]
                };
                refused += u32::from(apply(&mut document, patch).is_err());
            }
            let nothing_fits = matches!(name, "deep" | "one string");
            assert!(nothing_fits || refused < 580, "{name} {refused}");
            document
        });
        let bound = document.heap_bytes();
        assert!(held <= bound, "{name}: {held} of {bound}");
        let near = bound as f64 <= held as f64 * 1.05 + 64.0;
        assert!(
            near || !cfg!(target_pointer_width = "64"),
            "{name}: {held} of {bound}"
        );
    }
}

/// The same while older versions are kept: what one version holds by itself.
#[test]
fn what_is_edited_beside_older_versions_is_counted() {
    for (name, text) in shapes() {
        let mut document = document(&text);
        let mut versions = Vec::new();
        for step in 0..60 {
            versions.push(document.clone());
            let value = step.to_string();
            for path in ["/-", "/messages/0", "/calls/-", "/node-00007/ok", "/new"] {
                let _refused = apply(&mut document, &[add(path, value.as_bytes())]);
            }
        }
        drop(versions);
        let bound = document.heap_bytes();
        let before = document.to_string();
        // What it gives back when it goes.
        let ((), usage) = measure(|| drop(document));
        let held = u64::try_from(-usage.retained).unwrap();
        assert!(held <= bound, "{name}: {held} of {bound}");
        assert!(!before.is_empty());
    }
}

#[test]
fn copies_share_what_they_multiply_and_are_given_little() {
    let mut state = document(r#"{"a":[1,2,3,4,5,6,7,8]}"#);
    let (mut given, mut patches) = (0, 0);
    let ((), usage) = measure(|| {
        for round in 0..14 {
            let path = format!("/c{round}");
            let Ok(applied) = apply(&mut state, &[copy("", &path)]) else {
                break;
            };
            given += applied.given;
            patches += 1;
        }
    });
    assert!(patches >= 14);
    let held = u64::try_from(usage.retained).unwrap();
    assert!(held <= given, "{held} of {given}");
    assert!(given < 64 << 10, "{given}");
    assert!(
        state.heap_bytes() > 20 * given,
        "counted each time, as one text like it would be"
    );
}

#[test]
fn the_last_byte_of_memory_is_allowed_in_a_diff_and_the_next_is_not() {
    let text = format!("\"{}\"", "x".repeat(1_000));
    let state = r#"{"a":null}"#;
    let replace = [operation(2, "/a", "", text.as_bytes())];
    let after = {
        let mut state = document(state);
        let _applied = apply(&mut state, &replace).unwrap();
        state.heap_bytes()
    };
    for (limit, fits) in [(after + 1, true), (after, true), (after - 1, false)] {
        let mut limits = PatchLimits::default();
        limits.state_heap_bytes = limit;
        let mut state = document(state);
        let before = state.clone();
        let applied = patch::apply(&mut state, replace.as_slice().into(), &limits);
        assert_eq!(applied.is_ok(), fits, "{limit}");
        if let Err(error) = applied {
            assert_eq!(error.code(), "heap_too_large");
            assert!(state.is_same(&before));
        }
    }
    // An addition, a copy and a move are held to it as well.
    let mut limits = PatchLimits::default();
    limits.state_heap_bytes = 100_000;
    let mut state = document(&format!(r#"{{"a":{text}}}"#));
    let mut refused = 0;
    for round in 0..200 {
        let path = format!("/c{round}");
        let copy = [copy("/a", &path)];
        let Err(error) = patch::apply(&mut state, copy.as_slice().into(), &limits) else {
            continue;
        };
        assert_eq!(error.code(), "heap_too_large");
        refused += 1;
    }
    assert!(refused > 50 && state.heap_bytes() <= 100_000);
    let add = [add("/z", text.as_bytes())];
    let error = patch::apply(&mut state, add.as_slice().into(), &limits).unwrap_err();
    assert_eq!(error.code(), "heap_too_large");
}

#[test]
fn a_removal_beside_an_older_version_is_given_what_it_copies() {
    for len in 17..60 {
        for at in 0..len {
            let mut state = document("[]");
            for _ in 0..len {
                let _applied = apply(&mut state, &[add("/-", b"1")]).unwrap();
            }
            let before = state.clone();
            let path = format!("/{at}");
            let removal = [operation(1, &path, "", b"")];
            let (applied, usage) = measure(|| apply(&mut state, &removal).unwrap());
            let held = u64::try_from(usage.retained).unwrap();
            let given = applied.given;
            assert!(held <= given, "{at} of {len}: {held} of {given}");
            drop(before);
        }
    }
}
