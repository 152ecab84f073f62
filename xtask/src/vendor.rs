//! Copying a crate, and the crates it needs, into a folder that builds and tests on its own.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::sh;

/// A published crate, and the published crates that it needs beside itself.
const CLOSURES: &[(&str, &[&str])] = &[
    ("dashstream-zstd", &[]),
    ("dashstream-codec", &["dashstream-zstd"]),
    (
        "dashstream-reducer",
        &["dashstream-codec", "dashstream-zstd"],
    ),
    ("dashstream-policy", &[]),
    ("dashstream-dlq", &["dashstream-policy"]),
    ("dashstream-metrics", &[]),
    (
        "dashstream",
        &[
            "dashstream-codec",
            "dashstream-dlq",
            "dashstream-kafka",
            "dashstream-metrics",
            "dashstream-policy",
            "dashstream-zstd",
        ],
    ),
    ("dashstream-kafka", &["dashstream-dlq", "dashstream-policy"]),
];

/// Writes `name` with what it needs, and the test support, into `into` as a workspace of its own.
///
/// The workspace manifest is ours with another list of members, so versions, lints and profiles stay.
pub(crate) fn run(name: &str, into: &Path) -> Result<()> {
    let Some((_, needed)) = CLOSURES.iter().find(|(crate_name, _)| *crate_name == name) else {
        bail!("{name} is not a published crate");
    };
    let mut members = vec![name, "dashstream-testkit"];
    members.extend(*needed);
    for member in &members {
        let folder = PathBuf::from("crates").join(member);
        copy(&sh::root().join(&folder), &into.join(&folder))?;
    }
    let manifest = fs::read_to_string(sh::root().join("Cargo.toml"))?;
    fs::write(into.join("Cargo.toml"), with_members(&manifest, &members)?)?;
    for file in ["Cargo.lock", "clippy.toml", "LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(sh::root().join(file), into.join(file)).with_context(|| file.to_owned())?;
    }
    Ok(())
}

/// Vendors every published crate into a scratch folder and runs its tests there.
pub(crate) fn check() -> Result<()> {
    let scratch = sh::scratch("vendor")?;
    for (name, _) in CLOSURES {
        let folder = scratch.join(name);
        run(name, &folder)?;
        let mut test = sh::cargo(&["test", "--quiet", "--package", name]);
        // One target folder for all: the dependencies are the same.
        sh::run(
            test.current_dir(&folder)
                .env("CARGO_TARGET_DIR", scratch.join("target")),
        )?;
    }
    fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Replaces the members and drops the excluded folders, which do not come along.
fn with_members(manifest: &str, members: &[&str]) -> Result<String> {
    let (before, rest) = manifest
        .split_once("members = [")
        .context("a list of members")?;
    let (_, after) = rest.split_once("\n]\n").context("an end of the members")?;
    let after = after.lines().filter(|line| !line.starts_with("exclude"));
    let list: String = members
        .iter()
        .map(|name| format!("\n    \"crates/{name}\","))
        .collect();
    let rest: String = after.flat_map(|line| [line, "\n"]).collect();
    Ok(format!("{before}members = [{list}\n]\n{rest}"))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
