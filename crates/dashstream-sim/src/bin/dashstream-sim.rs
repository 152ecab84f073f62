//! `dashstream-sim schedules COUNT [FIRST]`, `dashstream-sim exhaustive [EVENTS]` or
//! `dashstream-sim replay FILE`.
//!
//! Exits with 3 when an invariant was broken, so that a mutant's death is told from a broken build.

use std::process::ExitCode;
use std::time::Instant;

#[cfg(feature = "trace")]
use dashstream_policy::trace::Trace;
use dashstream_sim::{exhaustive, schedules};

const VIOLATION: u8 = 3;

/// Calls read of one trace: about 1.5 GB of them.
#[cfg(feature = "trace")]
const CALLS_MAX: usize = 10_000_000;

#[expect(clippy::disallowed_methods, reason = "a program measures its own run")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(feature = "trace")]
    if let [command, file] = arguments.as_slice()
        && command == "replay"
    {
        return replay(file);
    }
    let number = |at: usize, default: u64| match arguments.get(at) {
        Some(text) => text.parse().ok(),
        None => Some(default),
    };
    let start = Instant::now();
    let result = match (
        arguments.first().map(String::as_str),
        number(1, 6),
        number(2, 0),
    ) {
        (Some("schedules"), Some(count), Some(first)) => {
            schedules(first, count).map(|ran| format!("{ran:?}"))
        }
        (Some("exhaustive"), Some(events), Some(_)) => {
            exhaustive(events as usize).map(|explored| format!("{explored:?}"))
        }
        _ => {
            say(
                "usage: dashstream-sim schedules COUNT [FIRST] | exhaustive [EVENTS] | replay FILE",
            );
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(text) => {
            say(&format!(
                "{text}, 0 violations, {:.1} s",
                start.elapsed().as_secs_f64()
            ));
            ExitCode::SUCCESS
        }
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::from(VIOLATION)
        }
    }
}

/// Tells a new engine what a recorded one was told, and prints what it asks for.
#[cfg(feature = "trace")]
fn replay(file: &str) -> ExitCode {
    let told = std::fs::read_to_string(file)
        .map_err(|error| error.to_string())
        .and_then(|text| Trace::parse(&text, CALLS_MAX).map_err(|error| error.to_string()))
        .and_then(|trace| match trace.replay() {
            Ok(actions) => Ok((trace, actions)),
            Err(error) => Err(error.to_string()),
        });
    match told {
        Ok((trace, actions)) => {
            for action in &actions {
                say(&format!("{action:?}"));
            }
            let end = if trace.is_cut() { "cut" } else { "whole" };
            say(&format!(
                "{} calls ({end}), {} actions",
                trace.len(),
                actions.len()
            ));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("{file}: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_macros, reason = "a program prints")]
fn say(text: &str) {
    println!("{text}");
}
