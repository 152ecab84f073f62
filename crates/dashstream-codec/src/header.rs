//! Headers: of a decoded message whatever its kind, and borrowed from the wire.

use core::num::NonZeroU64;

use crate::kind::Kind;
use crate::v1::Header;
use crate::v1::dash_stream_message::Message;
use crate::wire::{Input, Key, LEN, VARINT, WireError, utf8};

/// Reads the fields that stand here in the order of their numbers, in which encoders write them: then
/// nothing has to be looked up, and a header takes half the time. What else may come is left to a loop.
macro_rules! in_order {
    ($input:ident, $fields:ident; $($read:ident $key:path[$value:ident] => $body:expr;)*) => { $(
        if let Some($value) = $input.$read($key)? {
            $fields = $fields.wrapping_add(1);
            $body;
        }
    )* };
}
pub(crate) use in_order;

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
        in_order!(input, fields;
            bytes_of MESSAGE_ID[id] => self.message_id = id;
            varint_of TIMESTAMP[time] => self.timestamp_us = time.cast_signed();
            bytes_of TENANT_ID[id] => self.tenant_id = utf8(id)?;
            bytes_of THREAD_ID[id] => self.thread_id = utf8(id)?;
            varint_of SEQUENCE[number] => self.sequence_number = number;
            varint_of MESSAGE_TYPE[number] => self.message_type = int32(number);
            bytes_of PARENT_ID[id] => self.parent_id = id;
            varint_of COMPRESSION[number] => self.compression = int32(number);
            varint_of SCHEMA_VERSION[number] => self.schema_version = int32(number).cast_unsigned();
        );
        while let Some(key) = input.key()? {
            // Each takes a byte at least, and a payload has at most 2^30.
            fields = fields.wrapping_add(1);
            match key.get() {
                MESSAGE_ID => self.message_id = input.bytes()?,
                TIMESTAMP => self.timestamp_us = input.varint()?.cast_signed(),
                TENANT_ID => self.tenant_id = input.string()?,
                THREAD_ID => self.thread_id = input.string()?,
                SEQUENCE => self.sequence_number = input.varint()?,
                MESSAGE_TYPE => self.message_type = int32(input.varint()?),
                PARENT_ID => self.parent_id = input.bytes()?,
                COMPRESSION => self.compression = int32(input.varint()?),
                SCHEMA_VERSION => self.schema_version = int32(input.varint()?).cast_unsigned(),
                _ if key.number() <= LAST => return Err(key.wrong()),
                _ => {
                    let skipped = input.skip(key, depth_left)?;
                    fields = fields.saturating_add(skipped.fields);
                }
            }
        }
        Ok(fields)
    }
}

impl PartialEq<Header> for HeaderView<'_> {
    fn eq(&self, header: &Header) -> bool {
        *self == HeaderView::from(header)
    }
}

impl<'a> From<&'a Header> for HeaderView<'a> {
    fn from(header: &'a Header) -> Self {
        let Header {
            message_id,
            timestamp_us,
            tenant_id,
            thread_id,
            sequence,
            r#type,
            parent_id,
            compression,
            schema_version,
        } = header;
        HeaderView {
            message_id,
            timestamp_us: *timestamp_us,
            tenant_id,
            thread_id,
            sequence_number: *sequence,
            message_type: *r#type,
            parent_id,
            compression: *compression,
            schema_version: *schema_version,
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
        match self {
            Self::Event(message) => message.header.as_ref(),
            Self::StateDiff(message) => message.header.as_ref(),
            Self::TokenChunk(message) => message.header.as_ref(),
            Self::ToolExecution(message) => message.header.as_ref(),
            Self::Checkpoint(message) => message.header.as_ref(),
            Self::Metrics(message) => message.header.as_ref(),
            Self::Error(message) => message.header.as_ref(),
            Self::EventBatch(message) => message.header.as_ref(),
            Self::ExecutionTrace(message) => message.header.as_ref(),
        }
    }

    /// The message's header, to be changed.
    #[must_use]
    pub const fn header_mut(&mut self) -> Option<&mut Header> {
        match self {
            Self::Event(message) => message.header.as_mut(),
            Self::StateDiff(message) => message.header.as_mut(),
            Self::TokenChunk(message) => message.header.as_mut(),
            Self::ToolExecution(message) => message.header.as_mut(),
            Self::Checkpoint(message) => message.header.as_mut(),
            Self::Metrics(message) => message.header.as_mut(),
            Self::Error(message) => message.header.as_mut(),
            Self::EventBatch(message) => message.header.as_mut(),
            Self::ExecutionTrace(message) => message.header.as_mut(),
        }
    }
}

/// Whether UTF-8 is nothing but white space: a thread id that is routes nowhere.
#[inline(always)]
pub(crate) fn is_blank(text: &[u8]) -> bool {
    match text.first() {
        None => true,
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
