//! The seeds of a fuzz target; it shares its body with the target.

#[path = "props/pages.rs"]
mod pages;

use dashstream_testkit::{stack, vectors};

#[test]
fn every_seed_of_pages_is_read_to_its_end_on_a_small_stack() {
    for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/corpus/metrics_pages") {
        stack::small(move || pages::reading_ends(str::from_utf8(&bytes).expect(&name)));
    }
}
