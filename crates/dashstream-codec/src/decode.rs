//! Records in, messages out.

use alloc::vec::Vec;

use bytes::{Buf, Bytes};
use prost::Message as _;

use crate::admit::{Buffer, admit, payload_size};
use crate::content;
use crate::diff_view::DiffView;
use crate::error::DecodeError;
use crate::frame::{Encoding, Frame};
use crate::header::each_kind;
use crate::kind::Kind;
use crate::options::DecodeOptions;
use crate::peek::Peek;
use crate::shape::SLOTS;
use crate::stats::PayloadStats;
use crate::v1;
use crate::v1::dash_stream_message::Message;
use crate::warning::{Warning, warnings};

/// Decodes the records of a stream, each within the limits, and keeps what is worth reusing between them.
///
/// A record is one unit: when one event of a batch cannot be accepted, the record is refused. After an
/// error the decoder is as it was before.
#[derive(Debug)]
pub struct Decoder {
    pub(crate) options: DecodeOptions,
    zstd: dashstream_zstd::Decoder,
    /// Content of the compressed payload that was only looked at last.
    pub(crate) content: Vec<u8>,
}

/// A decoded record.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The message. Its byte fields may be slices of one buffer of [`RecordFacts::payload_bytes`]
    /// bytes, which lives as long as one of them does: copy what is kept for long.
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
    /// Whether the payload was compressed.
    pub compressed: bool,
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
    warnings: [Option<Warning>; 3],
}

impl RecordFacts {
    /// The header fields that contradict the record, in a fixed order. It was decoded by what it is.
    pub fn warnings(&self) -> impl Iterator<Item = Warning> {
        self.warnings.into_iter().flatten()
    }
}

impl Decoder {
    /// A decoder for a stream that is read with `options`.
    #[must_use]
    pub fn new(options: DecodeOptions) -> Self {
        let zstd = dashstream_zstd::Decoder::new(content::limits(options.limits()));
        Self {
            options,
            zstd,
            content: Vec::new(),
        }
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
        let mut stats = PayloadStats::default();
        match frame.encoding {
            Encoding::Raw => {
                let (kind, buffer, facts) =
                    admitted(record, frame, frame.payload, &self.options, &mut stats)?;
                decode_raw(frame.payload, kind, buffer, &stats, facts)
            }
            Encoding::Zstd => {
                // Not into the decoder's own buffer, because the message keeps slices of this one. The vector
                // has exactly its content's size, so that `Bytes` takes it over without a copy.
                let content = match self.zstd.decompress(frame.payload) {
                    Ok(content) => Bytes::from(content),
                    Err(error) => return Err(content::refused(error, self.options.limits())),
                };
                let (kind, _, facts) =
                    admitted(record, frame, &content, &self.options, &mut stats)?;
                match stats.body {
                    // `slice_ref` panics on a slice of another buffer; `body` is a part of `content`.
                    Some(body) => decode(content.slice_ref(body), kind, &stats, facts),
                    None => assemble(content, facts),
                }
            }
        }
    }

    /// Checks one record in full, as [`decode`](Self::decode) does, but leaves a StateDiff on the
    /// wire.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](Self::decode), for the same records.
    pub fn decode_borrowed<'a>(
        &'a mut self,
        record: &'a [u8],
    ) -> Result<Borrowed<'a>, DecodeError> {
        let mut stats = PayloadStats::default();
        let (payload, kind, buffer, facts) = self.admit(record, &mut stats)?;
        // Without `body` the StateDiff stands in several parts of the payload, and a view reads one part.
        if let (Kind::StateDiff, Some(body)) = (kind, stats.body) {
            let view = DiffView::of_checked(body)?;
            return Ok(Borrowed::StateDiff(view, facts));
        }
        decode_raw(payload, kind, buffer, &stats, facts).map(Borrowed::Other)
    }

    /// Checks one record in full, as [`decode`](Self::decode) does, and decodes nothing of it.
    ///
    /// # Errors
    ///
    /// Those of [`decode`](Self::decode), for the same records.
    pub fn check(&mut self, record: &[u8]) -> Result<RecordFacts, DecodeError> {
        let (_, _, _, facts) = self.admit(record, &mut PayloadStats::default())?;
        Ok(facts)
    }

    /// Walks the payload of a record, in the decoder's own buffer where it is compressed.
    #[inline(always)]
    fn admit<'a>(
        &'a mut self,
        record: &'a [u8],
        stats: &mut PayloadStats<'a>,
    ) -> Result<(&'a [u8], Kind, Buffer, RecordFacts), DecodeError> {
        let frame = self.frame(record)?;
        let payload = match frame.encoding {
            Encoding::Raw => frame.payload,
            Encoding::Zstd => {
                if let Err(error) = self.zstd.decompress_into(frame.payload, &mut self.content) {
                    return Err(content::refused(error, self.options.limits()));
                }
                self.content.as_slice()
            }
        };
        let (kind, buffer, facts) = admitted(record, frame, payload, &self.options, stats)?;
        Ok((payload, kind, buffer, facts))
    }

    /// Reads the routing facts of a record that is stored raw, and `None` of a compressed one, whose
    /// payload would have to be decompressed first. Nothing is allocated.
    ///
    /// # Errors
    ///
    /// What is wrong with the record as far as it was read. A record may pass here and be refused by
    /// [`decode`](Self::decode), which reads all of it; what passes both has the same routing facts.
    #[inline]
    pub fn peek<'a>(&self, record: &'a [u8]) -> Result<Option<Peek<'a>>, DecodeError> {
        let frame = self.frame(record)?;
        match frame.encoding {
            Encoding::Raw => {
                // As in `decode`: what is too large there is refused here by the same error.
                payload_size(frame.payload, self.options.limits())?;
                Peek::of_payload(frame.payload, self.options.limits().fields()).map(Some)
            }
            Encoding::Zstd => Ok(None),
        }
    }

    pub(crate) fn frame<'a>(&self, record: &'a [u8]) -> Result<Frame<'a>, DecodeError> {
        let limit = self.options.limits().record_bytes();
        if record.len() > limit {
            return Err(DecodeError::RecordTooLarge {
                len: record.len(),
                limit,
            });
        }
        Frame::parse(record, self.options.compatible_framing)
    }
}

