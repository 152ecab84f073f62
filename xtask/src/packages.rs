//! System packages that a stage needs: installed on a machine of ci, named on a person's.

use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

/// Makes sure that all `programs` start, which Debian's `package` brings.
///
/// Only with `CI=true` in the environment is anything installed; a person's machine is not ours to
/// change. Recommended packages are left out: `prometheus` recommends hundreds of megabytes.
pub(crate) fn need(programs: &[&str], package: &str) -> Result<()> {
    let starts = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("--version").output().is_ok()
    };
    let Some(missing) = programs.iter().find(|program| !starts(program)) else {
        return Ok(());
    };
    if std::env::var_os("CI").is_none_or(|ci| ci != "true") {
        bail!(
            "`{missing}` is missing; on Debian: apt-get install --no-install-recommends {package}"
        );
    }
    let script = format!(
        "SUDO=$([ \"$(id -u)\" = 0 ] || echo sudo); $SUDO apt-get update -qq && \
         $SUDO apt-get install -y -qq --no-install-recommends {package}"
    );
    sh::run(Command::new("sh").args(["-c", &script]))
}
