//! A document as any format.

use serde::{Serialize, Serializer};

use crate::document::Document;
use crate::document::node::Node;

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.root.serialize(serializer)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::UInt(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f64(value.get()),
            // As in the canonical text: the digits are for comparisons only.
            Self::Big(big) => serializer.serialize_f64(big.float().get()),
            Self::String(text) => serializer.serialize_str(text.as_str()),
            Self::Array(tree) => serializer.collect_seq(tree.iter()),
            Self::Object(tree) => {
                let members = tree.iter();
                serializer.collect_map(members.map(|member| (member.key.as_str(), &member.node)))
            }
        }
    }
}
