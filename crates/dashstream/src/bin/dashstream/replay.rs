//! Decodes records, rebuilds their runs, and says what became of both.

use core::time::Duration;
use std::collections::BTreeMap;
use std::io;

use dashstream_codec::{DecodeOptions, Decoder};
use dashstream_reducer::{Position, Runs, RunsLimits};
use serde_json::json;

use crate::args::{Args, Replay};
use crate::failure::{Failure, Found};
use crate::records::{Placed, captured, held};
use crate::text::{say, shown};

/// The records' own timestamps are the time, so that a replay of an incident says the same every time.
pub(crate) fn replay(
    args: &Args,
    replay: &Replay,
    out: &mut impl io::Write,
) -> Result<Found, Failure> {
    let mut decoder = Decoder::new(DecodeOptions::new());
    // Every hash is checked at once: behind a run's last record no time passes in which it would come to be due.
    let mut limits = RunsLimits::default();
    limits.run.hash_interval = Duration::ZERO;
    (
        limits.hash_bytes_per_second,
        limits.run.hash_bytes_per_second,
    ) = (u64::MAX, u64::MAX);
    let mut runs = Runs::new(limits);
    let mut refused = BTreeMap::<&str, u64>::new();
    let (mut records, mut now) = (0_u64, Duration::ZERO);
    let mut take = |record: Placed| -> Result<(), Failure> {
        let ((partition, offset), record) = record?;
        records = records.saturating_add(1);
        // A record without a timestamp leaves the time as it is.
        let millis = u64::try_from(record.timestamp_ms.unwrap_or(0)).unwrap_or(0);
        // Time does not go back, although partitions come in any order and a producer's clock may.
        now = now.max(Duration::from_millis(millis));
        let code = match record.value.as_deref().map(|value| decoder.decode(value)) {
            None => "null_payload",
            Some(Err(error)) => error.code(),
            Some(Ok(decoded)) => {
                let at = Position { partition, offset };
                let _summary = runs.apply_message(now, at, &decoded.message);
                return Ok(());
            }
        };
        let count = refused.entry(code).or_default();
        *count = count.saturating_add(1);
        Ok(())
    };
    match (&replay.capture, &replay.topic) {
        (Some(path), _) => captured(path)?.try_for_each(&mut take)?,
        (None, topic) => {
            held(args, topic.as_deref().unwrap_or_default())?.try_for_each(&mut take)?
        }
    }
    let counts = runs.counts();
    let (synced, waiting) = (counts.synced, counts.waiting);
    say!(args, out,
        {"records": records, "refused": refused, "synced": synced, "waiting": waiting},
        "{records} records, {synced} runs synced, {waiting} wait for a full state")?;
    for (code, count) in refused.iter().filter(|_| !args.json) {
        writeln!(out, "refused: {code:<22} {count}")?;
    }
    for (thread, run) in runs.iter() {
        let (sequence, reason) = (run.sequence(), run.needs_resync().map(|why| why.code()));
        if args.json {
            let line = json!({"run": thread, "sequence": sequence, "needs_resync": reason});
            writeln!(out, "{line}")?;
            continue;
        }
        let thread = shown(thread);
        match (sequence, reason) {
            (_, Some(reason)) => writeln!(out, "{thread}: waits for a full state, {reason}")?,
            (Some(sequence), None) => writeln!(out, "{thread}: at {sequence}")?,
            (None, None) => writeln!(out, "{thread}: empty")?,
        }
    }
    Ok(if refused.is_empty() && counts.waiting == 0 {
        Found::NothingWrong
    } else {
        Found::Faults
    })
}
