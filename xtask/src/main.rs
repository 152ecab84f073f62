//! Every check and generator of the workspace. `cargo xtask help` lists them.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a tool for trusted input prints, reads its environment and measures its own stages"
)]

mod alerts;
mod api;
mod artefacts;
mod broker;
mod ci;
mod cluster;
mod counts;
mod deps;
mod features;
mod figures;
mod full;
mod fuzz;
mod gateway;
mod group;
mod http;
mod interop;
mod kafka;
mod loom;
mod mutants;
mod outside;
mod prometheus_test;
mod proto;
mod rules;
mod series;
mod sh;
mod sim;
mod soak;
mod system;
mod vendor;
mod wasm;

use core::time::Duration;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Checks and generators of the DashStream workspace"
)]
struct Cli {
    #[command(subcommand)]
    stage: Stage,
}

#[derive(Subcommand)]
enum Stage {
    /// Everything that a change must pass: formatting, rules, lints, tests, a short figures run
    Ci,
    /// Everything slower: each stage alone by its name, all of them without one
    Full {
        stage: Option<String>,
        /// Name the stages and what each shows
        #[arg(long)]
        list: bool,
    },
    /// Copy a published crate, with what it needs, into a folder that builds on its own
    Vendor {
        /// The crate's full name: dashstream-codec
        name: String,
        into: PathBuf,
    },
    /// The README's program as a crate outside the workspace, and one without Kafka
    Outside,
    /// Dependency rules of the workspace, checked against `cargo metadata`
    Deps,
    /// The codec against protobuf for Python and protobufjs for Node, both ways
    Interop,
    /// Generate the wire types from proto/; with --check, fail when they differ from what is there
    Proto {
        #[arg(long)]
        check: bool,
    },
    /// The public API of each crate as text; with --check, fail when it differs from what is there
    Api {
        #[arg(long)]
        check: bool,
    },
    /// Ratios against peers and floors as JSON lines; fails when one misses its goal
    Figures {
        /// zstd, codec, reducer, policy, metrics, end-to-end or kafka, or the beginning of a figure's
        /// name such as reducer/hash; all but those of kafka without one
        area: Option<String>,
        /// Fewer rounds; a ratio misses beyond 1.25 of its goal in each of three tries: for `ci`
        #[arg(long)]
        quick: bool,
    },
    /// Calls of the allocator in each workload, against those that are checked in
    Allocations {
        /// Write what is counted instead
        #[arg(long)]
        record: bool,
    },
    /// Instructions of each workload by callgrind, against those recorded or the merge base's
    Instructions {
        /// Write what is counted instead
        #[arg(long)]
        record: bool,
    },
    /// The Kafka adapter's tests on an Apache Kafka of their own, or on the brokers given
    BrokerTest {
        /// A bootstrap list: topics and groups with new names are made there and left there
        #[arg(long)]
        brokers: Option<String>,
    },
    /// Apache Kafka on the loopback, for trying things out and for `broker-test --brokers`
    Kafka {
        #[command(subcommand)]
        what: Kafka,
    },
    /// Two groups of gateways on a broker of its own, a member of each killed every five seconds
    Soak {
        /// How long records are written
        #[arg(long, default_value_t = 120)]
        seconds: u64,
    },
    /// Gateways on three nodes of a cluster of its own, while members and nodes are killed
    Cluster {
        /// How long faults are done
        #[arg(long, default_value_t = 180)]
        seconds: u64,
        /// Where the order of the faults comes from; the time without one
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Every interleaving of the windows' models, and the mutants that they must kill
    Loom,
    /// Alert rules, their tests and the dashboard from the catalogue; with --check, fail on a difference
    Artefacts {
        #[arg(long)]
        check: bool,
    },
    /// The alert rules' tests with promtool, and the lint on every expression
    Rules,
    /// A real Prometheus scrapes a gateway that loses metrics: panels and alerts must say so
    PrometheusTest,
    /// Random schedules of the policy engine with faults at every edge, then every short trace
    Sim {
        #[arg(long, default_value_t = 10_000)]
        schedules: u64,
        /// The first seed
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Seeded defects, each of which has to break an invariant
    Mutants {
        /// Where: policy
        area: String,
    },
    /// Run a fuzz target, or every target of a crate: `cargo xtask fuzz zstd --runs 10000000`
    Fuzz {
        /// A target's name, or a crate's short name for all of its targets
        target: String,
        /// Inputs to try, for each target
        #[arg(long, default_value_t = 100_000)]
        runs: u64,
    },
}

#[derive(Subcommand)]
enum Kafka {
    /// Start it in the background and print the addresses of its nodes; needs Java 17 and Maven
    Start {
        /// Nodes, each a process; with three, one may be killed
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
        nodes: u8,
        /// It ends by itself after so long
        #[arg(long, default_value_t = 60)]
        minutes: u64,
    },
    /// End it
    Stop,
}

fn main() -> Result<()> {
    match Cli::parse().stage {
        Stage::Ci => ci::run(),
        Stage::Full { stage, list } => full::run(stage.as_deref(), list),
        Stage::Vendor { name, into } => vendor::run(&name, &into),
        Stage::Outside => outside::run(),
        Stage::Deps => deps::run(),
        Stage::Interop => interop::run(),
        Stage::Proto { check } => proto::run(check),
        Stage::Api { check } => api::run(check),
        Stage::Figures { area, quick } => figures::run(area.as_deref(), quick),
        Stage::Allocations { record } => counts::allocations(record),
        Stage::Instructions { record } => counts::instructions(record),
        Stage::BrokerTest { brokers } => broker::run(brokers.as_deref()),
        Stage::Kafka {
            what: Kafka::Start { nodes, minutes },
        } => kafka::start(nodes.into(), Duration::from_secs(60 * minutes)),
        Stage::Kafka { what: Kafka::Stop } => kafka::stop(),
        Stage::Soak { seconds } => soak::run(Duration::from_secs(seconds)),
        Stage::Cluster { seconds, seed } => cluster::run(Duration::from_secs(seconds), seed),
        Stage::Artefacts { check } => artefacts::run(check),
        Stage::Rules => rules::run(),
        Stage::PrometheusTest => prometheus_test::run(),
        Stage::Loom => loom::run(),
        Stage::Sim { schedules, seed } => sim::run(schedules, seed),
        Stage::Mutants { area } => mutants::run(&area),
        Stage::Fuzz { target, runs } => fuzz::run(&target, runs),
    }
}
