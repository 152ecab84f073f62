//! The models of the lock-free windows under every interleaving, and the mutants they must kill.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::sh;

/// Each seeded defect with the models that must fail under it.
const MUTANTS: &[(&str, &[&str])] = &[
    (
        "window_gives_up",
        &[
            "two_writers_of_one_slot_both_count",
            "two_writers_across_a_rotation_account_for_every_event",
        ],
    ),
    (
        "window_goes_back",
        &["two_writers_across_a_rotation_account_for_every_event"],
    ),
    (
        "window_ignores_epochs",
        &["a_reader_never_sees_events_of_another_turn"],
    ),
    ("window_never_torn", &["an_overtaken_reader_says_torn"]),
    ("window_total_forgets", &["a_ratio_never_exceeds_one"]),
];

pub(crate) fn run() -> Result<()> {
    let models = build(None)?;
    sh::run(Command::new(&models).args(["window::models", "--nocapture"]))?;
    for (mutant, killers) in MUTANTS {
        let models = build(Some(mutant))?;
        for model in *killers {
            let output = Command::new(&models).arg(model).output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            // A filter that matches nothing kills no mutant.
            if output.status.success() || !text.contains("1 failed") {
                bail!("mutant {mutant} survives {model}:\n{text}");
            }
            eprintln!("mutant {mutant}: killed by {model}");
        }
    }
    eprintln!("{} mutants killed", MUTANTS.len());
    Ok(())
}

/// Builds the unit tests of the metrics crate with the checker's atomics, and returns the program.
///
/// The mutant goes to this crate alone, so that its dependencies are built once.
fn build(mutant: Option<&str>) -> Result<PathBuf> {
    let mut command = sh::cargo(&[
        "rustc",
        "--quiet",
        "--package",
        "dashstream-metrics",
        "--lib",
    ]);
    command
        .args(["--profile", "test", "--message-format", "json", "--"])
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", target());
    if let Some(mutant) = mutant {
        command.arg("--cfg").arg(format!("mutant=\"{mutant}\""));
    }
    sh::executable(&sh::output(&mut command)?).context("cargo built no test program")
}

fn target() -> PathBuf {
    let base = std::env::var_os("CARGO_TARGET_DIR");
    base.map_or_else(|| sh::root().join("target"), PathBuf::from)
        .join("loom")
}
