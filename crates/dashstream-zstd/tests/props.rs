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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn content_survives_a_round_trip(data in vec(any::<u8>(), 2..400)) {
        props::round_trip::check(&data);
    }
}

#[test]
fn the_corpora_hold_the_properties() {
    let targets: [(&str, fn(&[u8])); 3] = [
        ("zstd_plan", props::plan::check),
        ("zstd_round_trip", props::round_trip::check),
        ("zstd_structured", props::structured::check),
    ];
    for (target, check) in targets {
        for (name, bytes) in vectors::load(
            env!("CARGO_MANIFEST_DIR"),
            &format!("tests/corpus/{target}"),
        ) {
            println!("{target}/{name}");
            check(&bytes);
        }
    }
}
