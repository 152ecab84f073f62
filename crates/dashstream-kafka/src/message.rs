//! A record as it came, and what is kept of it.

use core::fmt;
use std::sync::Arc;

use bytes::Bytes;
use dashstream_dlq::Header;
use dashstream_policy::{Backlog, Delivered, TopicPartition};

/// Declares the texts that are known of a record, each with the method that adds it.
macro_rules! record_ids {
    ($( $(#[$doc:meta])* $name:ident, )+) => {
        /// What a host found out about a record before it gave up: kept with the record in the archive. Each
        /// text is cut at 256 bytes.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct RecordIds {
            $( pub(crate) $name: Option<String>, )+
        }

        impl RecordIds {
            /// Knows nothing but the record itself.
            #[must_use]
            pub const fn none() -> Self {
                Self { $( $name: None, )+ }
            }

            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(mut self, text: &str) -> Self {
                    self.$name = Some(cut(text));
                    self
                }
            )+

            pub(crate) fn bytes(&self) -> usize {
                let texts = [$( &self.$name, )+].into_iter().flatten();
                texts.fold(0, |sum, text| sum.saturating_add(text.len()))
            }
        }
    };
}

record_ids! {
    /// Adds the thread the record belongs to, where that could be read.
    thread_id,
    /// Adds the tenant the record belongs to, where that could be read.
    tenant_id,
    /// Adds the graph's node that the record is about, where that could be read.
    node_id,
    /// Adds the trace that the record was written within, where that could be read.
    parent_trace_id,
    /// Adds the span that the record was written within, where that could be read.
    span_id,
    /// Adds what exactly is wrong with the record, for the dead letter's `error`; nothing of its payload.
    detail,
}

impl RecordIds {
    /// What the record's key tells: producers write the thread's id there.
    pub(crate) fn of_key(key: Option<&[u8]>) -> Self {
        let thread = key.and_then(|key| core::str::from_utf8(key).ok());
        thread.map_or_else(Self::none, |thread| Self::none().thread_id(thread))
    }
}

/// The record as the client delivered it. A clone costs no copy of the payload.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) partition: TopicPartition,
    pub(crate) offset: i64,
    pub(crate) key: Option<Bytes>,
    pub(crate) payload: Option<Bytes>,
    /// `None` for a record without headers. An empty `Arc` that all of them shared would have its count
    /// written by every core that clones or drops a record.
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
            // The token names the attempt that has not begun.
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
    // At most three steps: no character of UTF-8 is longer than four bytes, and 0 is a boundary.
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
