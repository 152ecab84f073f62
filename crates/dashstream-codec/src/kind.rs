//! The nine kinds of messages.

use crate::label::labels;

labels! {
    /// What a record carries. They are in the order of their numbers in the wire's oneof
    /// and in `MessageType`, from 1.
    #[expect(
        clippy::exhaustive_enums,
        reason = "a consumer routes every kind; a new one is another schema"
    )]
    Kind {
        /// Something that happened in the graph.
        Event = "event",
        /// A change of the run's state.
        StateDiff = "state_diff",
        /// A piece of a model's answer.
        TokenChunk = "token_chunk",
        /// A stage of a tool call.
        ToolExecution = "tool_execution",
        /// The run's whole state.
        Checkpoint = "checkpoint",
        /// Measurements.
        Metrics = "metrics",
        /// A failure in the observed program.
        Error = "error",
        /// Several events.
        EventBatch = "event_batch",
        /// A run's summary.
        ExecutionTrace = "execution_trace",
    }
}

impl Kind {
    /// The kind with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        let index = number.checked_sub(1)?;
        Self::ALL.get(index as usize).copied()
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        (self as u32).wrapping_add(1)
    }
}

#[cfg(test)]
mod tests;
