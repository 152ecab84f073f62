//! Random calls, by proptest; the fuzz target `policy_calls` has the same body.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic: that is how it fails"
)]

use proptest::prelude::*;

#[path = "props/calls.rs"]
mod calls;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn any_calls_in_any_order_keep_the_accounts_and_the_offsets(
        bytes in proptest::collection::vec(any::<u8>(), 0..400)
    ) {
        calls::check(&bytes);
    }
}
