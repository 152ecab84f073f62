//! Each limit one under, at, and one over, and what a breach costs.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

mod support;

use core::time::Duration;

use dashstream_reducer::patch::{self, Encoded, PatchLimits};
use dashstream_reducer::{
    Document, Outcome, ReadError, ReadLimits, Reducer, ReducerLimits, ResyncReason, Stamp, Update,
    json_len,
};
use dashstream_testkit::alloc::{Usage, measure};

use crate::support::{add, apply, copy, document, operation};

/// A state of about `bytes` bytes: messages, and one nested counter.
fn state_of(bytes: usize) -> Document {
    let message =
        r#"{"role":"user","content":"a message of some length, as they are","tokens":17}"#;
    let messages = vec![message; (bytes / (message.len() + 1)).max(1)].join(",");
    document(&format!(
        r#"{{"messages":[{messages}],"meta":{{"turn":{{"n":0}}}}}}"#
    ))
}

#[test]
fn measuring_a_state_allocates_nothing_stops_early_and_never_answers_less() {
    let value = state_of(1 << 20).to_value();
    let exact = serde_json::to_vec(&value).unwrap().len() as u64;
    let (len, usage) = measure(|| json_len(&value, exact));
    assert_eq!((len, usage), (Some(exact), Usage::default()));
    let (len, usage) = measure(|| json_len(&value, exact - 1));
    assert_eq!((len, usage), (None, Usage::default()));
    assert_eq!(json_len(&value, exact + 1), Some(exact));

    // A text over the limit is refused on its length, whatever it holds, for nothing.
    let mut limits = ReadLimits::default();
    limits.text_bytes = 100;
    for (len, expected) in [(99, true), (100, true), (101, false)] {
        let text = format!("\"{}\"", "x".repeat(len - 2));
        let (result, usage) = measure(|| Document::from_str(&text, &limits));
        assert_eq!(result.is_ok(), expected);
        if !expected {
            assert_eq!(result, Err(ReadError::TextTooLong { limit: 100, len }));
            assert_eq!(usage, Usage::default());
        }
    }
    let mut run = Reducer::new(ReducerLimits::default());
    let huge = vec![b' '; (10 << 20) + 1];
    let (outcome, usage) = measure(|| {
        run.apply(
            Duration::ZERO,
            Stamp::new(1),
            Update::Snapshot {
                state: &huge,
                hash: &[],
            },
        )
    });
    assert_eq!(outcome.code(), "resync");
    assert!(usage.peak < 4096, "the run's own bookkeeping: {usage:?}");
}

#[test]
fn a_diff_costs_its_operations_at_one_kibibyte_and_at_ten_mebibytes() {
    for bytes in [1 << 10, 10 << 20] {
        for operations in [1_usize, 10, 1_000] {
            let paths = ["/messages/0/tokens", "/meta/turn/n"];
            let patch: Vec<_> = (0..operations)
                .map(|n| operation(2, paths[n % 2], "", b"5"))
                .collect();
            let mut state = state_of(bytes - 100);
            let kept = state.clone();
            let (applied, copied) = measure(|| apply(&mut state, &patch).unwrap());
            // The same a and b at both sizes: 8 units, and 8 for each operation. With a version
            // kept, what lies on the way is copied once, and not once for each operation.
            let operations = operations as u64;
            assert!(
                applied.fuel <= 8 + 8 * operations,
                "{bytes} {operations}: {applied:?}"
            );
            assert!(copied.peak <= 8 * 1024, "{bytes} {operations}: {copied:?}");
            drop(kept);
            let (_, journal) = measure(|| apply(&mut state, &patch).unwrap());
            assert!(
                journal.peak <= 256 + 256 * operations,
                "{bytes} {operations}: {journal:?}"
            );
            assert_eq!(journal.retained, 0);
        }
    }
}

