//! What a message must be before it is written.

use crate::error::EncodeError;
use crate::limits::DecodeLimits;
use crate::options::EncodeOptions;
use crate::v1::attribute_value::Value;
use crate::v1::dash_stream_message::Message;
use crate::v1::{AttributeValue, Event};

/// Checks what a reader would refuse, or could not route, or would have to cut.
pub(crate) fn validate(message: &Message, options: &EncodeOptions) -> Result<(), EncodeError> {
    let attribute_bytes = options.attribute_bytes;
    let header = message.header().ok_or(EncodeError::MissingHeader)?;
    options.reader.schema(header.schema_version)?;
    match message {
        Message::EventBatch(batch) => {
            for event in &batch.events {
                let header = event.header.as_ref().ok_or(EncodeError::MissingHeader)?;
                options.reader.schema(header.schema_version)?;
                routable(&header.thread_id)?;
                // The outermost message, the batch, the event, an entry.
                attributes(event, attribute_bytes, 3)?;
            }
            Ok(())
        }
        Message::Event(event) => {
            routable(&header.thread_id)?;
            attributes(event, attribute_bytes, 2)
        }
        Message::StateDiff(_)
        | Message::TokenChunk(_)
        | Message::ToolExecution(_)
        | Message::Checkpoint(_)
        | Message::Metrics(_)
        | Message::Error(_)
        | Message::ExecutionTrace(_) => routable(&header.thread_id),
    }
}

fn routable(thread_id: &str) -> Result<(), EncodeError> {
    if thread_id.trim().is_empty() {
        Err(EncodeError::BlankThreadId)
    } else {
        Ok(())
    }
}

/// `depth` is how many messages an entry of the attributes stands in, itself included.
fn attributes(event: &Event, limit: usize, depth: u32) -> Result<(), EncodeError> {
    event
        .attributes
        .values()
        .try_for_each(|value| attribute(value, limit, depth.saturating_add(1)))
}

/// `depth` is how many messages the value stands in, itself included.
fn attribute(value: &AttributeValue, limit: usize, depth: u32) -> Result<(), EncodeError> {
    if depth > DecodeLimits::DEPTH_MAX {
        return Err(EncodeError::TooDeep {
            limit: DecodeLimits::DEPTH_MAX,
        });
    }
    let len = match &value.value {
        Some(Value::StringValue(text)) => text.len(),
        Some(Value::BytesValue(bytes)) => bytes.len(),
        Some(Value::ArrayValue(array)) => {
            let depth = depth.saturating_add(2);
            return array
                .values
                .iter()
                .try_for_each(|value| attribute(value, limit, depth));
        }
        Some(Value::MapValue(map)) => {
            let depth = depth.saturating_add(3);
            return map
                .values
                .values()
                .try_for_each(|value| attribute(value, limit, depth));
        }
        Some(Value::IntValue(_) | Value::FloatValue(_) | Value::BoolValue(_)) | None => 0,
    };
    if len > limit {
        Err(EncodeError::AttributeTooLarge { len, limit })
    } else {
        Ok(())
    }
}
