//! DashStream wire types, framing, header peek, and protobuf decoding within a heap budget.
//!
//! A record is one frame byte and a protobuf message, raw or zstd. [`Decoder`] walks the payload before
//! it decodes it: the walk checks everything that a protobuf decoder checks, and works out the heap that
//! decoding will take, so that a record over a limit of [`DecodeLimits`] is refused before anything is
//! allocated for it. [`Decoder::peek`] reads where a record belongs without decoding it and never says
//! otherwise than the decoded message. [`Encoder`] writes records in one pass.
//!
//! ```
//! use dashstream_codec::{DecodeOptions, Decoder, FaultClass, Kind};
//!
//! let mut decoder = Decoder::new(DecodeOptions::new());
//! // A raw frame, an event, its header: thread "t", sequence 7.
//! let record = [0x00, 0x0A, 0x07, 0x0A, 0x05, 0x22, 0x01, b't', 0x28, 0x07];
//! let decoded = decoder.decode(&record)?;
//! assert_eq!(decoded.message.kind(), Kind::Event);
//! assert_eq!(decoded.message.header().and_then(|header| header.sequenced()).map(u64::from), Some(7));
//!
//! let refused = decoder.decode(&record[..9]).unwrap_err();
//! assert_eq!((refused.fault(), refused.code()), (FaultClass::Truncated, "truncated"));
//! # Ok::<(), dashstream_codec::DecodeError>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, doctest))]
extern crate std;

mod admit;
mod attribute;
mod batch;
mod checkpoint;
mod content;
mod decode;
mod diagnosis;
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
mod hint;
mod kind;
mod limits;
mod number;
mod options;
mod peek;
mod shape;
mod sizes;
mod stats;
mod thread_id;
mod trace;
mod validate;
mod version;
mod walk;
mod warning;
mod wire;

pub use crate::attribute::StateKey;
pub use crate::batch::Entry;
pub use crate::checkpoint::{CheckpointError, CheckpointReader};
pub use crate::decode::{Borrowed, Decoded, Decoder, RecordFacts};
pub use crate::diagnosis::Diagnosis;
pub use crate::diff_view::{DiffView, OpView};
pub use crate::encode::{Compression, Encoded, Encoder};
pub use crate::error::{DecodeError, EncodeError, FaultClass};
pub use crate::frame::Encoding;
pub use crate::generated::v1;
pub use crate::generated::v1::dash_stream_message::Message;
pub use crate::header::HeaderView;
pub use crate::hint::Hint;
pub use crate::kind::Kind;
pub use crate::limits::DecodeLimits;
pub use crate::number::Number;
pub use crate::options::{DecodeOptions, EncodeOptions};
pub use crate::peek::Peek;
pub use crate::thread_id::{THREAD_ID_BYTES_MAX, bounded_thread_id};
pub use crate::version::{SCHEMA_VERSION, SchemaPolicy};
pub use crate::warning::Warning;
pub use crate::wire::WireError;
/// The types in [`v1`] implement its traits, in this version of it.
pub use prost;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
