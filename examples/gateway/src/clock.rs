//! Wall time, for what is written into messages and compared with them. Everything else runs on the
//! consumer's own clock.

use std::time::SystemTime;

/// Microseconds since 1970; 0 for a clock set before that.
pub(crate) fn unix_micros() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a program reads the clock that its libraries must not"
    )]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}
