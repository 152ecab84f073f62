//! The models of the lock-free windows under every interleaving, and the mutants they must kill.
//!
//! Two checkers that share no code run the same models: loom, and the crate's own enumerator. Each must
//! see the outcomes that the models assert, and must kill every mutant by itself. `ci` asks loom alone.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

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
        &[
            "two_writers_across_a_rotation_account_for_every_event",
            "a_third_writer_from_the_past_disturbs_neither_of_the_present",
        ],
    ),
    (
        "window_ignores_epochs",
        &["a_reader_never_sees_events_of_another_turn"],
    ),
    ("window_never_torn", &["an_overtaken_reader_says_torn"]),
    ("window_total_forgets", &["a_ratio_never_exceeds_one"]),
    (
        "window_forgets_early",
        &["a_writer_at_the_edge_of_the_guard_is_counted_or_early"],
    ),
    (
        "window_not_alone",
        &["a_writer_with_a_shard_of_its_own_loses_nothing"],
    ),
    (
        "window_reads_one_shard",
        &["writers_of_two_shards_are_both_read"],
    ),
];

#[derive(Clone, Copy)]
enum Checker {
    Loom,
    Enumerator,
}

/// Runs the models and their mutants under loom.
pub(crate) fn run() -> Result<()> {
    check(Checker::Loom).map(drop)
}

/// Runs them under both checkers, and requires that both ran the same models.
pub(crate) fn both() -> Result<()> {
    let (loom, enumerator) = (check(Checker::Loom)?, check(Checker::Enumerator)?);
    ensure!(
        loom == enumerator,
        "the checkers ran different models: {loom:?} and {enumerator:?}"
    );
    Ok(())
}

/// Runs the models, then each mutant against the models that must fail under it.
fn check(checker: Checker) -> Result<Vec<String>> {
    let models = models(checker)?;
    for (mutant, killers) in MUTANTS {
        let program = build(checker, Some(mutant))?;
        for model in *killers {
            let output = Command::new(&program).arg(model).output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            // A filter that matches nothing kills no mutant.
            if output.status.success() || !text.contains("1 failed") {
                bail!("mutant {mutant} survives {model}:\n{text}");
            }
            eprintln!("mutant {mutant}: killed by {model}, {}", checker.name());
        }
    }
    eprintln!(
        "{} models, {} mutants killed, {}",
        models.len(),
        MUTANTS.len(),
        checker.name()
    );
    Ok(models)
}

/// Runs every model, and returns the names of those that said how often they were executed.
fn models(checker: Checker) -> Result<Vec<String>> {
    let program = build(checker, None)?;
    let mut command = Command::new(program);
    command.args(["window::models", "--nocapture", "--test-threads", "1"]);
    let output = command.output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(
        output.status.success(),
        "{}: {said}{}",
        checker.name(),
        String::from_utf8_lossy(&output.stdout)
    );
    let lines = said.lines().filter_map(|line| line.strip_prefix("model "));
    let mut names = Vec::new();
    for line in lines {
        eprintln!("model {line}");
        names.extend(line.split(':').next().map(str::to_owned));
    }
    names.sort();
    ensure!(!names.is_empty(), "{}: no model ran", checker.name());
    Ok(names)
}

/// Builds the unit tests of the metrics crate with the checker's atomics, and returns the program.
///
/// The mutant goes to this crate alone, so that its dependencies are built once.
fn build(checker: Checker, mutant: Option<&str>) -> Result<PathBuf> {
    let mut command = sh::cargo(&[
        "rustc",
        "--quiet",
        "--package",
        "dashstream-metrics",
        "--lib",
    ]);
    command
        .args(["--profile", "test", "--message-format", "json", "--"])
        .env("CARGO_TARGET_DIR", target());
    match checker {
        Checker::Loom => command.env("RUSTFLAGS", "--cfg loom"),
        Checker::Enumerator => command.env_remove("RUSTFLAGS"),
    };
    if let Some(mutant) = mutant {
        command.arg("--cfg").arg(format!("mutant=\"{mutant}\""));
    }
    sh::executable(&sh::output(&mut command)?).context("cargo built no test program")
}

impl Checker {
    fn name(self) -> &'static str {
        match self {
            Self::Loom => "loom",
            Self::Enumerator => "enumerator",
        }
    }
}

fn target() -> PathBuf {
    let base = std::env::var_os("CARGO_TARGET_DIR");
    base.map_or_else(|| sh::root().join("target"), PathBuf::from)
        .join("loom")
}
