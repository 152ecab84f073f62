//! A payload stored in each of the ways that a producer may store it.

#![allow(dead_code, reason = "each of its users needs a part")]

use dashstream_zstd::UnknownSize;
use zstd_safe::zstd_sys::ZSTD_EndDirective::{ZSTD_e_end, ZSTD_e_flush};
use zstd_safe::{CCtx, CParameter, InBuffer, OutBuffer, compress_bound};

/// Everything that can be done about frames that do not declare their size.
pub(crate) const UNKNOWN_SIZES: [UnknownSize; 2] = [UnknownSize::Reject, UnknownSize::Bounded];

/// How a payload is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Raw,
    /// As zstd that declares the size of its content.
    Declared,
    /// As zstd of a stream that was written at once.
    Undeclared,
    /// As zstd of a stream that was flushed after every 43 bytes.
    Flushed,
}

impl Stored {
    pub(crate) const ALL: [Self; 4] = [Self::Raw, Self::Declared, Self::Undeclared, Self::Flushed];

    pub(crate) fn record(self, payload: &[u8]) -> Vec<u8> {
        match self {
            Self::Raw => [&[0], payload].concat(),
            Self::Declared => framed(payload, true, payload.len()),
            Self::Undeclared => framed(payload, false, payload.len()),
            Self::Flushed => framed(payload, false, 43),
        }
    }
}

/// A record of one frame, flushed after every `chunk` bytes.
fn framed(payload: &[u8], declared: bool, chunk: usize) -> Vec<u8> {
    let mut context = CCtx::create();
    context
        .set_parameter(CParameter::ContentSizeFlag(declared))
        .expect("a parameter");
    if declared {
        context
            .set_pledged_src_size(Some(payload.len() as u64))
            .expect("a size");
    }
    let chunks = payload.chunks(chunk.max(1));
    let room = compress_bound(payload.len()) + 16 * (chunks.len() + 2);
    let mut frame = Vec::with_capacity(room);
    let mut output = OutBuffer::around(&mut frame);
    for chunk in chunks {
        let mut input = InBuffer::around(chunk);
        while context
            .compress_stream2(&mut output, &mut input, ZSTD_e_flush)
            .expect("room")
            > 0
        {}
    }
    let mut nothing = InBuffer::around(&[]);
    while context
        .compress_stream2(&mut output, &mut nothing, ZSTD_e_end)
        .expect("room")
        > 0
    {}
    [vec![1], frame].concat()
}
