//! Seeds and past findings of the fuzz targets, each held against its target's property.
#![allow(
    clippy::allow_attributes,
    clippy::disallowed_macros,
    reason = "a failing test prints which input it was"
)]

mod props;

use std::path::Path;

use dashstream_testkit::vectors;

use crate::props::{diffing, epochs, patching, reading, running};

#[test]
fn every_input_of_the_corpora_holds_its_property() {
    type Property = fn(&[u8]);
    let targets: [(&str, Property); 5] = [
        ("reducer_patch", patching::follows_the_model),
        ("reducer_read", reading::agrees_with_serde_json),
        ("reducer_diff", diffing::is_right_on_both_sides),
        ("reducer_run", |bytes| {
            let _tally = running::is_right_or_says_that_it_is_not(bytes);
        }),
        ("reducer_epochs", |bytes| {
            let _seen = epochs::shows_only_what_was_produced(bytes);
        }),
    ];
    let mut inputs = 0;
    for (target, property) in targets {
        // The crate is vendored without the fuzz folder.
        for folder in ["../../fuzz/corpus", "tests/corpus"] {
            let folder = format!("{folder}/{target}");
            if !Path::new(env!("CARGO_MANIFEST_DIR")).join(&folder).is_dir() {
                continue;
            }
            for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), &folder) {
                println!("{folder}/{name}");
                property(&bytes);
                inputs += 1;
            }
        }
    }
    assert!(inputs > 0, "the crate has inputs of its own");
}
