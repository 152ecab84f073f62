//! The codec's wire types, handed to [`Runs`].

use core::num::NonZeroU64;
use core::time::Duration;

use dashstream_codec::v1::{Checkpoint, DashStreamMessage, Event, EventType, StateDiff};
use dashstream_codec::{CheckpointError, CheckpointReader, Message, StateKey};

use crate::document::ReadLimits;
use crate::patch::Operations;
use crate::reducer::{Position, Stamp, Update};
use crate::runs::{ApplySummary, Runs, StateText};

impl Runs {
    /// Takes one decoded message: a batch is taken event by event, each under its own thread.
    ///
    /// The initial state of a graph start, state diffs and checkpoints change states; every other
    /// message only takes its place in its run's sequence, and is counted as not applicable. Among
    /// these are the ends of nodes, whose `state_json` the existing consumers merge into the state:
    /// the producer sends the same change as a diff just before, so that merging it again adds
    /// nothing where all is well, and elsewhere makes a state that the producer never had. A merge
    /// cannot remove a member, and no hash covers it.
    pub fn apply_message(&mut self, now: Duration, message: &DashStreamMessage) -> ApplySummary {
        self.apply_message_at(now, None, message)
    }

    /// As [`Runs::apply_message`], of a record that stands at `position`: a redelivery is then known
    /// whatever came between, and a producer that started again is not taken for one.
    pub fn apply_message_at(
        &mut self,
        now: Duration,
        position: impl Into<Option<Position>>,
        message: &DashStreamMessage,
    ) -> ApplySummary {
        let position = position.into();
        let mut tally = ApplySummary::default();
        let Some(message) = &message.message else {
            self.not_applicable();
            return tally;
        };
        // Taken out for as long as it lends an inflated state.
        let idle = reader(&ReadLimits::default());
        let mut checkpoints = core::mem::replace(&mut self.checkpoints, idle);
        for entry in message.entries() {
            let (update, text) = match (message, entry.event) {
                (_, Some(event)) => of_event(event),
                (Message::StateDiff(diff), None) => (of_diff(diff), StateText::FullState),
                (Message::Checkpoint(checkpoint), None) => {
                    let update =
                        of_checkpoint(checkpoint, &mut checkpoints).unwrap_or_else(|error| {
                            if error.is_too_large() {
                                self.refused(StateText::Checkpoint);
                            }
                            Update::PoisonedCheckpoint {
                                id: &checkpoint.checkpoint_id,
                            }
                        });
                    (update, StateText::Checkpoint)
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
                ) => (Update::Other, StateText::State),
            };
            if matches!(update, Update::Other | Update::End) {
                self.not_applicable();
            }
            let id = entry.header.map_or(&[][..], |header| &header.message_id);
            let stamp = Stamp::new(entry.sequence().map_or(0, NonZeroU64::get))
                .with_message_id(id)
                .with_position(position)
                .with_time_us(entry.header.map_or(0, |header| header.timestamp_us));
            tally.count(self.apply_from(now, entry.thread_id(), stamp, update, text));
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

fn of_event(event: &Event) -> (Update<'_>, StateText) {
    if event.event_type == EventType::GraphEnd as i32 {
        return (Update::End, StateText::State);
    }
    if event.event_type != EventType::GraphStart as i32 {
        return (Update::Other, StateText::State);
    }
    let source = event.state();
    let text = match source.map(|(key, _)| key) {
        Some(StateKey::StateJson) => StateText::StateJson,
        Some(StateKey::State) => StateText::State,
        // A key that is new is a synonym of the first.
        Some(_) | None => StateText::InitialStateJson,
    };
    let state = source.and_then(|(_, text)| text).map(str::as_bytes);
    (Update::Start { state }, text)
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

fn of_checkpoint<'a>(
    checkpoint: &'a Checkpoint,
    reader: &'a mut CheckpointReader,
) -> Result<Update<'a>, CheckpointError> {
    let id = &checkpoint.checkpoint_id;
    // Only announced: the state is kept elsewhere.
    let state = if checkpoint.state.is_empty() {
        &[]
    } else {
        reader.open(checkpoint)?.state
    };
    Ok(Update::Checkpoint { id, state })
}
