//! What one run of the gateway does: flags and variables after their cross-checks.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _, FromArgMatches as _};
use dashstream::{Given, Hosts, OperatorToken, policy};
use dashstream_demo::Demo;
use dashstream_kafka::{Config, ConfigError};
use rdkafka::ClientConfig;
use tracing_subscriber::EnvFilter;

use crate::args::values::address;
use crate::args::{Args, Report};
use crate::flags;

/// Looks up one environment variable. The library never reads the environment itself.
pub type Env = fn(&str) -> Option<String>;

/// The settings of one run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Which Kafka the records come from.
    pub cluster: Cluster,
    /// What happens to a record that cannot be processed, and to its offset.
    pub policy: policy::Config,
    /// The longest record value decoded, in bytes.
    pub max_payload_bytes: usize,
    /// The name of the cluster in the resume namespace.
    pub cluster_id: Option<String>,
    /// Where the pages are served: the first of these that can be bound.
    pub listen: Vec<SocketAddr>,
    /// The hosts that requests may be for, beside those that they always may.
    pub(crate) hosts: Hosts,
    /// What an operator has to show to give orders; none are taken without.
    pub(crate) operator_token: Option<OperatorToken>,
    /// Which events are logged, as `RUST_LOG` says it.
    pub log: String,
    /// After how long the run ends by itself.
    pub run_for: Option<Duration>,
    /// The closing report.
    pub report: Option<Report>,
    /// The demo producer, if it runs.
    pub demo: Option<Demo>,
    session_timeout: Duration,
    given: Given,
}

/// Which Kafka the records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is one in this process, or there is not"
)]
pub enum Cluster {
    /// librdkafka's mock cluster, within this process.
    Embedded {
        /// Partitions of the topic.
        partitions: u16,
    },
    /// Brokers elsewhere.
    Remote {
        /// The bootstrap list.
        brokers: String,
    },
}

impl Settings {
    /// Reads a command line, with the variables that `env` knows behind it.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with it, help and version included, as clap prints it.
    pub fn parse_from<I, T>(args: I, env: Env) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let matches = command().try_get_matches_from(args)?;
        let args = Args::from_arg_matches(&matches)?;
        let refused = |why: String| command().error(ErrorKind::ValueValidation, why);
        let given = flags::read(&matches, env).map_err(refused)?;
        Self::resolve(&args, given).map_err(|why| refused(flags::named(&matches, &why)))
    }

    /// The consumer's configuration at `brokers`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with the name of the variable that is wrong; [`Settings::parse_from`] has
    /// reported it already.
    pub fn kafka(&self, brokers: &str) -> Result<Config, ConfigError> {
        let session = self.session_timeout.as_millis();
        // Ten beats a session, and never fewer than the client's default of one in three seconds.
        let beat = session.checked_div(10).unwrap_or(session).clamp(100, 3_000);
        kafka(&self.given, brokers)?
            .set("session.timeout.ms", session.to_string())?
            .set("heartbeat.interval.ms", beat.to_string())
    }

    /// The demo producer's client. It reaches the brokers as the consumer does, and asks for every
    /// acknowledgement, since the ledger counts on them.
    pub(crate) fn producer(&self, brokers: &str) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", brokers)
            .set("client.id", "dashstream-demo")
            .set("enable.idempotence", "true");
        for (setting, value) in self.given.connection() {
            client.set(setting, value);
        }
        client
    }

    fn resolve(args: &Args, given: Given) -> Result<Self, String> {
        check_tls(&given)?;
        let cluster = match given.get("KAFKA_BROKERS") {
            None => Cluster::Embedded {
                partitions: args.partitions,
            },
            Some(brokers) => Cluster::Remote {
                brokers: brokers.to_owned(),
            },
        };
        check_group(&cluster, given.get("KAFKA_GROUP_ID"), args.take_over)?;
        let (embedded, brokers, limit) = match &cluster {
            // The port is known when the cluster runs; everything else is checked now.
            Cluster::Embedded { .. } => (true, "127.0.0.1:1", EMBEDDED_PAYLOAD_BYTES_MAX),
            Cluster::Remote { brokers } => (false, brokers.as_str(), PAYLOAD_BYTES_MAX),
        };
        kafka(&given, brokers).map_err(|error| error.to_string())?;
        let limit = given.whole("WEBSOCKET_MAX_PAYLOAD_BYTES").unwrap_or(limit);
        Ok(Self {
            policy: given.policy(),
            max_payload_bytes: usize::try_from(limit).unwrap_or(usize::MAX),
            cluster_id: given.get("KAFKA_CLUSTER_ID").map(str::to_owned),
            listen: listen(args, &given)?,
            hosts: hosts(&given)?,
            operator_token: operator_token(&given)?,
            log: log(&given)?,
            session_timeout: args.session_timeout,
            run_for: args.run_for,
            report: args.report,
            demo: (embedded || args.demo).then_some(Demo {
                rate: args.demo_rate,
                runs: args.demo_runs,
                hostile_every: args.demo_hostile_every,
                seed: args.demo_seed,
            }),
            cluster,
            given,
        })
    }
}

