//! Running a body on a stack so small that careless recursion overflows it.

#[cfg(not(target_family = "wasm"))]
use std::{panic::resume_unwind, thread::Builder};

/// Bytes of stack that every parser of the workspace must survive on.
pub const SMALL: usize = 512 * 1024;

/// Runs `body` in place: there are no threads, and the linker gives the one stack its size.
#[cfg(target_family = "wasm")]
pub fn small<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    body()
}

/// Runs `body` on a thread with [`SMALL`] bytes of stack and hands its result, or its panic, back.
///
/// # Panics
///
/// When the thread cannot be started, or when `body` panics.
#[cfg(not(target_family = "wasm"))]
pub fn small<T: Send + 'static>(body: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = Builder::new()
        .name("small-stack".into())
        .stack_size(SMALL)
        .spawn(body)
        .expect("a thread can be started");
    match thread.join() {
        Ok(value) => value,
        Err(panic) => resume_unwind(panic),
    }
}
