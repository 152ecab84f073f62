//! What is too slow for every change: stages of `cargo xtask full`, each callable alone.

use anyhow::{Result, bail};

use crate::{
    api, broker, cluster, counts, features, figures, fuzz, interop, mutants, prometheus_test, sh,
    sim, soak, vendor, wasm,
};

/// A stage's name, what it shows, and its body.
type Stage = (&'static str, &'static str, fn() -> Result<()>);

const STAGES: &[Stage] = &[
    ("deny", "bans, licences and sources by cargo-deny", deny),
    (
        "instructions",
        "instructions of each workload, by callgrind, within 2 % of those recorded or of the merge base's",
        || counts::instructions(false),
    ),
    (
        "api",
        "each published crate's API against the text that is checked in, and no other package's types in it",
        || api::run(true),
    ),
    (
        "features",
        "each published crate with every subset of its features",
        features::run,
    ),
    (
        "tls",
        "the adapter and the gateway with TLS built in; needs OpenSSL's headers",
        || {
            sh::run(&mut sh::cargo(&[
                "test",
                "--package",
                "dashstream-kafka",
                "--package",
                "dashstream-gateway",
                "--features",
                "dashstream-kafka/tls,dashstream-gateway/tls",
            ]))
        },
    ),
    (
        "vendor",
        "each published crate copied out with what it needs, and tested there",
        vendor::check,
    ),
    (
        "broker",
        "the Kafka adapter's suite and kill tests on Apache Kafka; needs Java 17 and Maven",
        || broker::run(None),
    ),
    (
        "soak",
        "two groups of gateways on Apache Kafka, a member of each killed every five seconds",
        || soak::run(core::time::Duration::from_secs(120)),
    ),
    (
        "cluster",
        "two gateways on three nodes while members and nodes are killed: nothing lost, every letter its record",
        || cluster::run(core::time::Duration::from_secs(180), None),
    ),
    (
        "sim",
        "10,000 schedules of the policy engine with faults, and every short trace",
        || sim::run(10_000, 0),
    ),
    (
        "patches",
        "a million random patches against json-patch and against clone-and-apply",
        || {
            sh::run(
                sh::cargo(&[
                    "test",
                    "--release",
                    "-p",
                    "dashstream-reducer",
                    "--test",
                    "patch_model",
                ])
                .env("REDUCER_PATCHES", "1000000"),
            )
        },
    ),
    (
        "epochs",
        "a million traces of producers that begin again, against a replay from scratch",
        || {
            sh::run(
                sh::cargo(&[
                    "test",
                    "--release",
                    "-p",
                    "dashstream-reducer",
                    "--test",
                    "epochs",
                ])
                .env("REDUCER_TRACES", "1000000"),
            )
        },
    ),
    (
        "frames",
        "a hundred thousand zstd frames of every form, decoded as libzstd does",
        || {
            sh::run(
                sh::cargo(&[
                    "test",
                    "--release",
                    "-p",
                    "dashstream-zstd",
                    "--test",
                    "generated",
                ])
                .env("ZSTD_FRAMES", "100000"),
            )
        },
    ),
    (
        "mutants",
        "each seeded defect of the policy engine breaks an invariant",
        || mutants::run("policy"),
    ),
    (
        "interop",
        "the codec against protobuf for Python and for Node, both ways",
        interop::run,
    ),
    (
        "prometheus",
        "a real Prometheus that loses metrics: panels and alerts say so",
        prometheus_test::run,
    ),
    (
        "wasm",
        "zstd, codec and reducer on 32 bits, verdict for verdict as here; needs Debian's rustc-web and wasi-libc",
        wasm::run,
    ),
    ("fuzz", "every fuzz target for 1,000,000 inputs", || {
        fuzz::run("all", 1_000_000)
    }),
    (
        "figures",
        "every figure against its peer, at its goal",
        || figures::run(None, false),
    ),
];

/// Runs the stage called `only`, or all of them.
pub(crate) fn run(only: Option<&str>, list: bool) -> Result<()> {
    if list {
        for (name, about, _) in STAGES {
            println!("{name:12} {about}");
        }
        return Ok(());
    }
    let chosen = STAGES
        .iter()
        .filter(|(name, ..)| only.is_none_or(|only| only == *name));
    let mut ran = 0_u32;
    for (name, _, body) in chosen {
        sh::step(name, body)?;
        ran = ran.saturating_add(1);
    }
    if ran == 0 {
        bail!("no such stage; `cargo xtask full --list` names them");
    }
    Ok(())
}

fn deny() -> Result<()> {
    const VERSION: &str = "0.20.2";
    if !sh::output(&mut sh::cargo(&["deny", "--version"])).is_ok_and(|v| v.contains(VERSION)) {
        sh::run(&mut sh::cargo(&[
            "install",
            "--locked",
            "cargo-deny",
            "--version",
            VERSION,
        ]))?;
    }
    sh::run(&mut sh::cargo(&[
        "deny", "check", "bans", "licenses", "sources",
    ]))
}
