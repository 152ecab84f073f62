//! Why a setting is refused.

use thiserror::Error;

/// Why a window's shape, a threshold or a gate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A slot lasts zero seconds.
    #[error("a slot must last at least one second")]
    EmptySlot,
    /// There are no slots, or more than the limit.
    #[error("a window has 1 to {limit} slots, not {slots}")]
    Slots {
        /// What was asked for.
        slots: u32,
        /// The most there can be.
        limit: u32,
    },
    /// A ratio of 0 would always be exceeded, one of 1 never.
    #[error("a threshold is 1 to 999999 parts per million, not {ppm}")]
    Threshold {
        /// What was asked for.
        ppm: u32,
    },
    /// A gate that opens without events, or that cannot be computed.
    #[error("a gate needs a positive z, at most 10, and at least one event")]
    Gate,
}

impl SettingError {
    /// A stable name for logs and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptySlot => "shape_empty_slot",
            Self::Slots { .. } => "shape_slots",
            Self::Threshold { .. } => "health_threshold",
            Self::Gate => "health_gate",
        }
    }
}
