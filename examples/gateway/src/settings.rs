//! What one run of the gateway does: flags and variables after their cross-checks.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use dashstream_kafka::{Config, ConfigError};
use rdkafka::ClientConfig;

use crate::args::values::{OnUnprocessable, address, choice, whole};
use crate::args::{Archive, Args, PauseScope, Report};

/// Looks up one environment variable. The library never reads the environment itself.
pub type Env = fn(&str) -> Option<String>;

/// The settings of one run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Which Kafka the records come from.
    pub cluster: Cluster,
    /// What happens at a record that cannot be processed.
    pub on_unprocessable: OnUnprocessable,
    /// How much a pause stops.
    pub pause_scope: PauseScope,
    /// Whether unprocessable records are archived.
    pub archive: Archive,
    /// The longest record value decoded, in bytes.
    pub max_payload_bytes: usize,
    /// The name of the cluster in the resume namespace.
    pub cluster_id: Option<String>,
    /// Where the pages are served: the first of these that can be bound.
    pub listen: Vec<SocketAddr>,
    /// After how long the run ends by itself.
    pub run_for: Option<Duration>,
    /// The closing report.
    pub report: Option<Report>,
    /// The demo producer, if it runs.
    pub demo: Option<Demo>,
    session_timeout: Duration,
    vars: Vars,
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

/// What the demo producer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Demo {
    /// Records a second.
    pub rate: u32,
    /// Agent runs under way at one time.
    pub runs: u16,
    /// One record in this many is hostile; 0 for none.
    pub hostile_every: u32,
    /// Where the runs and records begin to repeat.
    pub seed: u64,
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
        let args = Args::try_parse_from(args)?;
        let vars = Vars {
            flags: args.overrides(),
            env,
        };
        Self::resolve(&args, vars)
            .map_err(|why| Args::command().error(ErrorKind::ValueValidation, why))
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
        self.vars
            .kafka(brokers)?
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
        for (variable, property) in CONNECTION {
            if let Some(value) = self.vars.get(variable) {
                client.set(property, value);
            }
        }
        client
    }

    fn resolve(args: &Args, vars: Vars) -> Result<Self, String> {
        check_tls(&vars)?;
        let cluster = match vars.get("KAFKA_BROKERS") {
            None => Cluster::Embedded {
                partitions: args.partitions,
            },
            Some(brokers) => Cluster::Remote { brokers },
        };
        let (embedded, brokers, limit) = match &cluster {
            // The port is known when the cluster runs; everything else is checked now.
            Cluster::Embedded { .. } => (true, "127.0.0.1:1", EMBEDDED_PAYLOAD_BYTES_MAX),
            Cluster::Remote { brokers } => (false, brokers.as_str(), PAYLOAD_BYTES_MAX),
        };
        vars.kafka(brokers).map_err(|error| error.to_string())?;
        let limit = vars.read("WEBSOCKET_MAX_PAYLOAD_BYTES", limit, |name, given| {
            whole(name, given, 64..=1 << 30)
        })?;
        Ok(Self {
            on_unprocessable: vars.read("KAFKA_ON_DECODE_ERROR", OnUnprocessable::Skip, choice)?,
            pause_scope: args.pause_scope,
            archive: args.archive,
            max_payload_bytes: usize::try_from(limit).unwrap_or(usize::MAX),
            cluster_id: vars.get("KAFKA_CLUSTER_ID"),
            listen: listen(args, &vars)?,
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
            vars,
        })
    }
}

/// Flags, and the environment behind them.
#[derive(Clone, Debug)]
pub(crate) struct Vars {
    flags: BTreeMap<&'static str, String>,
    env: Env,
}

impl Vars {
    /// A variable's value without surrounding space; an empty one counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let value = self.flags.get(name).cloned().or_else(|| (self.env)(name))?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn read<T>(
        &self,
        name: &'static str,
        default: T,
        parse: impl Fn(&str, &str) -> Result<T, String>,
    ) -> Result<T, String> {
        self.get(name)
            .map_or(Ok(default), |given| parse(name, &given))
    }

    fn kafka(&self, brokers: &str) -> Result<Config, ConfigError> {
        let config = Config::from_vars(|name| match name {
            "KAFKA_BROKERS" => Some(brokers.to_owned()),
            _ => self.get(name),
        })?;
        Ok(config.client_id("dashstream-gateway"))
    }
}

