//! A record that the engine let in: the one thing an offset can later move for.

use crate::tracker::Slot;
use crate::{Assignment, Backlog, Cause, Offset, TopicPartition};

/// A record that is to be processed. It is used up by exactly one of [`crate::Engine::accept`],
/// [`crate::Engine::reject`], [`crate::Engine::release`], [`crate::Engine::defer`] and
/// [`crate::Engine::queue`].
///
/// It cannot be cloned and only the engine makes one. A token that is dropped leaves its record
/// outstanding: the stored offset stays before it, and the status shows how long it has been.
///
/// ```compile_fail,E0382
/// use core::time::Duration;
/// use dashstream_policy::{Delivered, Engine};
/// fn twice(engine: &mut Engine<()>, record: Delivered) {
///     engine.accept(Duration::ZERO, record);
///     engine.accept(Duration::ZERO, record);
/// }
/// ```
///
/// ```
/// use core::time::Duration;
/// use dashstream_policy::{Delivered, Engine};
/// fn once(engine: &mut Engine<()>, record: Delivered) {
///     engine.accept(Duration::ZERO, record);
/// }
/// # let _ = once;
/// ```
#[must_use = "a record that is neither done nor unprocessable holds its partition's offset back"]
#[derive(Debug, PartialEq, Eq)]
pub struct Delivered {
    pub(crate) partition: TopicPartition,
    pub(crate) assignment: Assignment,
    pub(crate) offset: Offset,
    /// Its entry in the partition's tracker.
    pub(crate) slot: Slot,
    pub(crate) attempt: u32,
    pub(crate) backlog: Backlog,
}

getters! { Delivered:
    /// Where the record stands.
    partition: TopicPartition,
    /// The assignment it was read under.
    assignment: Assignment,
    /// Its offset.
    offset: Offset,
    /// Which attempt at it this is, from 1.
    attempt: u32,
    /// Whether the host called it old.
    backlog: Backlog,
}

impl Delivered {
    /// The same token once more, for a replay that shows what it was handed.
    // In place of `Clone`, which would let a host settle a record twice.
    #[cfg(feature = "trace")]
    pub(crate) const fn twin(&self) -> Self {
        Self { ..*self }
    }

    /// A number that no other record of this engine has, for logs and traces.
    #[must_use]
    pub const fn serial(&self) -> u64 {
        self.slot.serial
    }
}

/// A record that the configuration has rejected, before any handler saw it. It is handed back with its
/// payload, to [`crate::Engine::rejected`]; a host that does anything else with it says so
/// ([`Rejected::into_record`]).
///
/// ```compile_fail,E0308
/// use core::time::Duration;
/// use dashstream_policy::{Rejected, Engine};
/// fn release(engine: &mut Engine<()>, record: Rejected) {
///     engine.accept(Duration::ZERO, record);
/// }
/// ```
///
/// ```
/// use core::time::Duration;
/// use dashstream_policy::{Rejected, Engine};
/// fn release(engine: &mut Engine<()>, record: Rejected) {
///     engine.rejected(Duration::ZERO, record, (), 0);
/// }
/// # let _ = release;
/// ```
#[must_use = "a rejected record that is not handed back holds its partition's offset back"]
#[derive(Debug, PartialEq, Eq)]
pub struct Rejected {
    pub(crate) delivered: Delivered,
    pub(crate) cause: Cause,
}

impl Rejected {
    /// Why it cannot be processed.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// The record's place, and the assignment it was read under.
    pub const fn record(&self) -> &Delivered {
        &self.delivered
    }

    /// The record itself, for a host that has to wait until those before it are judged: it gives it to
    /// [`Engine::queue`](crate::Engine::queue), and rejects it for [`Rejected::cause`] when it is its turn.
    pub fn into_record(self) -> Delivered {
        self.delivered
    }
}
