//! One pass over a payload that decides whether decoding it stays within limits, before it starts.
//!
//! The pass follows the schema's shapes through every message, list, and map, and adds up what
//! prost will allocate for each. It refuses everything that prost would refuse, so that a payload
//! that passes is decoded without an error, and a payload that fails has cost no heap at all.
//!
//! Two rules make the sum an upper bound for fields that occur again. A string reuses its buffer or
//! at most doubles it; the sum over all occurrences covers that. A message is merged into the first
//! one, so that its lists and maps go on growing from where they were: what is charged in it from
//! then on counts four times, and so does what was charged in it before. Twice would cover a list,
//! whose capacity stays below twice its length; the rest covers the four elements that a list
//! starts with, and the fuller nodes of a map.

mod budget;

use self::budget::Level;
use crate::error::DecodeError;
use crate::generated::shapes::{DASH_STREAM_MESSAGE, EVENT, EVENT_BATCH, HEADER};
use crate::header::{self, header_fields, int32, is_blank, string_heap};
use crate::kind::Kind;
use crate::options::DecodeOptions;
use crate::peek::{Peek, body};
use crate::shape::{Field, FieldKind, Shape, map_growth, vec_growth};
use crate::stats::{HeaderFields, PayloadStats};
use crate::trace::{Trace, Untraced};
use crate::wire::{
    FIXED32, FIXED64, Input, Key, LEN, VARINT, WireError, is_one_varint, short_entry, short_key,
    short_text,
};

/// Walks `payload`, and says which kind of message it is when decoding it takes no more than the
/// limits. What was found is in `stats`, which has to be empty before.
#[inline]
pub(crate) fn walk<'a>(
    payload: &'a [u8],
    options: &DecodeOptions,
    stats: &mut PayloadStats<'a>,
) -> Result<Kind, DecodeError> {
    walk_traced(payload, options, stats, Untraced)
}

/// As [`walk`], telling `trace` where it is.
#[inline(always)]
pub(crate) fn walk_traced<'a>(
    payload: &'a [u8],
    options: &DecodeOptions,
    stats: &mut PayloadStats<'a>,
    trace: impl Trace,
) -> Result<Kind, DecodeError> {
    let limits = &options.limits;
    let mut walk = Walk {
        options,
        heap_left: limits.heap_bytes(),
        fields_left: limits.fields(),
        elements_left: limits.elements(),
        blobs: 0,
        blob_bytes: 0,
        unrouted: false,
        trace,
    };
    let root = walk.root(payload, stats)?;
    let Some(kind) = root.kind else {
        return Err(DecodeError::NoMessage { len: payload.len() });
    };
    if root.again || root.headers_again {
        // Fails where the second one changes what the first one says: readers of the first one alone would
        // route the record differently. The limit is not met here, since the walk has counted every field.
        let peek = Peek::of_payload(payload, limits.fields())?;
        stats.header = peek.header.as_ref().map(HeaderFields::from);
    }
    if root.again {
        // The first body is not the whole message: decoding starts from the payload and merges.
        stats.body = None;
    }
    stats.heap = limits.heap_bytes().saturating_sub(walk.heap_left);
    stats.fields = limits.fields().saturating_sub(walk.fields_left);
    stats.elements = limits.elements().saturating_sub(walk.elements_left);
    stats.blobs = walk.blobs;
    stats.blob_bytes = walk.blob_bytes;
    // A batch is routed by its events.
    stats.unrouted = if kind == Kind::EventBatch {
        walk.unrouted
    } else {
        stats.header.is_some_and(|header| !header.routed)
    };
    Ok(kind)
}

struct Walk<'l, T> {
    options: &'l DecodeOptions,
    heap_left: u64,
    fields_left: u32,
    elements_left: u32,
    blobs: u32,
    blob_bytes: u64,
    /// Whether an event of a batch has a header without thread.
    unrouted: bool,
    trace: T,
}

/// The first of the nine messages in a payload, and whether it or its header occurs again.
#[derive(Default)]
struct Root {
    kind: Option<Kind>,
    again: bool,
    headers_again: bool,
}

