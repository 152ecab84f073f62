//! Where text is written to.

/// Where text goes: a `Vec`, or a hash, which takes it through a buffer.
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

    /// A plain buffer for the next `bytes`, if all of them fit: no piece is then checked again.
    ///
    /// They are the length in [`Dialect::Current`]; in another one it may be longer.
    fn room_for(&mut self, _bytes: u64) -> Option<&mut Vec<u8>> {
        None
    }

    /// How many of the next bytes the sink drops. It does so by itself; a caller that asks saves
    /// writing them.
    fn left_out(&self) -> u64 {
        0
    }

    /// The caller skips the next `bytes`, which would be dropped.
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
        // All of it, since a copy of known size needs no call; what is too much is cut off again.
        self.extend_from_slice(&bytes);
        self.truncate(start.saturating_add(len));
        self.extend_from_slice(&after);
    }
}
