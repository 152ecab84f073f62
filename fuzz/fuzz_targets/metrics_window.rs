//! A window against a list that forgets nothing; schedules of records, ticks and readings.
#![no_main]

#[path = "../../crates/dashstream-metrics/tests/props"]
mod props {
    pub(crate) mod window;
}

use arbitrary::Arbitrary;
use dashstream_metrics::Shape;
use props::window::{Step, obeys_the_model};

#[derive(Arbitrary, Debug)]
struct Schedule {
    slot: u8,
    slots: u8,
    steps: Vec<(u8, u32, u8)>,
}

libfuzzer_sys::fuzz_target!(|schedule: Schedule| {
    let Ok(shape) = Shape::new(u32::from(schedule.slot), u32::from(schedule.slots)) else {
        return;
    };
    let steps: Vec<Step> = schedule
        .steps
        .iter()
        .take(200)
        .map(|(kind, at, n)| {
            // Mostly near one another, sometimes anywhere.
            let at = u64::from(if kind & 8 == 0 { at % 1024 } else { *at });
            match kind % 4 {
                0 | 1 => Step::Record { at, n: u64::from(*n) },
                2 => Step::Tick { at },
                _ => Step::Read { at },
            }
        })
        .collect();
    obeys_the_model(shape, &steps);
});
