//! The properties that the fuzz targets check, on generated inputs and on their corpora.

mod frames;
mod props {
    pub(crate) mod oracle;
    pub(crate) mod plan;
    pub(crate) mod round_trip;
    pub(crate) mod structured;
}

use dashstream_testkit::vectors;
use dashstream_zstd::{Encoder, Level};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The same inputs in every run: looking for new ones is the fuzz targets' work.
fn config(cases: u32) -> ProptestConfig {
    let rng_seed = RngSeed::Fixed(1);
    ProptestConfig {
        rng_seed,
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn libzstd_accepts_what_is_accepted_of_bytes_after_a_magic_number(
        choice: u8,
        rest in vec(any::<u8>(), 0..64),
    ) {
        props::plan::check(&[&[choice, 0x28, 0xB5, 0x2F, 0xFD], rest.as_slice()].concat());
    }

    #[test]
    fn libzstd_accepts_what_is_accepted_of_damaged_frames(
        choice: u8,
        seed in vec(0_u8..4, 1..200),
        times in 1_usize..40,
        level in 1..10,
        checksum: bool,
        edits in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let level = Level::new(level).expect("in range");
        let mut encoder = Encoder::new(level).with_checksum(checksum);
        let mut frame = encoder.compress(&seed.repeat(times)).expect("memory");
        for (at, byte) in &edits {
            let at = at.index(frame.len());
            frame[at] = *byte;
        }
        if choice & 0xC0 == 0 {
            frame.truncate(cut.index(frame.len()));
        }
        props::plan::check_input(&frame, &props::plan::limits(choice));
    }

    #[test]
    fn built_frames_end_as_their_builder_knows(script in vec(any::<u8>(), 0..200)) {
        props::structured::check(&script);
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn content_survives_a_round_trip(data in vec(any::<u8>(), 2..400)) {
        props::round_trip::check(&data);
    }
}

#[test]
fn the_corpora_hold_the_properties() {
    replay("zstd_plan", props::plan::check);
    replay("zstd_round_trip", props::round_trip::check);
    replay("zstd_structured", props::structured::check);
}

fn replay(target: &str, check: fn(&[u8])) {
    let folder = format!("tests/corpus/{target}");
    for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), &folder) {
        let held = std::panic::catch_unwind(|| check(&bytes));
        assert!(held.is_ok(), "{target}/{name}");
    }
}