/// The command line: the flags of the table of variables, and those that have no variable.
fn command() -> Command {
    flags::flags(Args::command())
}

fn kafka(given: &Given, brokers: &str) -> Result<Config, ConfigError> {
    Ok(given.kafka(brokers)?.client_id("dashstream-gateway"))
}

/// A group by default would be that of existing consumers, and joining it takes partitions from them.
fn check_group(cluster: &Cluster, group: Option<&str>, take_over: bool) -> Result<(), String> {
    match (cluster, group, take_over) {
        (Cluster::Remote { .. }, None, false) => Err(format!(
            "--brokers needs --group (KAFKA_GROUP_ID): by default this process would join \
             {EXISTING_GROUP}, the group of existing consumers, and take partitions away from \
             them; --take-over means that"
        )),
        (_, Some(group), true) if group != EXISTING_GROUP => Err(format!(
            "--take-over joins {EXISTING_GROUP}, and --group (KAFKA_GROUP_ID) names {group:?}"
        )),
        (Cluster::Embedded { .. }, _, _) | (_, Some(_), _) | (_, None, true) => Ok(()),
    }
}

/// Longest value decoded in production: what existing servers accept.
const PAYLOAD_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Longest value decoded from the in-process Kafka, which keeps 5 MiB a partition: a record over a
/// limit of 10 MiB would evict everything else.
const EMBEDDED_PAYLOAD_BYTES_MAX: u64 = 256 * 1024;

/// The group of existing consumers.
const EXISTING_GROUP: &str = "websocket-server-v4";

/// The ports tried when none is stated: the ones existing servers use, then any free one.
const PORTS: [u16; 5] = [3002, 3003, 3004, 3005, 0];

/// Refuses what needs OpenSSL in a build that has none, with the way out; the client library would
/// only say that it could not be created.
fn check_tls(given: &Given) -> Result<(), String> {
    const BUILT_IN: bool = cfg!(feature = "tls");
    let asked = [
        ("KAFKA_SECURITY_PROTOCOL", ["ssl", "sasl_ssl"].as_slice()),
        (
            "KAFKA_SASL_MECHANISM",
            ["SCRAM-SHA-256", "SCRAM-SHA-512"].as_slice(),
        ),
    ];
    for (name, words) in asked {
        if let Some(value) = given.get(name).filter(|_| !BUILT_IN)
            && words.contains(&value)
        {
            return Err(format!(
                "{name}={value} needs OpenSSL, and this gateway was built without it: build with \
                 `--features tls`"
            ));
        }
    }
    Ok(())
}

fn listen(args: &Args, given: &Given) -> Result<Vec<SocketAddr>, String> {
    if let Some(address) = args.listen {
        return Ok(vec![address]);
    }
    let host = match given.get("WEBSOCKET_HOST") {
        None => IpAddr::from([127, 0, 0, 1]),
        Some(host) => address("WEBSOCKET_HOST")(host)?,
    };
    let port = given.whole("WEBSOCKET_PORT").map(u16::try_from);
    let on = |port: &u16| SocketAddr::new(host, *port);
    Ok(match port {
        Some(Ok(port)) => vec![on(&port)],
        Some(Err(_)) | None => PORTS.iter().map(on).collect(),
    })
}

fn hosts(given: &Given) -> Result<Hosts, String> {
    let list = given.get("WEBSOCKET_ALLOWED_HOSTS").unwrap_or_default();
    Hosts::parse(list).map_err(|why| format!("WEBSOCKET_ALLOWED_HOSTS: {why}"))
}

fn operator_token(given: &Given) -> Result<Option<OperatorToken>, String> {
    let token = given
        .get("DASHSTREAM_OPERATOR_TOKEN")
        .map(OperatorToken::new);
    let token = token.transpose();
    token.map_err(|why| format!("DASHSTREAM_OPERATOR_TOKEN: {why}"))
}

fn log(given: &Given) -> Result<String, String> {
    let filter = given.get("RUST_LOG").unwrap_or("info");
    match EnvFilter::try_new(filter) {
        Ok(_) => Ok(filter.to_owned()),
        Err(error) => Err(format!("RUST_LOG: {error}")),
    }
}

#[cfg(test)]
mod tests;
