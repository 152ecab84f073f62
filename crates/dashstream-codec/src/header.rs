//! Headers: of a decoded message whatever its kind, and borrowed from the wire.

use core::num::NonZeroU64;
use core::slice;

use crate::kind::Kind;
use crate::v1::dash_stream_message::Message;
use crate::v1::{Event, Header};
use crate::wire::{Input, Key, LEN, VARINT, WireError};

/// Reads the fields of a header and counts them. They are expected in the order in which they are named
/// here, which is that of their numbers and in which encoders write them: then nothing has to be looked up,
/// and a header takes half the time.
macro_rules! header_fields {
    ($input:ident, $count:ident, ordered if $ordered:expr, $key:ident = $next:expr, other $other:expr;
     $($name:path => $read:ident($value:ident) $do:expr;)*) => {
        if $ordered {
            // Each is tried once: one out of order, or a second one, is left to the loop.
            $(if $input.take($name) {
                $count = $count.wrapping_add(1);
                let $value = $input.$read()?;
                $do;
            })*
        }
        // Each takes a byte at least, and a payload has at most 2^30.
        while let Some($key) = $next {
            $count = $count.wrapping_add(1);
            match $key.get() {
                $($name => {
                    let $value = $input.$read()?;
                    $do;
                })*
                // A field of the header whose key did not match has another wire type.
                _ if $key.number() <= $crate::header::LAST => return Err($key.wrong().into()),
                _ => $other,
            }
        }
    };
}
pub(crate) use header_fields;

/// A header whose strings and ids are slices of the payload. Fields that are not on the wire have
/// their type's default, as in [`Header`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeaderView<'a> {
    /// A UUID in 16 bytes, by convention; the length is not checked.
    pub message_id: &'a [u8],
    /// Unix time in microseconds, by the producer's clock.
    pub timestamp_us: i64,
    /// Who the run belongs to.
    pub tenant_id: &'a str,
    /// The run.
    pub thread_id: &'a str,
    /// The number on the wire, where 0 means none: see [`sequence`](Self::sequence).
    pub sequence_number: u64,
    /// A `MessageType`; the kind of the message decides, this repeats it.
    pub message_type: i32,
    /// The id of the message that caused this one, or nothing.
    pub parent_id: &'a [u8],
    /// A `CompressionType`; the frame byte decides, this repeats it.
    pub compression: i32,
    /// The schema version; 0 is read as 1.
    pub schema_version: u32,
}

impl<'a> HeaderView<'a> {
    /// The message's place in its thread's order, if it has one.
    #[must_use]
    pub const fn sequence(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.sequence_number)
    }

    /// Merges the fields of the header in `body` over those here, each one replacing the one before,
    /// and returns how many there were.
    #[inline]
    pub(crate) fn merge(&mut self, body: &'a [u8], depth_left: u32) -> Result<u32, WireError> {
        let mut fields = 0_u32;
        let mut input = Input::new(body);
        header_fields!(
            input, fields, ordered if true, key = input.key()?,
            other fields = fields.saturating_add(input.skip(key, depth_left)?);
            MESSAGE_ID => bytes(id) self.message_id = id;
            TIMESTAMP => varint(time) self.timestamp_us = time.cast_signed();
            TENANT_ID => string(id) self.tenant_id = id;
            THREAD_ID => string(id) self.thread_id = id;
            SEQUENCE => varint(number) self.sequence_number = number;
            MESSAGE_TYPE => varint(number) self.message_type = int32(number);
            PARENT_ID => bytes(id) self.parent_id = id;
            COMPRESSION => varint(number) self.compression = int32(number);
            SCHEMA_VERSION => varint(number) self.schema_version = int32(number).cast_unsigned();
        );
        Ok(fields)
    }
}

impl<'a> From<&'a Header> for HeaderView<'a> {
    fn from(header: &'a Header) -> Self {
        Self {
            message_id: &header.message_id,
            timestamp_us: header.timestamp_us,
            tenant_id: &header.tenant_id,
            thread_id: &header.thread_id,
            sequence_number: header.sequence,
            message_type: header.r#type,
            parent_id: &header.parent_id,
            compression: header.compression,
            schema_version: header.schema_version,
        }
    }
}

impl Header {
    /// The message's place in its thread's order, if it has one: 0 on the wire means none.
    #[must_use]
    pub const fn sequenced(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.sequence)
    }
}