/// Longest value decoded in production: what existing servers accept.
const PAYLOAD_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// Longest value decoded from the in-process Kafka, which keeps 5 MiB a partition: a record over a
/// limit of 10 MiB would evict everything else.
const EMBEDDED_PAYLOAD_BYTES_MAX: u64 = 256 * 1024;

/// How a client reaches the brokers, by the names that existing deployments use.
const CONNECTION: [(&str, &str); 10] = [
    ("KAFKA_SECURITY_PROTOCOL", "security.protocol"),
    ("KAFKA_BROKER_ADDRESS_FAMILY", "broker.address.family"),
    ("KAFKA_SASL_MECHANISM", "sasl.mechanism"),
    ("KAFKA_SASL_USERNAME", "sasl.username"),
    ("KAFKA_SASL_PASSWORD", "sasl.password"),
    ("KAFKA_SSL_CA_LOCATION", "ssl.ca.location"),
    ("KAFKA_SSL_CERTIFICATE_LOCATION", "ssl.certificate.location"),
    ("KAFKA_SSL_KEY_LOCATION", "ssl.key.location"),
    ("KAFKA_SSL_KEY_PASSWORD", "ssl.key.password"),
    (
        "KAFKA_SSL_ENDPOINT_ALGORITHM",
        "ssl.endpoint.identification.algorithm",
    ),
];

/// The ports tried when none is stated: the ones existing servers use, then any free one.
const PORTS: [u16; 5] = [3002, 3003, 3004, 3005, 0];

/// Refuses what needs OpenSSL in a build that has none, with the way out; the client library would
/// only say that it could not be created.
fn check_tls(vars: &Vars) -> Result<(), String> {
    const BUILT_IN: bool = cfg!(feature = "tls");
    let asked = [
        ("KAFKA_SECURITY_PROTOCOL", ["ssl", "sasl_ssl"].as_slice()),
        (
            "KAFKA_SASL_MECHANISM",
            ["scram-sha-256", "scram-sha-512"].as_slice(),
        ),
    ];
    for (name, words) in asked {
        let Some(value) = vars.get(name) else {
            continue;
        };
        if !BUILT_IN && words.contains(&value.to_ascii_lowercase().as_str()) {
            return Err(format!(
                "{name}={value} needs OpenSSL, and this gateway was built without it: build with \
                 `--features tls`"
            ));
        }
    }
    Ok(())
}

