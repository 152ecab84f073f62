//! A document as any format.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::document::Document;
use crate::document::node::Node;

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Borrowed(&self.root).serialize(serializer)
    }
}

struct Borrowed<'a>(&'a Node);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Node::Null => serializer.serialize_unit(),
            Node::Bool(value) => serializer.serialize_bool(*value),
            Node::Int(value) => serializer.serialize_i64(*value),
            Node::UInt(value) => serializer.serialize_u64(*value),
            Node::Float(value) => serializer.serialize_f64(value.get()),
            Node::Big(big) => serializer.serialize_f64(big.float().get()),
            Node::String(text) => serializer.serialize_str(text.as_str()),
            Node::Array(tree) => {
                let mut elements = serializer.serialize_seq(Some(tree.len()))?;
                for node in tree.iter() {
                    elements.serialize_element(&Borrowed(node))?;
                }
                elements.end()
            }
            Node::Object(tree) => {
                let mut members = serializer.serialize_map(Some(tree.len()))?;
                for member in tree.iter() {
                    members.serialize_entry(member.key.as_str(), &Borrowed(&member.node))?;
                }
                members.end()
            }
        }
    }
}
