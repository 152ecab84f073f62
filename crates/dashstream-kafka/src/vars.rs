//! Configuration from the variables that existing deployments set.
//!
//! The environment itself is an argument: this crate never reads it. An unset variable and an empty
//! one mean the default. Unlike existing consumers, a value that cannot be understood is an error:
//! falling back to `skip` because `pause` was misspelt loses what the operator meant to keep.

use core::time::Duration;

use dashstream_dlq::{Disclosure, LetterFormat};
use dashstream_policy::{Archiving, Backoff, Mode, NullPayload, Scope};

use crate::config::{Config, OldData, Start};
use crate::error::ConfigError;

impl Config {
    /// Reads the variables below through `lookup`; `std::env::var(name).ok()` is the usual one.
    ///
    /// | variable | default | range or words |
    /// |---|---|---|
    /// | `KAFKA_BROKERS` | `127.0.0.1:9092` | |
    /// | `KAFKA_TOPIC` | `dashstream-quality` | legal topic name |
    /// | `KAFKA_DLQ_TOPIC` | `KAFKA_TOPIC` with `-dlq` behind it | legal, and another topic |
    /// | `KAFKA_GROUP_ID` | `websocket-server-v4`: the existing consumers' group, see below | |
    /// | `KAFKA_AUTO_OFFSET_RESET` | `earliest` | `earliest`, `latest`; used only before a first commit |
    /// | `KAFKA_OLD_DATA_USE_TIMESTAMP` | `false` | `true`, `1`, `false`, `0` |
    /// | `KAFKA_OLD_DATA_GRACE_SECONDS` | 30 | up to one year |
    /// | `KAFKA_LAG_CHECK_INTERVAL_SECS` | 10 | 1 to 3,600 |
    /// | `KAFKA_LAG_STALE_PARTITION_SECS` | 60 | 1 to 86,400; the stall detector's patience |
    /// | `MAX_CONCURRENT_DLQ_SENDS` | 100 | 1 to 10,000 |
    /// | `DLQ_SEND_TIMEOUT_SECS` | 5; 0 means 5 | 1 to 900 |
    /// | `DLQ_INCLUDE_FULL_PAYLOAD` | `false`: size, hash, and 16 bytes of either end, which is all of a short payload | `true`, `1`, `false`, `0` |
    /// | `KAFKA_DLQ_FORMAT` | `versioned`: one JSON object | `record`: the record itself, by reference unless `DLQ_INCLUDE_FULL_PAYLOAD` is set; `versioned`, `library`, `server` |
    /// | `KAFKA_SECURITY_PROTOCOL` | `plaintext` | `plaintext`, `ssl`, `sasl_plaintext`, `sasl_ssl` |
    /// | `KAFKA_SASL_MECHANISM`, `KAFKA_SASL_USERNAME`, `KAFKA_SASL_PASSWORD` | unset | checked by the client |
    /// | `KAFKA_SSL_CA_LOCATION`, `KAFKA_SSL_CERTIFICATE_LOCATION`, `KAFKA_SSL_KEY_LOCATION`, `KAFKA_SSL_KEY_PASSWORD`, `KAFKA_SSL_ENDPOINT_ALGORITHM` | unset | checked by the client; needs feature `tls` |
    /// | `KAFKA_BROKER_ADDRESS_FAMILY` | unset | `any`, `v4`, `v6` |
    ///
    /// Set `KAFKA_GROUP_ID` unless this consumer is to take over from existing ones: a member of their
    /// group goes on where they committed, and while they run takes partitions away from them.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with the variable's name; numbers are reported in the variable's own unit.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let vars = Vars(lookup);
        let topic = vars.text_or("KAFKA_TOPIC", "dashstream-quality");
        let mut config = Self::new(
            vars.text_or("KAFKA_BROKERS", "127.0.0.1:9092"),
            topic,
            vars.text_or("KAFKA_GROUP_ID", "websocket-server-v4"),
        )
        .map_err(|error| rename(error, "KAFKA_TOPIC"))?;
        if let Some(archive) = vars.text("KAFKA_DLQ_TOPIC") {
            config = config
                .archive_topic(archive)
                .map_err(|error| rename(error, "KAFKA_DLQ_TOPIC"))?;
        }
        if let Some(start) = vars.word("KAFKA_AUTO_OFFSET_RESET", &STARTS)? {
            config = config.start(start);
        }
        config = config.old_data(vars.old_data()?);
        config.watermark_interval = vars.seconds("KAFKA_LAG_CHECK_INTERVAL_SECS", 10, 1, 3_600)?;
        config.stall_after = vars.seconds("KAFKA_LAG_STALE_PARTITION_SECS", 60, 1, 86_400)?;
        config.archive_in_flight = vars.archive_in_flight()?;
        config.archive_timeout = vars.archive_timeout()?;
        let format = vars.word("KAFKA_DLQ_FORMAT", &FORMATS)?.unwrap_or_default();
        let disclosure = match (vars.word("DLQ_INCLUDE_FULL_PAYLOAD", &FLAGS)?, format) {
            (Some(true), _) => Disclosure::Full,
            (Some(false) | None, LetterFormat::Record) => Disclosure::Hashed,
            (
                Some(false) | None,
                LetterFormat::Versioned | LetterFormat::Library | LetterFormat::Server,
            ) => Disclosure::default(),
        };
        config = config.letters(format, disclosure)?;
        if let Some(protocol) = vars.word("KAFKA_SECURITY_PROTOCOL", &PROTOCOLS)? {
            config = config.set("security.protocol", protocol)?;
        }
        if let Some(family) = vars.word("KAFKA_BROKER_ADDRESS_FAMILY", &FAMILIES)? {
            config = config.set("broker.address.family", family)?;
        }
        for (name, setting) in CONNECTION {
            if let Some(value) = vars.text(name) {
                config = config.set(setting, value)?;
            }
        }
        Ok(config)
    }
}