impl<T: Trace> Walk<'_, T> {
    #[inline(always)]
    fn root<'a>(
        &mut self,
        payload: &'a [u8],
        stats: &mut PayloadStats<'a>,
    ) -> Result<Root, DecodeError> {
        let left = self.options.limits.depth();
        let mut root = Root::default();
        let mut level = Level::new(1);
        self.trace.enter(&DASH_STREAM_MESSAGE);
        let mut input = Input::new(payload);
        while let Some(key) = self.next(&mut input)? {
            let number = key.number();
            let field = DASH_STREAM_MESSAGE.field(number);
            let (Some(kind), Some(shape)) = (Kind::from_number(number), field.child) else {
                input.apart(|input| self.unknown(input, key, left))?;
                continue;
            };
            let bytes = body(&mut input, key)?;
            let left = self.below(left)?;
            let scale = self.enter(&mut level, number)?;
            // What is charged until `leave` is the cost of this occurrence; if there is another, `enter`
            // charges it again as merged.
            let before = self.heap_left;
            if root.kind.is_some() {
                root.again = true;
                // Merged into the first one, it has that one's header. Another kind takes the first one's place.
                let mut header = stats.header.filter(|_| root.kind == Some(kind));
                // Not exact: its lists are appended to those of the first one, and grow as prost pushes to
                // them.
                self.headed(shape, bytes, left, &mut Level::new(scale), &mut header)?;
            } else {
                let mut own = Level::new(scale);
                // `prepared` reserves the lists of this message. If it occurs again they are not reserved,
                // and `enter` charges them four times, which covers a list that doubles and one that starts
                // with four elements.
                own.exact = true;
                root.headers_again =
                    self.headed(shape, bytes, left, &mut own, &mut stats.header)?;
                root.kind = Some(kind);
                stats.body = Some(bytes);
                stats.counts = own.counts;
            }
            level.leave(scale, before, self.heap_left);
        }
        Ok(root)
    }

    /// The next field's key; the field is counted.
    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn next(&mut self, input: &mut Input<'_>) -> Result<Option<Key>, DecodeError> {
        self.trace.at(input.rest());
        let Some(key) = input.key()? else {
            return Ok(None);
        };
        self.trace.field(key);
        self.fields(1)?;
        Ok(Some(key))
    }

    /// One of the nine messages, or an event of a batch: its header counts. Returns whether there is
    /// a second one.
    fn headed(
        &mut self,
        shape: &'static Shape,
        bytes: &[u8],
        left: u32,
        level: &mut Level,
        header: &mut Option<HeaderFields>,
    ) -> Result<bool, DecodeError> {
        let batch = core::ptr::eq(shape, &EVENT_BATCH);
        let mut again = false;
        self.trace.enter(shape);
        let mut input = Input::new(bytes);
        while let Some(key) = self.next(&mut input)? {
            // Field 1 is the header in all nine messages and in an Event.
            if key.number() == 1 {
                again |= header.is_some();
                let bytes = body(&mut input, key)?;
                self.header(
                    bytes,
                    left,
                    header.get_or_insert_with(HeaderFields::default),
                )?;
            } else if batch && key.number() == 2 {
                let bytes = body(&mut input, key)?;
                let left = self.below(left)?;
                self.element()?;
                self.grow(level, shape.field(2), vec_growth)?;
                // The batch's header does not stand in for an event's.
                let mut own = None;
                // Two headers in an event are merged and not compared: a peek reads the batch's own header
                // alone.
                self.headed(&EVENT, bytes, left, &mut Level::new(level.scale), &mut own)?;
                self.unrouted |= own.is_some_and(|header| !header.routed);
            } else {
                self.value(&mut input, key, shape, left, level)?;
            }
        }
        // Known only at the end of the message, since protobuf allows fields in any order.
        if !self.options.headers_optional && header.is_none() {
            return Err(DecodeError::MissingHeader);
        }
        self.trace.leave();
        Ok(again)
    }

    /// A header that counts: merged into the one before, and its version checked.
    fn header(
        &mut self,
        bytes: &[u8],
        left: u32,
        found: &mut HeaderFields,
    ) -> Result<(), DecodeError> {
        let left = self.below(left)?;
        self.trace.enter(&HEADER);
        let mut input = Input::new(bytes);
        let mut fields = 0_u32;
        // The ordered way does not report each field to the trace, so that a walk for a diagnosis goes
        // without it.
        header_fields!(
            input, fields, ordered if !T::EXPLAINS, key = {
                self.trace.at(input.rest());
                let key = input.key()?;
                key.inspect(|key| self.trace.field(*key))
            },
            other input.apart(|input| self.unknown(input, key, left))?;
            header::MESSAGE_ID => bytes(id) self.blob(id);
            header::TIMESTAMP => varint(_time) {};
            header::TENANT_ID => text(id) self.charge(string_heap(id.len()))?;
            header::THREAD_ID => text(id) {
                // Of a thread that occurs twice the last one counts.
                found.routed = !is_blank(id);
                self.charge(string_heap(id.len()))?;
            };
            header::SEQUENCE => varint(_number) {};
            header::MESSAGE_TYPE => varint(number) found.message_type = int32(number);
            header::PARENT_ID => bytes(id) self.blob(id);
            header::COMPRESSION => varint(number) found.compression = int32(number);
            header::SCHEMA_VERSION => varint(number) {
                found.schema_version = int32(number).cast_unsigned();
            };
        );
        // Charged together: there are no more fields than bytes, which bounds the work before this check.
        self.fields(fields)?;
        // After all fields: of a version that occurs twice the last one counts.
        self.options.schema(found.schema_version)?;
        self.trace.leave();
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
        self.trace.enter(shape);
        let mut input = Input::new(bytes);
        while let Some(key) = self.next(&mut input)? {
            self.value(&mut input, key, shape, left, &mut level)?;
        }
        self.trace.leave();
        Ok(())
    }

    /// The value of one field.
    // Where nothing is optimised a function keeps room for everything that is inlined into it, and this
    // is what recurses: all that it calls stays outside there, or a hundred levels of messages do not fit
    // on a small stack.
    #[inline(always)]
    fn value(
        &mut self,
        input: &mut Input<'_>,
        key: Key,
        shape: &'static Shape,
        left: u32,
        level: &mut Level,
    ) -> Result<(), DecodeError> {
        let field = shape.field(key.number());
        let wire_type = key.wire_type();
        // Most fields are one of these, and comparisons are foreseen where a jump by the kind is not.
        if (field.kind, wire_type) == (FieldKind::String, LEN) {
            let len = text(input)?;
            return self.charge(string_heap(len));
        }
        if (field.kind, wire_type) == (FieldKind::Varint, VARINT) {
            // A number takes no heap, but prost refuses one of more than 64 bits, and so does this.
            return varint(input);
        }
        match field.kind {
            FieldKind::Bytes if wire_type == LEN => self.bytes(input),
            FieldKind::Fixed64 if wire_type == FIXED64 => fixed::<8>(input),
            FieldKind::Fixed32 if wire_type == FIXED32 => fixed::<4>(input),
            FieldKind::Message => {
                let bytes = body(input, key)?;
                let left = self.below(left)?;
                let scale = self.enter(level, key.number())?;
                let before = self.heap_left;
                self.child(field, bytes, left, scale)?;
                level.leave(scale, before, self.heap_left);
                Ok(())
            }
            FieldKind::Map => {
                let bytes = body(input, key)?;
                let left = self.below(left)?;
                self.element()?;
                self.grow(level, field, map_growth)?;
                self.entry(field, bytes, left, level.scale)
            }
            FieldKind::Messages => {
                let bytes = body(input, key)?;
                let left = self.below(left)?;
                self.element()?;
                self.grow(level, field, vec_growth)?;
                self.child(field, bytes, left, level.scale)
            }
            FieldKind::Strings if wire_type == LEN => {
                let len = text(input)?;
                self.element()?;
                self.grow(level, field, vec_growth)?;
                self.charge(string_heap(len))
            }
            FieldKind::Varints | FieldKind::Fixed32s => {
                input.apart(|input| self.numbers(input, key, field, level))
            }
            FieldKind::Unknown => input.apart(|input| self.unknown(input, key, left)),
            FieldKind::String
            | FieldKind::Varint
            | FieldKind::Bytes
            | FieldKind::Fixed64
            | FieldKind::Fixed32
            | FieldKind::Strings => Err(key.wrong().into()),
        }
    }

    #[inline(always)]
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

    /// An entry of a map. Attributes are most of an event, and nearly all are a short key and a message of
    /// one field: these need no level of their own.
    // What is found is what `nested` finds, limit by limit.
    #[inline(never)]
    fn entry(
        &mut self,
        field: &'static Field,
        bytes: &[u8],
        left: u32,
        scale: u64,
    ) -> Result<(), DecodeError> {
        // A walk for a diagnosis takes the long way, which reports each field to the trace.
        let value = field.child.and_then(|entry| entry.field(2).child);
        let (Some(shape), Some((key, value)), false) = (value, short_entry(bytes), T::EXPLAINS)
        else {
            return self.child(field, bytes, left, scale);
        };
        // The key and its string, then the value: charged in the order of `nested`, so that the same limit
        // fails.
        self.fields(1)?;
        self.charge(string_heap(key.len()))?;
        self.fields(1)?;
        let left = self.below(left)?;
        if let Some((key, content)) = short_key(value) {
            let kind = shape.field(key.number()).kind;
            let is = |of, wire_type| kind == of && key.wire_type() == wire_type;
            let heap = if is(FieldKind::String, LEN) {
                short_text(content).map(string_heap)
            } else {
                let number = is(FieldKind::Varint, VARINT) && is_one_varint(content)
                    || is(FieldKind::Fixed64, FIXED64) && content.len() == 8;
                number.then_some(0)
            };
            if let Some(heap) = heap {
                self.fields(1)?;
                return self.charge(heap);
            }
        }
        self.nested(shape, value, left, scale)
    }

    #[cfg_attr(debug_assertions, inline(never))]
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn bytes(&mut self, input: &mut Input<'_>) -> Result<(), DecodeError> {
        self.blob(input.bytes()?);
        Ok(())
    }

    /// A list of numbers, packed or one by one.
    fn numbers(
        &mut self,
        input: &mut Input<'_>,
        key: Key,
        field: &Field,
        level: &mut Level,
    ) -> Result<(), DecodeError> {
        match (field.kind, key.wire_type()) {
            (FieldKind::Varints, LEN) => {
                let mut packed = Input::new(input.bytes()?);
                let mut count = 0_u32;
                // Read one by one although only their count is needed: prost refuses the list for one bad
                // number.
                while !packed.is_empty() {
                    packed.varint()?;
                    count = count.saturating_add(1);
                }
                self.grow_by(level, field, count)
            }
            (FieldKind::Fixed32s, LEN) => {
                let (numbers, rest) = input.bytes()?.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(WireError::Truncated {
                        needed: 4,
                        left: rest.len(),
                    }
                    .into());
                }
                // A payload is at most 1 GiB, so that it fits.
                self.grow_by(
                    level,
                    field,
                    u32::try_from(numbers.len()).unwrap_or(u32::MAX),
                )
            }
            (FieldKind::Varints, VARINT) => {
                input.varint()?;
                self.grow(level, field, vec_growth)
            }
            (FieldKind::Fixed32s, FIXED32) => {
                input.fixed::<4>()?;
                self.grow(level, field, vec_growth)
            }
            _ => Err(key.wrong().into()),
        }
    }

    #[inline(never)]
    fn unknown(&mut self, input: &mut Input<'_>, key: Key, left: u32) -> Result<(), DecodeError> {
        // Unknown fields take no heap. Those within a group are charged after it: until then the length of
        // the payload bounds the work.
        let skipped = input.skip(key, left)?;
        self.fields(skipped)
    }
}

/// The length of a string.
#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn text(input: &mut Input<'_>) -> Result<usize, WireError> {
    Ok(input.text()?.len())
}

#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn varint(input: &mut Input<'_>) -> Result<(), DecodeError> {
    Ok(input.varint().map(drop)?)
}

#[cfg_attr(debug_assertions, inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
fn fixed<const N: usize>(input: &mut Input<'_>) -> Result<(), DecodeError> {
    Ok(input.fixed::<N>().map(drop)?)
}

#[cfg(test)]
mod tests;
