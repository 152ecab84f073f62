//! Operations as they stand on the wire: borrowed, their values still text.

use crate::document::Document;
use crate::patch::Operation;

/// One operation as the wire carries it. The numbers are the wire's: they are checked when the
/// operation is applied, so that a bad one is reported under its index.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "mirrors the wire's message")]
pub struct Encoded<'a> {
    /// 0 add, 1 remove, 2 replace, 3 move, 4 copy, 5 test.
    pub op: i32,
    /// RFC 6901 text.
    pub path: &'a str,
    /// RFC 6901 text, for move and copy.
    pub from: &'a str,
    /// The value in its encoding; empty is null.
    pub value: &'a [u8],
    /// 0 JSON text, 3 raw: a string as it is. The others are refused.
    pub encoding: i32,
}

/// The operations of one diff, borrowed in whatever form the host has them.
#[derive(Clone, Copy, Debug)]
pub struct Operations<'a>(pub(crate) Form<'a>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Form<'a> {
    Owned(&'a [Operation]),
    Encoded(&'a [Encoded<'a>]),
    #[cfg(feature = "wire")]
    View(&'a dashstream_codec::DiffView<'a>),
}

impl Operations<'_> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Form::Owned(operations) => operations.len(),
            Form::Encoded(operations) => operations.len(),
            #[cfg(feature = "wire")]
            Form::View(diff) => diff.operations().len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The operations of one diff, kept while its turn has not come; their values are text.
#[derive(Clone, Debug)]
pub(crate) struct OwnedOperations(Vec<OwnedEncoded>);

#[derive(Clone, Debug)]
struct OwnedEncoded {
    op: i32,
    path: String,
    from: String,
    value: Vec<u8>,
    encoding: i32,
}

impl OwnedOperations {
    /// Borrows the operations for as long as `body` runs.
    pub(crate) fn with<T>(&self, body: impl FnOnce(Operations<'_>) -> T) -> T {
        // A list of views; the texts are not copied.
        let borrowed: Vec<_> = self.0.iter().map(OwnedEncoded::borrow).collect();
        body(borrowed.as_slice().into())
    }
}

impl OwnedEncoded {
    fn of(operation: Encoded<'_>) -> Self {
        Self {
            op: operation.op,
            path: operation.path.to_owned(),
            from: operation.from.to_owned(),
            value: operation.value.to_vec(),
            encoding: operation.encoding,
        }
    }

    fn borrow(&self) -> Encoded<'_> {
        Encoded {
            op: self.op,
            path: &self.path,
            from: &self.from,
            value: &self.value,
            encoding: self.encoding,
        }
    }
}

impl Operations<'_> {
    /// Copies the operations, as text.
    pub(crate) fn to_owned(self) -> OwnedOperations {
        let mut owned = Vec::with_capacity(self.len());
        self.each(|(operation, value)| {
            let mut operation = OwnedEncoded::of(operation);
            if let Some(value) = value {
                // JSON text, as encoding 0 of `Operation::encoded` says. With exactly this room
                // `to_canonical` does not grow the buffer: `owned_bytes` counts what is allocated.
                operation.value.reserve_exact(text_len(value));
                value.to_canonical(&mut operation.value);
            }
            owned.push(operation);
        });
        OwnedOperations(owned)
    }

    /// What a copy of the operations takes, at most.
    pub(crate) fn owned_bytes(&self) -> usize {
        // Counted without a copy: a diff that exceeds a budget is refused before it takes memory.
        let mut bytes = self.len().saturating_mul(size_of::<OwnedEncoded>());
        self.each(|(operation, value)| {
            bytes = bytes
                .saturating_add(operation.path.len())
                .saturating_add(operation.from.len())
                .saturating_add(operation.value.len())
                .saturating_add(value.map_or(0, text_len));
        });
        bytes
    }

    /// Every operation as the wire carries it. A value that is a document stands beside it.
    fn each(&self, mut body: impl FnMut((Encoded<'_>, Option<&Document>))) {
        match self.0 {
            Form::Owned(operations) => operations.iter().map(Operation::encoded).for_each(body),
            Form::Encoded(operations) => operations.iter().for_each(|op| body((*op, None))),
            #[cfg(feature = "wire")]
            Form::View(diff) => diff.operations().for_each(|op| body((op.into(), None))),
        }
    }
}

fn text_len(value: &Document) -> usize {
    usize::try_from(value.canonical_len()).unwrap_or(usize::MAX)
}

impl<'a> From<&'a [Operation]> for Operations<'a> {
    fn from(operations: &'a [Operation]) -> Self {
        Self(Form::Owned(operations))
    }
}

impl<'a> From<&'a [Encoded<'a>]> for Operations<'a> {
    fn from(operations: &'a [Encoded<'a>]) -> Self {
        Self(Form::Encoded(operations))
    }
}

/// Borrows from the payload; nothing is collected.
#[cfg(feature = "wire")]
impl<'a> From<&'a dashstream_codec::DiffView<'a>> for Operations<'a> {
    fn from(diff: &'a dashstream_codec::DiffView<'a>) -> Self {
        Self(Form::View(diff))
    }
}

#[cfg(feature = "wire")]
impl<'a> From<dashstream_codec::OpView<'a>> for Encoded<'a> {
    fn from(operation: dashstream_codec::OpView<'a>) -> Self {
        Self {
            op: operation.op,
            path: operation.path,
            from: operation.from,
            value: operation.value,
            encoding: operation.encoding,
        }
    }
}
