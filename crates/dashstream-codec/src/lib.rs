//! DashStream wire types, framing, header peek, and protobuf decoding within a heap budget.

#![forbid(unsafe_code)]

extern crate alloc;

#[expect(
    missing_docs,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "generated: the schema documents the types, and hosts build and match them freely"
)]
mod generated;

pub use generated::v1;
