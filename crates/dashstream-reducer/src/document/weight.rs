//! What containers sum up of the values in them, so that it is known without a walk.

/// What a value adds to the containers around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// The value and everything in it.
    pub(crate) nodes: u64,
    /// Bytes of its canonical text.
    pub(crate) bytes: u64,
    /// Bytes of memory that it was given, its own slot aside.
    pub(crate) heap: u64,
    /// Containers inside each other.
    pub(crate) depth: u16,
}

impl Weight {
    pub(crate) const fn scalar(bytes: u64) -> Self {
        Self {
            nodes: 1,
            bytes,
            heap: 0,
            depth: 0,
        }
    }

    /// What equal values have in common. Their memory may differ: containers may have spare room.
    pub(crate) const fn shape(&self) -> (u64, u64, u16) {
        (self.nodes, self.bytes, self.depth)
    }
}

/// The two counters in front of a shared allocation, of 64 bits each. Charges are those of a 64-bit
/// target everywhere, so that what is refused does not depend on the target.
pub(crate) const ARC_HEADER: u64 = 16;
