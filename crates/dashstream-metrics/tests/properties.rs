//! Property tests and the seeds of the fuzz targets; both share their bodies with the targets.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a test draws its input, and fails by panicking"
)]

#[path = "props/window.rs"]
mod window;

use dashstream_metrics::WindowShape;
use dashstream_testkit::vectors;
use proptest::prelude::*;
use window::Step;

fn step() -> impl Strategy<Value = Step> {
    let at = 0_u64..400;
    prop_oneof![
        6 => (at.clone(), 0_u64..5).prop_map(|(at, n)| Step::Record { at, n }),
        1 => (0_u64..100_000, 1_u64..5).prop_map(|(at, n)| Step::Record { at, n }),
        2 => at.clone().prop_map(|at| Step::Tick { at }),
        2 => at.prop_map(|at| Step::Read { at }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_window_agrees_with_a_list_that_forgets_nothing(
        slot in 1_u32..4,
        slots in 1_u32..20,
        steps in prop::collection::vec(step(), 0..120),
    ) {
        window::obeys_the_model(WindowShape::new(slot, slots).unwrap(), &steps);
    }
}

#[test]
fn every_seed_of_windows_obeys_the_model() {
    for (name, bytes) in vectors::load(env!("CARGO_MANIFEST_DIR"), "tests/corpus/metrics_window") {
        let (shape, steps) = window::schedule(&bytes).expect(&name);
        window::obeys_the_model(shape, &steps);
    }
}
