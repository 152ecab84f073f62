//! Seeded defects of the policy engine, each of which the simulator's invariants have to find.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::sh;

/// Schedules that a mutant has to survive to be called alive.
const SCHEDULES: &str = "20000";

/// What the simulator exits with when an invariant was broken.
const VIOLATION: i32 = 3;

/// The longest trace that a failure may be left with. A schedule has up to 200 steps.
const SHRUNK_MAX: usize = 20;

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
        match code {
            Some(VIOLATION) => {
                let report = Report::read(&text).with_context(|| format!("{name}:\n{text}"))?;
                println!(
                    "killed  {name:26} seed {:5}, {:2} of {:3} steps: {}",
                    report.seed, report.steps, report.drawn, report.violation
                );
            }
            Some(0) => {
                println!("ALIVE   {name}");
                alive.push(name.as_str());
            }
            _ => bail!("mutant {name} did not run:\n{text}"),
        }
    }
    println!("{} mutants, {} alive", names.len(), alive.len());
    if !alive.is_empty() || names.is_empty() {
        bail!("mutants alive: {}", alive.join(", "));
    }
    Ok(())
}

/// What a failure has to say: what was broken, the seed, and a trace that was made short.
struct Report {
    violation: String,
    seed: u64,
    steps: usize,
    drawn: usize,
}

impl Report {
    fn read(text: &str) -> Result<Self> {
        let behind = |start: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(start));
            line.with_context(|| format!("no line that begins with {start:?}"))
        };
        let number = |text: &str| -> Result<u64> {
            let digits = text.split(|c: char| !c.is_ascii_digit()).next();
            Ok(digits.context("a number")?.parse()?)
        };
        let violation = behind("violation: ")?.chars().take(70).collect();
        let seed = number(behind("seed ")?)?;
        let trace = behind("trace of ")?;
        let steps = number(trace)?.try_into()?;
        let (_, drawn) = trace
            .split_once("shrunk from ")
            .context("how long it was")?;
        let listed = text.lines().filter(|line| is_step(line)).count();
        if listed != steps || steps > SHRUNK_MAX {
            bail!("{listed} steps listed of {steps}, at most {SHRUNK_MAX} expected");
        }
        Ok(Self {
            violation,
            seed,
            steps,
            drawn: number(drawn)?.try_into()?,
        })
    }
}

/// Whether a line is a number and a step.
fn is_step(line: &str) -> bool {
    let word = line.split_whitespace().next();
    word.is_some_and(|word| word.parse::<usize>().is_ok())
}

/// Runs the simulator on the engine with one defect in it, or with none. Its exit code, its output.
fn simulate(mutant: Option<&str>) -> Result<(Option<i32>, String)> {
    let mut command: Command = sh::cargo(&["run", "-q", "-p", "dashstream-sim"]);
    // Every mutant builds all that it needs anew, so that it had better be little.
    command.arg("--no-default-features");
    // With a target named, the flags below do not reach derive macros, which need no rebuild then.
    command.args(["--target", &host()?, "--", "schedules", SCHEDULES]);
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

/// The platform that this toolchain builds for unless told otherwise.
fn host() -> Result<String> {
    let version = sh::output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names its host")?.to_owned())
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
