//! A record as it came, and what is kept of it.

use core::fmt;
use std::sync::Arc;

use bytes::Bytes;
use dashstream_policy::{Backlog, Delivered, TopicPartition};

/// What a host found out about a record before it gave up: kept with the record in the archive. Each
/// text is cut at 256 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordIds {
    pub(crate) thread_id: Option<String>,
    pub(crate) tenant_id: Option<String>,
    pub(crate) node_id: Option<String>,
    pub(crate) parent_trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
    pub(crate) detail: Option<String>,
}

impl RecordIds {
    /// Knows nothing but the record itself.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            thread_id: None,
            tenant_id: None,
            node_id: None,
            parent_trace_id: None,
            span_id: None,
            detail: None,
        }
    }

    /// What the record's key tells: producers write the thread's id there.
    pub(crate) fn of_key(key: Option<&[u8]>) -> Self {
        let thread = key.and_then(|key| core::str::from_utf8(key).ok());
        thread.map_or_else(Self::none, |thread| Self::none().thread_id(thread))
    }

    /// Adds the thread the record belongs to, where that could be read.
    #[must_use]
    pub fn thread_id(mut self, id: &str) -> Self {
        self.thread_id = Some(cut(id));
        self
    }

    /// Adds the tenant the record belongs to, where that could be read.
    #[must_use]
    pub fn tenant_id(mut self, id: &str) -> Self {
        self.tenant_id = Some(cut(id));
        self
    }

    /// Adds the graph's node that the record is about, where that could be read.
    #[must_use]
    pub fn node_id(mut self, id: &str) -> Self {
        self.node_id = Some(cut(id));
        self
    }

    /// Adds the trace that the record was written within, where that could be read.
    #[must_use]
    pub fn parent_trace_id(mut self, id: &str) -> Self {
        self.parent_trace_id = Some(cut(id));
        self
    }

    /// Adds the span that the record was written within, where that could be read.
    #[must_use]
    pub fn span_id(mut self, id: &str) -> Self {
        self.span_id = Some(cut(id));
        self
    }

    /// Adds what exactly is wrong with the record, for the dead letter's `error`; nothing of its payload.
    #[must_use]
    pub fn detail(mut self, text: &str) -> Self {
        self.detail = Some(cut(text));
        self
    }

    pub(crate) fn bytes(&self) -> usize {
        [
            &self.thread_id,
            &self.tenant_id,
            &self.node_id,
            &self.parent_trace_id,
            &self.span_id,
            &self.detail,
        ]
        .into_iter()
        .flatten()
        .fold(0, |sum, id| sum.saturating_add(id.len()))
    }
}

/// A header of a record: a name, which need be no other's, and a value, if it has one.
pub(crate) type Header = (Box<str>, Option<Bytes>);

/// The record as the client delivered it. A clone costs no copy of the payload.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) partition: TopicPartition,
    pub(crate) offset: i64,
    pub(crate) key: Option<Bytes>,
    pub(crate) payload: Option<Bytes>,
    /// Nothing where there are none: a count that all records share would go from core to core.
    pub(crate) headers: Option<Arc<[Header]>>,
    pub(crate) timestamp_ms: Option<i64>,
    pub(crate) backlog: Backlog,
}

impl Message {
    pub(crate) fn headers(&self) -> &[Header] {
        self.headers.as_deref().unwrap_or_default()
    }

    /// Bytes of the key, the payload and the headers.
    pub(crate) fn bytes(&self) -> usize {
        let headers = self.headers().iter().map(|(name, value)| {
            let value = value.as_ref().map_or(0, Bytes::len);
            size_of::<Header>().saturating_add(name.len().saturating_add(value))
        });
        let parts = [&self.key, &self.payload].map(|part| part.as_ref().map_or(0, Bytes::len));
        parts
            .into_iter()
            .chain(headers)
            .fold(0, usize::saturating_add)
    }

    /// A record of which only its place matters.
    #[cfg(test)]
    pub(crate) fn at(partition: TopicPartition, offset: i64) -> Self {
        Self {
            partition,
            offset,
            key: None,
            payload: None,
            headers: None,
            timestamp_ms: None,
            backlog: Backlog::Current,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Sizes only: a log is no place for what people wrote.
        f.debug_struct("Message")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("key_len", &self.key.as_ref().map(Bytes::len))
            .field("headers", &self.headers().len())
            .field("payload_len", &self.payload.as_ref().map(Bytes::len))
            .field("timestamp_ms", &self.timestamp_ms)
            .field("backlog", &self.backlog)
            .finish()
    }
}

/// What the engine keeps while the archive or another attempt may need it.
#[derive(Clone, Debug)]
pub(crate) struct RejectedMessage {
    pub(crate) message: Message,
    pub(crate) ids: RecordIds,
    pub(crate) assignment: u64,
    /// Attempts that the host had at it; none at a record that it did not get.
    pub(crate) attempts: u32,
}

impl RejectedMessage {
    /// What is kept of a record that nobody has begun to process.
    pub(crate) fn unread(message: Message, delivered: &Delivered) -> Self {
        Self {
            message,
            ids: RecordIds::none(),
            assignment: delivered.assignment().get(),
            attempts: delivered.attempt().saturating_sub(1),
        }
    }

    /// What is kept of a record that is rejected before anybody sees it.
    pub(crate) fn unseen(message: Message, delivered: &Delivered) -> Self {
        Self {
            ids: RecordIds::of_key(message.key.as_deref()),
            message,
            assignment: delivered.assignment().get(),
            attempts: 0,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            .saturating_add(self.ids.bytes())
            .saturating_add(self.message.bytes())
    }
}

/// Longest id kept, in bytes: what the letter shows of one.
const ID_BYTES_MAX: usize = 256;

fn cut(text: &str) -> String {
    let mut end = text.len().min(ID_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
