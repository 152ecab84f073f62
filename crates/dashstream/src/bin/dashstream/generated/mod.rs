//! Messages as JSON, generated from the schema, and how single values are shown.

pub(crate) mod json;
mod value;
