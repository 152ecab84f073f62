//! An operation that owns its parts, and its JSON text.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::document::{Document, Node, ReadLimits, read};
use crate::patch::{Encoded, PatchError, PatchErrorKind, PatchLimits};

/// One operation of RFC 6902. Pointers are RFC 6901 text, checked when the operation is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6902 defines these six")]
pub enum Operation {
    /// Adds a member or an element, or replaces a member.
    Add {
        /// Pointer to the place; `-` as the last token is the end of an array.
        path: String,
        /// The value to add.
        value: Document,
    },
    /// Removes a member or an element.
    Remove {
        /// Pointer to the value.
        path: String,
    },
    /// Replaces a value that exists.
    Replace {
        /// Pointer to the value.
        path: String,
        /// The value that takes its place.
        value: Document,
    },
    /// Removes a value and adds it elsewhere.
    Move {
        /// Pointer to the value.
        from: String,
        /// Pointer to its new place.
        path: String,
    },
    /// Adds a value that stands elsewhere too.
    Copy {
        /// Pointer to the value.
        from: String,
        /// Pointer to its new place.
        path: String,
    },
    /// Refuses the patch unless a value is equal to this one; numbers compare by value.
    Test {
        /// Pointer to the value.
        path: String,
        /// The value that it has to be equal to.
        value: Document,
    },
}

impl Operation {
    /// As the wire carries it, with its value beside it.
    #[inline]
    pub(crate) fn encoded(&self) -> (Encoded<'_>, Option<&Document>) {
        let (op, path, from, value) = match self {
            Self::Add { path, value } => (0, path, "", Some(value)),
            Self::Remove { path } => (1, path, "", None),
            Self::Replace { path, value } => (2, path, "", Some(value)),
            Self::Move { from, path } => (3, path, from.as_str(), None),
            Self::Copy { from, path } => (4, path, from.as_str(), None),
            Self::Test { path, value } => (5, path, "", Some(value)),
        };
        // The encoding stays 0, JSON: the form in which a document is written where operations are kept.
        let encoded = Encoded {
            op,
            path,
            from,
            ..Encoded::default()
        };
        (encoded, value)
    }
}

/// Reads a patch from its JSON text. Members that an operation does not know are ignored.
///
/// # Errors
///
/// A text that is not an array of operations, that names a member twice, or exceeds a limit.
/// Pointers are not looked at.
pub fn parse(
    text: &[u8],
    read_limits: &ReadLimits,
    limits: &PatchLimits,
) -> Result<Vec<Operation>, PatchError> {
    let whole = |kind| PatchError { index: 0, kind };
    let node = read(text, read_limits).map_err(|error| whole(PatchErrorKind::Document(error)))?;
    let Node::Array(elements) = node else {
        return Err(whole(PatchErrorKind::Shape));
    };
    let (len, limit) = (elements.len(), limits.operations);
    if len > limit {
        let kind = PatchErrorKind::TooManyOperations { limit, len };
        return Err(PatchError { index: limit, kind });
    }
    elements
        .iter()
        .enumerate()
        .map(|(index, element)| operation(element).map_err(|kind| PatchError { index, kind }))
        .collect()
}

fn operation(element: &Node) -> Result<Operation, PatchErrorKind> {
    let Node::Object(members) = element else {
        return Err(PatchErrorKind::Shape);
    };
    let text = |name: &'static str| match members.member(name.as_bytes()) {
        Some(Node::String(text)) => Ok(text.as_str()),
        _ => Err(PatchErrorKind::Member(name)),
    };
    let path = || text("path").map(str::to_owned);
    let from = || text("from").map(str::to_owned);
    let value = || match members.member(b"value") {
        // A second handle on what was read, not a copy.
        Some(node) => Ok(Document { root: node.clone() }),
        None => Err(PatchErrorKind::Member("value")),
    };
    Ok(match text("op")? {
        "add" => Operation::Add {
            path: path()?,
            value: value()?,
        },
        "remove" => Operation::Remove { path: path()? },
        "replace" => Operation::Replace {
            path: path()?,
            value: value()?,
        },
        "move" => Operation::Move {
            from: from()?,
            path: path()?,
        },
        "copy" => Operation::Copy {
            from: from()?,
            path: path()?,
        },
        "test" => Operation::Test {
            path: path()?,
            value: value()?,
        },
        _ => return Err(PatchErrorKind::UnknownOperation),
    })
}

/// As one object of a JSON Patch document.
impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (encoded, value) = self.encoded();
        let (name, from) = match self {
            Self::Add { .. } => ("add", None),
            Self::Remove { .. } => ("remove", None),
            Self::Replace { .. } => ("replace", None),
            Self::Move { from, .. } => ("move", Some(from)),
            Self::Copy { from, .. } => ("copy", Some(from)),
            Self::Test { .. } => ("test", None),
        };
        // An operation has a `from` or a value, never both.
        let members = 2_usize.saturating_add((from.is_some() || value.is_some()).into());
        let mut object = serializer.serialize_struct("Operation", members)?;
        object.serialize_field("op", name)?;
        if let Some(from) = from {
            object.serialize_field("from", from)?;
        }
        object.serialize_field("path", encoded.path)?;
        if let Some(value) = value {
            object.serialize_field("value", value)?;
        }
        object.end()
    }
}
