//! The answers for an orchestrator: is the process alive, and should it get traffic.

use core::time::Duration;

use dashstream_metrics::{Age, Level};

use crate::health::verdict::Verdict;

/// A probe's answer.
#[expect(
    clippy::exhaustive_enums,
    reason = "an orchestrator understands two answers"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Probe {
    /// 200.
    Ok,
    /// 503.
    Unavailable,
}

/// Which verdicts make an instance ready.
#[expect(
    clippy::exhaustive_enums,
    reason = "a configuration value that hosts map from text"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReadyWhen {
    /// Ready unless the verdict is fail.
    #[default]
    NotFailing,
    /// Ready only when the verdict is pass.
    Passing,
}

impl Probe {
    /// The HTTP status code to answer with.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Unavailable => 503,
        }
    }
}

/// Whether the process should be left running: only its own loop counts.
///
/// Neither the broker nor a held partition fails it, because a restart would destroy the evidence
/// and meet the same record again. `limit` is how long the loop that takes snapshots may be stuck;
/// an orchestrator's usual three probes of ten seconds suggest 30 s.
pub const fn livez(snapshot: Age, limit: Duration) -> Probe {
    if snapshot.exceeds(limit) {
        Probe::Unavailable
    } else {
        Probe::Ok
    }
}

/// Whether the instance should get traffic.
pub const fn readyz(verdict: &Verdict, when: ReadyWhen) -> Probe {
    match (verdict.level, when) {
        (Level::Pass, _) | (Level::Warn, ReadyWhen::NotFailing) => Probe::Ok,
        (Level::Warn, ReadyWhen::Passing) | (Level::Fail, _) => Probe::Unavailable,
    }
}
