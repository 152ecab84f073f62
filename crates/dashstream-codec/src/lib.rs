//! DashStream wire types, framing, header peek, and protobuf decoding within a heap budget.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod attribute;
mod batch;
mod checkpoint;
mod decode;
mod diff_view;
mod display;
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
mod kind;
mod limits;
mod number;
mod peek;
mod shape;
mod thread_id;
mod version;
mod vet;
mod walk;
mod warning;
mod wire;

pub use crate::attribute::{StateKey, StateSource};
pub use crate::batch::{Entries, Entry};
pub use crate::checkpoint::{CheckpointBody, CheckpointError, CheckpointReader, Checksum};
pub use crate::decode::{Borrowed, DecodeOptions, Decoded, Decoder, RecordFacts};
pub use crate::diff_view::{DiffView, OpView, Operations};
pub use crate::display::Bounded;
pub use crate::encode::{Compression, EncodeError, EncodeOptions, Encoded, Encoder};
pub use crate::error::{DecodeError, FaultClass};
pub use crate::frame::{Encoding, Frame, FrameError, Framing};
pub use crate::generated::v1;
pub use crate::generated::v1::dash_stream_message::Message;
pub use crate::header::HeaderView;
pub use crate::kind::Kind;
pub use crate::limits::DecodeLimits;
pub use crate::number::Number;
pub use crate::peek::Peek;
pub use crate::thread_id::{THREAD_ID_BYTES_MAX, bounded_thread_id};
pub use crate::version::{SCHEMA_VERSION, SchemaPolicy};
pub use crate::warning::{Warning, Warnings};
pub use crate::wire::WireError;
