//! The steps of `cargo xtask ci`.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{api, artefacts, counts, deps, features, figures, loom, outside, proto, rules, sh};

/// The README promises this command; the step that runs it checks that the promise still stands.
const README_TEST: &str = "cargo test --workspace";

/// Features that need nothing but a C compiler. `tls`, which needs OpenSSL's headers, is a stage of
/// `full`.
const FEATURES: &str = "dashstream-reducer/wire,dashstream-policy/trace,dashstream-policy/testing,\
    dashstream-metrics/serde,dashstream/http,dashstream/prometheus,dashstream/cli";

pub(crate) fn run() -> Result<()> {
    sh::step("fmt", || {
        sh::run(&mut sh::cargo(&["fmt", "--all", "--check"]))
    })?;
    sh::step("deps", deps::run)?;
    sh::step("proto", || proto::run(true))?;
    sh::step("artefacts", || artefacts::run(true))?;
    sh::step("clippy", clippy)?;
    sh::step("clippy without features", features::bare)?;
    sh::step("test", test)?;
    sh::step("stack without optimisation", stack)?;
    sh::step("outside", outside::run)?;
    sh::step("doc", doc)?;
    sh::step("api", || api::run(true))?;
    sh::step("gateway", gateway)?;
    sh::step("loom", loom::run)?;
    sh::step("rules", rules::run)?;
    sh::step("allocations", || counts::allocations(false))?;
    sh::step("figures", || figures::run(None, true))
}

fn clippy() -> Result<()> {
    let args = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        FEATURES,
        "--",
        "-Dwarnings",
    ];
    sh::run(&mut sh::cargo(&args))
}

fn test() -> Result<()> {
    let readme = fs::read_to_string(sh::root().join("README.md"))?;
    if !readme.lines().any(|line| line.trim() == README_TEST) {
        bail!("README.md does not name its test command, {README_TEST}");
    }
    let words: Vec<_> = README_TEST.split(' ').skip(1).collect();
    sh::run(&mut sh::cargo(&words))?;
    // These are empty without their features. Built already, unless no member of the workspace switches
    // them on any more.
    sh::run(&mut sh::cargo(&[
        "test",
        "--workspace",
        "--features",
        FEATURES,
        "--test",
        "command",
        "--test",
        "conformance",
        "--test",
        "prometheus",
        "--bin",
        "dashstream",
    ]))
}

/// The deepest payloads on 512 KiB of stack, built as an embedder's debug build is: the workspace's own
/// profile optimises a little, which hides how much room a function takes.
fn stack() -> Result<()> {
    let mut test = sh::cargo(&["test", "--package", "dashstream-codec", "--test", "stack"]);
    test.env("CARGO_PROFILE_DEV_OPT_LEVEL", "0");
    // A folder of its own: the other profile would replace what the next steps need.
    sh::run(test.env("CARGO_TARGET_DIR", sh::root().join("target/unoptimised")))
}

fn doc() -> Result<()> {
    let mut doc = sh::cargo(&["doc", "--workspace", "--no-deps", "--features", FEATURES]);
    sh::run(doc.env("RUSTDOCFLAGS", "-Dwarnings"))
}

/// The whole path on the embedded broker, in both modes; the gateway checks its own report against
/// what its producer wrote and fails on any difference.
fn gateway() -> Result<()> {
    let program = sh::built_for_tests("dashstream-gateway")?;
    for mode in ["skip", "pause"] {
        let mut run = Command::new(&program);
        run.args([
            "--for",
            "12s",
            "--report",
            "json",
            "--on-unprocessable",
            mode,
        ]);
        sh::run(&mut run)?;
    }
    Ok(())
}
