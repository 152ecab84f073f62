//! Every variable that the gateway reads, in one table: the command line, the checks, the README and
//! the tests come from it.

use std::collections::BTreeMap;
use std::path::Path;

use clap::parser::ArgMatches;
use clap::{Arg, Command};

/// A variable, and the flag that wins over it.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// The long flag without its dashes.
    pub(crate) flag: Option<&'static str>,
    /// What `--help` says of the flag; empty where `Args` declares it.
    pub(crate) about: &'static str,
    /// In words where it depends on something.
    pub(crate) default: &'static str,
    pub(crate) values: Values,
    /// Where the value ends.
    pub(crate) goes: &'static str,
    /// The client library's setting that gets the value as it is.
    pub(crate) client: Option<&'static str>,
}

/// What a variable may hold.
#[derive(Debug)]
pub(crate) enum Values {
    /// Anything; in words what is refused later.
    Text(&'static str),
    /// One of these, in any case, with a hyphen for an underscore.
    Words(&'static [&'static str]),
    /// A whole number from the first to the second.
    Whole(u64, u64),
    /// A file or folder that is there.
    Path,
}

/// The values that were given, each checked and in the spelling of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    values: BTreeMap<&'static str, String>,
    /// The flags that some of them came from.
    flags: BTreeMap<&'static str, &'static str>,
}

impl Variable {
    const fn new(
        name: &'static str,
        default: &'static str,
        values: Values,
        goes: &'static str,
    ) -> Self {
        Self {
            name,
            flag: None,
            about: "",
            default,
            values,
            goes,
            client: None,
        }
    }

    const fn flag(mut self, flag: &'static str, about: &'static str) -> Self {
        self.flag = Some(flag);
        self.about = about;
        self
    }

    /// A setting that every client needs to reach the brokers.
    const fn connection(name: &'static str, client: &'static str, values: Values) -> Self {
        let mut row = Self::new(name, "unset", values, "every Kafka client");
        row.client = Some(client);
        row
    }

    fn arg(&self) -> Option<Arg> {
        let flag = self.flag.filter(|_| !self.about.is_empty())?;
        let allowed = match self.values {
            Values::Text(_) | Values::Path => String::new(),
            Values::Words(_) | Values::Whole(..) => format!(": {}", self.values),
        };
        let (about, default) = (self.about, self.default);
        let name = self.name;
        Some(Arg::new(flag).long(flag).help(format!(
            "{about}{allowed} [env: {name}] [default: {default}]"
        )))
    }
}

impl core::fmt::Display for Values {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Text(what) => f.write_str(what),
            Self::Words(words) => f.write_str(&words.join(", ")),
            Self::Whole(min, max) => write!(f, "{min} to {max}"),
            Self::Path => f.write_str("an existing path"),
        }
    }
}

impl Values {
    /// The value in the table's spelling, or what is wrong with it.
    fn read(&self, given: &str) -> Result<String, String> {
        let alike = |a: u8, b: u8| a.eq_ignore_ascii_case(&b) || (a, b) == (b'-', b'_');
        match self {
            Self::Text(_) => Ok(given.to_owned()),
            Self::Words(words) => words
                .iter()
                .find(|word| {
                    word.len() == given.len()
                        && given.bytes().zip(word.bytes()).all(|(a, b)| alike(a, b))
                })
                .map(|word| (*word).to_owned())
                .ok_or_else(|| format!("must be one of: {self}")),
            Self::Whole(min, max) => given
                .parse::<u64>()
                .ok()
                .filter(|number| (min..=max).contains(&number))
                .map(|number| number.to_string())
                .ok_or_else(|| format!("must be a whole number from {min} to {max}")),
            Self::Path if Path::new(given).exists() => Ok(given.to_owned()),
            Self::Path => Err("is no existing path".to_owned()),
        }
    }
}

/// Adds the flags that stand for a variable.
pub(crate) fn flags(command: Command) -> Command {
    TABLE
        .iter()
        .filter_map(Variable::arg)
        .fold(command, Command::arg)
}

