//! What a message must be before it is written.

use crate::error::EncodeError;
use crate::kind::Kind;
use crate::limits::DecodeLimits;
use crate::options::EncodeOptions;
use crate::v1::AttributeValue;
use crate::v1::attribute_value::Value;
use crate::v1::dash_stream_message::Message;

/// Checks what a reader would refuse, or could not route, or would have to cut.
pub(crate) fn validate(message: &Message, options: &EncodeOptions) -> Result<(), EncodeError> {
    let header = message.header().ok_or(EncodeError::MissingHeader)?;
    options.reader.schema(header.schema_version)?;
    // Only attribute values can hold one another in this schema. The first one is this deep below the
    // outermost message: the batch, the event, an entry, its value.
    let depth = if message.kind() == Kind::EventBatch {
        4
    } else {
        3
    };
    // A batch's envelope is no entry: it has to have a header, but belongs to no thread.
    for (header, event) in message.entries() {
        let header = header.ok_or(EncodeError::MissingHeader)?;
        options.reader.schema(header.schema_version)?;
        if header.thread_id.trim().is_empty() {
            return Err(EncodeError::BlankThreadId);
        }
        for value in event.iter().flat_map(|event| event.attributes.values()) {
            attribute(value, options.attribute_bytes, depth)?;
        }
    }
    Ok(())
}

/// `depth` is how many messages the value stands in, itself included.
fn attribute(value: &AttributeValue, limit: usize, depth: u32) -> Result<(), EncodeError> {
    // An array or a map is a message as well, also where it is empty.
    let holds = matches!(value.value, Some(Value::ArrayValue(_) | Value::MapValue(_)));
    // Before anything in the value is looked at: this bounds the recursion, whatever a caller has built.
    if depth.saturating_add(holds.into()) > DecodeLimits::DEPTH_MAX {
        return Err(EncodeError::TooDeep {
            limit: DecodeLimits::DEPTH_MAX,
        });
    }
    let len = match &value.value {
        Some(Value::StringValue(text)) => text.len(),
        Some(Value::BytesValue(bytes)) => bytes.len(),
        Some(Value::ArrayValue(array)) => {
            // The array is a message, and so is each of its values.
            let depth = depth.saturating_add(2);
            return array
                .values
                .iter()
                .try_for_each(|value| attribute(value, limit, depth));
        }
        Some(Value::MapValue(map)) => {
            // The map is a message, and so are its entries and their values.
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
