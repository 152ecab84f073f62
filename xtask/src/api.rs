//! The public API of each published crate as a text file, so that a change of it is seen in review,
//! and the rule that no dependency's types leak through it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail, ensure};

use crate::sh;

/// The published crates, with the features that need nothing but a C compiler, and what a line must
/// hold to be allowed another package's type.
const CRATES: &[(&str, &str, &[&str])] = &[
    ("dashstream-zstd", "", &[]),
    // The generated message types, and the one of them that is exported by a second name.
    (
        "dashstream-codec",
        "",
        &["dashstream_codec::v1::", "dashstream_codec::Message::"],
    ),
    ("dashstream-reducer", "wire", &[]),
    ("dashstream-policy", "trace,testing", &[]),
    ("dashstream-dlq", "", &[]),
    (
        "dashstream-metrics",
        "serde,prometheus",
        &["register_in<", "prometheus::registry::Registry"],
    ),
    (
        "dashstream",
        "http,prometheus",
        &["Metrics::register_in(&prometheus::registry::Registry,"],
    ),
    ("dashstream-kafka", "", &[]),
];

/// Packages whose major releases must not become ours.
const FOREIGN: &[&str] = &[
    "base64::",
    "jiff::",
    "prometheus::",
    "prost::",
    "rdkafka::",
    "rdkafka_sys::",
    "sha2::",
    "zstd_safe::",
    "zstd_sys::",
];

/// Writes the files, or with `check` compares them.
pub(crate) fn run(check: bool) -> Result<()> {
    document()?;
    for (name, _, allowed) in CRATES {
        let text = listing(name)?;
        leaks(name, &text, allowed)?;
        let file = sh::root().join("crates").join(name).join("api.txt");
        if check {
            let kept = fs::read_to_string(&file).unwrap_or_default();
            if let Some(difference) = first_difference(&kept, &text) {
                bail!(
                    "{name}: its API is not what api.txt says: {difference}; run `cargo xtask api`"
                );
            }
        } else {
            fs::write(&file, &text)?;
        }
        eprintln!("{name}: {} items", text.lines().count());
    }
    Ok(())
}

/// One build for all crates, with what `cargo xtask ci` builds for its `doc` step.
fn document() -> Result<()> {
    let mut doc = sh::cargo(&["doc", "--quiet", "--lib", "--no-deps"]);
    for (name, features, _) in CRATES {
        doc.args(["--package", name]);
        for feature in features.split(',').filter(|feature| !feature.is_empty()) {
            doc.args(["--features", &format!("{name}/{feature}")]);
        }
    }
    // The format is unstable; the toolchain and the package that reads it are pinned together. The permission is
    // for rustdoc alone: build scripts that saw it would run again, and all that depends on them.
    doc.env("RUSTDOC", rustdoc()?)
        .env("RUSTDOCFLAGS", "-Zunstable-options --output-format json");
    sh::run(&mut doc)
}

/// A program that is rustdoc with unstable options allowed.
fn rustdoc() -> Result<PathBuf> {
    let folder = sh::target().join("xtask");
    fs::create_dir_all(&folder)?;
    let program = folder.join("rustdoc");
    let text = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n";
    if fs::read_to_string(&program).ok().as_deref() != Some(text) {
        fs::write(&program, text)?;
        sh::run(Command::new("chmod").arg("+x").arg(&program))?;
    }
    Ok(program)
}

fn listing(name: &str) -> Result<String> {
    let file = sh::target()
        .join("doc")
        .join(format!("{}.json", name.replace('-', "_")));
    let api = public_api::Builder::from_rustdoc_json(file)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()?;
    Ok(api.items().map(|item| format!("{item}\n")).collect())
}

fn leaks(name: &str, listing: &str, allowed: &[&str]) -> Result<()> {
    let is_allowed = |line: &str| allowed.iter().any(|path| line.contains(path));
    for line in listing.lines() {
        let leaks = FOREIGN.iter().any(|path| line.contains(path));
        ensure!(
            !leaks || is_allowed(line),
            "{name} shows another package's type: {line}"
        );
    }
    Ok(())
}

fn first_difference(kept: &str, now: &str) -> Option<String> {
    let gone = kept
        .lines()
        .find(|line| !now.lines().any(|other| other == *line));
    let new = now
        .lines()
        .find(|line| !kept.lines().any(|other| other == *line));
    gone.map(|line| format!("gone is `{line}`"))
        .or_else(|| new.map(|line| format!("new is `{line}`")))
}
