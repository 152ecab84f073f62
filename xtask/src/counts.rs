//! Counts of the workloads in `benches`: the same on a busy machine and on an idle one.

mod allocations;
mod instructions;

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

pub(crate) use allocations::run as allocations;
pub(crate) use instructions::run as instructions;

use crate::sh;

/// A count for each workload.
type Counts = BTreeMap<String, u64>;

/// The program that runs the workloads, built as the figures are.
fn program(root: &Path) -> Result<PathBuf> {
    let mut build = sh::cargo(&["build", "--release", "--locked", "--bin", "figures"]);
    build
        .current_dir(root)
        .args(["--message-format", "json", "--manifest-path"])
        .arg(root.join("benches/Cargo.toml"));
    sh::executable(&sh::output(&mut build)?).context("cargo built no figures")
}

/// What `program` prints for these arguments, on the repository's own capture.
fn printed(program: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(program);
    sh::output(command.args(arguments).env_remove("DASHSTREAM_CAPTURE"))
}

/// Reads lines of a workload and a count; a workload's name may have spaces.
fn parse(text: &str) -> Result<Counts> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, count) = line.rsplit_once(' ').with_context(|| line.to_owned())?;
            Ok((
                name.to_owned(),
                count.parse().with_context(|| line.to_owned())?,
            ))
        })
        .collect()
}

fn text(head: &str, counts: &Counts) -> String {
    let mut text = head.to_owned();
    for (name, count) in counts {
        let _ = writeln!(text, "{name} {count}");
    }
    text
}

/// The workloads whose count differs from the one before by more than `percent`, each as a line.
/// A workload that only one of the two has is among them.
fn beyond(before: &Counts, now: &Counts, percent: f64) -> Vec<String> {
    let names = before
        .keys()
        .chain(now.keys().filter(|name| !before.contains_key(*name)));
    names
        .filter_map(|name| match (before.get(name), now.get(name)) {
            (Some(before), Some(now)) => {
                let change = change(*before, *now);
                (change.abs() > percent)
                    .then(|| format!("{name}: {before} before, {now} now, {change:+.2} %"))
            }
            (Some(before), None) => Some(format!("{name}: {before} before, gone now")),
            (None, now) => Some(format!("{name}: new, {}", now.copied().unwrap_or_default())),
        })
        .collect()
}

/// In percent of what was before. From nothing to something is all of it.
#[expect(
    clippy::cast_precision_loss,
    reason = "a share of two counts below 2^53"
)]
fn change(before: u64, now: u64) -> f64 {
    match before {
        0 if now == 0 => 0.0,
        0 => f64::INFINITY,
        // In this order 2 % is 2.0, and not a little more.
        _ => (now as f64 - before as f64) * 100.0 / before as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, u64)]) -> Counts {
        all.iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn two_percent_pass_and_a_little_more_does_not() {
        let before = counts(&[("a", 10_000)]);
        for (now, found) in [
            (10_199, 0),
            (10_200, 0),
            (10_201, 1),
            (9_800, 0),
            (9_799, 1),
        ] {
            assert_eq!(
                beyond(&before, &counts(&[("a", now)]), 2.0).len(),
                found,
                "{now}"
            );
        }
    }

    #[test]
    fn a_planted_slowdown_of_three_percent_is_named() {
        let (before, now) = (
            counts(&[("a", 1_000), ("b", 1)]),
            counts(&[("a", 1_030), ("b", 1)]),
        );
        assert_eq!(
            beyond(&before, &now, 2.0),
            ["a: 1000 before, 1030 now, +3.00 %"]
        );
    }

    #[test]
    fn one_allocation_more_is_named_even_where_there_was_none() {
        let (before, now) = (
            counts(&[("a", 0), ("b", 500)]),
            counts(&[("a", 1), ("b", 501)]),
        );
        assert_eq!(
            beyond(&before, &now, 0.0),
            [
                "a: 0 before, 1 now, +inf %",
                "b: 500 before, 501 now, +0.20 %"
            ]
        );
        assert_eq!(beyond(&now, &now, 0.0), [""; 0]);
    }

    #[test]
    fn a_workload_that_is_gone_or_new_is_named() {
        let (before, now) = (counts(&[("old", 1)]), counts(&[("new", 2)]));
        assert_eq!(
            beyond(&before, &now, 2.0),
            ["old: 1 before, gone now", "new: new, 2"]
        );
    }

    #[test]
    fn what_is_written_is_read_back() {
        let all = counts(&[("zstd/decompress/64 KiB", 3), ("a", 0)]);
        assert_eq!(parse(&text("# head\n", &all)).unwrap(), all);
        assert!(parse("no count").is_err());
    }
}
