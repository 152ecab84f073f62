//! Where the walk is: nothing while it decides, and everything when a refusal is explained.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::generated::shapes::{DASH_STREAM_MESSAGE, EVENT_BATCH};
use crate::shape::{Field, FieldKind, Shape};
use crate::wire::{FIXED32, FIXED64, Key, LEN, VARINT};

/// What the walk tells of its way through a payload.
pub(crate) trait Trace {
    /// Whether anything comes of it, so that nothing may be passed over.
    const EXPLAINS: bool = true;
    /// A message of this shape begins.
    fn enter(&mut self, shape: &'static Shape);
    /// Its next field stands here, or its end.
    fn at(&mut self, rest: &[u8]);
    /// That field has this key.
    fn field(&mut self, key: Key);
    /// The message ends.
    fn leave(&mut self);
}

/// For the walk that every record goes through.
pub(crate) struct Untraced;

impl Trace for Untraced {
    const EXPLAINS: bool = false;
    #[inline(always)]
    fn enter(&mut self, _: &'static Shape) {}
    #[inline(always)]
    fn at(&mut self, _: &[u8]) {}
    #[inline(always)]
    fn field(&mut self, _: Key) {}
    #[inline(always)]
    fn leave(&mut self) {}
}

/// The messages that the walk is in, the outermost first.
#[derive(Debug)]
pub(crate) struct PathTrace {
    payload: usize,
    open: Vec<Step>,
    /// Where a second message of the nine, or a second header of it, stands.
    pub(crate) again: Option<(usize, String)>,
}

/// A message that the walk is in, and the field in it.
#[derive(Debug)]
struct Step {
    shape: &'static Shape,
    offset: usize,
    key: Option<Key>,
    /// How often each field of the schema occurred.
    counts: [u32; 16],
}

impl PathTrace {
    pub(crate) fn new(payload: &[u8]) -> Self {
        Self {
            payload: payload.as_ptr().addr(),
            open: Vec::new(),
            again: None,
        }
    }

    /// Leaves the innermost message, so that its place is that of the field it stands in.
    pub(crate) fn up(&mut self) {
        self.open.pop();
    }

    /// Where the innermost field begins, in bytes of the payload.
    pub(crate) fn offset(&self) -> usize {
        self.open.last().map_or(0, |step| step.offset)
    }

    /// The innermost field as a path of the schema: `EventBatch.events[1].duration_us`.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in &self.open {
            if core::ptr::eq(step.shape, &DASH_STREAM_MESSAGE) {
                // The outermost message only says which of the nine follows, and that has a name.
                let field = step.key.map(|key| step.shape.field(key.number()));
                if let Some(child) = field.and_then(|field| field.child) {
                    path.push_str(child.name());
                    continue;
                }
                path.push_str(step.shape.name());
            }
            path.push_str(&step.field());
        }
        path
    }

    /// Which event of a batch it is, from 0.
    pub(crate) fn event(&self) -> Option<u32> {
        let batch = self
            .open
            .iter()
            .find(|step| core::ptr::eq(step.shape, &EVENT_BATCH))?;
        let key = batch.key.filter(|key| key.number() == 2)?;
        Some(batch.index(key))
    }

    /// How the innermost field is written in the schema, and how it is here.
    pub(crate) fn wire_types(&self) -> Option<(&'static str, &'static str)> {
        let step = self.open.last()?;
        let key = step.key?;
        let expected = written(step.shape.field(key.number()))?;
        Some((expected, wire_type(key.wire_type())))
    }
}

impl Step {
    fn index(&self, key: Key) -> u32 {
        let count = self.counts.get(key.number() as usize);
        count.map_or(0, |count| count.saturating_sub(1))
    }

    /// The field by its name, with its index in a list or a map.
    fn field(&self) -> String {
        let Some(key) = self.key else {
            return String::new();
        };
        let number = key.number();
        match self.shape.field_name(number) {
            Some(name) if self.shape.field(number).kind.grows() => {
                format!(".{name}[{}]", self.index(key))
            }
            Some(name) => format!(".{name}"),
            None => format!(".{number}"),
        }
    }
}

impl Trace for &mut PathTrace {
    fn enter(&mut self, shape: &'static Shape) {
        self.open.push(Step {
            shape,
            offset: 0,
            key: None,
            counts: [0; 16],
        });
    }

    fn at(&mut self, rest: &[u8]) {
        // `rest` is always a tail of a part of the payload, also when it is empty: its address tells the
        // offset.
        let offset = rest.as_ptr().addr().saturating_sub(self.payload);
        if let Some(step) = self.open.last_mut() {
            // No key yet: when it cannot be read, the error is not that of the field before.
            (step.offset, step.key) = (offset, None);
        }
    }

    fn field(&mut self, key: Key) {
        let Some(step) = self.open.last_mut() else {
            return;
        };
        step.key = Some(key);
        // Of a field that the schema does not have nothing is asked, and it is none of the nine messages.
        if step.shape.field_name(key.number()).is_some()
            && let Some(count) = step.counts.get_mut(key.number() as usize)
        {
            *count = count.saturating_add(1);
        }
        // Fields of the outermost message are the nine messages; field 1 of these is the header.
        let again = match self.open.as_slice() {
            [root] => root.counts.iter().sum::<u32>() > 1,
            [_, message] => {
                key.number() == 1 && message.counts.get(1).is_some_and(|count| *count > 1)
            }
            _ => false,
        };
        if again && self.again.is_none() {
            self.again = Some((self.offset(), self.path()));
        }
    }

    fn leave(&mut self) {
        // Not called after an error: the messages that are still open are then the path to it.
        self.up();
    }
}

/// How the schema has a field written; `None` of one that it does not have.
const fn written(field: &Field) -> Option<&'static str> {
    Some(match field.kind {
        FieldKind::Unknown => return None,
        FieldKind::Varint | FieldKind::Varints => wire_type(VARINT),
        FieldKind::Fixed32 | FieldKind::Fixed32s => wire_type(FIXED32),
        FieldKind::Fixed64 => wire_type(FIXED64),
        FieldKind::String
        | FieldKind::Bytes
        | FieldKind::Message
        | FieldKind::Messages
        | FieldKind::Strings
        | FieldKind::Map => wire_type(LEN),
    })
}

/// A wire type by its name in the encoding's documentation.
const fn wire_type(number: u8) -> &'static str {
    match number {
        VARINT => "VARINT (0)",
        FIXED64 => "I64 (1)",
        LEN => "LEN (2)",
        FIXED32 => "I32 (5)",
        3 => "SGROUP (3)",
        _ => "EGROUP (4)",
    }
}
