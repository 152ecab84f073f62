//! Programs that a stage needs from the system's packages.

use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

/// Makes sure that programs are there, each given with the Debian package that it comes from.
///
/// With `CI=true`, as runners set it, missing packages are installed; anybody else is told which
/// ones they are, since a check has no business installing anything on a person's machine.
pub(crate) fn need(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&(&str, &str)> = programs
        .iter()
        .filter(|(program, _)| !is_there(program))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    let packages = packages.join(" ");
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        let script = format!(
            "SUDO=$([ \"$(id -u)\" = 0 ] || echo sudo); $SUDO apt-get update -qq && \
             $SUDO apt-get install -y -qq --no-install-recommends {packages}"
        );
        return sh::run(Command::new("sh").args(["-c", &script]));
    }
    let programs: Vec<&str> = missing.iter().map(|(program, _)| *program).collect();
    bail!(
        "missing: {}; on Debian and Ubuntu: apt-get install {packages}",
        programs.join(", ")
    );
}

/// Whether the program can be started, whatever it makes of the argument.
fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
