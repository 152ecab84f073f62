//! Holds Prometheus rules and Grafana dashboards against the catalogue of metrics.
//!
//! `metrics_lint rules.yml dashboard.json`: fails on metrics, labels and values that do not exist, on
//! `or vector(…)`, and when together the files leave a metric unwatched (not with `--partial`).
#![expect(clippy::disallowed_macros, reason = "a command-line tool prints")]

use core::time::Duration;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use dashstream::metrics::lint;
use dashstream::{Metrics, Options};

fn main() -> anyhow::Result<ExitCode> {
    let (flags, files): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|a| a.starts_with("--"));
    if files.is_empty() || flags.iter().any(|flag| flag != "--partial") {
        bail!("usage: metrics_lint [--partial] FILE...");
    }
    let metrics = Metrics::register(Options::default(), Duration::ZERO)?;
    let families = metrics.catalogue().families();
    let mut all = Vec::new();
    let mut findings = 0_u32;
    for file in &files {
        let text = std::fs::read_to_string(file).with_context(|| file.clone())?;
        let expressions = lint::expressions(&text);
        if expressions.is_empty() {
            bail!("{file}: no expression found");
        }
        for finding in expressions
            .iter()
            .flat_map(|expression| lint::check(families, expression))
        {
            println!("{file}: {finding}");
            findings = findings.saturating_add(1);
        }
        all.extend(expressions);
    }
    if flags.is_empty() {
        for finding in lint::unwatched(families, &all) {
            println!("{finding}");
            findings = findings.saturating_add(1);
        }
    }
    println!(
        "{} expressions in {} files, {findings} findings",
        all.len(),
        files.len()
    );
    Ok(if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
