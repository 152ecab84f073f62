//! The dependency rules of the workspace, checked against `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

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
        &["loom", "prometheus", "serde", "serde_json", "thiserror"],
    ),
    (
        "dashstream-kafka",
        &[
            "bytes",
            "dashstream-dlq",
            "dashstream-policy",
            "rdkafka",
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

/// The crates that stay free of runtimes, clients, loggers and argument parsers, however deep.
const PURE: &[&str] = &[
    "dashstream-zstd",
    "dashstream-codec",
    "dashstream-reducer",
    "dashstream-policy",
    "dashstream-dlq",
    "dashstream-metrics",
];

/// What a pure crate must not reach. `loom` is a test tool: only `cfg(loom)` pulls it in.
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

/// Who may depend on a crate directly, by a normal dependency: one decoder, no second copy of it.
const ONLY_THROUGH: &[(&str, &[&str])] = &[
    ("zstd-safe", &["dashstream-zstd"]),
    // librdkafka inflates Kafka's own record batches; it never sees a payload of ours.
    ("zstd-sys", &["zstd-safe", "rdkafka-sys"]),
    (
        "rdkafka",
        &[
            "dashstream-kafka",
            "dashstream-demo",
            "dashstream-gateway",
            "dashstream-examples",
        ],
    ),
];

/// Crates that nothing in the workspace may reach by a normal dependency: peers, a second decoder.
const ABSENT: &[&str] = &[
    "zstd",
    "ruzstd",
    "json-patch",
    "imbl",
    "buffa",
    "lz4_flex",
    "flate2",
    "dashstream-testkit",
];

/// Features that would undo a guarantee, wherever they were switched on.
const FORBIDDEN_FEATURES: &[(&str, &str)] = &[
    ("prost", "no-recursion-limit"),
    ("zstd-safe", "legacy"),
    ("serde_json", "arbitrary_precision"),
    ("serde_json", "unbounded_depth"),
];

/// Members that no other member may depend on, except in its tests.
const LEAVES: &[&str] = &[
    "dashstream-examples",
    "dashstream-gateway",
    "dashstream-sim",
    "dashstream-testkit",
    "xtask",
];

pub(crate) fn run() -> Result<()> {
    let graph = Graph::read()?;
    let mut broken = Vec::new();
    check_lists(&graph, &mut broken);
    check_reach(&graph, &mut broken);
    check_edges(&graph, &mut broken);
    check_lints(&graph, &mut broken)?;
    if !broken.is_empty() {
        bail!("dependency rules broken:\n  {}", broken.join("\n  "));
    }
    eprintln!(
        "{} packages, every dependency rule holds",
        graph.nodes.len()
    );
    Ok(())
}

fn check_lists(graph: &Graph, broken: &mut Vec<String>) {
    for (name, allowed) in NORMAL {
        for extra in graph
            .normal(name)
            .difference(&allowed.iter().copied().collect())
        {
            broken.push(format!(
                "{name} depends on {extra}, which is not on its list"
            ));
        }
    }
    for (name, allowed) in LEAN {
        let Some(node) = graph.nodes.get(*name) else {
            broken.push(format!("{name} is not in the workspace"));
            continue;
        };
        if !node.required.iter().eq(*allowed) || node.has_defaults {
            broken.push(format!(
                "{name} needs {:?} by default, not {allowed:?}",
                node.required
            ));
        }
    }
}

fn check_reach(graph: &Graph, broken: &mut Vec<String>) {
    for name in PURE {
        for reached in graph.reach(name) {
            if IMPURE.contains(&reached) && !graph.only_under_loom(name, reached) {
                broken.push(format!("{name} reaches {reached}"));
            }
        }
    }
    for member in &graph.members {
        for reached in graph.reach(member) {
            // The simulator is test support itself.
            let support = member == "dashstream-sim" && reached == "dashstream-testkit";
            if ABSENT.contains(&reached) && reached != member && !support {
                broken.push(format!("{member} reaches {reached}"));
            }
            if LEAVES.contains(&reached) && reached != member && !support {
                broken.push(format!("{member} depends on {reached}, which nothing may"));
            }
        }
    }
}

fn check_edges(graph: &Graph, broken: &mut Vec<String>) {
    for (target, through) in ONLY_THROUGH {
        for (name, node) in &graph.nodes {
            if node.normal.contains(*target) && !through.contains(&name.as_str()) {
                broken.push(format!("{name} depends on {target}; only {through:?} may"));
            }
        }
    }
    for (package, feature) in FORBIDDEN_FEATURES {
        let on = graph
            .nodes
            .get(*package)
            .is_some_and(|node| node.features.contains(*feature));
        if on {
            broken.push(format!("feature {feature} of {package} is on"));
        }
    }
}

/// Every member takes the workspace's lints, or its own with `unsafe_code = "forbid"`, but the
/// testkit: a global allocator cannot be written without `unsafe`.
fn check_lints(graph: &Graph, broken: &mut Vec<String>) -> Result<()> {
    for member in graph
        .members
        .iter()
        .filter(|member| *member != "dashstream-testkit")
    {
        let path = graph
            .nodes
            .get(member)
            .map(|node| node.manifest.clone())
            .unwrap_or_default();
        let manifest = std::fs::read_to_string(&path).with_context(|| path.clone())?;
        let own = manifest.contains("unsafe_code = \"forbid\"");
        if !manifest.contains("[lints]\nworkspace = true") && !own {
            broken.push(format!("{member} does not take the workspace's lints"));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Node {
    /// Normal dependencies with every feature on.
    normal: BTreeSet<String>,
    /// Normal dependencies with no feature on and no special target.
    required: BTreeSet<String>,
    /// Whether the package switches features on by default.
    has_defaults: bool,
    features: BTreeSet<String>,
    manifest: String,
}

/// The resolved packages by name. Two versions of one package count as one: the rules are stricter
/// that way, never looser.
struct Graph {
    nodes: BTreeMap<String, Node>,
    members: BTreeSet<String>,
}

impl Graph {
    fn read() -> Result<Self> {
        let flags = [
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--all-features",
        ];
        let metadata: Value = serde_json::from_str(&sh::output(&mut sh::cargo(&flags))?)?;
        let mut names = BTreeMap::new();
        let mut nodes = BTreeMap::<String, Node>::new();
        for package in items(&metadata, "packages") {
            let name = text(package, "name");
            names.insert(text(package, "id"), name.clone());
            let node = nodes.entry(name).or_default();
            node.manifest = text(package, "manifest_path");
            node.has_defaults = !items(field(package, "features"), "default").is_empty();
            let required = items(package, "dependencies").iter().filter(|dependency| {
                let optional = field(dependency, "optional").as_bool().unwrap_or(true);
                field(dependency, "kind").is_null()
                    && field(dependency, "target").is_null()
                    && !optional
            });
            node.required
                .extend(required.map(|dependency| text(dependency, "name")));
        }
        let name_of = |id: &str| names.get(id).cloned().unwrap_or_default();
        for node in items(field(&metadata, "resolve"), "nodes") {
            let entry = nodes.entry(name_of(&text(node, "id"))).or_default();
            entry.features.extend(strings(node, "features"));
            for dependency in items(node, "deps") {
                if items(dependency, "dep_kinds")
                    .iter()
                    .any(|kind| field(kind, "kind").is_null())
                {
                    entry.normal.insert(name_of(&text(dependency, "pkg")));
                }
            }
        }
        let members = strings(&metadata, "workspace_members")
            .map(|id| name_of(&id))
            .collect();
        Ok(Self { nodes, members })
    }

    fn normal(&self, name: &str) -> BTreeSet<&str> {
        let node = self.nodes.get(name);
        node.into_iter()
            .flat_map(|node| node.normal.iter().map(String::as_str))
            .collect()
    }

    /// Everything that `name` depends on, directly or not, by normal dependencies.
    fn reach(&self, name: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = self.normal(name).into_iter().collect();
        while let Some(next) = waiting.pop() {
            if reached.insert(next) {
                waiting.extend(self.normal(next));
            }
        }
        reached
    }

    /// Whether `name` reaches `target` only through `loom`, which `cfg(loom)` alone pulls in.
    fn only_under_loom(&self, name: &str, target: &str) -> bool {
        let mut waiting: Vec<&str> = self.normal(name).into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(next) = waiting.pop() {
            if next == target {
                return false;
            }
            if next != "loom" && seen.insert(next) {
                waiting.extend(self.normal(next));
            }
        }
        true
    }
}

fn field<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    field(value, key).as_array().map_or(&[], Vec::as_slice)
}

fn strings<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = String> + 'a {
    items(value, key)
        .iter()
        .filter_map(|item| item.as_str().map(str::to_owned))
}

fn text(value: &Value, key: &str) -> String {
    field(value, key).as_str().unwrap_or_default().to_owned()
}
