//! What a patch costs, unit by unit and byte by byte.

mod support;

use dashstream_reducer::patch::{self, Encoded, PatchLimits};
use support::{add, apply, copy, document, operation};

const fn remove(path: &str) -> Encoded<'_> {
    operation(1, path, "", b"")
}

const fn replace<'a>(path: &'a str, value: &'a [u8]) -> Encoded<'a> {
    operation(2, path, "", value)
}

const fn test<'a>(path: &'a str, value: &'a [u8]) -> Encoded<'a> {
    operation(5, path, "", value)
}

/// An array of so many numbers.
fn array(len: usize) -> String {
    format!("[{}]", vec!["0"; len].join(","))
}

/// An object of so many members, the first of which is `0`.
fn object(len: usize) -> String {
    let members: Vec<_> = (0..len).map(|at| format!(r#""{at}":0"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// The number of entries, and the levels of 16 that it has.
const LEVELS: [(usize, u64); 8] = [
    (1, 1),
    (15, 1),
    (16, 2),
    (17, 2),
    (255, 2),
    (256, 3),
    (4_095, 3),
    (4_096, 4),
];

#[test]
fn an_operation_costs_itself_its_value_and_the_levels_on_its_way() {
    let fuel =
        |state: &str, patch: Encoded<'_>| apply(&mut document(state), &[patch]).unwrap().fuel;
    for (len, levels) in LEVELS {
        for state in [array(len), object(len)] {
            assert_eq!(fuel(&state, replace("/0", b"1")), 1 + 1 + levels, "{len}");
            assert_eq!(fuel(&state, test("/0", b"0")), 1 + 1 + levels, "{len}");
            assert_eq!(fuel(&state, add("/0", b"1")), 1 + 1 + levels, "{len}");
            assert_eq!(fuel(&state, remove("/0")), 1 + levels, "{len}");
            // A copy finds its source and then its place; its value is shared.
            assert_eq!(fuel(&state, copy("/0", "/1")), 1 + 2 * levels, "{len}");
            // Each container on the way.
            let nested = format!("[[{state}]]");
            let deep = replace("/0/0/0", b"1");
            assert_eq!(fuel(&nested, deep), 1 + 1 + 2 + levels, "{len}");
        }
    }
    // A unit for each node, and for each 64 bytes of the text with its quotes.
    for (bytes, blocks) in [(61, 0), (62, 1), (125, 1), (126, 2)] {
        let text = format!("\"{}\"", "x".repeat(bytes));
        let patch = add("/a", text.as_bytes());
        assert_eq!(fuel("{}", patch), 1 + 1 + blocks + 1, "{bytes}");
    }
    assert_eq!(fuel("{}", add("/a", b"[1,[2],{\"b\":3}]")), 1 + 6 + 1);
}

#[test]
fn what_leaves_a_state_is_left_to_the_versions_that_are_kept() {
    let long = format!("\"{}\"", "x".repeat(5_000));
    let state = format!(r#"{{"a":{long},"b":[{long}]}}"#);
    let left = |patch: Encoded<'_>, kept: bool| {
        let mut state = document(&state);
        let previous = kept.then(|| state.clone());
        let applied = apply(&mut state, &[patch]).unwrap();
        drop(previous);
        applied.left_behind
    };
    let small = left(add("/c", b"1"), true);
    assert!((1..2_000).contains(&small), "{small}");
    for takes in [
        replace("/a", b"1"),
        add("/a", b"1"),
        remove("/a"),
        replace("/b/0", b"1"),
        remove("/b/0"),
    ] {
        let kept = left(takes, true);
        assert!((5_000..8_000).contains(&kept), "{kept} {takes:?}");
        // Where nobody keeps the version before, nothing is left behind.
        assert_eq!(left(takes, false), 0, "{takes:?}");
    }
    // What is put before or between takes nothing away.
    for puts in [add("/b/0", b"1"), add("/b/-", b"1")] {
        let kept = left(puts, true);
        assert!((1..2_000).contains(&kept), "{kept} {puts:?}");
    }
}

#[test]
fn an_insertion_has_to_fit_with_what_its_container_may_grow_by() {
    // A leaf of 16 entries of 48 bytes that gets twice its room, and a new one beside it.
    const GROWTH: u64 = 2 * 64 * 48;
    for (state, path) in [("[1,2]", "/-"), (r#"{"b":1}"#, "/a")] {
        let value = format!("\"{}\"", "x".repeat(100));
        let patch = [add(path, value.as_bytes())];
        let before = document(state).heap_bytes();
        let value = document(&value).heap_bytes();
        let exact = before + value + GROWTH;
        for (limit, fits) in [(exact + 1, true), (exact, true), (exact - 1, false)] {
            let mut limits = PatchLimits::default();
            limits.state_heap_bytes = limit;
            let applied = patch::apply(&mut document(state), patch[..].into(), &limits);
            assert_eq!(applied.is_ok(), fits, "{path}: {applied:?} at {limit}");
            if let Err(error) = applied {
                assert_eq!(error.code(), "heap_too_large");
            }
        }
    }
}
