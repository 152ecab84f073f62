//! A reading position in the input.

use crate::refusal::Refusal;

/// The rest of an input, and where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Input<'a> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            total: bytes.len(),
        }
    }

    /// Bytes of the whole input.
    #[inline]
    pub(crate) const fn total(&self) -> usize {
        self.total
    }

    /// The position in the whole input.
    #[inline]
    pub(crate) const fn offset(&self) -> usize {
        // `rest` is always a tail of the whole input.
        self.total.saturating_sub(self.rest.len())
    }

    #[inline]
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes the next `N` bytes.
    #[inline]
    pub(crate) const fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Refusal> {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(truncated(self.offset(), N as u64, self.rest.len())),
        }
    }

    /// Takes the next four bytes if they are `word` in little-endian order.
    #[inline]
    pub(crate) const fn take_if(&mut self, word: u32) -> bool {
        match self.rest.split_first_chunk() {
            Some((taken, rest)) if u32::from_le_bytes(*taken) == word => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Takes the next `len` bytes.
    #[inline]
    pub(crate) const fn bytes(&mut self, len: u32) -> Result<&'a [u8], Refusal> {
        // A length that no address space holds cannot be there either.
        match self.rest.split_at_checked(len as usize) {
            Some((taken, rest)) => {
                self.rest = rest;
                Ok(taken)
            }
            None => Err(truncated(self.offset(), len as u64, self.rest.len())),
        }
    }
}

/// A number of at most eight bytes in little-endian order, where its width is seldom this one.
#[cold]
#[inline(never)]
pub(crate) fn number(field: &[u8]) -> u64 {
    field
        .iter()
        .rfold(0, |number, &byte| number << 8 | u64::from(byte))
}

// Of numbers alone: a position that is handed out, even by value, does not live in registers.
#[cold]
#[inline(never)]
const fn truncated(offset: usize, needed: u64, left: usize) -> Refusal {
    Refusal::Truncated {
        offset,
        needed,
        left: left as u64,
    }
}
