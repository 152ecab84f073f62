//! json-patch as an oracle: random patches end alike, but for the differences that are listed here.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod props;

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use dashstream_testkit::rng::SplitMix64;
use serde_json::{Value, json};

use crate::props::entropy::Entropy;
use crate::props::model;
use crate::props::patching::{apply_parsed, document};

/// What json-patch makes of a patch.
#[derive(Debug, PartialEq)]
enum Theirs {
    Applied(Value),
    Refused(usize),
    Panicked,
    /// A pointer is malformed: json-patch then reads no patch at all.
    Unread,
}

fn theirs(state: &Value, patch: &[Value]) -> Theirs {
    let mut state = state.clone();
    let Ok(patch) = serde_json::from_value::<json_patch::Patch>(json!(patch)) else {
        return Theirs::Unread;
    };
    match catch_unwind(AssertUnwindSafe(|| json_patch::patch(&mut state, &patch))) {
        Ok(Ok(())) => Theirs::Applied(state),
        Ok(Err(error)) => Theirs::Refused(error.operation),
        Err(_) => Theirs::Panicked,
    }
}

/// Whether the operation is one that json-patch is known to judge differently.
fn is_known(state: &Value, operation: &Value) -> bool {
    // A move of the root onto itself, which does nothing.
    if operation["op"] == "move" && operation["from"] == "" && operation["path"] == "" {
        return true;
    }
    // A test of numbers that are equal by value and written differently.
    operation["op"] == "test"
        && state
            .pointer(operation["path"].as_str().unwrap())
            .is_some_and(|found| {
                *found != operation["value"] && model::equal(found, &operation["value"])
            })
}

#[test]
fn random_patches_end_as_json_patch_ends_them_but_for_known_differences() {
    let (mut applied, mut refused, mut known, mut panicked) = (0, 0, 0, 0);
    for seed in 0..5_000_u64 {
        let mut rng = SplitMix64::new(seed);
        let mut bytes = vec![0; 200 + rng.below(1_500) as usize];
        rng.fill(&mut bytes);
        let mut entropy = Entropy::new(&bytes);
        let state = entropy.state();
        let patch = entropy.patch(&state);
        // A patch of which one operation is judged differently says nothing beyond it. Up to there
        // json-patch must refuse what is accepted here: a difference that is gone must go from the
        // list.
        let mut at = state.clone();
        let mut differs = None;
        for (index, operation) in patch.iter().enumerate() {
            if is_known(&at, operation) {
                differs = Some(index);
            }
            match model::apply(&at, core::slice::from_ref(operation)) {
                Ok(next) if differs.is_none() => at = next,
                Ok(_) | Err(_) => break,
            }
        }
        if let Some(index) = differs {
            let patch = &patch[..=index];
            assert_eq!(apply_parsed(&mut document(&state), patch), Ok(()));
            let theirs = theirs(&state, patch);
            assert!(
                matches!(theirs, Theirs::Refused(at) if at == index) || theirs == Theirs::Panicked,
                "{theirs:?} {state} {patch:?}"
            );
            known += 1;
            continue;
        }
        let mut ours = document(&state);
        match (apply_parsed(&mut ours, &patch), theirs(&state, &patch)) {
            (Ok(()), Theirs::Applied(next)) => {
                assert_eq!(ours.to_value(), next);
                applied += 1;
            }
            (Err(index), Theirs::Refused(other)) => {
                assert_eq!(index, other, "{state} {patch:?}");
                assert_eq!(ours.to_value(), state);
                refused += 1;
            }
            // Only where a patch is refused does it panic.
            (Err(_), Theirs::Panicked) => panicked += 1,
            (Err(_), Theirs::Unread) => refused += 1,
            (ours, theirs) => panic!("{ours:?} {theirs:?} {state} {patch:?}"),
        }
    }
    let counts = (applied, refused, known, panicked);
    assert!(
        applied > 1_000 && refused > 1_000 && known > 50,
        "{counts:?}"
    );
}

#[test]
fn the_known_differences_are_still_there() {
    // Equal by value: RFC 6902 section 4.6 says equal.
    let patch = [json!({"op": "test", "path": "/a", "value": 1.0})];
    let state = json!({"a": 1});
    assert_eq!(theirs(&state, &patch), Theirs::Refused(0));
    assert_eq!(apply_parsed(&mut document(&state), &patch), Ok(()));

    // The root moved onto itself stays where it is.
    let patch = [json!({"op": "move", "from": "", "path": ""})];
    assert_eq!(theirs(&state, &patch), Theirs::Refused(0));
    assert_eq!(apply_parsed(&mut document(&state), &patch), Ok(()));

    // A refused move after the same place was touched: the undo list does not fit the state.
    let patch = [
        json!({"op": "replace", "path": "/a", "value": 2}),
        json!({"op": "move", "from": "/a", "path": "/b/c"}),
    ];
    assert_eq!(theirs(&state, &patch), Theirs::Panicked);
    assert_eq!(apply_parsed(&mut document(&state), &patch), Err(1));

    // A refused move alone: the moved value is lost.
    let mut lossy = state.clone();
    let patch: json_patch::Patch = serde_json::from_value(json!(patch[1..])).unwrap();
    assert!(json_patch::patch(&mut lossy, &patch).is_err());
    assert_ne!(lossy, state);
}
