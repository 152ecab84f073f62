//! Any delivery of a producer's messages: what is shown as right is right.
#![allow(
    clippy::allow_attributes,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "tests fail by panicking"
)]

mod props;

use dashstream_testkit::rng::SplitMix64;

use crate::props::running::is_right_or_says_that_it_is_not;

#[test]
fn random_deliveries_are_right_or_say_that_they_are_not() {
    let mut seen = [0; 9];
    for seed in 0..5_000 {
        let mut rng = SplitMix64::new(seed);
        let mut bytes = vec![0; 200 + rng.below(1_200) as usize];
        rng.fill(&mut bytes);
        let tally = is_right_or_says_that_it_is_not(&bytes);
        let counts = [
            tally.applied,
            tally.recovered,
            tally.unchanged,
            tally.duplicate,
            tally.stale,
            tally.buffered,
            tally.waiting,
            tally.resync,
            tally.quarantined,
        ];
        for (seen, count) in seen.iter_mut().zip(counts) {
            *seen += count;
        }
    }
    assert!(seen.iter().all(|count| *count > 1_000), "{seen:?}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_delivery_is_right_or_says_that_it_is_not(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..800)) {
        let _tally = is_right_or_says_that_it_is_not(&bytes);
    }
}
