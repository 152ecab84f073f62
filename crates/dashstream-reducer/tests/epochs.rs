//! Random traces of producers that begin again: lost, late, repeated and wild messages, redeliveries
//! and evictions, against a replay from scratch.
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

use dashstream_testkit::rng::SplitMix64;

use crate::props::epochs::{Seen, shows_only_what_was_produced};

/// 20,000 traces by default. The long run asks for a million:
/// `REDUCER_TRACES=1000000 cargo test --release -p dashstream-reducer --test epochs`.
fn traces() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may be told to run longer"
    )]
    let wanted = std::env::var("REDUCER_TRACES")
        .ok()
        .and_then(|text| text.parse().ok());
    wanted.unwrap_or(20_000)
}

fn trace(seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; 300];
    SplitMix64::new(seed).fill(&mut bytes);
    bytes
}

/// Each showed a state that was not the newest, or not that of its number.
#[test]
fn traces_that_once_were_shown_wrongly() {
    for seed in [
        242_475, 278_800, 650_024, 701_817, 777_336, 806_946, 820_392,
    ] {
        let _seen = shows_only_what_was_produced(&trace(seed));
    }
}

#[test]
fn what_is_shown_is_what_the_claimed_number_had_in_its_epoch() {
    let mut all = Seen::default();
    let traces = traces();
    for seed in 0..traces {
        let bytes = trace(seed);
        let seen = std::panic::catch_unwind(|| shows_only_what_was_produced(&bytes));
        let seen = seen.unwrap_or_else(|_| panic!("seed {seed}"));
        all.shown += seen.shown;
        all.recovered += seen.recovered;
        all.epochs += seen.epochs;
        all.evicted += seen.evicted;
    }
    // The traces are about what they are meant to be about.
    assert!(all.shown > 4 * traces, "{all:?} in {traces}");
    assert!(
        all.recovered > traces && all.epochs > traces / 3,
        "{all:?} in {traces}"
    );
    assert!(all.evicted > traces / 20, "{all:?} in {traces}");
}
