//! Chooses a worker for each record of a capture, as `dashstream record` writes it, without decoding the records.
//!
//! `peek_and_route 4 < testdata/capture.jsonl`
//!
//! A router sees every record of every tenant, so what it spends on one is small and bounded: a raw
//! payload is peeked at, a compressed one is decoded within the decoder's budgets.
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::hash::{Hash, Hasher};
use std::hash::DefaultHasher;
use std::io::{self, BufRead as _};
use std::process::ExitCode;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dashstream_codec::{DecodeError, DecodeOptions, Decoder};
use serde_json::Value;

fn main() -> anyhow::Result<ExitCode> {
    let workers = std::env::args()
        .nth(1)
        .map_or(Ok(4), |text| text.parse::<u64>())?;
    let mut decoder = Decoder::new(DecodeOptions::new());
    for line in io::stdin().lock().lines() {
        let record: Value = serde_json::from_str(&line?)?;
        let field = |name| record.get(name).with_context(|| format!("no {name}"));
        let place = format!("{}/{}", field("partition")?, field("offset")?);
        let Some(value) = field("value")?.as_str() else {
            println!("{place}: no value");
            continue;
        };
        match route(&mut decoder, &STANDARD.decode(value)?) {
            // One thread's records stay in order because they go to one worker.
            Ok(Some(thread)) => {
                println!("{place}: {thread} to worker {}", worker(&thread, workers))
            }
            Ok(None) => println!("{place}: names no thread"),
            Err(error) => println!("{place}: {}", error.code()),
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn route(decoder: &mut Decoder, value: &[u8]) -> Result<Option<String>, DecodeError> {
    if let Some(peek) = decoder.peek(value)? {
        return Ok(peek.thread_id().map(str::to_owned));
    }
    let decoded = decoder.decode(value)?;
    let thread = decoded
        .message
        .header()
        .map(|header| header.thread_id.clone());
    Ok(thread.filter(|thread| !thread.is_empty()))
}

fn worker(thread: &str, workers: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    thread.hash(&mut hasher);
    hasher.finish().checked_rem(workers).unwrap_or(0)
}
