//! Random calls, by proptest and from the checked-in corpus; the fuzz target `policy_calls` has the
//! same body.
#![cfg(feature = "trace")]
#![expect(
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic: that is how it fails"
)]

use dashstream_testkit::vectors;
use proptest::prelude::*;

#[path = "props/calls.rs"]
mod calls;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_in_any_order_keep_the_accounts_and_the_offsets_and_replay(
        bytes in proptest::collection::vec(any::<u8>(), 0..400)
    ) {
        calls::check(&bytes);
    }
}

#[test]
fn every_input_of_the_corpus_keeps_them_too() {
    for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/corpus/policy_calls") {
        println!("{name}");
        calls::check(&bytes);
    }
}
