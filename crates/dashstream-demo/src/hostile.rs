//! Records that no honest producer writes, as bytes, each with the cause it must be refused for.

use dashstream_policy::Cause;

use crate::rng::Rng;
use crate::wire::{BLOCK_BYTES_MAX, Block, Proto, framed, skippable_frame, zstd_frame};

/// One way to be hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the report and the tests walk all of them"
)]
pub enum Hostile {
    /// No value at all.
    NullPayload,
    /// A value of zero bytes.
    EmptyPayload,
    /// A tag that no frame has.
    UnknownFrame,
    /// Protobuf without the frame's tag, as old producers wrote it.
    Unframed,
    /// A value longer than the limit.
    Oversize,
    /// Bytes that are no protobuf.
    GarbageProtobuf,
    /// A message that ends in the middle of a field.
    Truncated,
    /// Attributes nested deeper than any message needs.
    DeepNesting,
    /// A frame that says it holds 1 GiB, and does not exaggerate by much.
    DeclaredBomb,
    /// A frame that says 64 KiB and holds 13 MiB.
    LyingBomb,
    /// A frame that does not say how much it holds.
    UndeclaredBomb,
    /// A small frame, and a large one behind it.
    SecondFrameBomb,
    /// A skippable frame in front of a large one.
    SkippableBomb,
    /// A zstd frame that is cut off.
    TruncatedFrame,
    /// A batch of empty events: few bytes on the wire, many in memory.
    HeapBomb,
    /// A message of a schema newer than this gateway's.
    TooNewSchema,
    /// A message without the header that says whose it is.
    MissingHeader,
    /// A batch of good events with one of a newer schema among them.
    SpoiledBatch,
}

