//! The nine kinds of messages.

/// What a record carries. The numbers are those of the wire's oneof and of `MessageType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a consumer routes every kind; a new one is another schema"
)]
pub enum Kind {
    /// Something that happened in the graph.
    Event = 1,
    /// A change of the run's state.
    StateDiff = 2,
    /// A piece of a model's answer.
    TokenChunk = 3,
    /// A stage of a tool call.
    ToolExecution = 4,
    /// The run's whole state.
    Checkpoint = 5,
    /// Measurements.
    Metrics = 6,
    /// A failure in the observed program.
    Error = 7,
    /// Several events.
    EventBatch = 8,
    /// A run's summary.
    ExecutionTrace = 9,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 9] = [
        Self::Event,
        Self::StateDiff,
        Self::TokenChunk,
        Self::ToolExecution,
        Self::Checkpoint,
        Self::Metrics,
        Self::Error,
        Self::EventBatch,
        Self::ExecutionTrace,
    ];

    /// The kind with this number, if there is one.
    #[must_use]
    pub const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Event,
            2 => Self::StateDiff,
            3 => Self::TokenChunk,
            4 => Self::ToolExecution,
            5 => Self::Checkpoint,
            6 => Self::Metrics,
            7 => Self::Error,
            8 => Self::EventBatch,
            9 => Self::ExecutionTrace,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// A stable name for logs and labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::StateDiff => "state_diff",
            Self::TokenChunk => "token_chunk",
            Self::ToolExecution => "tool_execution",
            Self::Checkpoint => "checkpoint",
            Self::Metrics => "metrics",
            Self::Error => "error",
            Self::EventBatch => "event_batch",
            Self::ExecutionTrace => "execution_trace",
        }
    }
}

#[cfg(test)]
mod tests;
