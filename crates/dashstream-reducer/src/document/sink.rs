//! Where text is written to.

/// Where text goes: a buffer, or through one.
pub(crate) trait Sink {
    fn push(&mut self, byte: u8);
    fn extend(&mut self, bytes: &[u8]);

    /// The first `len` of `bytes`, between `before` and `after`. Pieces of known size are copied
    /// without a call, and straight to where they go.
    fn short<const N: usize, const B: usize, const A: usize>(
        &mut self,
        before: [u8; B],
        bytes: [u8; N],
        len: usize,
        after: [u8; A],
    );

    /// A plain buffer, if all of the next `bytes` go there: nothing is asked again for each piece.
    ///
    /// They are the length in [`Dialect::Current`]; in another one a little more may be written.
    fn room_for(&mut self, _bytes: u64) -> Option<&mut Vec<u8>> {
        None
    }

    /// How many bytes from here on are not wanted. What is written is taken off anyway; asking saves
    /// the writing.
    fn left_out(&self) -> u64 {
        0
    }

    /// The next `bytes` are not written at all, since they are not wanted.
    fn leave_out(&mut self, _bytes: u64) {}
}

impl Sink for Vec<u8> {
    fn push(&mut self, byte: u8) {
        Self::push(self, byte);
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn short<const N: usize, const B: usize, const A: usize>(
        &mut self,
        before: [u8; B],
        bytes: [u8; N],
        len: usize,
        after: [u8; A],
    ) {
        self.extend_from_slice(&before);
        let start = self.len();
        self.extend_from_slice(&bytes);
        self.truncate(start.saturating_add(len));
        self.extend_from_slice(&after);
    }
}
