//! The conservation law of a window: where every recorded event is now.

/// Where the events are that were recorded into a window.
///
/// When no writer is under way, the fields sum to exactly what was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WindowTotals {
    /// Inside the window that ends now.
    pub in_window: u64,
    /// In guard slots: recorded by writers whose time is ahead of the reader's.
    pub ahead: u64,
    /// Older than the window.
    pub expired: u64,
    /// Not counted: the slot already belonged to a later turn of the ring.
    pub late: u64,
    /// Not counted: further ahead of the window's own time than the guard allows.
    pub early: u64,
    /// Not counted: the slot was full.
    pub saturated: u64,
}

impl WindowTotals {
    /// All events that were recorded.
    #[must_use]
    pub const fn recorded(&self) -> u64 {
        self.in_window
            .saturating_add(self.ahead)
            .saturating_add(self.expired)
            .saturating_add(self.dropped())
    }

    /// Events that no window ever showed, although they happened.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.late
            .saturating_add(self.early)
            .saturating_add(self.saturated)
    }
}
