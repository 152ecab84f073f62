//! Records in, messages out.

use alloc::vec::Vec;

use bytes::Bytes;
use prost::Message as _;

use crate::diff_view::DiffView;
use crate::error::DecodeError;
use crate::frame::{Encoding, Frame, Framing};
use crate::kind::Kind;
use crate::limits::DecodeLimits;
use crate::peek::Peek;
use crate::v1;
use crate::v1::dash_stream_message::Message;
use crate::version::SchemaPolicy;
use crate::walk::{Rules, Survey, survey};
use crate::warning::Warnings;

/// How a stream's records are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct DecodeOptions {
    framing: Framing,
    limits: DecodeLimits,
    schema: SchemaPolicy,
    headers_optional: bool,
}

impl DecodeOptions {
    /// Strict framing, default limits, this schema version only, headers required.
    pub const fn new() -> Self {
        Self {
            framing: Framing::Strict,
            limits: DecodeLimits::new(),
            schema: SchemaPolicy::Exact,
            headers_optional: false,
        }
    }

    /// Sets how the stream is framed.
    pub const fn with_framing(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sets what a record may ask for.
    pub fn with_limits(mut self, limits: DecodeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets which schema versions are accepted.
    pub const fn with_schema(mut self, policy: SchemaPolicy) -> Self {
        self.schema = policy;
        self
    }

    /// Accepts messages, and events of a batch, that have no header. They have no thread, no sequence and
    /// no version that could be checked.
    pub const fn with_optional_headers(mut self, optional: bool) -> Self {
        self.headers_optional = optional;
        self
    }

    /// How the stream is framed.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// What a record may ask for.
    pub const fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// Which schema versions are accepted.
    #[must_use]
    pub const fn schema(&self) -> SchemaPolicy {
        self.schema
    }

    /// Whether messages may come without header.
    #[must_use]
    pub const fn optional_headers(&self) -> bool {
        self.headers_optional
    }

    pub(crate) const fn rules(&self) -> Rules<'_> {
        Rules {
            limits: &self.limits,
            schema: self.schema,
            require_header: !self.headers_optional,
        }
    }
}

/// Decodes the records of a stream, each within the limits, and keeps what is worth reusing between them.
///
/// A record is one unit: when one event of a batch cannot be accepted, the record is refused. After an
/// error the decoder is as it was before.
#[derive(Debug)]
pub struct Decoder {
    options: DecodeOptions,
    zstd: dashstream_zstd::Decoder,
    /// Content of a compressed payload that is only looked at.
    content: Vec<u8>,
}

/// A decoded record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The message. Its byte fields are slices of one buffer of [`RecordFacts::payload_bytes`] bytes, which
    /// lives as long as one of them does: copy what is kept for long.
    pub message: Message,
    /// What the record was like.
    pub facts: RecordFacts,
}

/// A record that was checked in full and decoded as far as it pays.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a caller has to handle both forms")]
#[expect(
    clippy::large_enum_variant,
    reason = "matched where it is returned; a box would be one more allocation"
)]
pub enum Borrowed<'a> {
    /// A StateDiff whose operations are read from the payload.
    StateDiff(DiffView<'a>, RecordFacts),
    /// Any other message, and a StateDiff that the payload assembles from several parts.
    Other(Decoded),
}

/// What an accepted record was like. Sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordFacts {
    /// How the payload was stored.
    pub encoding: Encoding,
    /// Whether the record had a frame byte.
    pub framed: bool,
    /// The record's size.
    pub record_bytes: usize,
    /// The size of the protobuf payload, after decompression.
    pub payload_bytes: usize,
    /// An upper bound on the heap that the decoded message takes, its buffer included.
    pub heap_bytes: u64,
    /// Fields in the payload.
    pub fields: u32,
    /// Elements of lists and maps in the payload.
    pub elements: u32,
    /// What the record says about itself and is not so. It was decoded by what is so.
    pub warnings: Warnings,
}