#[test]
fn a_breach_of_any_cap_waits_for_a_full_state() {
    type Lower = fn(&mut PatchLimits);
    // What is lowered so that two operations breach it.
    let caps: [(&str, Lower); 8] = [
        ("too_many_operations", |limits| limits.operations = 1),
        ("path_too_long", |limits| limits.path_bytes = 3),
        ("too_many_tokens", |limits| limits.path_tokens = 1),
        ("value_too_large", |limits| limits.value_bytes = 2),
        ("state_too_large", |limits| limits.state_bytes = 20),
        ("too_many_nodes", |limits| limits.state_nodes = 4),
        ("too_deep", |limits| limits.state_depth = 2),
        ("out_of_fuel", |limits| limits.fuel = 6),
    ];
    for (code, lower) in caps {
        let mut limits = ReducerLimits::default();
        lower(&mut limits.patch);
        let mut run = Reducer::new(limits);
        let state = Update::Start {
            state: Some(br#"{"a":{}}"#),
        };
        let _outcome = run.apply(Duration::ZERO, Stamp::new(1), state);
        let patch = [add("/a/b", b"[7]"), add("/a/c", b"[[8],9]")];
        let update = Update::Diff {
            operations: patch.as_slice().into(),
            hash: &[],
            base: &[],
        };
        match run.apply(Duration::ZERO, Stamp::new(2), update) {
            Outcome::Resync(ResyncReason::Patch(error)) => {
                assert_eq!(error.code(), code);
            }
            other => panic!("{code}: {other:?}"),
        }
        assert_eq!(run.last_state().unwrap().to_string(), r#"{"a":{}}"#);
        // Until a full state arrives, and not longer.
        let update = Update::Diff {
            operations: patch[..0].into(),
            hash: &[],
            base: &[],
        };
        assert_ne!(
            run.apply(Duration::ZERO, Stamp::new(3), update).code(),
            "applied"
        );
        assert!(run.needs_resync().is_some());
        let update = Update::Snapshot {
            state: b"{}",
            hash: &[],
        };
        let _outcome = run.apply(Duration::ZERO, Stamp::new(4), update);
        assert_eq!(run.needs_resync(), None);
    }
}

#[test]
fn each_limit_allows_its_last_and_refuses_the_next() {
    /// The state, the patch, and what sets the limit to a value.
    type Row<'a> = (&'a str, &'a [Encoded<'a>], u64, fn(&mut PatchLimits, u64));
    let two = [add("/a", b"1"), add("/b", b"2")];
    let long = [add("/abc", b"1")];
    let tokens = [add("/a/a/a", b"1")];
    let value = [add("/a", b"12345")];
    let copies = [copy("/x", "/y"), copy("/x", "/z")];
    let rows: [Row<'_>; 8] = [
        ("{}", &two, 2, |limits, at| limits.operations = at as usize),
        ("{}", &long, 4, |limits, at| limits.path_bytes = at as usize),
        (r#"{"a":{"a":{}}}"#, &tokens, 3, |limits, at| {
            limits.path_tokens = at as usize
        }),
        ("{}", &value, 5, |limits, at| {
            limits.value_bytes = at as usize
        }),
        (r#"{"x":[1,2]}"#, &copies, 6, |limits, at| {
            limits.copied_nodes = at
        }),
        ("{}", &two, 13, |limits, at| limits.state_bytes = at),
        ("{}", &two, 3, |limits, at| limits.state_nodes = at),
        (r#"{"a":{"a":{}}}"#, &tokens, 3, |limits, at| {
            limits.state_depth = at as u16
        }),
    ];
    for (index, (state, patch, exact, set)) in rows.into_iter().enumerate() {
        for (at, expected) in [(exact + 1, true), (exact, true), (exact - 1, false)] {
            let mut limits = PatchLimits::default();
            set(&mut limits, at);
            let result = patch::apply(&mut document(state), patch.into(), &limits);
            assert_eq!(result.is_ok(), expected, "row {index} at {at}: {result:?}");
        }
    }
    let fuel = apply(&mut document("{}"), &two).unwrap().fuel;
    for (at, expected) in [(fuel + 1, true), (fuel, true), (fuel - 1, false)] {
        let mut limits = PatchLimits::default();
        limits.fuel = at;
        assert_eq!(
            patch::apply(&mut document("{}"), two[..].into(), &limits).is_ok(),
            expected
        );
    }
}

