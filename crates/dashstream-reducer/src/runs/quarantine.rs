//! Messages that belong to no run, kept for the host within a budget.

use core::time::Duration;
use std::collections::VecDeque;

use crate::patch::OwnedOperations;
use crate::reducer::{Stamp, Update};

/// A message that names no run. It changed none.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Quarantined {
    /// When it came.
    pub at: Duration,
    /// Where it stands in its run, whichever that is.
    pub stamp: Stamp,
    /// Why it belongs to none.
    pub cause: QuarantineCause,
    /// The thread id as it came.
    pub thread: Box<str>,
    update: QuarantinedUpdate,
    bytes: u64,
}

/// Why a message belongs to no run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a host reports each")]
pub enum QuarantineCause {
    /// It has no thread id, or a blank one.
    NoThread,
    /// Its thread id is longer than allowed.
    ThreadTooLong,
}

impl QuarantineCause {
    /// A stable name, fit for a metric label.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoThread => "no_thread",
            Self::ThreadTooLong => "thread_too_long",
        }
    }
}

impl Quarantined {
    /// Lends the message's content, for a host that knows by now which run it belongs to.
    pub fn with_update<T>(&self, body: impl FnOnce(Update<'_>) -> T) -> T {
        match &self.update {
            QuarantinedUpdate::Start(state) => body(Update::Start {
                state: state.as_deref(),
            }),
            QuarantinedUpdate::Snapshot { state, hash } => body(Update::Snapshot { state, hash }),
            QuarantinedUpdate::Diff {
                operations,
                hash,
                base,
            } => operations.with(|operations| {
                body(Update::Diff {
                    operations,
                    hash,
                    base,
                })
            }),
            QuarantinedUpdate::Checkpoint { id, state } => body(Update::Checkpoint { id, state }),
            QuarantinedUpdate::PoisonedCheckpoint { id } => body(Update::PoisonedCheckpoint { id }),
            QuarantinedUpdate::End => body(Update::End),
            QuarantinedUpdate::Other => body(Update::Other),
            QuarantinedUpdate::Lost => body(Update::Lost),
        }
    }

    /// Bytes that it holds: an upper bound.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// An update that owns its parts.
#[derive(Clone, Debug)]
enum QuarantinedUpdate {
    Start(Option<Vec<u8>>),
    Snapshot {
        state: Vec<u8>,
        hash: Vec<u8>,
    },
    Diff {
        operations: OwnedOperations,
        hash: Vec<u8>,
        base: Vec<u8>,
    },
    Checkpoint {
        id: Vec<u8>,
        state: Vec<u8>,
    },
    PoisonedCheckpoint {
        id: Vec<u8>,
    },
    End,
    Other,
    Lost,
}

impl QuarantinedUpdate {
    fn of(update: Update<'_>) -> Self {
        match update {
            Update::Start { state } => Self::Start(state.map(Into::into)),
            Update::Snapshot { state, hash } => Self::Snapshot {
                state: state.into(),
                hash: hash.into(),
            },
            Update::Diff {
                operations,
                hash,
                base,
            } => Self::Diff {
                operations: operations.to_owned(),
                hash: hash.into(),
                base: base.into(),
            },
            Update::Checkpoint { id, state } => Self::Checkpoint {
                id: id.into(),
                state: state.into(),
            },
            Update::PoisonedCheckpoint { id } => Self::PoisonedCheckpoint { id: id.into() },
            Update::End => Self::End,
            Update::Other => Self::Other,
            Update::Lost => Self::Lost,
        }
    }
}

/// The messages in quarantine, oldest first.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    messages: VecDeque<Quarantined>,
    bytes: u64,
}

impl Quarantine {
    /// Keeps a copy, unless it is larger than the whole budget, and drops the oldest for it. Answers
    /// how many found no room.
    pub(super) fn keep(
        &mut self,
        (at, stamp, cause): (Duration, Stamp, QuarantineCause),
        thread: &str,
        update: Update<'_>,
        (messages, bytes): (usize, u64),
    ) -> u64 {
        let cost = message_bytes(thread, update);
        if messages == 0 || cost > bytes {
            return 1;
        }
        let mut dropped = 0_u64;
        while self.messages.len() >= messages || self.bytes.saturating_add(cost) > bytes {
            // Cannot happen: an empty queue holds nothing, and `cost` alone fits.
            if self.poll().is_none() {
                break;
            }
            dropped = dropped.saturating_add(1);
        }
        self.bytes = self.bytes.saturating_add(cost);
        self.messages.push_back(Quarantined {
            at,
            stamp,
            cause,
            thread: thread.into(),
            update: QuarantinedUpdate::of(update),
            bytes: cost,
        });
        dropped
    }

    /// The oldest, taken out.
    pub(super) fn poll(&mut self) -> Option<Quarantined> {
        let message = self.messages.pop_front()?;
        self.bytes = self.bytes.saturating_sub(message.bytes);
        Some(message)
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What keeping a message takes, at most. The queue doubles its room when it grows.
fn message_bytes(thread: &str, update: Update<'_>) -> u64 {
    let content = match update {
        Update::Start { state } => state.map_or(0, <[u8]>::len),
        Update::Snapshot { state, hash } => state.len().saturating_add(hash.len()),
        Update::Diff {
            operations,
            hash,
            base,
        } => operations
            .owned_bytes()
            .saturating_add(hash.len())
            .saturating_add(base.len()),
        Update::Checkpoint { id, state } => id.len().saturating_add(state.len()),
        Update::PoisonedCheckpoint { id } => id.len(),
        Update::End | Update::Other | Update::Lost => 0,
    };
    let slots = size_of::<Quarantined>().saturating_mul(2);
    (slots.saturating_add(thread.len()) as u64).saturating_add(content as u64)
}
