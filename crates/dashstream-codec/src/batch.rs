//! The events of a message, each under its own thread.

use alloc::collections::BTreeMap;
use core::num::NonZeroU64;

use crate::v1::dash_stream_message::Message;
use crate::v1::{Event, Header};

/// One place in a thread's order: a message, or one event of a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// The header that says where it belongs.
    pub header: Option<&'a Header>,
    /// The event, when it is one.
    pub event: Option<&'a Event>,
}

impl<'a> Entry<'a> {
    const fn of(event: &'a Event) -> Self {
        Self {
            header: event.header.as_ref(),
            event: Some(event),
        }
    }

    /// The run; empty without header.
    #[must_use]
    pub fn thread_id(&self) -> &'a str {
        self.header.map_or("", |header| header.thread_id.as_str())
    }

    /// The place in the thread's order, if it has one.
    #[must_use]
    pub fn sequence(&self) -> Option<NonZeroU64> {
        self.header.and_then(Header::sequenced)
    }
}

impl Message {
    /// What this message holds, one place after another: the events of a batch, or the message itself. A
    /// batch's envelope is never among them, and an empty batch has none.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let (single, events) = match self {
            Self::EventBatch(batch) => (None, batch.events.as_slice()),
            Self::Event(event) => (Some(Entry::of(event)), [].as_slice()),
            Self::StateDiff(_)
            | Self::TokenChunk(_)
            | Self::ToolExecution(_)
            | Self::Checkpoint(_)
            | Self::Metrics(_)
            | Self::Error(_)
            | Self::ExecutionTrace(_) => {
                let header = self.header();
                (
                    Some(Entry {
                        header,
                        event: None,
                    }),
                    [].as_slice(),
                )
            }
        };
        single.into_iter().chain(events.iter().map(Entry::of))
    }

    /// The highest sequence of each thread in this message. Threads without a sequence are not among
    /// them. The map borrows the thread ids, and has no more entries than the message has events.
    #[must_use]
    pub fn thread_maxima(&self) -> BTreeMap<&str, NonZeroU64> {
        let mut maxima = BTreeMap::new();
        for entry in self.entries() {
            if let Some(sequence) = entry.sequence() {
                let highest = maxima.entry(entry.thread_id()).or_insert(sequence);
                *highest = sequence.max(*highest);
            }
        }
        maxima
    }
}
