//! Operations by hand.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "used by tests, each of which uses a part"
)]

use dashstream_reducer::patch::{self, Applied, Encoded, PatchError, PatchLimits};
use dashstream_reducer::{Document, ReadLimits};

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
