//! A crate outside the workspace that depends on `dashstream` alone: with its defaults it is the README's
//! first program, and is run; without them it is built.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::sh;

/// What the README's program has to print: the good record, as its handler saw it and on the page, and the
/// verdict.
const SAYS: &[&str] = &[
    "Event of run-1",
    "websocket_kafka_messages_total{status=\"success\"} 1",
    "Verdict",
];

/// The metric that says how many dead letters were acknowledged.
const LETTERS: &str = "websocket_dlq_sends_total{";

/// A host without Kafka and without pages: its own loop around the decoder, the fault map, the runs and the
/// rules.
const WITHOUT: &str = r#"
use core::time::Duration;

use dashstream::codec::{DecodeOptions, Decoder};
use dashstream::{Observation, HealthPolicy, Metrics, Monitor, Options, Outcome, cause_of};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let metrics = Metrics::register(Options::default(), Duration::ZERO)?;
    let monitor = Monitor::new(metrics, HealthPolicy::default(), || Duration::from_secs(1));
    let error = Decoder::new(DecodeOptions::new()).decode(b"no message").unwrap_err();
    if let Some(cause) = cause_of(error.fault()) {
        monitor.metrics().record(monitor.now(), Outcome::Unprocessable(cause));
    }
    println!("{:?}", monitor.observe(Observation::default()));
    Ok(())
}
"#;

pub(crate) fn run() -> Result<()> {
    let readme = fs::read_to_string(sh::root().join("README.md"))?;
    let program = first_program(&readme).context("README.md has no program")?;
    let printed = build("outside", "", program)?;
    for word in SAYS {
        ensure!(
            printed.contains(word),
            "the README's program does not print {word}:\n{printed}"
        );
    }
    let is_one = |line: &str| line.starts_with(LETTERS) && line.ends_with(" 1");
    ensure!(
        printed.lines().any(is_one),
        "the README's program writes no dead letter:\n{printed}"
    );
    let printed = build("outside-lean", ", default-features = false", WITHOUT)?;
    ensure!(printed.contains("Verdict"), "{printed}");
    Ok(())
}

/// What stands in the first Rust block.
fn first_program(readme: &str) -> Option<&str> {
    let (_, rest) = readme.split_once("```rust")?;
    let (_, rest) = rest.split_once('\n')?;
    let (program, _) = rest.split_once("```")?;
    Some(program)
}

/// Builds and runs a crate of one file, and returns what it prints. It has the workspace's profile and lock
/// file, so that what is built already serves it too.
fn build(name: &str, features: &str, program: &str) -> Result<String> {
    let folder = sh::target().join("xtask").join(name);
    fs::create_dir_all(folder.join("src"))?;
    let library = sh::root().join("crates/dashstream");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ndashstream = {{ path = {library:?}{features} }}\n\n\
         [profile.dev]\nopt-level = 1\ndebug = \"line-tables-only\"\n"
    );
    write(&folder.join("Cargo.toml"), &manifest)?;
    write(&folder.join("src/main.rs"), program)?;
    fs::copy(sh::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut run = sh::cargo(&["run", "--quiet"]);
    run.current_dir(&folder)
        .env("CARGO_TARGET_DIR", sh::target());
    sh::output(&mut run)
}

/// Leaves a file alone that is as it should be, so that nothing is built for it again.
fn write(file: &Path, text: &str) -> Result<()> {
    if fs::read_to_string(file).ok().as_deref() != Some(text) {
        fs::write(file, text)?;
    }
    Ok(())
}
