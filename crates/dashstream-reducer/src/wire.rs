//! The codec's wire types, handed to [`Runs`].

use core::time::Duration;

use dashstream_codec::v1::{Checkpoint, Event, EventType};
use dashstream_codec::{
    Borrowed, CheckpointError, CheckpointReader, HeaderView, Message, OpView, StateKey,
};

use crate::document::ReadLimits;
use crate::patch::{Encoded, Operations};
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
    ///
    /// Where the record stands at a known `position`, a redelivery is known whatever came between, and
    /// a producer that started again is not taken for one. The operations of a decoded diff are listed
    /// once more while they are applied, 72 bytes each; [`Runs::apply_borrowed`] needs no list.
    pub fn apply_message(
        &mut self,
        now: Duration,
        position: impl Into<Option<Position>>,
        message: &Message,
    ) -> ApplySummary {
        let position = position.into();
        let mut summary = ApplySummary::default();
        // Taken out for as long as it lends an inflated state, since `apply_from` borrows `self`. The one in
        // its place holds no buffer.
        let idle = ReadLimits::default().checkpoint_reader();
        let mut checkpoints = core::mem::replace(&mut self.checkpoints, idle);
        // Outside the loop, since the update borrows it. A diff is the only entry of its message.
        let mut encoded = Vec::new();
        for (header, event) in message.entries() {
            let (update, text) = match (message, event) {
                (_, Some(event)) => of_event(event),
                (Message::StateDiff(diff), None) => {
                    let views = diff.operations.iter().map(OpView::from);
                    encoded.extend(views.map(Encoded::from));
                    let operations = encoded.as_slice().into();
                    let ids = (&*diff.state_hash, &*diff.base_checkpoint_id);
                    let update = of_diff(&diff.full_state, operations, ids);
                    (update, StateText::FullState)
                }
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
                // There is no state whose place could be asked for.
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
            // Without a header there is no thread id, which puts the message into quarantine.
            let header = header.map(HeaderView::from).unwrap_or_default();
            let stamp = stamp(header, position);
            summary.count(self.apply_from(now, header.thread_id, stamp, update, text));
        }
        // With its buffer, for the next checkpoint.
        self.checkpoints = checkpoints;
        summary
    }

    /// As [`Runs::apply_message`], of what `Decoder::decode_borrowed` returns: a diff is applied from the
    /// record's own bytes, and nothing of it is decoded before.
    pub fn apply_borrowed(
        &mut self,
        now: Duration,
        position: impl Into<Option<Position>>,
        record: &Borrowed<'_>,
    ) -> ApplySummary {
        match record {
            Borrowed::StateDiff(diff, _) => {
                let ids = (diff.state_hash, diff.base_checkpoint_id);
                let update = of_diff(diff.full_state, diff.into(), ids);
                let header = diff.header.unwrap_or_default();
                let stamp = stamp(header, position.into());
                let text = StateText::FullState;
                let mut summary = ApplySummary::default();
                summary.count(self.apply_from(now, header.thread_id, stamp, update, text));
                summary
            }
            Borrowed::Other(decoded) => self.apply_message(now, position, &decoded.message),
        }
    }
}

fn stamp(header: HeaderView<'_>, position: Option<Position>) -> Stamp {
    Stamp::new(header.sequence_number)
        .with_message_id(header.message_id)
        .with_position(position)
        .with_time_us(header.timestamp_us)
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
fn of_diff<'a>(
    state: &'a [u8],
    operations: Operations<'a>,
    (hash, base): (&'a [u8], &'a [u8]),
) -> Update<'a> {
    if state.is_empty() {
        Update::Diff {
            operations,
            hash,
            base,
        }
    } else {
        Update::Snapshot { state, hash }
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
        reader.open(checkpoint)?
    };
    Ok(Update::Checkpoint { id, state })
}
