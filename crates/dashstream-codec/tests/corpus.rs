//! Seeds and past findings of the fuzz targets, each held against every property.
#![expect(
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "props/record.rs"]
mod record;

use std::path::Path;

use dashstream_testkit::vectors;

#[test]
fn every_input_of_the_corpora_holds_every_property() {
    let crate_folder = env!("CARGO_MANIFEST_DIR");
    // The crate is vendored without the fuzz folder.
    let folders = ["budget", "diagnosis", "peek", "view", "stable"]
        .map(|of| format!("../../fuzz/corpus/codec_{of}"));
    let there = folders
        .iter()
        .filter(|folder| Path::new(crate_folder).join(folder).is_dir());
    for folder in there.map(String::as_str).chain(["tests/corpus"]) {
        for (name, bytes) in vectors::load(crate_folder, folder) {
            println!("{folder}/{name}");
            record::decodes_within_budget(&bytes);
            record::peek_agrees(&bytes);
            record::view_equals_owned(&bytes);
            record::decoding_is_stable(&bytes);
            record::refusals_are_explained(&bytes);
        }
    }
}
