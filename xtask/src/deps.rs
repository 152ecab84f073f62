//! The dependency rules of the workspace, checked against `cargo metadata`. What a crate from
//! elsewhere may be used by, and with which features, stands in `deny.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::sh;

/// What each published crate may name as a normal dependency, with every feature on. A crate that
/// is vendored is its folder and those of the `dashstream-` crates in its line.
const NORMAL: &[(&str, &[&str])] = &[
    ("dashstream-zstd", &["thiserror", "zstd-safe"]),
    (
        "dashstream-codec",
        &["bytes", "dashstream-zstd", "prost", "sha2", "thiserror"],
    ),
    (
        "dashstream-reducer",
        &[
            "dashstream-codec",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
        ],
    ),
    ("dashstream-policy", &["serde", "serde_json", "thiserror"]),
    (
        "dashstream-dlq",
        &[
            "base64",
            "bytes",
            "dashstream-policy",
            "jiff",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
        ],
    ),
    (
        "dashstream-metrics",
        &["prometheus", "serde_json", "thiserror"],
    ),
    (
        "dashstream",
        &[
            "axum",
            "base64",
            "clap",
            "clap_complete",
            "dashstream-codec",
            "dashstream-dlq",
            "dashstream-kafka",
            "dashstream-metrics",
            "dashstream-policy",
            "dashstream-reducer",
            "hyper",
            "hyper-util",
            "prometheus",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tower-http",
            "tracing",
        ],
    ),
    (
        "dashstream-kafka",
        &[
            "bytes",
            "dashstream-dlq",
            "dashstream-policy",
            "rdkafka",
            "serde_json",
            "thiserror",
            "tokio",
        ],
    ),
];

/// Crates whose normal dependencies, with default features, are these and nothing else.
const LEAN: &[(&str, &[&str])] = &[
    ("dashstream-metrics", &["thiserror"]),
    ("dashstream-policy", &["thiserror"]),
];

/// The crates that stay free of runtimes, clients, loggers and argument parsers, however deep and with
/// every feature on.
const PURE: &[&str] = &[
    "dashstream-zstd",
    "dashstream-codec",
    "dashstream-reducer",
    "dashstream-policy",
    "dashstream-dlq",
    "dashstream-metrics",
];

/// The same of `dashstream` without its consumer and its pages, and of the example that uses it so.
const PURE_WITHOUT: &[(&str, &[&str])] = &[
    (
        "dashstream",
        &["--no-default-features", "--features", "prometheus"],
    ),
    ("dashstream-file-log", &[]),
];

/// What a pure crate must not reach.
const IMPURE: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "rdkafka",
    "log",
    "tracing",
    "env_logger",
    "clap",
];

/// Members that no other member may depend on, except in its tests.
const LEAVES: &[&str] = &[
    "dashstream-examples",
    "dashstream-file-log",
    "dashstream-gateway",
    "dashstream-sim",
    "dashstream-testkit",
    "xtask",
];

pub(crate) fn run() -> Result<()> {
    let members = Members::read()?;
    let mut broken = Vec::new();
    for (name, allowed) in NORMAL {
        for extra in direct(name, &["--all-features"])? {
            if !allowed.contains(&extra.as_str()) {
                broken.push(format!(
                    "{name} depends on {extra}, which is not on its list"
                ));
            }
        }
    }
    for (name, allowed) in LEAN {
        let needs = direct(name, &[])?;
        if !needs.iter().eq(*allowed) {
            broken.push(format!(
                "{name} needs {needs:?} by default, not {allowed:?}"
            ));
        }
    }
    let with_all = |name: &&'static str| (*name, ["--all-features"].as_slice());
    for (name, flags) in PURE
        .iter()
        .map(with_all)
        .chain(PURE_WITHOUT.iter().copied())
    {
        for reached in tree(name, flags)? {
            if IMPURE.contains(&reached.as_str()) {
                broken.push(format!("{name} reaches {reached}"));
            }
        }
    }
    members.check_leaves(&mut broken);
    members.check_circles(&mut broken);
    members.check_lints(&mut broken)?;
    if !broken.is_empty() {
        bail!("dependency rules broken:\n  {}", broken.join("\n  "));
    }
    eprintln!("{} members, every dependency rule holds", members.0.len());
    Ok(())
}