impl Decoder {
    /// A decoder for a stream that is read with `options`.
    #[must_use]
    pub fn new(options: DecodeOptions) -> Self {
        let zstd = dashstream_zstd::Decoder::new(options.limits.zstd().clone());
        Self {
            options,
            zstd,
            content: Vec::new(),
        }
    }

    /// How the stream is read.
    pub const fn options(&self) -> &DecodeOptions {
        &self.options
    }

    /// Decodes one record.
    ///
    /// Before the message is decoded its payload is walked, and refused when it is over a limit. A
    /// record that is refused has allocated nothing, or only the content of its compressed payload.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the record, as a [`DecodeError`]: its
    /// [`fault`](DecodeError::fault) is what a host has to tell apart.
    pub fn decode(&mut self, record: &[u8]) -> Result<Decoded, DecodeError> {
        let frame = self.frame(record)?;
        match frame.encoding {
            Encoding::Raw => {
                let survey = self.raw(frame.payload)?;
                let facts = facts(
                    record,
                    frame,
                    frame.payload,
                    shared(frame.payload.len()),
                    &survey,
                );
                let buffer = Bytes::copy_from_slice(frame.payload);
                decode(buffer, &survey, facts)
            }
            Encoding::Zstd => {
                let content = self.zstd.decompress(frame.payload)?;
                self.content_of(record, frame, content)
            }
        }
    }

    /// Checks one record in full, as [`decode`](Self::decode) does, but leaves a StateDiff on the wire.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](Self::decode), for the same records.
    pub fn decode_borrowed<'a>(
        &'a mut self,
        record: &'a [u8],
    ) -> Result<Borrowed<'a>, DecodeError> {
        let frame = self.frame(record)?;
        if frame.encoding == Encoding::Raw {
            let survey = self.raw(frame.payload)?;
            let facts = facts(
                record,
                frame,
                frame.payload,
                shared(frame.payload.len()),
                &survey,
            );
            if let (Kind::StateDiff, Some(body)) = (survey.peek.kind, survey.body) {
                return Ok(Borrowed::StateDiff(DiffView::of_body(body)?, facts));
            }
            return decode(Bytes::copy_from_slice(frame.payload), &survey, facts)
                .map(Borrowed::Other);
        }
        let mut content = core::mem::take(&mut self.content);
        let inflated = self.zstd.decompress_into(frame.payload, &mut content);
        self.content = content;
        inflated?;
        let payload = self.content.as_slice();
        let survey = self.inflated(payload)?;
        if let (Kind::StateDiff, Some(body)) = (survey.peek.kind, survey.body) {
            let facts = facts(record, frame, payload, shared(payload.len()), &survey);
            return Ok(Borrowed::StateDiff(DiffView::of_body(body)?, facts));
        }
        let facts = facts(record, frame, payload, shared(payload.len()), &survey);
        decode(Bytes::copy_from_slice(payload), &survey, facts).map(Borrowed::Other)
    }

    /// Reads the routing facts of a record that is stored raw, and `None` of a compressed one, whose
    /// payload would have to be decompressed first. Nothing is allocated.
    ///
    /// # Errors
    ///
    /// What is wrong with the record as far as it was read. A record may pass here and be refused by
    /// [`decode`](Self::decode), which reads all of it; what passes both has the same routing facts.
    pub fn peek<'a>(&self, record: &'a [u8]) -> Result<Option<Peek<'a>>, DecodeError> {
        let frame = self.frame(record)?;
        match frame.encoding {
            Encoding::Raw => {
                self.payload_size(frame.payload)?;
                Peek::of_payload(frame.payload, self.options.limits.fields()).map(Some)
            }
            Encoding::Zstd => Ok(None),
        }
    }

    fn frame<'a>(&self, record: &'a [u8]) -> Result<Frame<'a>, DecodeError> {
        let limit = self.options.limits.record_bytes();
        if record.len() > limit {
            return Err(DecodeError::RecordTooLarge {
                len: record.len(),
                limit,
            });
        }
        Ok(Frame::parse(record, self.options.framing)?)
    }

    fn payload_size(&self, payload: &[u8]) -> Result<(), DecodeError> {
        let limit = self.options.limits.payload_bytes();
        if payload.len() > limit {
            return Err(DecodeError::PayloadTooLarge {
                len: payload.len(),
                limit,
            });
        }
        Ok(())
    }

    fn raw<'a>(&self, payload: &'a [u8]) -> Result<Survey<'a>, DecodeError> {
        self.payload_size(payload)?;
        self.inflated(payload)
    }

    fn inflated<'a>(&self, payload: &'a [u8]) -> Result<Survey<'a>, DecodeError> {
        let limit = self.options.limits.heap_bytes();
        let heap = limit
            .checked_sub(shared(payload.len()))
            .ok_or(DecodeError::HeapBudget { limit })?;
        survey(payload, heap, self.options.rules())
    }

    fn content_of(
        &self,
        record: &[u8],
        frame: Frame<'_>,
        content: Vec<u8>,
    ) -> Result<Decoded, DecodeError> {
        let buffer = Bytes::from(content);
        let survey = self.inflated(&buffer)?;
        let facts = facts(record, frame, &buffer, shared(buffer.len()), &survey);
        decode(buffer.clone(), &survey, facts)
    }
}

