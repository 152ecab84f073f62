//! The codec against Google's protobuf for Python and protobufjs for Node, both ways.
//!
//! The runtimes are installed into `target/interop`, which nobody commits. Each reads what our
//! encoder wrote and writes it back, and writes two messages from literals of its own; our decoder
//! then holds all of it against the messages as they were.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::sh;

/// The versions that this was last run with; any newer protobuf 6 or 7, and protobufjs 7, will do.
const PYTHON: [&str; 2] = ["grpcio-tools", "zstandard"];
const NODE: [&str; 3] = ["protobufjs@7", "long@5", "fzstd@0.1"];

const SCHEMA: &str = "dashstream/v1/dashstream.proto";
const SCRIPTS: &str = "crates/dashstream-codec/interop";

pub(crate) fn run() -> Result<()> {
    let folder = sh::root().join("target/interop");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    for stale in ["rust", "python", "node", "generated"] {
        let stale = folder.join(stale);
        if stale.is_dir() {
            fs::remove_dir_all(&stale)?;
        }
    }
    sh::step("our records", || codec(&["write"], &folder, &[]))?;
    sh::step("Python", || python(&folder))?;
    sh::step("Node", || node(&folder))?;
    sh::step("their records", || {
        codec(&["read"], &folder, &["python", "node"])
    })
}

fn codec(verb: &[&str], folder: &Path, writers: &[&str]) -> Result<()> {
    let mut command = sh::cargo(&[
        "run",
        "--quiet",
        "-p",
        "dashstream-codec",
        "--example",
        "interop",
        "--",
    ]);
    sh::run(command.args(verb).arg(folder).args(writers))
}

fn python(folder: &Path) -> Result<()> {
    let environment = folder.join("venv");
    let python = environment.join("bin/python");
    if !python.is_file() {
        sh::run(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
    }
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ];
    sh::run(Command::new(&python).args(install).args(PYTHON))?;
    let generated = folder.join("generated");
    fs::create_dir_all(&generated)?;
    let include = sh::root().join("proto");
    sh::run(
        Command::new(&python)
            .args(["-m", "grpc_tools.protoc", "--proto_path"])
            .arg(include)
            .arg(format!("--python_out={}", generated.display()))
            .arg(SCHEMA),
    )?;
    let script = sh::root().join(SCRIPTS).join("interop.py");
    sh::run(Command::new(&python).arg(script).arg(folder))
}

fn node(folder: &Path) -> Result<()> {
    fs::write(folder.join("package.json"), "{\"private\":true}\n")?;
    let install = ["install", "--silent", "--no-audit", "--no-fund"];
    sh::run(
        Command::new("npm")
            .current_dir(folder)
            .args(install)
            .args(NODE),
    )?;
    let script = sh::root().join(SCRIPTS).join("interop.mjs");
    let schema = sh::root().join("proto").join(SCHEMA);
    sh::run(Command::new("node").arg(script).arg(folder).arg(schema))
}