/// Reads the policy from the variables below through `lookup`.
///
/// | variable | default | range or words |
/// |---|---|---|
/// | `KAFKA_ON_DECODE_ERROR` | `skip` | `skip`, `pause` |
/// | `KAFKA_PAUSE_SCOPE` | `consumer` | `consumer`, `partition` |
/// | `KAFKA_ARCHIVE` | `best_effort` | `off`, `best_effort`, `required` |
/// | `KAFKA_ARCHIVE_ACCEPT_REDUCED` | `false` | `true`, `1`, `false`, `0`; whether a required archive may get less than the whole |
/// | `KAFKA_NULL_PAYLOAD` | `unprocessable` | `process`, `ignore`, `unprocessable` |
/// | `MAX_CONCURRENT_DLQ_SENDS` | 100 | 1 to 10,000 |
/// | `DLQ_SEND_TIMEOUT_SECS` | 5; 0 means 5 | 1 to 900 |
///
/// The first and the last two are what existing deployments set.
///
/// # Errors
///
/// [`ConfigError`] with the variable's name. Existing consumers take a misspelt policy for `skip`.
pub fn policy_from_vars(
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<dashstream_policy::Config, ConfigError> {
    let vars = Vars(lookup);
    let mut policy = dashstream_policy::Config::default();
    if let Some(mode) = vars.word("KAFKA_ON_DECODE_ERROR", &MODES)? {
        policy = policy.mode(mode);
    }
    if let Some(scope) = vars.word("KAFKA_PAUSE_SCOPE", &SCOPES)? {
        policy = policy.scope(scope);
    }
    if let Some(archiving) = vars.word("KAFKA_ARCHIVE", &ARCHIVINGS)? {
        policy = policy.archiving(archiving);
    }
    if let Some(accept) = vars.word("KAFKA_ARCHIVE_ACCEPT_REDUCED", &FLAGS)? {
        policy = policy.accept_reduced(accept);
    }
    if let Some(meaning) = vars.word("KAFKA_NULL_PAYLOAD", &NULL_PAYLOADS)? {
        policy = policy.null_payload(meaning);
    }
    Ok(policy
        .archive_in_flight_max(vars.archive_in_flight()?)
        .archive_timing(vars.archive_timeout()?, Backoff::default()))
}

/// Variables behind a lookup, with an empty one the same as an unset one.
pub(crate) struct Vars<F>(pub(crate) F);

impl<F: Fn(&str) -> Option<String>> Vars<F> {
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn text_or(&self, name: &str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    /// One of a few words, whatever their case.
    pub(crate) fn word<T: Copy, const N: usize>(
        &self,
        name: &'static str,
        words: &Words<T, N>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let mut all = words.values.iter();
        match all.find(|(word, _)| text.eq_ignore_ascii_case(word)) {
            Some((_, value)) => Ok(Some(*value)),
            None => Err(ConfigError::UnknownWord {
                name,
                words: words.shown,
            }),
        }
    }

    pub(crate) fn number(
        &self,
        name: &'static str,
        default: u64,
        min: u64,
        max: u64,
    ) -> Result<u64, ConfigError> {
        let Some(text) = self.text(name) else {
            return Ok(default);
        };
        let value = text.parse().map_err(|_| ConfigError::NotANumber { name })?;
        if (min..=max).contains(&value) {
            return Ok(value);
        }
        Err(ConfigError::OutOfRange {
            name,
            value,
            min,
            max,
        })
    }

    fn seconds(
        &self,
        name: &'static str,
        default: u64,
        min: u64,
        max: u64,
    ) -> Result<Duration, ConfigError> {
        self.number(name, default, min, max)
            .map(Duration::from_secs)
    }

    fn count(
        &self,
        name: &'static str,
        default: u64,
        min: u64,
        max: u64,
    ) -> Result<usize, ConfigError> {
        let value = self.number(name, default, min, max)?;
        Ok(usize::try_from(value).unwrap_or(usize::MAX))
    }

    fn archive_in_flight(&self) -> Result<usize, ConfigError> {
        self.count("MAX_CONCURRENT_DLQ_SENDS", 100, 1, 10_000)
    }

    fn archive_timeout(&self) -> Result<Duration, ConfigError> {
        let time = self.seconds("DLQ_SEND_TIMEOUT_SECS", 5, 0, 900)?;
        Ok(if time.is_zero() {
            Duration::from_secs(5)
        } else {
            time
        })
    }

    fn old_data(&self) -> Result<OldData, ConfigError> {
        let grace = self.seconds("KAFKA_OLD_DATA_GRACE_SECONDS", 30, 0, 31_536_000)?;
        Ok(match self.word("KAFKA_OLD_DATA_USE_TIMESTAMP", &FLAGS)? {
            Some(true) => OldData::OlderThan { grace },
            Some(false) | None => OldData::BelowWatermark,
        })
    }
}

/// The words a variable may hold, what each means, and the list shown when it holds another.
pub(crate) struct Words<T, const N: usize> {
    pub(crate) values: [(&'static str, T); N],
    pub(crate) shown: &'static str,
}

/// Gives an error about a field the name of the variable it came from.
fn rename(error: ConfigError, variable: &'static str) -> ConfigError {
    match error {
        ConfigError::TopicName { .. } => ConfigError::TopicName { name: variable },
        ConfigError::Missing { .. } => ConfigError::Missing { name: variable },
        ConfigError::OutOfRange { .. }
        | ConfigError::NotANumber { .. }
        | ConfigError::UnknownWord { .. }
        | ConfigError::Letters { .. }
        | ConfigError::LettersReduced
        | ConfigError::ArchiveIsSource
        | ConfigError::Refused { .. } => error,
    }
}

const STARTS: Words<Start, 2> = Words {
    values: [("earliest", Start::Earliest), ("latest", Start::Latest)],
    shown: "earliest, latest",
};

pub(crate) const FLAGS: Words<bool, 4> = Words {
    values: [("true", true), ("1", true), ("false", false), ("0", false)],
    shown: "true, 1, false, 0",
};

const FORMATS: Words<LetterFormat, 4> = Words {
    values: [
        ("record", LetterFormat::Record),
        ("versioned", LetterFormat::Versioned),
        ("library", LetterFormat::Library),
        ("server", LetterFormat::Server),
    ],
    shown: "record, versioned, library, server",
};

const MODES: Words<Mode, 2> = Words {
    values: [("skip", Mode::Skip), ("pause", Mode::Pause)],
    shown: "skip, pause",
};

const SCOPES: Words<Scope, 2> = Words {
    values: [
        ("consumer", Scope::Consumer),
        ("partition", Scope::Partition),
    ],
    shown: "consumer, partition",
};

const ARCHIVINGS: Words<Archiving, 3> = Words {
    values: [
        ("off", Archiving::Off),
        ("best_effort", Archiving::BestEffort),
        ("required", Archiving::Required),
    ],
    shown: "off, best_effort, required",
};

const NULL_PAYLOADS: Words<NullPayload, 3> = Words {
    values: [
        ("process", NullPayload::Process),
        ("ignore", NullPayload::Ignore),
        ("unprocessable", NullPayload::Unprocessable),
    ],
    shown: "process, ignore, unprocessable",
};

const PROTOCOLS: Words<&str, 4> = Words {
    values: [
        ("plaintext", "plaintext"),
        ("ssl", "ssl"),
        ("sasl_plaintext", "sasl_plaintext"),
        ("sasl_ssl", "sasl_ssl"),
    ],
    shown: "plaintext, ssl, sasl_plaintext, sasl_ssl",
};

const FAMILIES: Words<&str, 3> = Words {
    values: [("any", "any"), ("v4", "v4"), ("v6", "v6")],
    shown: "any, v4, v6",
};

/// Variables that are handed to the client library as they are.
const CONNECTION: [(&str, &str); 8] = [
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

#[cfg(test)]
mod tests;