/// Decodes a payload that the walk has admitted.
fn decode(payload: Bytes, survey: &Survey<'_>, facts: RecordFacts) -> Result<Decoded, DecodeError> {
    let mut whole = v1::DashStreamMessage {
        message: survey.body.map(|_| prepared(survey)),
    };
    whole
        .merge(payload)
        .map_err(|_| DecodeError::Disagreement)?;
    let message = whole.message.ok_or(DecodeError::Disagreement)?;
    Ok(Decoded { message, facts })
}

/// An empty message with room for the elements of its own lists, so that they are not moved while they
/// grow.
fn prepared(survey: &Survey<'_>) -> Message {
    let [first, second, _] = survey
        .counts
        .map(|count| usize::try_from(count).unwrap_or(0));
    match survey.peek.kind {
        Kind::Event => Message::Event(v1::Event::default()),
        Kind::StateDiff => Message::StateDiff(v1::StateDiff {
            operations: Vec::with_capacity(first),
            ..v1::StateDiff::default()
        }),
        Kind::TokenChunk => Message::TokenChunk(v1::TokenChunk {
            token_ids: Vec::with_capacity(first),
            logprobs: Vec::with_capacity(second),
            ..v1::TokenChunk::default()
        }),
        Kind::ToolExecution => Message::ToolExecution(v1::ToolExecution::default()),
        Kind::Checkpoint => Message::Checkpoint(v1::Checkpoint::default()),
        Kind::Metrics => Message::Metrics(v1::Metrics::default()),
        Kind::Error => Message::Error(v1::Error::default()),
        Kind::EventBatch => Message::EventBatch(v1::EventBatch {
            events: Vec::with_capacity(first),
            ..v1::EventBatch::default()
        }),
        Kind::ExecutionTrace => Message::ExecutionTrace(v1::ExecutionTrace {
            nodes_executed: Vec::with_capacity(first),
            errors: Vec::with_capacity(second),
            ..v1::ExecutionTrace::default()
        }),
    }
}

fn facts(
    record: &[u8],
    frame: Frame<'_>,
    payload: &[u8],
    buffer: u64,
    survey: &Survey<'_>,
) -> RecordFacts {
    RecordFacts {
        encoding: frame.encoding,
        framed: frame.framed,
        record_bytes: record.len(),
        payload_bytes: payload.len(),
        heap_bytes: buffer.saturating_add(survey.heap),
        fields: survey.fields,
        elements: survey.elements,
        warnings: Warnings::of(&survey.peek, frame.encoding),
    }
}

/// What a buffer of `len` bytes that byte fields share takes: the bytes, and the reference count.
const fn shared(len: usize) -> u64 {
    (len as u64).saturating_add(SHARED_HEADER_BYTES)
}

/// Pointer, capacity and count of `bytes::Bytes`, with room for another layout.
const SHARED_HEADER_BYTES: u64 = 32;
