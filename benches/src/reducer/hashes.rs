//! The state hash: whole, and after an edit near the end.

use std::hint::black_box;

use dashstream_reducer::Hasher;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{apply, document, operations};
use crate::measure::{Goal, Run};

pub(super) fn run(run: &mut Run, value: &Value) {
    let mut document = document(value);
    let mut hasher = Hasher::new();
    let theirs = |value: &Value| -> [u8; 32] {
        let text = serde_json::to_string(value).expect("JSON");
        Sha256::digest(text.as_bytes()).into()
    };
    assert_eq!(hasher.hash(&document), theirs(value));
    if !run.quick() {
        run.ratio(
            "reducer/hash/full/1MiB",
            "serde_json into a fresh String, and sha2",
            Goal::AtMost(0.60),
            || {
                hasher.forget();
                black_box(hasher.hash(black_box(&document)));
            },
            || {
                black_box(theirs(black_box(value)));
            },
        );
    }

    let whole = document.clone();
    let mut fresh = Hasher::new();
    // The last member of the root.
    let edits =
        [1, 2].map(|step| operations(&json!([{"op": "replace", "path": "/step", "value": step}])));
    let mut at = 0;
    let mut edit = || {
        at ^= 1;
        apply(&mut document, &edits[at]);
        black_box(hasher.hash(&document))
    };
    run.ratio(
        "reducer/hash/tail-edit/1MiB",
        "a full hash of the same state by the same hasher",
        Goal::AtMost(0.005),
        || {
            edit();
        },
        || {
            fresh.forget();
            black_box(fresh.hash(black_box(&whole)));
        },
    );
    let hash = edit();
    assert_eq!(
        hash,
        theirs(&document.to_value()),
        "the hash of the whole text"
    );
}
