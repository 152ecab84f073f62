//! The command line. The flags that stand for a variable come from the table of variables; the rest
//! is here.

use core::net::SocketAddr;
use core::time::Duration;

use clap::Parser;

pub use self::values::Report;
use self::values::{address, span};

pub(crate) mod values;

/// Consumes DashStream telemetry: policy, decoding, run state, metrics and health in one process.
///
/// Without --brokers (or KAFKA_BROKERS) it starts an in-process Kafka and a demo producer whose
/// topic holds about one hostile record in a hundred.
///
/// Every KAFKA_* and DLQ_* variable of existing consumers is read as well; the README lists them.
#[derive(Clone, Debug, Parser)]
#[command(name = "dashstream-gateway", version)]
pub(crate) struct Args {
    /// Join the group of existing consumers, websocket-server-v4, and take a share of their partitions
    #[arg(long)]
    pub(crate) take_over: bool,
    /// How long the group waits for a member that vanished before others get its partitions
    #[arg(long, value_name = "SPAN", default_value = "45s", value_parser = span("--session-timeout"))]
    pub(crate) session_timeout: Duration,

    /// Address of the pages [env: WEBSOCKET_HOST, WEBSOCKET_PORT] [default: 127.0.0.1, first free port of 3002 to 3005]
    #[arg(long, value_name = "ADDRESS", value_parser = address::<SocketAddr>("--listen"))]
    pub(crate) listen: Option<SocketAddr>,
    /// End after this long, such as 20s, 1500ms or 2m
    #[arg(long = "for", value_name = "SPAN", value_parser = span("--for"))]
    pub(crate) run_for: Option<Duration>,
    /// Print a report as the last line of stdout
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub(crate) report: Option<Report>,

    /// Run the demo producer against --brokers too
    #[arg(long)]
    pub(crate) demo: bool,
    /// Records per second of the demo producer
    #[arg(long, value_name = "RECORDS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) demo_rate: u32,
    /// Agent runs that the demo has under way at one time
    #[arg(long, value_name = "RUNS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) demo_runs: u16,
    /// One record in this many of the demo is hostile; 0 for none
    #[arg(long, value_name = "RECORDS", default_value_t = 100)]
    pub(crate) demo_hostile_every: u32,
    /// Seed of the demo's runs and records
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) demo_seed: u64,
    /// Partitions of the in-process topic
    #[arg(long, value_name = "COUNT", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64), conflicts_with = "brokers")]
    pub(crate) partitions: u16,
}
