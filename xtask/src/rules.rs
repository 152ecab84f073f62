//! Alert rules, their tests and the dashboard, checked by promtool and by the catalogue's own lint.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use dashstream::metrics::Family;
use dashstream::metrics::lint::{self, Problem};

use crate::{artefacts, sh, system};

pub(crate) fn run() -> Result<()> {
    artefacts::run(true)?;
    let folder = artefacts::folder();
    install()?;
    let promtool = || {
        let mut command = Command::new("promtool");
        command.current_dir(&folder);
        command
    };
    sh::run(promtool().args(["check", "rules", "alerts.yml"]))?;
    // Generated where it is used, beside a copy of the rules: promtool looks for them in its folder.
    let scratch = sh::root().join("target/rules");
    std::fs::create_dir_all(&scratch)?;
    std::fs::copy(folder.join("alerts.yml"), scratch.join("alerts.yml"))?;
    tests(&scratch, &artefacts::tests()?)?;
    let mut all = Vec::new();
    for file in ["alerts.yml", "dashboard.json"] {
        let expressions = lint::expressions(&std::fs::read_to_string(folder.join(file))?);
        eprintln!("{file}: {} expressions", expressions.len());
        if expressions.is_empty() {
            bail!("{file}: no expression found");
        }
        all.extend(expressions);
    }
    let families = artefacts::families()?;
    let checked = all
        .iter()
        .flat_map(|(line, text)| lint::check(&families, *line, text));
    let mut problems: Vec<Problem> = checked.collect();
    problems.extend(lint::unwatched(&families, &all));
    if let Some(problem) = problems.first() {
        bail!("{} problems, the first: {problem}", problems.len());
    }
    planted(&families, &all)
}

/// Runs the cases of a test file in two halves at once: promtool takes one after the other, two minutes
/// for all.
fn tests(folder: &Path, text: &str) -> Result<()> {
    const CASE: &str = "\n  - name: ";
    let mut cases = text.split(CASE);
    let head = cases.next().unwrap_or_default();
    let cases: Vec<&str> = cases.collect();
    let mut running = Vec::new();
    for (at, half) in cases.chunks(cases.len().div_ceil(2).max(1)).enumerate() {
        let name = format!("alerts.test.{at}.yml");
        let cases = half.iter().flat_map(|case| [CASE, case]);
        let text: String = [head].into_iter().chain(cases).collect();
        std::fs::write(folder.join(&name), text + "\n")?;
        let mut test = Command::new("promtool");
        test.current_dir(folder).args(["test", "rules", &name]);
        running.push(test.spawn()?);
    }
    let mut passed = running.len() == 2;
    for mut test in running {
        passed &= test.wait()?.success();
    }
    if !passed {
        bail!(
            "promtool: a test of {} cases failed, or none ran",
            cases.len()
        );
    }
    Ok(())
}

/// The lint is no decoration: each planted fault must be found.
fn planted(families: &[Family], all: &[(usize, String)]) -> Result<()> {
    for (at, (line, text)) in all.iter().enumerate() {
        let masked = format!("({text}) or vector(0)");
        if !lint::check(families, *line, &masked)
            .iter()
            .any(|f| matches!(f, Problem::Masking { .. }))
        {
            bail!("a mask planted in expression {at} was not found");
        }
    }
    eprintln!("{} planted masks found", all.len());
    Ok(())
}

/// Debian's `prometheus`, which promtool comes with.
pub(crate) fn install() -> Result<()> {
    system::need(&[("promtool", "prometheus"), ("prometheus", "prometheus")])
}
