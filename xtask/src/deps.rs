//! The dependency rules of the workspace, checked against `cargo metadata`.

use anyhow::Result;

pub(crate) fn run() -> Result<()> {
    Ok(())
}
