//! One pass over a payload that decides whether decoding it stays within limits, before it starts.
//!
//! The pass follows the schema's shapes through every message, list, and map, and adds up what prost
//! will allocate for each. It refuses everything that prost would refuse, so that a payload that passes
//! is decoded without an error, and a payload that fails has cost no heap at all.
//!
//! Two rules make the sum an upper bound for repeated fields as well. A string that occurs again reuses
//! its buffer or at most doubles it; the sum over all occurrences covers that. A message that occurs
//! again is merged into the first, so that its lists and maps go on growing from where they were: from
//! then on the charges in it are tripled, and the earlier ones are tripled too. Twice would cover a
//! list, whose capacity stays below twice its length; the third covers the fuller nodes of a map.

use crate::error::DecodeError;
use crate::generated::shapes::{DASH_STREAM_MESSAGE, EVENT, EVENT_BATCH};
use crate::header::{HeaderView, string_heap};
use crate::kind::Kind;
use crate::limits::DecodeLimits;
use crate::peek::{Peek, body};
use crate::shape::{Field, Kind as FieldKind, SLOTS, Shape, map_growth, vec_growth};
use crate::version::{SCHEMA_VERSION, SchemaPolicy};
use crate::wire::{FIXED32, FIXED64, Input, Key, LEN, VARINT, WireError};

/// What the walk found in a payload that it admitted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Survey<'a> {
    pub(crate) peek: Peek<'a>,
    /// The message's bytes, when the payload names it exactly once.
    pub(crate) body: Option<&'a [u8]>,
    /// Elements in the message's own lists, by slot.
    pub(crate) counts: [u32; SLOTS],
    /// What decoding will allocate at most, without the buffer that byte fields share.
    pub(crate) heap: u64,
    pub(crate) fields: u32,
    pub(crate) elements: u32,
    /// Byte fields that are not empty.
    pub(crate) blobs: u32,
}

/// What the walk checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules<'l> {
    pub(crate) limits: &'l DecodeLimits,
    pub(crate) schema: SchemaPolicy,
    pub(crate) require_header: bool,
}

/// Walks `payload`, spending `heap` bytes at most.
pub(crate) fn survey<'a>(
    payload: &'a [u8],
    heap: u64,
    rules: Rules<'_>,
) -> Result<Survey<'a>, DecodeError> {
    let limits = rules.limits;
    let mut walk = Walk {
        rules,
        heap_left: heap,
        fields_left: limits.fields(),
        elements_left: limits.elements(),
        blobs: 0,
    };
    let (first, again) = walk.root(payload)?;
    let Some(first) = first else {
        return Err(DecodeError::NoMessage { len: payload.len() });
    };
    let peek = if again {
        Peek::of_payload(payload, limits.fields())?
    } else {
        Peek {
            kind: first.kind,
            header: first.found.header,
        }
    };
    Ok(Survey {
        peek,
        body: if again { None } else { Some(first.body) },
        counts: first.found.counts,
        heap: heap.saturating_sub(walk.heap_left),
        fields: limits.fields().saturating_sub(walk.fields_left),
        elements: limits.elements().saturating_sub(walk.elements_left),
        blobs: walk.blobs,
    })
}

struct Walk<'l> {
    rules: Rules<'l>,
    heap_left: u64,
    fields_left: u32,
    elements_left: u32,
    blobs: u32,
}

/// One of the nine messages in a payload.
struct Named<'a> {
    kind: Kind,
    body: &'a [u8],
    found: Found<'a>,
}

/// What a message with a header holds itself, apart from what is nested in it.
#[derive(Clone, Copy)]
struct Found<'a> {
    header: Option<HeaderView<'a>>,
    /// There is a second header.
    again: bool,
    counts: [u32; SLOTS],
}

