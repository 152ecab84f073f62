//! A window against a list that forgets nothing; schedules of records, ticks and readings.
#![no_main]

#[path = "../../crates/dashstream-metrics/tests/props/window.rs"]
mod window;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((shape, steps)) = window::schedule(bytes) {
        window::obeys_the_model(shape, &steps);
    }
});
