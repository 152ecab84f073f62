//! Operations and updates by hand.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "used by tests, each of which uses a part"
)]

use core::time::Duration;

use dashstream_reducer::patch::{self, Applied, Encoded, PatchError, PatchLimits};
use dashstream_reducer::{Document, Outcome, ReadLimits, Runs, Stamp, Update};

pub fn document(text: &str) -> Document {
    Document::from_str(text, &ReadLimits::default()).unwrap()
}

pub const fn operation<'a>(op: i32, path: &'a str, from: &'a str, value: &'a [u8]) -> Encoded<'a> {
    Encoded {
        op,
        path,
        from,
        value,
        encoding: 0,
    }
}

pub const fn add<'a>(path: &'a str, value: &'a [u8]) -> Encoded<'a> {
    operation(0, path, "", value)
}

pub const fn copy<'a>(from: &'a str, path: &'a str) -> Encoded<'a> {
    operation(4, path, from, b"")
}

pub fn apply(state: &mut Document, patch: &[Encoded<'_>]) -> Result<Applied, PatchError> {
    patch::apply(state, patch.into(), &PatchLimits::default())
}

pub const START: &[u8] = br#"{"n":0}"#;
pub const START_UPDATE: Update<'_> = Update::Start { state: Some(START) };

pub fn seconds(now: u64) -> Duration {
    Duration::from_secs(now)
}

pub fn set<T>(value: &str, body: impl FnOnce(Update<'_>) -> T) -> T {
    let operations = [Encoded {
        op: 0,
        path: "/n",
        value: value.as_bytes(),
        ..Encoded::default()
    }];
    body(Update::Diff {
        operations: operations.as_slice().into(),
        hash: &[],
        base: &[],
    })
}

pub fn start(runs: &mut Runs, thread: &str) -> Outcome {
    runs.apply(Duration::ZERO, thread, Stamp::new(1), START_UPDATE)
}
