//! Replays a capture: decodes each record, rebuilds the runs, and says what became of both.
//!
//! `replay < testdata/capture.jsonl`
//!
//! No broker and no clock: the records' own timestamps are the time, so that a replay of an
//! incident gives the same answer every time.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;
use std::collections::BTreeMap;
use std::io;

use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_examples::capture::Record;
use dashstream_reducer::{Runs, RunsLimits};

fn main() -> anyhow::Result<()> {
    let mut decoder = Decoder::new(DecodeOptions::new());
    let mut runs = Runs::new(RunsLimits::default());
    let mut refused = BTreeMap::<&str, u64>::new();
    let (mut records, mut now) = (0_u64, Duration::ZERO);
    for record in Record::read(io::stdin().lock()) {
        let record = record?;
        records = records.saturating_add(1);
        let millis = u64::try_from(record.timestamp_ms.unwrap_or(0)).unwrap_or(0);
        now = now.max(Duration::from_millis(millis));
        let code = match record.value.as_deref().map(|value| decoder.decode(value)) {
            None => "null_payload",
            Some(Err(error)) => error.code(),
            Some(Ok(decoded)) => {
                let _tally = runs.apply_message(now, None, &decoded.message);
                continue;
            }
        };
        let count = refused.entry(code).or_default();
        *count = count.saturating_add(1);
    }

    let counts = runs.counts();
    println!("{records} records, not decoded: {refused:?}");
    println!(
        "{} runs synced, {} need a snapshot",
        counts.synced, counts.waiting
    );
    println!("{:?}", counts.outcomes);
    for (thread, run) in runs.iter() {
        match run.needs_resync() {
            None => println!("{thread}: at {:?}", run.sequence()),
            Some(reason) => println!("{thread}: needs a snapshot, {}", reason.code()),
        }
    }
    Ok(())
}
