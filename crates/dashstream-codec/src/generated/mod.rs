//! Written by `cargo xtask proto` from `proto/dashstream/v1/dashstream.proto`, except for this file.

pub(crate) mod shapes;
pub mod v1;