impl Hostile {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::NullPayload,
        Self::EmptyPayload,
        Self::UnknownFrame,
        Self::Unframed,
        Self::Oversize,
        Self::GarbageProtobuf,
        Self::Truncated,
        Self::DeepNesting,
        Self::DeclaredBomb,
        Self::LyingBomb,
        Self::UndeclaredBomb,
        Self::SecondFrameBomb,
        Self::SkippableBomb,
        Self::TruncatedFrame,
        Self::HeapBomb,
        Self::TooNewSchema,
        Self::MissingHeader,
        Self::SpoiledBatch,
    ];

    /// A stable name for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NullPayload => "null_payload",
            Self::EmptyPayload => "empty_payload",
            Self::UnknownFrame => "unknown_frame",
            Self::Unframed => "unframed",
            Self::Oversize => "oversize",
            Self::GarbageProtobuf => "garbage_protobuf",
            Self::Truncated => "truncated",
            Self::DeepNesting => "deep_nesting",
            Self::DeclaredBomb => "declared_bomb",
            Self::LyingBomb => "lying_bomb",
            Self::UndeclaredBomb => "undeclared_bomb",
            Self::SecondFrameBomb => "second_frame_bomb",
            Self::SkippableBomb => "skippable_bomb",
            Self::TruncatedFrame => "truncated_frame",
            Self::HeapBomb => "heap_bomb",
            Self::TooNewSchema => "too_new_schema",
            Self::MissingHeader => "missing_header",
            Self::SpoiledBatch => "spoiled_batch",
        }
    }

    /// The cause for which a correct gateway refuses it.
    #[must_use]
    pub const fn cause(self) -> Cause {
        match self {
            Self::NullPayload => Cause::NullPayload,
            Self::EmptyPayload => Cause::Empty,
            Self::UnknownFrame | Self::Unframed => Cause::BadFrame,
            Self::Oversize => Cause::Oversize,
            Self::GarbageProtobuf => Cause::DecodeError,
            Self::Truncated => Cause::Truncated,
            Self::DeclaredBomb
            | Self::LyingBomb
            | Self::UndeclaredBomb
            | Self::SecondFrameBomb
            | Self::SkippableBomb
            | Self::TruncatedFrame => Cause::DecompressionRefused,
            Self::HeapBomb | Self::DeepNesting => Cause::HeapBudget,
            Self::MissingHeader => Cause::HeaderMismatch,
            Self::TooNewSchema | Self::SpoiledBatch => Cause::SchemaTooNew,
        }
    }

    /// The kinds that can be produced under a payload limit: an oversize record must still fit the
    /// producer's own limit, and a heap bomb must stay below the reader's.
    #[must_use]
    pub fn under(max_payload_bytes: usize) -> Vec<Self> {
        let possible = |kind: &Self| {
            (*kind != Self::Oversize || max_payload_bytes <= OVERSIZE_LIMIT_MAX)
                && (*kind != Self::HeapBomb || heap_bomb_blocks(max_payload_bytes) > 0)
        };
        Self::ALL.into_iter().filter(possible).collect()
    }

    /// The record's value, or `None` for a record without one.
    #[must_use]
    pub fn value(self, thread: &str, max_payload_bytes: usize, rng: &mut Rng) -> Option<Vec<u8>> {
        let event = || event(thread, SCHEMA, &[("note", "hello")]);
        let bomb = [Block::Rle(b'A', BLOCK_BYTES_MAX); 104];
        Some(match self {
            Self::NullPayload => return None,
            Self::EmptyPayload => Vec::new(),
            Self::UnknownFrame => framed(0x7f, &event()),
            Self::Unframed => event(),
            Self::Oversize => {
                let text = "x".repeat(max_payload_bytes);
                framed(0, &self::event(thread, SCHEMA, &[("note", &text)]))
            }
            Self::GarbageProtobuf => {
                // Field 1 with a length that goes on for eleven bytes: no continuation can save it.
                let mut body = vec![0x0a];
                body.extend_from_slice(&[0xff; 11]);
                body.extend_from_slice(&rng.bytes::<40>());
                framed(0, &body)
            }
            Self::Truncated => {
                let mut value = framed(0, &event());
                value.truncate(value.len().saturating_sub(3));
                value
            }
            Self::DeepNesting => {
                let mut nested = Proto::new().number(2, 1);
                for _ in 0..200 {
                    nested = Proto::new().message(6, Proto::new().message(1, nested));
                }
                let attribute = Proto::new().bytes(1, "deep").message(2, nested);
                let event = Proto::new()
                    .message(1, header(thread, SCHEMA))
                    .number(2, 80);
                framed(
                    0,
                    &Proto::new()
                        .message(1, event.message(4, attribute))
                        .into_bytes(),
                )
            }
            Self::DeclaredBomb => framed(1, &zstd_frame(Some(1 << 30), &bomb)),
            Self::LyingBomb => framed(1, &zstd_frame(Some(64 * 1024), &bomb)),
            Self::UndeclaredBomb => framed(1, &zstd_frame(None, &bomb)),
            Self::SecondFrameBomb => {
                let mut body = stored(&event());
                body.extend_from_slice(&zstd_frame(Some(BLOCK_BYTES_MAX * 104), &bomb));
                framed(1, &body)
            }
            Self::SkippableBomb => {
                let mut body = skippable_frame(b"nothing to see here");
                body.extend_from_slice(&zstd_frame(Some(BLOCK_BYTES_MAX * 104), &bomb));
                framed(1, &body)
            }
            Self::TruncatedFrame => {
                let mut body = stored(&event());
                body.truncate(body.len().saturating_sub(5));
                framed(1, &body)
            }
            Self::HeapBomb => {
                // Field 8, a batch: a header, then events that consist of an empty header, four bytes
                // each and about two hundred in memory, from sixteen bytes on the wire per 128 KiB.
                let blocks = heap_bomb_blocks(max_payload_bytes);
                let batch = blocks.saturating_mul(BLOCK_BYTES_MAX).saturating_add(2);
                let mut head = Proto::new().head(8, u64::from(batch)).into_bytes();
                head.extend_from_slice(&[0x0a, 0x00]);
                let mut frame = vec![Block::Raw(&head)];
                frame.extend((0..blocks).map(|_| Block::Repeated([0x12, 0x02, 0x0a, 0x00])));
                let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
                let length = length.saturating_sub(2).saturating_add(batch);
                framed(1, &zstd_frame(Some(length), &frame))
            }
            Self::TooNewSchema => framed(0, &self::event(thread, SCHEMA + 1, &[])),
            Self::MissingHeader => {
                let headless = Proto::new().number(2, 10).bytes(3, "planner");
                framed(0, &Proto::new().message(1, headless).into_bytes())
            }
            Self::SpoiledBatch => {
                let inner = |schema| {
                    Proto::new()
                        .message(1, header(thread, schema))
                        .number(2, 80)
                };
                let batch = Proto::new()
                    .message(1, header(thread, SCHEMA))
                    .message(2, inner(SCHEMA))
                    .message(2, inner(SCHEMA))
                    .message(2, inner(SCHEMA + 1))
                    .message(2, inner(SCHEMA));
                framed(0, &Proto::new().message(8, batch).into_bytes())
            }
        })
    }
}

/// The schema version that producers write today.
const SCHEMA: u64 = 1;

/// The largest payload limit for which one record over it still fits librdkafka's default of
/// 1,000,000 bytes a message.
const OVERSIZE_LIMIT_MAX: usize = 900_000;

/// How many full blocks a payload within the limit has room for, beside the batch's key.
fn heap_bomb_blocks(max_payload_bytes: usize) -> u32 {
    let room = u32::try_from(max_payload_bytes)
        .unwrap_or(u32::MAX)
        .saturating_sub(16);
    (room / BLOCK_BYTES_MAX).min(80)
}

/// A header without a sequence number: these records are part of no run.
fn header(thread: &str, schema: u64) -> Proto {
    Proto::new()
        .bytes(3, "demo")
        .bytes(4, thread)
        .number(6, 1)
        .number(9, schema)
}

/// A message that holds one event.
fn event(thread: &str, schema: u64, attributes: &[(&str, &str)]) -> Vec<u8> {
    let mut event = Proto::new()
        .message(1, header(thread, schema))
        .number(2, 80)
        .bytes(3, "planner");
    for (name, text) in attributes {
        let value = Proto::new().bytes(1, text);
        event = event.message(4, Proto::new().bytes(1, name).message(2, value));
    }
    Proto::new().message(1, event).into_bytes()
}

/// An honest frame around bytes stored as they are.
fn stored(content: &[u8]) -> Vec<u8> {
    zstd_frame(u32::try_from(content.len()).ok(), &[Block::Raw(content)])
}

#[cfg(test)]
mod tests;