impl Walk<'_> {
    /// The outermost message. Returns the first of the nine messages in it, and whether it or its header
    /// occurs again.
    fn root<'a>(&mut self, payload: &'a [u8]) -> Result<(Option<Named<'a>>, bool), DecodeError> {
        let left = self.rules.limits.depth();
        let mut level = Level::new(1);
        let mut first: Option<Named<'a>> = None;
        let mut again = false;
        let mut input = Input::new(payload);
        while let Some(key) = input.key()? {
            self.field()?;
            let field = DASH_STREAM_MESSAGE.field(key.number);
            let (Some(kind), Some(shape)) = (Kind::from_number(key.number), field.child) else {
                self.unknown(&mut input, key, left)?;
                continue;
            };
            let bytes = body(&mut input, key)?;
            let left = self.below(left)?;
            let scale = self.enter(&mut level, key.number)?;
            let before = self.heap_left;
            let found = self.headed(shape, bytes, left, scale)?;
            level.leave(scale, before, self.heap_left);
            again |= found.again || first.is_some();
            first.get_or_insert(Named {
                kind,
                body: bytes,
                found,
            });
        }
        Ok((first, again))
    }

    /// One of the nine messages, or an event of a batch: its header counts.
    fn headed<'a>(
        &mut self,
        shape: &'static Shape,
        bytes: &'a [u8],
        left: u32,
        scale: u64,
    ) -> Result<Found<'a>, DecodeError> {
        let batch = core::ptr::eq(shape, &EVENT_BATCH);
        let mut level = Level::new(scale);
        let mut header = None;
        let mut again = false;
        let mut input = Input::new(bytes);
        while let Some(key) = input.key()? {
            self.field()?;
            if key.number == 1 {
                again |= header.is_some();
                let bytes = body(&mut input, key)?;
                self.header(bytes, left, header.get_or_insert_default())?;
            } else if batch && key.number == 2 {
                let bytes = body(&mut input, key)?;
                let left = self.below(left)?;
                self.element()?;
                let field = shape.field(key.number);
                self.grow(&mut level, field, vec_growth)?;
                self.headed(&EVENT, bytes, left, scale)?;
            } else {
                self.value(&mut input, key, shape, left, &mut level)?;
            }
        }
        if self.rules.require_header && header.is_none() {
            return Err(DecodeError::MissingHeader);
        }
        Ok(Found {
            header,
            again,
            counts: level.counts,
        })
    }

    /// A header that counts: merged into the one before, and its version checked.
    fn header<'a>(
        &mut self,
        bytes: &'a [u8],
        left: u32,
        header: &mut HeaderView<'a>,
    ) -> Result<(), DecodeError> {
        let left = self.below(left)?;
        let spent = header.merge(bytes, left)?;
        self.charge(spent.heap)?;
        self.fields(spent.fields)?;
        self.blobs = self.blobs.saturating_add(spent.blobs);
        if !self.rules.schema.admits(header.schema_version) {
            let version = header.schema_version;
            return Err(DecodeError::SchemaVersion {
                version,
                supported: SCHEMA_VERSION,
            });
        }
        Ok(())
    }

    /// Any other message, and the entries of maps.
    fn nested(
        &mut self,
        shape: &'static Shape,
        bytes: &[u8],
        left: u32,
        scale: u64,
    ) -> Result<(), DecodeError> {
        let mut level = Level::new(scale);
        let mut input = Input::new(bytes);
        while let Some(key) = input.key()? {
            self.field()?;
            self.value(&mut input, key, shape, left, &mut level)?;
        }
        Ok(())
    }

    /// The value of one field.
    #[inline(always)]
    fn value(
        &mut self,
        input: &mut Input<'_>,
        key: Key,
        shape: &'static Shape,
        left: u32,
        level: &mut Level,
    ) -> Result<(), DecodeError> {
        let field = shape.field(key.number);
        match (field.kind, key.wire_type) {
            (FieldKind::String, LEN) => {
                let value = input.string()?;
                self.charge(string_heap(value.len()))?;
            }
            (FieldKind::Varint, VARINT) => {
                input.varint()?;
            }
            (FieldKind::Bytes, LEN) => {
                let value = input.bytes()?;
                self.blobs = self.blobs.saturating_add(u32::from(!value.is_empty()));
            }
            (FieldKind::Fixed64, FIXED64) => {
                input.fixed::<8>()?;
            }
            (FieldKind::Fixed32, FIXED32) => {
                input.fixed::<4>()?;
            }
            (FieldKind::Message, LEN) => {
                let bytes = input.bytes()?;
                let left = self.below(left)?;
                let scale = self.enter(level, key.number)?;
                let before = self.heap_left;
                self.child(field, bytes, left, scale)?;
                level.leave(scale, before, self.heap_left);
            }
            (FieldKind::Map, LEN) => {
                let bytes = input.bytes()?;
                let left = self.below(left)?;
                self.element()?;
                self.grow(level, field, map_growth)?;
                self.child(field, bytes, left, level.scale)?;
            }
            (FieldKind::Messages, LEN) => {
                let bytes = input.bytes()?;
                let left = self.below(left)?;
                self.element()?;
                self.grow(level, field, vec_growth)?;
                self.child(field, bytes, left, level.scale)?;
            }
            (FieldKind::Strings, LEN) => {
                let value = input.string()?;
                self.element()?;
                self.grow(level, field, vec_growth)?;
                self.charge(string_heap(value.len()))?;
            }
            (FieldKind::Varints, LEN) => {
                let mut packed = Input::new(input.bytes()?);
                while !packed.is_empty() {
                    packed.varint()?;
                    self.grow(level, field, vec_growth)?;
                }
            }
            (FieldKind::Fixed32s, LEN) => {
                let mut packed = Input::new(input.bytes()?);
                while !packed.is_empty() {
                    packed.fixed::<4>()?;
                    self.grow(level, field, vec_growth)?;
                }
            }
            (FieldKind::Varints, VARINT) => {
                input.varint()?;
                self.grow(level, field, vec_growth)?;
            }
            (FieldKind::Fixed32s, FIXED32) => {
                input.fixed::<4>()?;
                self.grow(level, field, vec_growth)?;
            }
            (FieldKind::Unknown, _) => self.unknown(input, key, left)?,
            _ => {
                let Key { number, wire_type } = key;
                return Err(WireError::WrongWireType { number, wire_type }.into());
            }
        }
        Ok(())
    }

    fn child(
        &mut self,
        field: &'static Field,
        bytes: &[u8],
        left: u32,
        scale: u64,
    ) -> Result<(), DecodeError> {
        match field.child {
            Some(shape) => self.nested(shape, bytes, left, scale),
            // Only fields that have a shape are messages.
            None => Ok(()),
        }
    }

    fn unknown(&mut self, input: &mut Input<'_>, key: Key, left: u32) -> Result<(), DecodeError> {
        let skipped = input.skip(key, left)?;
        self.fields(skipped.fields)
    }

    #[inline(always)]
    fn below(&self, left: u32) -> Result<u32, DecodeError> {
        let limit = self.rules.limits.depth();
        left.checked_sub(1).ok_or(DecodeError::TooDeep { limit })
    }

    #[inline(always)]
    fn charge(&mut self, heap: u64) -> Result<(), DecodeError> {
        match self.heap_left.checked_sub(heap) {
            Some(left) => {
                self.heap_left = left;
                Ok(())
            }
            None => Err(DecodeError::HeapBudget {
                limit: self.rules.limits.heap_bytes(),
            }),
        }
    }

    /// Charges what one more element makes a list or map allocate.
    #[inline(always)]
    fn grow(
        &mut self,
        level: &mut Level,
        field: &Field,
        growth: impl Fn(u32, u32) -> u64,
    ) -> Result<(), DecodeError> {
        let Some(count) = level.counts.get_mut(usize::from(field.slot)) else {
            return Ok(());
        };
        let bytes = growth(*count, field.unit);
        // A payload has fewer elements than bytes, and its length fits: see `Decoder`.
        *count = count.saturating_add(1);
        if bytes == 0 {
            return Ok(());
        }
        self.charge(bytes.saturating_mul(level.scale))
    }

    #[inline(always)]
    fn element(&mut self) -> Result<(), DecodeError> {
        match self.elements_left.checked_sub(1) {
            Some(left) => {
                self.elements_left = left;
                Ok(())
            }
            None => Err(DecodeError::TooManyElements {
                limit: self.rules.limits.elements(),
            }),
        }
    }

    #[inline(always)]
    fn field(&mut self) -> Result<(), DecodeError> {
        self.fields(1)
    }

    #[inline(always)]
    fn fields(&mut self, count: u32) -> Result<(), DecodeError> {
        match self.fields_left.checked_sub(count) {
            Some(left) => {
                self.fields_left = left;
                Ok(())
            }
            None => Err(DecodeError::TooManyFields {
                limit: self.rules.limits.fields(),
            }),
        }
    }

    /// The scale for a message field. When it occurs again, what was charged in such fields before is
    /// tripled first.
    #[inline(always)]
    fn enter(&mut self, level: &mut Level, number: u32) -> Result<u64, DecodeError> {
        let bit = 1_u16.checked_shl(number).unwrap_or(0);
        if level.seen & bit == 0 {
            level.seen |= bit;
            return Ok(level.scale);
        }
        let before = core::mem::take(&mut level.once);
        self.charge(before.saturating_mul(MERGED - 1))?;
        Ok(MERGED)
    }
}

/// The state of one message that is being walked.
struct Level {
    scale: u64,
    counts: [u32; SLOTS],
    /// Message fields seen, by number.
    seen: u16,
    /// What was charged once in message fields.
    once: u64,
}

impl Level {
    const fn new(scale: u64) -> Self {
        Self {
            scale,
            counts: [0; SLOTS],
            seen: 0,
            once: 0,
        }
    }

    #[inline(always)]
    const fn leave(&mut self, scale: u64, before: u64, after: u64) {
        if scale < MERGED {
            self.once = self.once.saturating_add(before.saturating_sub(after));
        }
    }
}

/// How many times what is merged is charged.
const MERGED: u64 = 3;
