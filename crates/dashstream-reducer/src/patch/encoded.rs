//! Operations as they stand on the wire: borrowed, their values still text.

use crate::patch::Operation;

/// One operation as the wire carries it. The numbers are the wire's: they are checked when the
/// operation is applied, so that a bad one is reported under its index.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "mirrors the wire message, which is fixed"
)]
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
    Wire(&'a [dashstream_codec::v1::DiffOperation]),
    #[cfg(feature = "wire")]
    View(dashstream_codec::Operations<'a>),
}

impl Operations<'_> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self.0 {
            Form::Owned(operations) => operations.len(),
            Form::Encoded(operations) => operations.len(),
            #[cfg(feature = "wire")]
            Form::Wire(operations) => operations.len(),
            #[cfg(feature = "wire")]
            Form::View(operations) => operations.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The operations of one diff, kept while its turn has not come.
#[derive(Clone, Debug)]
pub(crate) struct OwnedOperations(OwnedForm);

#[derive(Clone, Debug)]
enum OwnedForm {
    Owned(Vec<Operation>),
    Encoded(Vec<OwnedEncoded>),
}

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
        match &self.0 {
            OwnedForm::Owned(operations) => body(operations.as_slice().into()),
            OwnedForm::Encoded(operations) => {
                let borrowed: Vec<_> = operations.iter().map(OwnedEncoded::borrow).collect();
                body(borrowed.as_slice().into())
            }
        }
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
    /// Copies the operations; their values stay text.
    pub(crate) fn to_owned(self) -> OwnedOperations {
        OwnedOperations(match self.0 {
            Form::Owned(operations) => OwnedForm::Owned(operations.to_vec()),
            Form::Encoded(operations) => {
                OwnedForm::Encoded(operations.iter().copied().map(OwnedEncoded::of).collect())
            }
            #[cfg(feature = "wire")]
            Form::Wire(operations) => {
                let encoded = operations.iter().map(Encoded::from);
                OwnedForm::Encoded(encoded.map(OwnedEncoded::of).collect())
            }
            #[cfg(feature = "wire")]
            Form::View(operations) => {
                let encoded = operations.map(Encoded::from);
                OwnedForm::Encoded(encoded.map(OwnedEncoded::of).collect())
            }
        })
    }

    /// What a copy of the operations keeps alive, at most: values that are documents already are shared,
    /// and are held as long as the copy is.
    pub(crate) fn owned_bytes(&self) -> usize {
        let text = match self.0 {
            Form::Owned(operations) => operations.iter().map(Operation::held_bytes).sum(),
            Form::Encoded(operations) => operations.iter().map(Encoded::text_bytes).sum(),
            #[cfg(feature = "wire")]
            Form::Wire(operations) => {
                let encoded = operations.iter().map(Encoded::from);
                encoded
                    .map(|operation| operation.text_bytes())
                    .sum::<usize>()
            }
            #[cfg(feature = "wire")]
            Form::View(operations) => {
                let encoded = operations.map(Encoded::from);
                encoded
                    .map(|operation| operation.text_bytes())
                    .sum::<usize>()
            }
        };
        let each = size_of::<OwnedEncoded>().max(size_of::<Operation>());
        self.len().saturating_mul(each).saturating_add(text)
    }
}

impl Encoded<'_> {
    fn text_bytes(&self) -> usize {
        let pointers = self.path.len().saturating_add(self.from.len());
        pointers.saturating_add(self.value.len())
    }
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

#[cfg(feature = "wire")]
impl<'a> From<&'a [dashstream_codec::v1::DiffOperation]> for Operations<'a> {
    fn from(operations: &'a [dashstream_codec::v1::DiffOperation]) -> Self {
        Self(Form::Wire(operations))
    }
}

/// Borrows from the payload; nothing is collected.
#[cfg(feature = "wire")]
impl<'a> From<dashstream_codec::Operations<'a>> for Operations<'a> {
    fn from(operations: dashstream_codec::Operations<'a>) -> Self {
        Self(Form::View(operations))
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

#[cfg(feature = "wire")]
impl<'a> From<&'a dashstream_codec::v1::DiffOperation> for Encoded<'a> {
    fn from(operation: &'a dashstream_codec::v1::DiffOperation) -> Self {
        Self {
            op: operation.op,
            path: &operation.path,
            from: &operation.from,
            value: &operation.value,
            encoding: operation.encoding,
        }
    }
}
