//! The models of the lock-free windows and latencies under loom, and the mutants that they must kill.

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
    (
        "latency_not_alone",
        &["a_recorder_and_a_thread_lose_no_latency"],
    ),
    (
        "latency_reads_one_copy",
        &[
            "a_recorder_and_a_thread_lose_no_latency",
            "a_reader_sees_no_latency_that_was_not_recorded",
        ],
    ),
    (
        "place_not_handed_over",
        &["a_copy_that_changes_hands_keeps_its_counts"],
    ),
];

/// Runs the models, then each mutant against the models that must fail under it.
pub(crate) fn run() -> Result<()> {
    let models = models()?;
    for (mutant, killers) in MUTANTS {
        let program = build(Some(mutant))?;
        for model in *killers {
            let output = Command::new(&program).arg(model).output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            // A filter that matches nothing kills no mutant.
            if output.status.success() || !text.contains("1 failed") {
                bail!("mutant {mutant} survives {model}:\n{text}");
            }
            eprintln!("mutant {mutant}: killed by {model}");
        }
    }
    eprintln!("{models} models, {} mutants killed", MUTANTS.len());
    Ok(())
}

/// Runs every model, and returns how many said how often they were executed.
fn models() -> Result<usize> {
    let mut command = Command::new(build(None)?);
    command.args(["models", "--nocapture", "--test-threads", "1"]);
    let output = command.output()?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stdout)
    );
    let lines = said.lines().filter(|line| line.starts_with("model "));
    let ran = lines.inspect(|line| eprintln!("{line}")).count();
    ensure!(ran > 0, "no model ran");
    Ok(ran)
}

/// Builds the unit tests of the metrics crate with loom's atomics, and returns the program.
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
        .env("CARGO_TARGET_DIR", target())
        .env("RUSTFLAGS", "--cfg loom");
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