/// Decodes a raw payload that the walk has admitted.
#[inline(always)]
fn decode_raw(
    payload: &[u8],
    kind: Kind,
    buffer: Buffer,
    stats: &PayloadStats<'_>,
    facts: RecordFacts,
) -> Result<Decoded, DecodeError> {
    let Some(body) = stats.body else {
        // `admit` has charged this copy: it chooses `Shared` where there is no `body`.
        return assemble(Bytes::copy_from_slice(payload), facts);
    };
    match buffer {
        Buffer::Copies => decode(body, kind, stats, facts),
        Buffer::Shared => decode(Bytes::copy_from_slice(body), kind, stats, facts),
    }
}

/// Decodes the bytes of a message that its payload names once. Byte fields are slices of `body` when
/// that is `Bytes`, and copies otherwise.
#[inline(always)]
fn decode(
    body: impl Buf,
    kind: Kind,
    stats: &PayloadStats<'_>,
    facts: RecordFacts,
) -> Result<Decoded, DecodeError> {
    // Filled where it stands: moving a message costs as much as decoding a small one.
    let mut decoded = Decoded {
        message: prepared(kind, stats.counts),
        facts,
    };
    let filled = each_kind!(&mut decoded.message, message => message.merge(body));
    match filled {
        Ok(()) => Ok(decoded),
        // The walk refuses whatever prost refuses: this is a defect, and the record is refused all the same.
        Err(_) => Err(DecodeError::Disagreement),
    }
}

/// Decodes a payload that names its message more than once, which protobuf merges.
#[cold]
fn assemble(payload: Bytes, facts: RecordFacts) -> Result<Decoded, DecodeError> {
    let whole = v1::DashStreamMessage::decode(payload).map_err(|_| DecodeError::Disagreement)?;
    let message = whole.message.ok_or(DecodeError::Disagreement)?;
    Ok(Decoded { message, facts })
}

/// An empty message whose own lists have room for their elements, so that they are not moved while
/// they grow.
#[inline(always)]
fn prepared(kind: Kind, counts: [u32; SLOTS]) -> Message {
    // Elements that the walk has found in the payload and charged: no length is taken from the wire on trust.
    // The third slot is only ever that of a map, which cannot be reserved.
    let [first, second, _] = counts.map(|count| usize::try_from(count).unwrap_or(0));
    match kind {
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
        Kind::Error => Message::Error(v1::Error {
            // The first slot is that of the map `context`.
            suggestions: Vec::with_capacity(second),
            ..v1::Error::default()
        }),
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

/// Walks the payload of `frame`, and says what the record is like when it is accepted.
#[inline(always)]
fn admitted<'a>(
    record: &[u8],
    frame: Frame<'_>,
    payload: &'a [u8],
    options: &DecodeOptions,
    stats: &mut PayloadStats<'a>,
) -> Result<(Kind, Buffer, RecordFacts), DecodeError> {
    let (kind, buffer) = admit(payload, frame.encoding, options, stats)?;
    let heap = buffer.heap(payload.len(), stats);
    let facts = RecordFacts {
        compressed: frame.encoding == Encoding::Zstd,
        framed: frame.framed,
        record_bytes: record.len(),
        payload_bytes: payload.len(),
        heap_bytes: heap.saturating_add(stats.heap),
        fields: stats.fields,
        elements: stats.elements,
        warnings: warnings(kind, stats, frame.encoding),
    };
    Ok((kind, buffer, facts))
}
