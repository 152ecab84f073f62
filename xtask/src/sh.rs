//! Running other programs, with what is run said first and its time said after.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// Cargo's target folder.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A `cargo` command in the workspace's folder.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(args);
    command
}

/// Runs `command` and fails when it does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    eprintln!("+ {shown}");
    let status = command
        .status()
        .with_context(|| format!("could not start: {shown}"))?;
    if !status.success() {
        bail!("{shown}: {status}");
    }
    Ok(())
}

/// Runs `command` and returns its standard output, failing when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .output()
        .with_context(|| format!("could not start: {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The program called `name` that `cargo test --workspace` built for its tests.
///
/// `cargo run --package` chooses other features for the dependencies and would build them all again.
pub(crate) fn built_for_tests(name: &str) -> Result<PathBuf> {
    let mut test = cargo(&[
        "test",
        "--workspace",
        "--no-run",
        "--message-format",
        "json",
    ]);
    let messages = output(&mut test)?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| {
            // A program's own unit tests have its name, too.
            message.pointer("/target/name").is_some_and(|is| is == name)
                && message.pointer("/profile/test") == Some(&false.into())
        })
        .find_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .with_context(|| format!("the tests need no program {name}"))
}

/// The last program that cargo built, from the messages of a build with `--message-format json`.
pub(crate) fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .next_back()
}

/// Builds one program of the workspace and says where it is.
pub(crate) fn built(package: &str, program: &str, features: &str) -> Result<PathBuf> {
    let messages = output(&mut cargo(&[
        "build",
        "--package",
        package,
        "--bin",
        program,
        "--features",
        features,
        "--message-format",
        "json",
    ]))?;
    executable(&messages).with_context(|| format!("cargo built no {program}"))
}

/// An empty folder for one stage's files, under the target folder, which git ignores.
pub(crate) fn scratch(name: &str) -> Result<PathBuf> {
    let folder = target().join("xtask").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Runs one named step and says how long it took.
pub(crate) fn step(name: &str, body: impl FnOnce() -> Result<()>) -> Result<()> {
    eprintln!("=== {name}");
    let start = Instant::now();
    body().with_context(|| format!("step {name}"))?;
    eprintln!("=== {name}: ok, {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}

fn show(command: &Command) -> String {
    let words = core::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
