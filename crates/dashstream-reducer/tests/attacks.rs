//! The attack corpus, each by its number, on a small stack under the counting allocator; and each
//! limit one under, at, and one over.
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

use core::time::Duration;

use dashstream_reducer::patch::{self, Applied, Encoded, PatchError, PatchLimits};
use dashstream_reducer::{
    Document, Outcome, ReadError, ReadLimits, Reducer, ReducerLimits, ResyncReason, Stamp, Update,
    Verdict, json_len,
};
use dashstream_testkit::alloc::{Usage, measure};
use dashstream_testkit::stack::small;

const MIB: u64 = 1 << 20;

fn document(text: &str) -> Document {
    Document::from_str(text, &ReadLimits::default()).unwrap()
}

const fn operation<'a>(op: i32, path: &'a str, from: &'a str, value: &'a [u8]) -> Encoded<'a> {
    Encoded {
        op,
        path,
        from,
        value,
        encoding: 0,
    }
}

const fn add<'a>(path: &'a str, value: &'a [u8]) -> Encoded<'a> {
    operation(0, path, "", value)
}

const fn copy<'a>(from: &'a str, path: &'a str) -> Encoded<'a> {
    operation(4, path, from, b"")
}

fn apply(state: &mut Document, patch: &[Encoded<'_>]) -> Result<Applied, PatchError> {
    patch::apply(state, patch.into(), &PatchLimits::default())
}

/// Applies `patch` in place and on a shared document: a refusal leaves either as it was.
fn refused(state: &str, patch: &[Encoded<'_>]) -> (usize, &'static str, Usage) {
    let original = document(state);
    let mut alone = document(state);
    let (result, usage) = measure(|| apply(&mut alone, patch));
    let error = result.unwrap_err();
    assert_eq!(alone, original);
    let mut shared = original.clone();
    assert_eq!(apply(&mut shared, patch).unwrap_err(), error);
    assert!(shared.is_same(&original), "the old root itself is back");
    (error.index, error.code(), usage)
}

/// An array of `len` small numbers.
fn numbers(len: usize) -> String {
    format!("[{}0]", "7,".repeat(len - 1))
}

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
fn j01_doubling_by_copy_is_refused_by_arithmetic() {
    small(|| {
        for times in [24, 10_000] {
            let patch: Vec<_> = (0..times).map(|_| copy("/a", "/a/-")).collect();
            let (_, code, usage) = refused(r#"{"a":["seed"]}"#, &patch);
            assert!(
                ["too_deep", "too_much_copied", "state_too_large"].contains(&code),
                "{code}"
            );
            assert!(usage.peak <= MIB, "{usage:?}");
        }
        // Without added depth: each copy doubles the root's text.
        let names: Vec<String> = (0..40).map(|n| format!("/k{n}")).collect();
        let mut patch = Vec::new();
        for name in &names {
            patch.push(copy("", name));
        }
        let (_, code, usage) = refused(r#"{"a":"seed"}"#, &patch);
        assert!(
            ["too_much_copied", "state_too_large", "too_many_nodes"].contains(&code),
            "{code}"
        );
        assert!(usage.peak <= MIB, "{usage:?}");
    });
}

#[test]
fn j02_doubling_depth_is_refused_at_the_first_step_that_is_too_deep() {
    small(|| {
        let deep = format!("{}{}{}", r#"{"a":"#.repeat(100), 1, "}".repeat(100));
        let paths: Vec<String> = (0..8).map(|step| "/a".repeat(60 + step)).collect();
        let patch: Vec<_> = paths.iter().map(|path| copy("", path)).collect();
        let (index, code, usage) = refused(&deep, &patch);
        assert_eq!((index, code), (0, "too_deep"));
        assert!(usage.peak <= MIB, "{usage:?}");
    });
}

#[test]
fn j03_a_failed_move_loses_nothing() {
    small(|| {
        let shapes: [&[Encoded<'_>]; 3] = [
            &[
                operation(2, "/a", "", b"2"),
                operation(3, "/b/c", "/a", b""),
            ],
            &[operation(3, "/b/c", "/a", b"")],
            &[
                add("/c", b"{}"),
                operation(3, "/c/x", "/a", b""),
                operation(3, "/q/x", "/c/x", b""),
            ],
        ];
        for patch in shapes {
            let (index, code, usage) = refused(r#"{"a":1}"#, patch);
            assert_eq!((index, code), (patch.len() - 1, "path_not_found"));
            assert!(usage.peak <= 4096, "{usage:?}");
        }
    });
}

#[test]
fn j04_and_j05_long_arrays_are_edited_anywhere_at_the_price_of_an_edit() {
    small(|| {
        let mut state = document(&numbers(300_000));
        let front: Vec<_> = (0..10_000).map(|_| add("/0", b"1")).collect();
        let (result, usage) = measure(|| apply(&mut state, &front));
        assert!(result.unwrap().fuel <= 10_000 * 8);
        assert!(usage.peak <= 8 * MIB, "{usage:?}");
        let moves: Vec<_> = (0..10_000)
            .map(|_| operation(3, "/0", "/309999", b""))
            .collect();
        let (result, usage) = measure(|| apply(&mut state, &moves));
        assert!(result.unwrap().fuel <= 10_000 * 16);
        assert!(usage.peak <= 8 * MIB, "{usage:?}");
        assert_eq!(state.view().as_array().unwrap().len(), 310_000);
    });
}

#[test]
fn j06_one_operation_too_many_is_refused_before_the_first() {
    small(|| {
        let patch: Vec<_> = (0..10_001).map(|_| add("/-", b"0")).collect();
        let mut state = document("[]");
        let (result, usage) = measure(|| apply(&mut state, &patch));
        assert_eq!(result.unwrap_err().code(), "too_many_operations");
        assert_eq!(usage, Usage::default());
        assert!(apply(&mut state, &patch[..10_000]).is_ok());
        assert!(apply(&mut state, &patch[..9_999]).is_ok());
    });
}

#[test]
fn j07_a_long_path_costs_nothing_and_is_not_echoed() {
    small(|| {
        let key = format!("/{}", "k".repeat(MIB as usize));
        let tokens = "/0".repeat(512 * 1024);
        for path in [key, tokens] {
            let mut state = document("[]");
            let patch = [add(&path, b"0")];
            let (result, usage) = measure(|| apply(&mut state, &patch));
            let error = result.unwrap_err();
            assert_eq!(error.code(), "path_too_long");
            assert!(error.to_string().len() <= 256);
            assert_eq!(usage.peak, 0, "{usage:?}");
        }
    });
}

#[test]
fn j08_no_index_wraps() {
    small(|| {
        let rows = [
            ("/18446744073709551616", "index_out_of_bounds"),
            ("/01", "index_malformed"),
            ("/-1", "index_malformed"),
            ("/+1", "index_malformed"),
            ("/1e0", "index_malformed"),
            ("/-", "index_out_of_bounds"),
        ];
        for (path, code) in rows {
            let (_, refusal, usage) = refused("[1,2]", &[operation(1, path, "", b"")]);
            assert_eq!(refusal, code, "{path}");
            assert!(usage.peak <= 1024, "{usage:?}");
        }
    });
}

#[test]
fn j09_testing_a_large_equal_value_nine_times_is_paid_for() {
    small(|| {
        let value = format!("\"{}\"", "v".repeat(MIB as usize));
        let mut state = document(&format!(r#"{{"a":{value}}}"#));
        let patch: Vec<_> = (0..9)
            .map(|_| operation(5, "/a", "", value.as_bytes()))
            .collect();
        let applied = apply(&mut state, &patch).unwrap();
        assert!(applied.fuel >= 9 * MIB / 64 && applied.fuel <= 9 * MIB / 64 + 100);
    });
}

#[test]
fn j10_copies_onto_one_name_share() {
    small(|| {
        let mut state = document(&format!(r#"{{"a":["{}"]}}"#, "v".repeat(MIB as usize)));
        let patch: Vec<_> = (0..100).map(|_| copy("/a", "/b")).collect();
        let (result, usage) = measure(|| apply(&mut state, &patch));
        assert!(result.is_ok());
        assert!(usage.peak <= 64 * 1024, "{usage:?}");
    });
}

#[test]
fn j11_and_j12_no_value_comes_to_contain_itself() {
    small(|| {
        assert_eq!(
            refused(r#"{"a":{}}"#, &[operation(3, "/a/b", "/a", b"")]).1,
            "move_into_self"
        );
        let mut state = document(r#"{"a":{"b":1}}"#);
        let patch = [
            copy("", "/a/c"),
            operation(2, "/a/c/a/b", "", b"2"),
            add("/a/b", b"3"),
        ];
        let (result, usage) = measure(|| apply(&mut state, &patch));
        assert!(result.is_ok());
        assert!(usage.peak <= 8 * 1024, "{usage:?}");
        assert_eq!(state.to_string(), r#"{"a":{"b":3,"c":{"a":{"b":2}}}}"#);
    });
}

#[test]
fn j13_feared_names_are_names() {
    small(|| {
        let mut state = document("{}");
        for name in ["__proto__", "constructor", "prototype"] {
            let path = format!("/{name}");
            let _applied = apply(&mut state, &[add(&path, b"{}")]).unwrap();
            assert!(state.pointer(&path).is_some());
        }
    });
}

#[test]
fn j14_depth_127_is_read_and_128_is_not_by_text_and_by_patch() {
    small(|| {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for depth in [126, 127] {
            let (state, usage) = measure(|| document(&nested(depth)));
            assert_eq!(usize::from(state.depth()), depth);
            assert!(usage.peak <= 64 * 1024, "{usage:?}");
            // Writing, comparing, copying out and dropping recurse no deeper.
            assert_eq!(state.to_string(), nested(depth));
            assert_eq!(
                Document::from_value(&state.to_value(), &ReadLimits::default()),
                Ok(state)
            );
        }
        for depth in [128, 129, 10_000] {
            let refusal = Document::from_str(&nested(depth), &ReadLimits::default()).unwrap_err();
            assert_eq!(refusal, ReadError::TooDeep { limit: 127 });
        }
        // The crossing step is refused, whoever stacked the steps before it.
        let mut state = document("[]");
        let literal = nested(40);
        let mut path = String::from("/0");
        for _ in 0..3 {
            let _applied = apply(&mut state, &[add(&path, literal.as_bytes())]).unwrap();
            path = "/0".repeat(usize::from(state.depth()));
            if path.len() / 2 > 64 {
                break;
            }
        }
        let path = "/0".repeat(64);
        let error = apply(&mut state, &[add(&path, nested(64).as_bytes())]).unwrap_err();
        assert_eq!(error.code(), "too_deep");
        assert!(state.depth() <= 127);
    });
}

#[test]
fn j15_to_j17_a_wrong_hash_waits_for_a_full_state_and_history_keeps_its_budget() {
    small(|| {
        let mut limits = ReducerLimits::default();
        limits.history_versions = 10_000;
        limits.history_bytes = 20 * MIB;
        let mut run = Reducer::new(limits);
        let start = Update::Start {
            state: Some(br#"{"v":""}"#),
        };
        let _outcome = run.apply(Duration::ZERO, Stamp::new(1), start);
        let (a, b) = ("a".repeat(9 << 20), "b".repeat(9 << 20));
        let values = [format!("\"{a}\""), format!("\"{b}\"")];
        let mut peak = 0;
        for sequence in 2..12_u64 {
            let patch = [operation(
                2,
                "/v",
                "",
                values[sequence as usize % 2].as_bytes(),
            )];
            let update = Update::Diff {
                operations: patch.as_slice().into(),
                hash: &[],
                base: &[],
            };
            assert_eq!(
                run.apply(Duration::ZERO, Stamp::new(sequence), update)
                    .code(),
                "applied"
            );
            assert!(run.history().bytes() <= 20 * MIB);
            peak = peak.max(run.history().len());
        }
        assert!(peak <= 4, "{peak} versions of 9 MiB in 20 MiB");

        let patch = [operation(2, "/v", "", b"1")];
        let update = Update::Diff {
            operations: patch.as_slice().into(),
            hash: &[0; 32],
            base: &[],
        };
        let outcome = run.apply(Duration::ZERO, Stamp::new(12), update);
        assert_eq!(outcome, Outcome::Resync(ResyncReason::HashMismatch));
        assert_eq!(run.state(), None);
        let update = Update::Snapshot {
            state: b"{}",
            hash: &[],
        };
        let outcome = run.apply(Duration::ZERO, Stamp::new(13), update);
        assert_eq!(outcome, Outcome::Recovered { replayed: 0 });
    });
}

#[test]
fn j18_and_j19_equality_and_missing_parts_are_decided() {
    small(|| {
        let mut state = document(r#"{"a":1,"b":{"x":1,"y":2}}"#);
        let equal = [
            operation(5, "/a", "", b"1.0"),
            operation(5, "/b", "", br#"{"y":2,"x":1}"#),
            // An empty value on the wire is null.
            operation(2, "/a", "", b""),
            operation(5, "/a", "", b"null"),
        ];
        let _applied = apply(&mut state, &equal).unwrap();
        let duplicate = refused("{}", &[add("/a", br#"{"k":1,"k":2}"#)]);
        assert_eq!(duplicate.1, "value_unreadable");
        assert_eq!(
            refused("{}", &[operation(6, "/a", "", b"1")]).1,
            "unknown_operation"
        );
        let mut packed = add("/a", b"1");
        packed.encoding = 1;
        assert_eq!(refused("{}", &[packed]).1, "value_encoding");
        packed.encoding = 3;
        let _applied = apply(&mut state, &[packed]).unwrap();
        assert_eq!(state.part("/a").unwrap().to_string(), "\"1\"");
    });
}

#[test]
fn p12_many_small_objects_are_refused_by_their_memory() {
    small(|| {
        let text = format!("[{}0]", r#"{"":0},"#.repeat(1_400_000));
        let (result, usage) =
            measure(|| Document::from_str(&text, &ReadLimits::default()).unwrap_err());
        assert!(result.is_limit(), "{result:?}");
        assert!(
            usage.peak <= ReadLimits::default().heap_bytes * 3 / 2,
            "{usage:?}"
        );
    });
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
                assert!(error.is_limit(), "{error}");
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
            if let Err(error) = result {
                assert!(error.is_limit());
            }
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
fn a_match_is_said_only_of_the_producers_own_text() {
    // SHA-256 of {"a":1,"b":2,"nested":{"y":[true,null],"z":"x"}}, as existing producers send it.
    let golden = "f35279c8aa6b00bc82d43a191596cc3b41b7de7899ee16e36a08efe3afc45103";
    let hash: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&golden[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let mut run = Reducer::new(ReducerLimits::default());
    let state = br#"{"b":2,"a":1,"nested":{"z":"x","y":[true,null]}}"#;
    let _outcome = run.apply(
        Duration::ZERO,
        Stamp::new(1),
        Update::Start { state: Some(state) },
    );
    let update = Update::Snapshot { state, hash: &hash };
    let outcome = run.apply(Duration::ZERO, Stamp::new(2), update);
    assert_eq!(outcome, Outcome::Applied(Verdict::Match));
}
