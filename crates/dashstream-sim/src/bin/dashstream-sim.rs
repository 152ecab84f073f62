//! `dashstream-sim schedules COUNT [FIRST]` or `dashstream-sim exhaustive [DEPTH]`.
//!
//! Exits with 3 when an invariant was broken, so that a mutant's death is told from a broken build.

use std::process::ExitCode;
use std::time::Instant;

use dashstream_sim::{exhaustive, schedules};

const VIOLATION: u8 = 3;

#[expect(clippy::disallowed_methods, reason = "a program measures its own run")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
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
        (Some("exhaustive"), Some(depth), Some(_)) => {
            exhaustive(depth as usize).map(|explored| format!("{explored:?}"))
        }
        _ => {
            say("usage: dashstream-sim schedules COUNT [FIRST] | exhaustive [DEPTH]");
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

#[expect(clippy::disallowed_macros, reason = "a program prints")]
fn say(text: &str) {
    println!("{text}");
}
