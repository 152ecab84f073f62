//! Random patches against the naive model.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::excessive_precision,
    clippy::indexing_slicing,
    clippy::manual_is_multiple_of,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

mod props;

use dashstream_testkit::rng::SplitMix64;

use crate::props::patching::follows_the_model;
use crate::props::reading::agrees_with_serde_json;

/// Patches a case draws at most.
const PATCHES_A_CASE: u64 = 8;

/// 20,000 patches by default. The long run asks for a million:
/// `REDUCER_PATCHES=1000000 cargo test -p dashstream-reducer --test patch_model random_patches`.
fn cases() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told to run longer"
    )]
    let wanted = std::env::var("REDUCER_PATCHES")
        .ok()
        .and_then(|text| text.parse().ok());
    wanted.unwrap_or(20_000_u64).div_ceil(PATCHES_A_CASE)
}

#[test]
fn random_patches_leave_what_the_model_leaves() {
    for seed in 0..cases() {
        let mut rng = SplitMix64::new(seed);
        let mut bytes = vec![0; 200 + rng.below(2_000) as usize];
        rng.fill(&mut bytes);
        follows_the_model(&bytes);
    }
}

#[test]
fn short_random_texts_are_read_as_serde_json_reads_them() {
    const ALPHABET: &[u8] = b"[]{},:\"\\aeEun tfls0123456789.+-";
    let mut rng = SplitMix64::new(3);
    for _ in 0..50_000 {
        let len = rng.below(12);
        let text: Vec<u8> = (0..len)
            .map(|_| ALPHABET[rng.index(ALPHABET.len())])
            .collect();
        agrees_with_serde_json(&text);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_follow_the_model(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
        follows_the_model(&bytes);
    }

    #[test]
    fn any_bytes_are_read_as_serde_json_reads_them(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        agrees_with_serde_json(&bytes);
    }
}