/// What a package depends on itself, by normal dependencies.
fn direct(name: &str, flags: &[&str]) -> Result<BTreeSet<String>> {
    tree(name, &[flags, &["--depth", "1"]].concat())
}

/// What `cargo tree` shows below a package. Unlike `cargo metadata` it leaves out what no feature
/// switches on and what other targets need.
fn tree(name: &str, flags: &[&str]) -> Result<BTreeSet<String>> {
    let mut tree = sh::cargo(&["tree", "--locked", "--package", name]);
    tree.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let text = sh::output(tree.args(flags))?;
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let others = names.filter(|other| !other.is_empty() && *other != name);
    Ok(others.map(str::to_owned).collect())
}

/// A member of the workspace.
#[derive(Default)]
struct Member {
    /// The members that its library or program needs.
    normal: BTreeSet<String>,
    /// Those that its tests or build script need too.
    any: BTreeSet<String>,
    manifest: String,
}

struct Members(BTreeMap<String, Member>);

impl Members {
    fn read() -> Result<Self> {
        let flags = ["metadata", "--format-version", "1", "--locked", "--no-deps"];
        let metadata: Value = serde_json::from_str(&sh::output(&mut sh::cargo(&flags))?)?;
        let packages = items(&metadata, "packages");
        let names: BTreeSet<_> = packages
            .iter()
            .map(|package| text(package, "name"))
            .collect();
        let member = |package: &Value| {
            let mut member = Member {
                manifest: text(package, "manifest_path"),
                ..Member::default()
            };
            for dependency in items(package, "dependencies") {
                let name = text(dependency, "name");
                if names.contains(&name) {
                    if dependency.get("kind").is_some_and(Value::is_null) {
                        member.normal.insert(name.clone());
                    }
                    member.any.insert(name);
                }
            }
            (text(package, "name"), member)
        };
        Ok(Self(packages.iter().map(member).collect()))
    }

    fn check_leaves(&self, broken: &mut Vec<String>) {
        for (name, member) in &self.0 {
            for leaf in member
                .normal
                .iter()
                .filter(|needed| LEAVES.contains(&needed.as_str()))
            {
                // The simulator is test support itself.
                if (name.as_str(), leaf.as_str()) != ("dashstream-sim", "dashstream-testkit") {
                    broken.push(format!("{name} depends on {leaf}, which nothing may"));
                }
            }
        }
    }

    /// Members that need each other, for tests too: neither could be vendored without the other.
    fn check_circles(&self, broken: &mut Vec<String>) {
        let mut left: BTreeSet<_> = self.0.keys().collect();
        // Taking away what needs nobody who is left takes everybody, unless there is a circle.
        let is_free = |left: &BTreeSet<&String>, name: &String| {
            let member = self.0.get(name);
            member.is_none_or(|member| !member.any.iter().any(|needed| left.contains(needed)))
        };
        while let Some(free) = left.iter().copied().find(|name| is_free(&left, name)) {
            left.remove(free);
        }
        if !left.is_empty() {
            broken.push(format!("a circle among {left:?}"));
        }
    }

    /// Every member takes the workspace's lints, or its own with `unsafe_code = "forbid"`, but the
    /// testkit: a global allocator cannot be written without `unsafe`.
    fn check_lints(&self, broken: &mut Vec<String>) -> Result<()> {
        for (name, member) in &self.0 {
            let path = &member.manifest;
            let manifest = fs::read_to_string(path).with_context(|| path.clone())?;
            let forbids = manifest.contains("[lints]\nworkspace = true")
                || manifest.contains("unsafe_code = \"forbid\"");
            if !forbids && name != "dashstream-testkit" {
                broken.push(format!("{name} does not take the workspace's lints"));
            }
        }
        Ok(())
    }
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let list = value.get(key).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    let text = value.get(key).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}
