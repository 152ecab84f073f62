//! The codec's wire types, handed to [`Runs`].

use core::num::NonZeroU64;
use core::time::Duration;

use dashstream_codec::v1::{Checkpoint, DashStreamMessage, Event, EventType, StateDiff};
use dashstream_codec::{CheckpointReader, Message};

use crate::document::ReadLimits;
use crate::patch::Operations;
use crate::reducer::{Stamp, Update};
use crate::runs::{Runs, Tally};

impl Runs {
    /// Takes one decoded message: a batch is taken event by event, each under its own thread.
    ///
    /// The initial state of a graph start, state diffs and checkpoints change states; every other
    /// message only takes its place in its run's sequence, and is counted as not applicable.
    pub fn apply_message(&mut self, now: Duration, message: &DashStreamMessage) -> Tally {
        let mut tally = Tally::default();
        let Some(message) = &message.message else {
            self.not_applicable();
            return tally;
        };
        // Taken out for as long as it lends an inflated state.
        let idle = reader(&ReadLimits::default());
        let mut checkpoints = core::mem::replace(&mut self.checkpoints, idle);
        for entry in message.entries() {
            let update = match (message, entry.event) {
                (_, Some(event)) => of_event(event),
                (Message::StateDiff(diff), None) => of_diff(diff),
                (Message::Checkpoint(checkpoint), None) => {
                    of_checkpoint(checkpoint, &mut checkpoints)
                }
                (
                    Message::Event(_)
                    | Message::EventBatch(_)
                    | Message::TokenChunk(_)
                    | Message::ToolExecution(_)
                    | Message::Metrics(_)
                    | Message::Error(_)
                    | Message::ExecutionTrace(_),
                    None,
                ) => Update::Other,
            };
            if matches!(update, Update::Other) {
                self.not_applicable();
            }
            let id = entry.header.map_or(&[][..], |header| &header.message_id);
            let stamp = Stamp::new(entry.sequence().map_or(0, NonZeroU64::get)).with_message_id(id);
            tally.count(self.apply(now, entry.thread_id(), stamp, update));
        }
        self.checkpoints = checkpoints;
        tally
    }
}

/// A reader that inflates no more than a state may have.
pub(crate) fn reader(limits: &ReadLimits) -> CheckpointReader {
    let bytes = u64::try_from(limits.text_bytes).unwrap_or(u64::MAX);
    CheckpointReader::new(
        dashstream_codec::DecodeLimits::new()
            .zstd()
            .clone()
            .with_output_bytes(bytes),
    )
}

fn of_event(event: &Event) -> Update<'_> {
    if event.event_type == EventType::GraphStart as i32 {
        let source = event.state();
        let state = source.and_then(|source| source.json).map(str::as_bytes);
        Update::Start { state }
    } else {
        Update::Other
    }
}

/// A full state wins over operations, as in the existing consumers.
fn of_diff(diff: &StateDiff) -> Update<'_> {
    if diff.full_state.is_empty() {
        Update::Diff {
            operations: Operations::from(diff.operations.as_slice()),
            hash: &diff.state_hash,
            base: &diff.base_checkpoint_id,
        }
    } else {
        Update::Snapshot {
            state: &diff.full_state,
            hash: &diff.state_hash,
        }
    }
}

fn of_checkpoint<'a>(checkpoint: &'a Checkpoint, reader: &'a mut CheckpointReader) -> Update<'a> {
    let id = &checkpoint.checkpoint_id;
    // Only announced: the state is kept elsewhere.
    if checkpoint.state.is_empty() {
        return Update::Checkpoint { id, state: &[] };
    }
    match reader.open(checkpoint) {
        Ok(body) => Update::Checkpoint {
            id,
            state: body.state,
        },
        Err(_) => Update::PoisonedCheckpoint { id },
    }
}
