//! libzstd itself, asked directly and without any plan.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a property may panic: that is how it fails"
)]

use std::cell::RefCell;

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

/// The content by libzstd's streaming decoder, frame after frame, with the window that RFC 9659
/// allows; `None` when it reports an error, or the input ends inside a frame.
///
/// Decoding stops with `Some` of more than `limit` bytes once the content exceeds it.
pub fn streaming(input: &[u8], limit: usize) -> Option<Vec<u8>> {
    with_context(|context, chunk| {
        let mut content = Vec::new();
        let mut source = InBuffer::around(input);
        loop {
            let before = source.pos();
            let mut sink = OutBuffer::around(chunk.as_mut_slice());
            let hint = context.decompress_stream(&mut sink, &mut source).ok()?;
            let written = sink.pos();
            content.extend_from_slice(&chunk[..written]);
            let at_end = source.pos() == input.len();
            if content.len() > limit || (hint == 0 && at_end) {
                return Some(content);
            }
            if written == 0 && source.pos() == before {
                return None;
            }
        }
    })
}

/// The content by libzstd's one-shot decoder, when it is at most `limit` bytes.
pub fn one_shot(input: &[u8], limit: usize) -> Option<Vec<u8>> {
    with_context(|context, _| {
        let mut content = Vec::with_capacity(limit);
        context.decompress(&mut content, input).ok()?;
        Some(content)
    })
}

/// Contexts cost more than most inputs, so that each thread keeps one.
fn with_context<T>(body: impl FnOnce(&mut DCtx<'static>, &mut Vec<u8>) -> T) -> T {
    thread_local! {
        static KEPT: RefCell<(DCtx<'static>, Vec<u8>)> = RefCell::new({
            let mut context = DCtx::create();
            context.set_parameter(DParameter::WindowLogMax(23)).expect("a known parameter");
            (context, vec![0; 1 << 16])
        });
    }
    KEPT.with_borrow_mut(|(context, chunk)| {
        context
            .reset(ResetDirective::SessionOnly)
            .expect("a reset works at any time");
        body(context, chunk)
    })
}
