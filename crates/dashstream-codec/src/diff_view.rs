//! A StateDiff read from the wire, without decoding it.

use crate::header::{HeaderView, int32};
use crate::peek::body;
use crate::v1::DiffOperation;
use crate::wire::{Input, Key, LEN, VARINT, WireError};

/// A StateDiff whose operations are slices of the payload. Equal, field by field, to the decoded one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct DiffView<'a> {
    /// The header, if there is one.
    pub header: Option<HeaderView<'a>>,
    /// The last checkpoint that was sent before this diff, or nothing.
    pub base_checkpoint_id: &'a [u8],
    /// SHA-256 of the new state's canonical JSON, or nothing.
    pub state_hash: &'a [u8],
    /// The new state as JSON. When it is not empty, the operations do not apply.
    pub full_state: &'a [u8],
    /// The fields of the StateDiff, from the first operation on.
    operations: &'a [u8],
    count: usize,
}

/// One operation of JSON Patch, its strings and its value slices of the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpView<'a> {
    /// An `OpType`; other numbers are possible.
    pub op: i32,
    /// A JSON Pointer.
    pub path: &'a str,
    /// Encoded as `encoding` says, or nothing.
    pub value: &'a [u8],
    /// A JSON Pointer, for move and copy.
    pub from: &'a str,
    /// A `ValueEncoding`; other numbers are possible.
    pub encoding: i32,
}

impl<'a> DiffView<'a> {
    /// The operations, in order; each is read when it is asked for.
    pub fn operations(&self) -> impl ExactSizeIterator<Item = OpView<'a>> + Clone + use<'a> {
        let mut input = Input::new(self.operations);
        // The walk has accepted every operation, so that reading it again cannot fail. `INVALID` stands in
        // all the same: its numbers are no operation and no encoding.
        (0..self.count).map(move |_| OpView::next(&mut input).unwrap_or(OpView::INVALID))
    }

    /// Reads a StateDiff whose operations were checked.
    pub(crate) fn of_checked(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut view = DiffView {
            header: None,
            base_checkpoint_id: &[],
            state_hash: &[],
            full_state: &[],
            operations: &[],
            count: 0,
        };
        let mut input = Input::new(bytes);
        loop {
            // A copy, to begin the operations with the key of the first one.
            let before = input;
            let Some(key) = input.key()? else {
                return Ok(view);
            };
            match key.number() {
                1 => {
                    let bytes = body(&mut input, key)?;
                    let header = view.header.get_or_insert_with(HeaderView::default);
                    header.merge(bytes, DEPTH)?;
                }
                // Of a byte field that occurs twice the last one counts, as in the decoded message.
                2 => view.base_checkpoint_id = body(&mut input, key)?,
                3 => {
                    body(&mut input, key)?;
                    if view.count == 0 {
                        // Fields between operations stay in the slice: `OpView::next` skips them.
                        view.operations = before.rest();
                    }
                    view.count = view.count.saturating_add(1);
                }
                4 => view.state_hash = body(&mut input, key)?,
                5 => view.full_state = body(&mut input, key)?,
                _ => {
                    input.skip(key, DEPTH)?;
                }
            }
        }
    }
}

impl<'a> OpView<'a> {
    const INVALID: Self = Self {
        op: -1,
        path: "",
        value: &[],
        from: "",
        encoding: -1,
    };

    /// Reads the next operation among the fields of a StateDiff.
    fn next(input: &mut Input<'a>) -> Result<Self, WireError> {
        while let Some(key) = input.key()? {
            if key.number() == 3 {
                return Self::of_body(body(input, key)?);
            }
            input.skip(key, DEPTH)?;
        }
        // Not reached: the iterator asks for as many operations as were counted.
        Ok(Self::INVALID)
    }

    fn of_body(bytes: &'a [u8]) -> Result<Self, WireError> {
        let mut view = Self::default();
        let mut input = Input::new(bytes);
        while let Some(key) = input.key()? {
            match key.get() {
                OP => view.op = int32(input.varint()?),
                PATH => view.path = input.string()?,
                VALUE => view.value = input.bytes()?,
                FROM => view.from = input.string()?,
                ENCODING => view.encoding = int32(input.varint()?),
                _ if key.number() <= LAST => return Err(key.wrong()),
                _ => {
                    input.skip(key, DEPTH)?;
                }
            }
        }
        Ok(view)
    }
}

impl<'a> From<&'a DiffOperation> for OpView<'a> {
    fn from(operation: &'a DiffOperation) -> Self {
        Self {
            op: operation.op,
            path: &operation.path,
            value: &operation.value,
            from: &operation.from,
            encoding: operation.encoding,
        }
    }
}

/// Levels of groups in what the schema does not know; the decoder's walk has counted them already.
const DEPTH: u32 = crate::DecodeLimits::DEPTH_MAX;

const OP: u32 = Key::of(1, VARINT);
const PATH: u32 = Key::of(2, LEN);
const VALUE: u32 = Key::of(3, LEN);
const FROM: u32 = Key::of(4, LEN);
const ENCODING: u32 = Key::of(5, VARINT);

/// The highest number of an operation's fields.
const LAST: u32 = 5;
