//! Prints the verdict through an hour in which everything is well and ten minutes in which it is not.
//!
//! Time is an argument, so the hour takes no time. A service would pass its uptime instead.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;

use dashstream::policy::Cause;
use dashstream::{Gates, HealthPolicy, Metrics, Observation, Options, Outcome, judge};

fn main() -> anyhow::Result<()> {
    let metrics = Metrics::register(Options::default(), Duration::ZERO)?;
    let policy = HealthPolicy::default();
    let mut gates = Gates::default();
    let mut last = None;

    for second in 0..5_400_u64 {
        let now = Duration::from_secs(second);
        let broken = (3_600..4_200).contains(&second);
        for message in 0..10 {
            let outcome = if broken && message < 6 {
                Outcome::Unprocessable(Cause::DecodeError)
            } else {
                Outcome::Processed
            };
            metrics.record(now, outcome);
        }
        let snapshot = metrics.observe(now, Observation::default());
        let verdict = judge(now, &snapshot, &policy, gates);
        gates = verdict.gates;

        let reasons: Vec<_> = verdict.reasons.iter().map(|reason| reason.code).collect();
        let seen = Some((verdict.status, verdict.level, reasons));
        if seen != last {
            let errors = snapshot.totals.decode_errors();
            let received = snapshot.totals.received();
            println!("{second:5} s: {seen:?}, {errors} of {received} messages since the start");
            last = seen;
        }
    }
    Ok(())
}
