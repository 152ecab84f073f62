//! Emissions as the codec's wire types.

use dashstream_codec::v1::{DiffOperation, Header, StateDiff, ValueEncoding};

use crate::diff::Emission;
use crate::patch::Operation;

impl Emission {
    /// The message to send, under a header that holds its place in the run.
    #[must_use]
    pub fn into_state_diff(self, header: Header) -> StateDiff {
        StateDiff {
            header: Some(header),
            base_checkpoint_id: self.base.into(),
            operations: self.operations.into_iter().map(Into::into).collect(),
            // On the wire an empty field is an absent one. The text of a state is never empty.
            state_hash: self.hash.map_or_else(Vec::new, Vec::from).into(),
            full_state: self.full_state.unwrap_or_default().into(),
        }
    }
}

impl From<Operation> for DiffOperation {
    fn from(operation: Operation) -> Self {
        let (encoded, value) = operation.encoded();
        let mut text = Vec::new();
        if let Some(value) = value {
            value.to_canonical(&mut text);
        }
        Self {
            op: encoded.op,
            path: encoded.path.to_owned(),
            value: text.into(),
            from: encoded.from.to_owned(),
            encoding: ValueEncoding::Json.into(),
        }
    }
}
