//! Fuzzing on the pinned stable toolchain: cargo-fuzz with RUSTC_BOOTSTRAP=1.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::sh;

/// The version this workspace is fuzzed with.
const CARGO_FUZZ: &str = "0.13.1";

pub(crate) fn run(target: &str, runs: u64) -> Result<()> {
    install()?;
    let all = targets()?;
    let prefix = format!("{target}_");
    let wanted = |name: &&String| target == "all" || *name == target || name.starts_with(&prefix);
    let chosen: Vec<_> = all.iter().filter(wanted).collect();
    if chosen.is_empty() {
        bail!(
            "no fuzz target or crate {target}; there are: {}",
            all.join(", ")
        );
    }
    for name in chosen {
        fuzz(name, runs)?;
    }
    Ok(())
}

/// Runs one target. New inputs go to an ignored folder; the checked-in corpus is only read.
fn fuzz(name: &str, runs: u64) -> Result<()> {
    let folder = sh::root().join("fuzz");
    let work = folder.join("corpus-work").join(name);
    fs::create_dir_all(&work)?;
    let mut command = sh::cargo(&["fuzz", "run", "--sanitizer", "none", name]);
    command
        .current_dir(sh::root())
        .env("RUSTC_BOOTSTRAP", "1")
        .arg(&work);
    let seeds = folder.join("corpus").join(name);
    if seeds.is_dir() {
        command.arg(&seeds);
    }
    command.arg("--").arg(format!("-runs={runs}"));
    // Magic numbers and checksums are not found by plain coverage; see libFuzzer's value profile.
    command.args([
        "-use_value_profile=1",
        "-timeout=20",
        "-print_final_stats=1",
    ]);
    command.arg(format!("-max_len={}", longest(name)));
    sh::run(&mut command)
}

/// The longest input, in bytes: where more of them would only repeat what was tried, fewer make room
/// for more runs.
fn longest(name: &str) -> u32 {
    match name {
        // Repeated up to 256 times these make a little more than the largest block, 128 KiB.
        "zstd_round_trip" => 576,
        // A script of three frames has no more decisions.
        "zstd_structured" => 2048,
        _ => 65_536,
    }
}

/// The names of the targets, as `fuzz/Cargo.toml` lists them.
fn targets() -> Result<Vec<String>> {
    let path = sh::root().join("fuzz/Cargo.toml");
    let manifest = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let names = manifest.split("[[bin]]").skip(1).filter_map(|entry| {
        let line = entry.lines().find(|line| line.starts_with("name"))?;
        line.split('"').nth(1).map(str::to_owned)
    });
    Ok(names.collect())
}

fn install() -> Result<()> {
    if sh::output(&mut sh::cargo(&["fuzz", "--version"])).is_ok_and(|v| v.contains(CARGO_FUZZ)) {
        return Ok(());
    }
    sh::run(&mut sh::cargo(&[
        "install",
        "--locked",
        "cargo-fuzz",
        "--version",
        CARGO_FUZZ,
    ]))
}
