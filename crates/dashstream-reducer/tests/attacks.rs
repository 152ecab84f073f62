//! The attack corpus on a small stack under the counting allocator.
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

use dashstream_reducer::patch::Encoded;
use dashstream_reducer::{
    Document, HashVerdict, Outcome, ReadError, ReadLimits, Reducer, ReducerLimits, ResyncReason,
    Stamp, Update,
};
use dashstream_testkit::alloc::{Usage, measure};
use dashstream_testkit::stack::small;

use crate::support::{add, apply, copy, document, operation};

const MIB: u64 = 1 << 20;

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

#[test]
fn doubling_by_copy_is_refused_by_arithmetic() {
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
fn doubling_depth_is_refused_at_the_first_step_that_is_too_deep() {
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
fn a_failed_move_loses_nothing() {
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
fn long_arrays_are_edited_anywhere_at_the_price_of_an_edit() {
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
        assert_eq!(state.to_value().as_array().unwrap().len(), 310_000);
    });
}

#[test]
fn one_operation_too_many_is_refused_before_the_first() {
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
fn a_long_path_costs_nothing_and_is_not_echoed() {
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
fn no_index_wraps() {
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
fn testing_a_large_equal_value_nine_times_is_paid_for() {
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
fn copies_onto_one_name_share() {
    small(|| {
        let mut state = document(&format!(r#"{{"a":["{}"]}}"#, "v".repeat(MIB as usize)));
        let patch: Vec<_> = (0..100).map(|_| copy("/a", "/b")).collect();
        let (result, usage) = measure(|| apply(&mut state, &patch));
        assert!(result.is_ok());
        assert!(usage.peak <= 64 * 1024, "{usage:?}");
    });
}

#[test]
fn no_value_comes_to_contain_itself() {
    small(|| {
        assert_eq!(
            refused(r#"{"a":{}}"#, &[operation(3, "/a/b", "/a", b"")]).1,
            "move_into_self"
        );
        // A name that begins like the other is not inside it, and a place is no child of itself.
        let mut state = document(r#"{"a":{}}"#);
        let beside = [
            operation(3, "/ab", "/a", b""),
            operation(3, "/ab", "/ab", b""),
        ];
        assert!(apply(&mut state, &beside).is_ok());
        assert_eq!(state.to_string(), r#"{"ab":{}}"#);
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
fn feared_names_are_names() {
    small(|| {
        let mut state = document("{}");
        for name in ["__proto__", "constructor", "prototype"] {
            let path = format!("/{name}");
            let _applied = apply(&mut state, &[add(&path, b"{}")]).unwrap();
            assert!(state.part(&path).is_some());
        }
    });
}

#[test]
fn depth_127_is_read_and_128_is_not_by_text_and_by_patch() {
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
fn a_wrong_hash_waits_for_a_full_state_and_history_keeps_its_budget() {
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
fn equality_and_missing_parts_are_decided() {
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
fn many_small_objects_are_refused_by_their_memory() {
    small(|| {
        let text = format!("[{}0]", r#"{"":0},"#.repeat(1_400_000));
        let (result, usage) =
            measure(|| Document::from_str(&text, &ReadLimits::default()).unwrap_err());
        assert_eq!(result.code(), "heap_too_large");
        assert!(
            usage.peak <= ReadLimits::default().heap_bytes * 3 / 2,
            "{usage:?}"
        );
    });
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
    assert_eq!(outcome, Outcome::Applied(HashVerdict::Match));
}