fn listen(args: &Args, vars: &Vars) -> Result<Vec<SocketAddr>, String> {
    if let Some(address) = args.listen {
        return Ok(vec![address]);
    }
    let host = IpAddr::from([127, 0, 0, 1]);
    let host = vars.read("WEBSOCKET_HOST", host, |_, given| {
        address("WEBSOCKET_HOST")(given)
    })?;
    let port = vars.read("WEBSOCKET_PORT", None, |name, given| {
        whole(name, given, 0..=u64::from(u16::MAX)).map(|port| u16::try_from(port).ok())
    })?;
    Ok(port.map_or_else(
        || {
            PORTS
                .iter()
                .map(|port| SocketAddr::new(host, *port))
                .collect()
        },
        |port| vec![SocketAddr::new(host, port)],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str], env: Env) -> Result<Settings, String> {
        let args = core::iter::once("dashstream-gateway").chain(args.iter().copied());
        Settings::parse_from(args, env).map_err(|error| error.to_string())
    }

    #[test]
    fn without_arguments_it_is_a_demo_with_existing_names_and_defaults() {
        let settings = parse(&[], |_| None).unwrap();
        assert_eq!(settings.cluster, Cluster::Embedded { partitions: 4 });
        assert!(settings.demo.is_some());
        assert_eq!(settings.on_unprocessable, OnUnprocessable::Skip);
        assert_eq!(settings.archive, Archive::BestEffort);
        assert_eq!(settings.max_payload_bytes, 256 * 1024);
        let kafka = settings.kafka("127.0.0.1:9").unwrap();
        assert_eq!(kafka.topic_name(), "dashstream-quality");
        assert_eq!(kafka.group_name(), "websocket-server-v4");
        assert_eq!(kafka.archive_topic_name(), "dashstream-quality-dlq");
        assert_eq!(kafka.broker_list(), "127.0.0.1:9");
    }

    #[test]
    fn brokers_from_either_side_mean_no_demo_and_the_production_limit() {
        fn env(name: &str) -> Option<String> {
            (name == "KAFKA_BROKERS").then(|| "a:9092,b:9092".to_owned())
        }
        for settings in [
            parse(&[], env),
            parse(&["--brokers", "a:9092,b:9092"], |_| None),
        ] {
            let settings = settings.unwrap();
            let brokers = "a:9092,b:9092".to_owned();
            assert_eq!(settings.cluster, Cluster::Remote { brokers });
            assert_eq!(settings.demo, None);
            assert_eq!(settings.max_payload_bytes, 10 * 1024 * 1024);
        }
        assert!(parse(&["--demo"], env).unwrap().demo.is_some());
    }

    #[test]
    fn a_flag_wins_over_its_variable_and_an_empty_variable_is_unset() {
        fn env(name: &str) -> Option<String> {
            match name {
                "KAFKA_ON_DECODE_ERROR" => Some(" PAUSE ".to_owned()),
                "KAFKA_TOPIC" => Some(String::new()),
                _ => None,
            }
        }
        assert_eq!(
            parse(&[], env).unwrap().on_unprocessable,
            OnUnprocessable::Pause
        );
        let settings = parse(&["--on-unprocessable", "skip", "--topic", "t"], env).unwrap();
        assert_eq!(settings.on_unprocessable, OnUnprocessable::Skip);
        assert_eq!(settings.kafka("x").unwrap().topic_name(), "t");
        assert_eq!(
            parse(&[], env).unwrap().kafka("x").unwrap().topic_name(),
            "dashstream-quality"
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_variable_s_name() {
        for name in [
            "KAFKA_ON_DECODE_ERROR",
            "WEBSOCKET_MAX_PAYLOAD_BYTES",
            "WEBSOCKET_HOST",
            "WEBSOCKET_PORT",
            "DLQ_INCLUDE_FULL_PAYLOAD",
            "DLQ_SEND_TIMEOUT_SECS",
            "MAX_CONCURRENT_DLQ_SENDS",
            "KAFKA_AUTO_OFFSET_RESET",
            "KAFKA_SECURITY_PROTOCOL",
        ] {
            let vars = Vars {
                flags: BTreeMap::from([(name, "nonsense".to_owned())]),
                env: |_| None,
            };
            let args = Args::try_parse_from(["dashstream-gateway"]).unwrap();
            let why = Settings::resolve(&args, vars).unwrap_err();
            assert!(why.contains(name), "{name}: {why}");
        }
    }

    #[test]
    fn the_payload_limit_has_two_ends() {
        let limit = |bytes| parse(&["--max-payload-bytes", bytes], |_| None);
        assert!(
            limit("63")
                .unwrap_err()
                .contains("WEBSOCKET_MAX_PAYLOAD_BYTES")
        );
        assert_eq!(limit("64").unwrap().max_payload_bytes, 64);
        assert_eq!(limit("1073741824").unwrap().max_payload_bytes, 1 << 30);
        assert!(limit("1073741825").is_err());
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn tls_that_was_not_built_in_is_refused_with_the_way_out() {
        fn env(name: &str) -> Option<String> {
            (name == "KAFKA_SECURITY_PROTOCOL").then(|| "SASL_SSL".to_owned())
        }
        assert!(parse(&[], env).unwrap_err().contains("--features tls"));
    }

    #[test]
    fn a_stated_address_is_the_only_one_tried() {
        let listen = |args: &[&str]| parse(args, |_| None).unwrap().listen;
        assert_eq!(listen(&[]).len(), PORTS.len());
        assert_eq!(
            listen(&["--listen", "127.0.0.1:4711"]),
            ["127.0.0.1:4711".parse().unwrap()]
        );
    }
}
