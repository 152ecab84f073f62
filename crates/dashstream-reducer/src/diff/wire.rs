//! Emissions as the codec's wire types.

use dashstream_codec::v1::diff_operation::OpType;
use dashstream_codec::v1::{DiffOperation, Header, StateDiff, ValueEncoding};

use crate::diff::{Body, Emission};
use crate::document::Document;
use crate::patch::Operation;

impl Emission {
    /// The message to send, under a header that holds its place in the run.
    #[must_use]
    pub fn into_state_diff(self, header: Header) -> StateDiff {
        let (operations, full_state) = match self.body {
            Body::Unchanged => (Vec::new(), Vec::new()),
            Body::Operations(operations) => {
                (operations.into_iter().map(Into::into).collect(), Vec::new())
            }
            Body::FullState { text, .. } => (Vec::new(), text),
        };
        StateDiff {
            header: Some(header),
            base_checkpoint_id: self.base.into(),
            operations,
            state_hash: self.hash.map_or_else(Vec::new, Vec::from).into(),
            full_state: full_state.into(),
        }
    }
}

impl From<Operation> for DiffOperation {
    fn from(operation: Operation) -> Self {
        let (op, path, from, value) = match operation {
            Operation::Add { path, value } => (OpType::Add, path, None, Some(value)),
            Operation::Remove { path } => (OpType::Remove, path, None, None),
            Operation::Replace { path, value } => (OpType::Replace, path, None, Some(value)),
            Operation::Move { from, path } => (OpType::Move, path, Some(from), None),
            Operation::Copy { from, path } => (OpType::Copy, path, Some(from), None),
            Operation::Test { path, value } => (OpType::Test, path, None, Some(value)),
        };
        Self {
            op: op.into(),
            path,
            value: value.map_or_else(Vec::new, canonical).into(),
            from: from.unwrap_or_default(),
            encoding: ValueEncoding::Json.into(),
        }
    }
}

fn canonical(value: Document) -> Vec<u8> {
    let mut text = Vec::new();
    value.to_canonical(&mut text);
    text
}
