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
            None => Err(self.truncated(N as u64)),
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
            None => Err(self.truncated(len as u64)),
        }
    }

    #[cold]
    const fn truncated(&self, needed: u64) -> Refusal {
        Refusal::Truncated {
            offset: self.offset(),
            needed,
            left: self.rest.len() as u64,
        }
    }
}
