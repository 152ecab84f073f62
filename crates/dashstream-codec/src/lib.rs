#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod admit;
mod attribute;
mod checkpoint;
mod content;
mod decode;
mod diagnosis;
mod diff_view;
mod encode;
mod error;
mod frame;
#[expect(
    missing_docs,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::large_enum_variant,
    reason = "generated: the schema documents the types, and hosts build and match them freely"
)]
mod generated;
mod header;
mod hint;
mod kind;
mod label;
mod limits;
mod options;
mod peek;
mod shape;
mod sizes;
mod stats;
mod trace;
mod validate;
mod walk;
mod warning;
mod wire;

pub use crate::attribute::{Number, StateKey};
pub use crate::checkpoint::{CheckpointError, CheckpointReader};
pub use crate::decode::{Borrowed, Decoded, Decoder, RecordFacts};
pub use crate::diagnosis::Diagnosis;
pub use crate::diff_view::{DiffView, OpView};
pub use crate::encode::{Compression, Encoded, Encoder};
pub use crate::error::{DecodeError, EncodeError, FaultClass};
pub use crate::generated::v1;
pub use crate::generated::v1::dash_stream_message::Message;
pub use crate::header::HeaderView;
pub use crate::kind::Kind;
pub use crate::limits::DecodeLimits;
pub use crate::options::{DecodeOptions, EncodeOptions, SCHEMA_VERSION};
pub use crate::peek::Peek;
pub use crate::warning::Warning;
pub use crate::wire::WireError;
/// The types in [`v1`] implement its traits, in this version of it.
pub use prost;