/// Does the same with the message of each of the nine kinds.
macro_rules! each_kind {
    ($message:expr, $inner:ident => $body:expr) => {
        match $message {
            Message::Event($inner) => $body,
            Message::StateDiff($inner) => $body,
            Message::TokenChunk($inner) => $body,
            Message::ToolExecution($inner) => $body,
            Message::Checkpoint($inner) => $body,
            Message::Metrics($inner) => $body,
            Message::Error($inner) => $body,
            Message::EventBatch($inner) => $body,
            Message::ExecutionTrace($inner) => $body,
        }
    };
}
pub(crate) use each_kind;

impl Message {
    /// Which of the nine kinds this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Event(_) => Kind::Event,
            Self::StateDiff(_) => Kind::StateDiff,
            Self::TokenChunk(_) => Kind::TokenChunk,
            Self::ToolExecution(_) => Kind::ToolExecution,
            Self::Checkpoint(_) => Kind::Checkpoint,
            Self::Metrics(_) => Kind::Metrics,
            Self::Error(_) => Kind::Error,
            Self::EventBatch(_) => Kind::EventBatch,
            Self::ExecutionTrace(_) => Kind::ExecutionTrace,
        }
    }

    /// The message's header. That of a batch is the envelope's, which has no sequence.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        each_kind!(self, message => message.header.as_ref())
    }

    /// The header and the event of each place in a thread's order: those of a batch's events, or of the
    /// message itself, which is no event unless it is an `Event`. A batch's envelope is never among them,
    /// and an empty batch has none.
    pub fn entries(&self) -> impl Iterator<Item = (Option<&Header>, Option<&Event>)> {
        let (own, events) = match self {
            Self::EventBatch(batch) => (None, batch.events.as_slice()),
            Self::Event(event) => (None, slice::from_ref(event)),
            Self::StateDiff(_)
            | Self::TokenChunk(_)
            | Self::ToolExecution(_)
            | Self::Checkpoint(_)
            | Self::Metrics(_)
            | Self::Error(_)
            | Self::ExecutionTrace(_) => (Some((self.header(), None)), [].as_slice()),
        };
        let events = events
            .iter()
            .map(|event| (event.header.as_ref(), Some(event)));
        own.into_iter().chain(events)
    }

    /// The message's header, to be changed.
    #[must_use]
    pub const fn header_mut(&mut self) -> Option<&mut Header> {
        each_kind!(self, message => message.header.as_mut())
    }
}

/// Whether UTF-8 is nothing but white space: a thread id that is routes nowhere.
#[inline(always)]
pub(crate) fn is_blank(text: &[u8]) -> bool {
    match text.first() {
        None => true,
        // Printable ASCII is no white space: nearly every thread id is settled by its first byte.
        Some(first) if first.is_ascii_graphic() => false,
        Some(_) => core::str::from_utf8(text).is_ok_and(|text| text.trim().is_empty()),
    }
}

/// What decoding a string of `len` bytes allocates: a buffer never starts with fewer than eight.
///
/// A field that occurs again reuses its buffer or at most doubles it, which the sum over all
/// occurrences covers.
#[inline(always)]
pub(crate) const fn string_heap(len: usize) -> u64 {
    match len {
        0 => 0,
        1..=8 => 8,
        _ => len as u64,
    }
}

/// An `int32` or enum as protobuf reads it from a varint: the low 32 bits.
#[expect(
    clippy::cast_possible_truncation,
    reason = "protobuf defines it as truncation"
)]
pub(crate) const fn int32(value: u64) -> i32 {
    (value as u32).cast_signed()
}

pub(crate) const MESSAGE_ID: u32 = Key::of(1, LEN);
pub(crate) const TIMESTAMP: u32 = Key::of(2, VARINT);
pub(crate) const TENANT_ID: u32 = Key::of(3, LEN);
pub(crate) const THREAD_ID: u32 = Key::of(4, LEN);
pub(crate) const SEQUENCE: u32 = Key::of(5, VARINT);
pub(crate) const MESSAGE_TYPE: u32 = Key::of(6, VARINT);
pub(crate) const PARENT_ID: u32 = Key::of(7, LEN);
pub(crate) const COMPRESSION: u32 = Key::of(8, VARINT);
pub(crate) const SCHEMA_VERSION: u32 = Key::of(9, VARINT);

/// The highest number of a header's fields.
pub(crate) const LAST: u32 = 9;
