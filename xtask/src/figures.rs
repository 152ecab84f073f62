//! Figures against peers, from the `benches` workspace.

use anyhow::Result;

use crate::sh;

pub(crate) fn run(area: Option<&str>, quick: bool) -> Result<()> {
    let manifest = sh::root().join("benches/Cargo.toml");
    let mut command = sh::cargo(&[
        "run",
        "--quiet",
        "--release",
        "--locked",
        "--bin",
        "figures",
    ]);
    if area.is_some_and(|area| area.starts_with("kafka")) {
        command.args(["--features", "kafka"]);
    }
    command.arg("--manifest-path").arg(manifest).arg("--");
    command.args(area);
    if quick {
        command.arg("--quick");
    }
    sh::run(&mut command)
}
