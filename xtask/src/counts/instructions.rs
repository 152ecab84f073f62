//! Instructions of each workload, counted by callgrind.
//!
//! sha2, libzstd and libc choose their code by the processor's features, so that a count belongs to
//! the features, the compiler and libc that it was taken with. Where those are the recorded ones the
//! record decides; elsewhere the commit that the branch left is built and counted on the spot.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{Counts, beyond, parse, printed, program, text};
use crate::{sh, system};

/// What a workload may take more or less, in percent.
const PERCENT: f64 = 2.0;
const FILE: &str = "benches/record/instructions.txt";
/// The workload that a slowdown is planted in: the shortest.
const PLANTED: &str = "policy/record";

pub(crate) fn run(record: bool) -> Result<()> {
    system::need(&[("valgrind", "valgrind"), ("git", "git")])?;
    let program = program(&sh::root())?;
    planted(&program)?;
    let (with, now) = (environment(&program)?, count_all(&program)?);
    let path = sh::root().join(FILE);
    if record {
        return Ok(fs::write(path, text(&with, &now))?);
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    let (before, against) = if kept.starts_with(&with) {
        (parse(&kept)?, FILE.to_owned())
    } else {
        eprintln!("{FILE} was not recorded with these tools on such a processor:\n{with}");
        let base = base()?;
        let Some(before) = count_base(&base)? else {
            eprintln!("{base} has no workloads: nothing to compare with");
            return Ok(());
        };
        (before, base)
    };
    let changed = beyond(&before, &now, PERCENT);
    if !changed.is_empty() {
        bail!(
            "instructions beyond {PERCENT} % of {against}:\n  {}\nif that is meant: cargo xtask instructions --record",
            changed.join("\n  ")
        );
    }
    eprintln!("{} workloads within {PERCENT} % of {against}", now.len());
    Ok(())
}

/// The gate is no decoration: 3 % more calls must be found.
fn planted(program: &Path) -> Result<()> {
    let counts = |more: &[&str]| -> Result<Counts> {
        Ok(Counts::from([(
            PLANTED.to_owned(),
            count(program, PLANTED, more)?,
        )]))
    };
    let (before, slower) = (counts(&[])?, counts(&["--plant"])?);
    let found = beyond(&before, &slower, PERCENT);
    ensure!(
        found.len() == 1,
        "a planted slowdown of 3 % was not found: {before:?} {slower:?}"
    );
    eprintln!("planted: {}", found.join(", "));
    Ok(())
}

/// Everything that a count depends on besides the source, as the head of the record.
fn environment(program: &Path) -> Result<String> {
    let first = |command: &mut Command| -> Result<String> {
        Ok(sh::output(command)?
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned())
    };
    let rustc = first(
        Command::new("rustc")
            .arg("--version")
            .current_dir(sh::root()),
    )?;
    let valgrind = first(Command::new("valgrind").arg("--version"))?;
    let libc = first(Command::new("ldd").arg("--version"))?;
    // As valgrind shows them to the program, which are not all that the processor has.
    let mut shown = Command::new("valgrind");
    let features = sh::output(
        shown
            .args(["-q", "--tool=none"])
            .arg(program)
            .arg("features"),
    )?;
    let features: Vec<_> = features.lines().collect();
    Ok(format!(
        "# Instructions in a hundred calls of each workload, as callgrind counts them.\n\
         # Held to {PERCENT} % by `cargo xtask instructions`, where all this is the same; written by it with --record.\n\
         # {rustc}; {valgrind}; {libc}\n# {}\n",
        features.join(", ")
    ))
}

fn count_all(program: &Path) -> Result<Counts> {
    let names = parse(&printed(program, &["allocations"])?)?;
    let names = names.into_keys();
    names
        .map(|name| {
            let instructions = count(program, &name, &[])?;
            eprintln!("  {name}: {instructions}");
            Ok((name, instructions))
        })
        .collect()
}

/// The instructions of one workload, and of nothing before and after it.
fn count(program: &Path, workload: &str, more: &[&str]) -> Result<u64> {
    let out = sh::scratch("callgrind")?.join("out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args([
            "-q",
            "--tool=callgrind",
            "--toggle-collect=*counted*measured*",
        ])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(program)
        .args(["workload", workload])
        .args(more)
        .env_remove("DASHSTREAM_CAPTURE");
    sh::output(&mut valgrind)?;
    let text = fs::read_to_string(&out)?;
    let totals = text.lines().find_map(|line| line.strip_prefix("totals: "));
    let totals = totals.with_context(|| format!("callgrind counted nothing of {workload}"))?;
    let totals: u64 = totals.trim().parse()?;
    ensure!(totals > 0, "callgrind counted nothing of {workload}");
    Ok(totals)
}

/// The commit that this branch left the main one at; on the main one, the commit before.
fn base() -> Result<String> {
    let git = |args: &[&str]| sh::output(Command::new("git").args(args).current_dir(sh::root()));
    let head = git(&["rev-parse", "HEAD"])?;
    let base = git(&["merge-base", "HEAD", "origin/main"])?;
    let base = if base == head {
        git(&["rev-parse", "HEAD^"])?
    } else {
        base
    };
    Ok(base.trim().to_owned())
}

/// Builds and counts `commit`, if it has workloads to count.
fn count_base(commit: &str) -> Result<Option<Counts>> {
    let folder = sh::target().join("xtask/base");
    let git = |args: &[&str]| -> Result<()> {
        let mut git = Command::new("git");
        sh::run(git.current_dir(sh::root()).args(args).arg(&folder))
    };
    if folder.exists() {
        git(&["worktree", "remove", "--force"])?;
    }
    let mut add = Command::new("git");
    add.current_dir(sh::root())
        .args(["worktree", "add", "--detach"]);
    sh::run(add.arg(&folder).arg(commit))?;
    let counted = counted_in(&folder);
    git(&["worktree", "remove", "--force"])?;
    counted
}

fn counted_in(folder: &Path) -> Result<Option<Counts>> {
    if !folder.join("benches/src/counted.rs").exists() {
        return Ok(None);
    }
    count_all(&program(folder)?).map(Some)
}
