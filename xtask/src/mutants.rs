//! Seeded defects of the policy engine, each of which the simulator's invariants have to find.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::sh;

/// Schedules that a mutant has to survive to be called alive.
const SCHEDULES: &str = "20000";

/// What the simulator exits with when an invariant was broken.
const VIOLATION: i32 = 3;

/// Builds each mutant of `area`, lets the simulator loose on it, and prints what found it.
pub(crate) fn run(area: &str) -> Result<()> {
    if area != "policy" {
        bail!("no mutants of {area}; there are: policy");
    }
    let mut names = BTreeSet::new();
    collect(&sh::root().join("crates/dashstream-policy/src"), &mut names)?;
    // The engine as it is has to pass, or nothing that follows means anything.
    let (code, text) = simulate(None)?;
    if code != Some(0) {
        bail!("the engine itself fails:\n{text}");
    }
    let mut alive = Vec::new();
    for name in &names {
        let (code, text) = simulate(Some(name))?;
        let found = text.lines().find(|line| line.starts_with("violation"));
        match (code, found) {
            (Some(VIOLATION), Some(found)) => {
                let found: String = found.chars().take(100).collect();
                println!("killed  {name:28} {found}");
            }
            (Some(0), _) => {
                println!("ALIVE   {name}");
                alive.push(name.as_str());
            }
            (_, _) => bail!("mutant {name} did not run:\n{text}"),
        }
    }
    println!("{} mutants, {} alive", names.len(), alive.len());
    if !alive.is_empty() || names.is_empty() {
        bail!("mutants alive: {}", alive.join(", "));
    }
    Ok(())
}

/// Runs the simulator on the engine with one defect in it, or with none. Its exit code, its output.
fn simulate(mutant: Option<&str>) -> Result<(Option<i32>, String)> {
    let mut command: Command = sh::cargo(&["run", "-q", "-p", "dashstream-sim", "--"]);
    command.args(["schedules", SCHEDULES]);
    // A folder of its own: the flags would otherwise throw away everybody's build.
    command.env("CARGO_TARGET_DIR", sh::root().join("target/mutants"));
    if let Some(name) = mutant {
        command.env("RUSTFLAGS", format!("--cfg mutant=\"{name}\" -A warnings"));
    }
    let output = command.output()?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.code(), text))
}

/// Every name in a `mutant = "name"` under `folder`.
fn collect(folder: &Path, names: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, names)?;
        } else {
            let text = fs::read_to_string(&path)?;
            let found = text.split("mutant = \"").skip(1);
            names.extend(found.filter_map(|rest| rest.split('"').next().map(str::to_owned)));
        }
    }
    Ok(())
}