#[test]
fn each_limit_of_reading_allows_its_last_and_refuses_the_next() {
    type Set = fn(&mut ReadLimits, u64);
    let text: Set = |limits, at| limits.text_bytes = at as usize;
    let nodes: Set = |limits, at| limits.nodes = at;
    let depth: Set = |limits, at| limits.depth = at as u16;
    // The text, the limit that holds it exactly, and what sets it. Nodes count the root.
    let rows: [(&str, u64, Set, &str); 4] = [
        ("[1,2,{}]", 8, text, "text_too_long"),
        ("[1,2,{\"a\":[]}]", 5, nodes, "too_many_nodes"),
        ("[[[]]]", 3, depth, "too_deep"),
        ("{\"a\":{\"b\":[]}}", 3, depth, "too_deep"),
    ];
    for (json, exact, set, code) in rows {
        for (at, expected) in [(exact + 1, true), (exact, true), (exact - 1, false)] {
            let mut limits = ReadLimits::default();
            set(&mut limits, at);
            let read = Document::from_str(json, &limits);
            assert_eq!(read.is_ok(), expected, "{json} at {at}");
            if let Err(error) = read {
                assert_eq!(error.code(), code);
            }
            // Values are held to the same limits, the text's length aside.
            let value = serde_json::from_str(json).unwrap();
            let copied = Document::from_value(&value, &limits);
            assert_eq!(copied.is_ok(), expected || code == "text_too_long");
        }
    }
}

#[test]
fn the_last_byte_of_memory_is_allowed_and_the_next_is_not() {
    let mut limits = ReadLimits::default();
    let long = "x".repeat(100);
    let text = format!(r#"[{{"{long}":["{long}"]}},1,[]]"#);
    // The least that reads it, found by halving: everything below is refused for its memory.
    let (mut below, mut enough) = (0, 1 << 20);
    while enough - below > 1 {
        limits.heap_bytes = u64::midpoint(below, enough);
        match Document::from_str(&text, &limits) {
            Ok(_) => enough = limits.heap_bytes,
            Err(error) => {
                assert_eq!(error.code(), "heap_too_large");
                below = limits.heap_bytes;
            }
        }
    }
    for (at, expected) in [(enough + 1, true), (enough, true), (enough - 1, false)] {
        limits.heap_bytes = at;
        let (read, usage) = measure(|| Document::from_str(&text, &limits));
        assert_eq!(read.is_ok(), expected, "{at}");
        // What is charged is what is held.
        assert!(usage.peak <= at * 3 / 2, "{usage:?} of {at}");
        if let Ok(document) = &read {
            let held = u64::try_from(usage.retained).unwrap();
            assert!(held <= document.heap_bytes(), "{held} {document:?}");
        }
    }
}

#[test]
fn the_bound_of_a_documents_memory_holds_for_the_dearest_documents() {
    let long = "n".repeat(23);
    let texts = [
        format!("[{}{{}}]", format!(r#"{{"{long}":{{}}}},"#).repeat(3_000)),
        format!("[{}[]]", "[[]],".repeat(3_000)),
        format!("[{}0]", "1,".repeat(3_000)),
        format!("[{}0]", format!("\"{long}\",").repeat(3_000)),
        state_of(1 << 20).to_string(),
    ];
    for text in texts {
        let (document, usage) = measure(|| document(&text));
        let held = u64::try_from(usage.retained).unwrap();
        assert!(held <= document.heap_bytes(), "{held} {document:?}");
    }
}
