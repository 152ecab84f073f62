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
}

impl Operations<'_> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self.0 {
            Form::Owned(operations) => operations.len(),
            Form::Encoded(operations) => operations.len(),
            #[cfg(feature = "wire")]
            Form::Wire(operations) => operations.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
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
