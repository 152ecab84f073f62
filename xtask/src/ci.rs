//! The steps of `cargo xtask ci`.

use anyhow::Result;

use crate::sh;

pub(crate) fn run() -> Result<()> {
    sh::step("fmt", || {
        sh::run(&mut sh::cargo(&["fmt", "--all", "--check"]))
    })?;
    sh::step("deps", crate::deps::run)?;
    sh::step("proto", || crate::proto::run(true))?;
    Ok(())
}