impl Given {
    /// Reads every variable of the table, from its flag or else from `env`. Surrounding space is
    /// dropped; an empty variable is an unset one.
    pub(crate) fn read(
        matches: &ArgMatches,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let mut given = Self::default();
        for row in TABLE {
            let flag = row.flag.filter(|_| !row.about.is_empty());
            let by_flag = flag.and_then(|flag| matches.get_one::<String>(flag).cloned());
            if let (Some(flag), Some(_)) = (flag, &by_flag) {
                given.flags.insert(row.name, flag);
            }
            let Some(value) = by_flag.or_else(|| env(row.name)) else {
                continue;
            };
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let value = row
                .values
                .read(value)
                .map_err(|why| given.named(&format!("{} {why}", row.name)))?;
            given.values.insert(row.name, value);
        }
        Ok(given)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The number of a variable whose values are [`Values::Whole`].
    pub(crate) fn whole(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// What goes to the client library as it is: setting and value.
    pub(crate) fn connection(&self) -> impl Iterator<Item = (&'static str, &str)> {
        TABLE
            .iter()
            .filter_map(|row| Some((row.client?, self.get(row.name)?)))
    }

    /// Puts the flag that a value came from beside the variable's name in `why`.
    pub(crate) fn named(&self, why: &str) -> String {
        let flags = self.flags.iter();
        flags.fold(why.to_owned(), |why, (name, flag)| {
            why.replace(name, &format!("--{flag} ({name})"))
        })
    }
}

/// The table in Markdown, as the README has it.
#[must_use]
pub fn markdown() -> String {
    let row = |row: &Variable| {
        let flag = row.flag.map(|flag| format!("`--{flag}`"));
        let (name, values) = (row.name, row.values.to_string());
        let (flag, default, goes) = (flag.unwrap_or_default(), row.default, row.goes);
        format!("| `{name}` | {flag} | {default} | {values} | {goes} |\n")
    };
    TABLE.iter().map(row).collect()
}

/// The group of existing consumers.
pub(crate) const EXISTING_GROUP: &str = "websocket-server-v4";

const FLAG: Values = Values::Words(&["true", "1", "false", "0"]);

pub(crate) const TABLE: &[Variable] = &[
    Variable::new(
        "KAFKA_BROKERS",
        "in-process Kafka and demo",
        Values::Text("host:port, comma separated"),
        "kafka `Config::new`",
    )
    .flag("brokers", "Bootstrap servers, comma separated"),
    Variable::new(
        "KAFKA_TOPIC",
        "dashstream-quality",
        Values::Text("legal topic name"),
        "kafka `Config::new`",
    )
    .flag("topic", "Topic to consume"),
    Variable::new(
        "KAFKA_GROUP_ID",
        "required with brokers; in-process Kafka: websocket-server-v4",
        Values::Text("any text"),
        "kafka `Config::new`",
    )
    .flag("group", "Consumer group; its members share the partitions"),
    Variable::new(
        "KAFKA_CLUSTER_ID",
        "unset",
        Values::Text("any text"),
        "resume namespace in `/version`",
    ),
    Variable::new(
        "KAFKA_ON_DECODE_ERROR",
        "skip",
        Values::Words(&["skip", "pause"]),
        "policy `mode`",
    )
    .flag(
        "on-unprocessable",
        "What happens at a record that cannot be processed",
    ),
    Variable::new(
        "KAFKA_PAUSE_SCOPE",
        "consumer",
        Values::Words(&["consumer", "partition"]),
        "policy `scope`",
    )
    .flag("pause-scope", "How much a pause stops"),
    Variable::new(
        "KAFKA_NULL_PAYLOAD",
        "unprocessable",
        Values::Words(&["process", "ignore", "unprocessable"]),
        "policy `null_payload`",
    ),
    Variable::new(
        "KAFKA_ARCHIVE",
        "best_effort",
        Values::Words(&["off", "best_effort", "required"]),
        "policy `archiving`",
    )
    .flag(
        "archive",
        "Whether unprocessable records are archived, and whether their offset waits for it",
    ),
    Variable::new(
        "KAFKA_ARCHIVE_ACCEPT_REDUCED",
        "false",
        FLAG,
        "policy `accept_reduced`",
    ),
    Variable::new(
        "KAFKA_DLQ_TOPIC",
        "the topic with `-dlq` behind it",
        Values::Text("another legal topic name"),
        "kafka `archive_topic`",
    )
    .flag("archive-topic", "Topic of the archive"),
    Variable::new(
        "DLQ_INCLUDE_FULL_PAYLOAD",
        "false",
        FLAG,
        "kafka `disclosure`",
    ),
    Variable::new(
        "DLQ_SEND_TIMEOUT_SECS",
        "5; 0 means 5",
        Values::Whole(0, 900),
        "policy and kafka `archive_timeout`",
    ),
    Variable::new(
        "MAX_CONCURRENT_DLQ_SENDS",
        "100",
        Values::Whole(1, 10_000),
        "policy `archive_in_flight_max`, kafka `archive_in_flight`",
    ),
    Variable::new(
        "WEBSOCKET_MAX_PAYLOAD_BYTES",
        "10485760; in-process Kafka: 262144",
        Values::Whole(64, 1 << 30),
        "decoder limits",
    )
    .flag(
        "max-payload-bytes",
        "Longest record value decoded, in bytes",
    ),
    Variable::new(
        "WEBSOCKET_HOST",
        "127.0.0.1",
        Values::Text("IP address"),
        "address of the pages",
    )
    .flag("listen", ""),
    Variable::new(
        "WEBSOCKET_PORT",
        "first free port of 3002 to 3005, then any",
        Values::Whole(0, 65_535),
        "address of the pages",
    )
    .flag("listen", ""),
    Variable::new(
        "WEBSOCKET_ALLOWED_HOSTS",
        "loopback and the bound address",
        Values::Text("names or addresses without ports, comma separated"),
        "`Host` check of the pages",
    )
    .flag("allowed-hosts", "Further hosts that requests may be for"),
    Variable::new(
        "KAFKA_AUTO_OFFSET_RESET",
        "earliest",
        Values::Words(&["earliest", "latest"]),
        "kafka `start`",
    ),
    Variable::new(
        "KAFKA_OLD_DATA_USE_TIMESTAMP",
        "false",
        FLAG,
        "kafka `old_data`",
    ),
    Variable::new(
        "KAFKA_OLD_DATA_GRACE_SECONDS",
        "30",
        Values::Whole(0, 31_536_000),
        "kafka `old_data`, with timestamps",
    ),
    Variable::new(
        "KAFKA_LAG_CHECK_INTERVAL_SECS",
        "10",
        Values::Whole(1, 3_600),
        "kafka `watermark_interval`",
    ),
    Variable::new(
        "KAFKA_LAG_STALE_PARTITION_SECS",
        "60",
        Values::Whole(1, 86_400),
        "kafka `stall_after`",
    ),
    Variable::connection(
        "KAFKA_SECURITY_PROTOCOL",
        "security.protocol",
        Values::Words(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
    ),
    Variable::connection(
        "KAFKA_BROKER_ADDRESS_FAMILY",
        "broker.address.family",
        Values::Words(&["any", "v4", "v6"]),
    ),
    Variable::connection(
        "KAFKA_SASL_MECHANISM",
        "sasl.mechanism",
        // The client library has others, which need more than these variables can say.
        Values::Words(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
    ),
    Variable::connection(
        "KAFKA_SASL_USERNAME",
        "sasl.username",
        Values::Text("any text"),
    ),
    Variable::connection(
        "KAFKA_SASL_PASSWORD",
        "sasl.password",
        Values::Text("any text"),
    ),
    Variable::connection("KAFKA_SSL_CA_LOCATION", "ssl.ca.location", Values::Path),
    Variable::connection(
        "KAFKA_SSL_CERTIFICATE_LOCATION",
        "ssl.certificate.location",
        Values::Path,
    ),
    Variable::connection("KAFKA_SSL_KEY_LOCATION", "ssl.key.location", Values::Path),
    Variable::connection(
        "KAFKA_SSL_KEY_PASSWORD",
        "ssl.key.password",
        Values::Text("any text"),
    ),
    Variable::connection(
        "KAFKA_SSL_ENDPOINT_ALGORITHM",
        "ssl.endpoint.identification.algorithm",
        Values::Words(&["none", "https"]),
    ),
    Variable::new(
        "RUST_LOG",
        "info",
        Values::Text("filter of `tracing-subscriber`"),
        "log on stderr",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_this_table() {
        let readme = include_str!("../README.md");
        assert!(
            readme.contains(&markdown()),
            "the README's table should be:\n{}",
            markdown()
        );
    }

    #[test]
    fn a_word_ignores_case_and_takes_a_hyphen_for_an_underscore() {
        let words = Values::Words(&["off", "best_effort", "SCRAM-SHA-256"]);
        for (given, word) in [
            ("OFF", "off"),
            ("best-effort", "best_effort"),
            ("Best_Effort", "best_effort"),
            ("scram-sha-256", "SCRAM-SHA-256"),
        ] {
            assert_eq!(words.read(given), Ok(word.to_owned()));
        }
        let refused = Err("must be one of: off, best_effort, SCRAM-SHA-256".to_owned());
        for given in ["of", "offf", "best effort", "scram_sha_256", ""] {
            assert_eq!(words.read(given), refused, "{given}");
        }
    }

    #[test]
    fn a_whole_number_is_in_its_range() {
        let range = Values::Whole(2, 4);
        let refused = Err("must be a whole number from 2 to 4".to_owned());
        assert_eq!(range.read("1"), refused);
        assert_eq!(range.read("2"), Ok("2".to_owned()));
        assert_eq!(range.read("+4"), Ok("4".to_owned()));
        for bad in ["5", "-3", "three", "", "3.0", "99999999999999999999"] {
            assert_eq!(range.read(bad), refused, "{bad}");
        }
    }

    #[test]
    fn no_variable_and_no_flag_of_its_own_is_there_twice() {
        let mut names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        flags(Command::new("test")).debug_assert();
    }
}
