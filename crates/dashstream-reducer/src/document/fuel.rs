//! What an edit costs: work units against a limit, and bytes for the history.

/// Counts the work of one patch, and the memory that it replaces.
#[derive(Debug)]
pub(crate) struct Fuel {
    limit: u64,
    pub(crate) left: u64,
    /// Bytes of the tree nodes that were copied.
    pub(crate) copied: u64,
    displaced: u64,
}

/// The work units are spent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfFuel {
    pub(crate) limit: u64,
}

impl Fuel {
    pub(crate) const fn new(fuel: u64) -> Self {
        Self {
            limit: fuel,
            left: fuel,
            copied: 0,
            displaced: 0,
        }
    }

    /// For work that is bounded elsewhere: building, and undoing what was paid for.
    pub(crate) const fn unlimited() -> Self {
        Self::new(u64::MAX)
    }

    pub(crate) fn spend(&mut self, units: u64) -> Result<(), OutOfFuel> {
        let limit = self.limit;
        self.left = self.left.checked_sub(units).ok_or(OutOfFuel { limit })?;
        Ok(())
    }

    /// A shared tree node of `bytes` was copied: other owners keep the old one.
    pub(crate) const fn copied(&mut self, bytes: u64) {
        // Saturates here and below: an upper bound may be too large, and must not wrap around to a small one.
        self.copied = self.copied.saturating_add(bytes);
    }

    /// A value that took at most `bytes` left the document: other owners may keep it.
    pub(crate) const fn displaced(&mut self, bytes: u64) {
        self.displaced = self.displaced.saturating_add(bytes);
    }

    /// An upper bound of the bytes that only older versions hold after this edit.
    pub(crate) const fn left_behind(&self) -> u64 {
        self.copied.saturating_add(self.displaced)
    }
}
