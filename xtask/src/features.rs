//! Each published crate alone, with every subset of its features.

use anyhow::Result;

use crate::sh;

/// Published crates and their features. `tls`, which needs OpenSSL's headers, is a stage of its own.
const FEATURES: &[(&str, &[&str])] = &[
    ("dashstream-zstd", &["libzstd"]),
    ("dashstream-codec", &["libzstd"]),
    ("dashstream-reducer", &["wire"]),
    ("dashstream-policy", &["trace", "testing"]),
    ("dashstream-dlq", &[]),
    ("dashstream-metrics", &["serde", "prometheus"]),
    ("dashstream", &["prometheus", "http"]),
    ("dashstream-kafka", &[]),
];

/// Tests every subset. `cargo test -p` selects one package, so no neighbour's features leak in.
pub(crate) fn run() -> Result<()> {
    for (name, features) in FEATURES {
        for subset in subsets(features) {
            let list = subset.join(",");
            sh::run(&mut sh::cargo(&[
                "test",
                "--no-default-features",
                "--quiet",
                "--package",
                name,
                "--features",
                &list,
            ]))?;
        }
    }
    Ok(())
}

/// Lints each crate without any feature: what a lean consumer builds.
pub(crate) fn bare() -> Result<()> {
    for (name, features) in FEATURES {
        if !features.is_empty() {
            let args = [
                "clippy",
                "--quiet",
                "--package",
                name,
                "--no-default-features",
                "--all-targets",
                "--",
                "-Dwarnings",
            ];
            sh::run(&mut sh::cargo(&args))?;
        }
    }
    Ok(())
}

fn subsets<'a>(features: &[&'a str]) -> Vec<Vec<&'a str>> {
    features.iter().fold(vec![Vec::new()], |mut all, feature| {
        let with = all.clone().into_iter().map(|mut subset| {
            subset.push(*feature);
            subset
        });
        let with: Vec<_> = with.collect();
        all.extend(with);
        all
    })
}
