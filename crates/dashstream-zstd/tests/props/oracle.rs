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

use core::cell::RefCell;

use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective};

/// The content by libzstd's streaming decoder, frame after frame, with the window that RFC 9659
/// allows, fed `step` bytes at a time; `None` when it reports an error, or the input ends inside a
/// frame.
///
/// Decoding stops with `Some` of more than `limit` bytes once the content exceeds it. With a step
/// shorter than any frame the decoder cannot fall back to decoding whole frames at once, which it
/// does less strictly.
pub fn streaming(input: &[u8], limit: usize, step: usize) -> Option<Vec<u8>> {
    with_context(|context, chunk, _| {
        let mut content = Vec::new();
        let mut hint = None;
        for part in input.chunks(step) {
            let mut source = InBuffer::around(part);
            loop {
                let before = source.pos();
                let mut sink = OutBuffer::around(&mut *chunk);
                hint = Some(context.decompress_stream(&mut sink, &mut source).ok()?);
                let written = sink.pos();
                content.extend_from_slice(&chunk[..written]);
                if content.len() > limit {
                    return Some(content);
                }
                // Behind a full chunk there may be more, unless the frame has just ended.
                let flushed = written < chunk.len() || hint == Some(0);
                if flushed && source.pos() == part.len() {
                    break;
                }
                if written == 0 && source.pos() == before {
                    return None;
                }
            }
        }
        (hint == Some(0)).then_some(content)
    })
}

/// Bytes that the streaming decoder may write at a time.
const CHUNK: usize = 1 << 16;

/// Fed to [`streaming`], this never holds a whole frame: the shortest has 9 bytes.
pub const STRICT: usize = 8;

/// Fed to [`streaming`], this is the whole input.
pub const WHOLE: usize = usize::MAX;

/// The content by libzstd's one-shot decoder, when it is at most `limit` bytes.
pub fn one_shot(input: &[u8], limit: usize) -> Option<Vec<u8>> {
    with_context(|context, _, whole| {
        whole.clear();
        whole.reserve_exact(limit);
        context.decompress(whole, input).ok()?;
        // The kept buffer may have had room for more.
        (whole.len() <= limit).then(|| whole.clone())
    })
}

/// A context and buffers cost more than most inputs, so that each thread keeps them.
fn with_context<T>(body: impl FnOnce(&mut DCtx<'static>, &mut [u8], &mut Vec<u8>) -> T) -> T {
    thread_local! {
        static KEPT: RefCell<(DCtx<'static>, Vec<u8>, Vec<u8>)> = RefCell::new({
            let mut context = DCtx::create();
            context.set_parameter(DParameter::WindowLogMax(23)).expect("a known parameter");
            (context, vec![0; CHUNK], Vec::new())
        });
    }
    KEPT.with_borrow_mut(|(context, chunk, whole)| {
        context
            .reset(ResetDirective::SessionOnly)
            .expect("a reset works at any time");
        body(context, chunk, whole)
    })
}
