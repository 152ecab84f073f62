//! The values that were given, and what is configured by them.

use core::time::Duration;
use std::collections::BTreeMap;

#[cfg(feature = "kafka")]
use dashstream_kafka::{
    Config, ConfigError, OldData, Start,
    dlq::{Disclosure, LetterFormat},
};
use dashstream_policy as policy;
use dashstream_policy::{Archiving, Backoff, Mode, NullPayload, Scope};

use super::{VARIABLES, Values, Variable, VariableError};

/// The values that were given, each checked and in the spelling of the table.
///
/// # Examples
///
/// ```
/// use dashstream::Given;
/// use dashstream::policy::Mode;
///
/// // `std::env::var(row.name).ok()` is the usual lookup.
/// let given = Given::read(|row| (row.name == "KAFKA_ON_DECODE_ERROR").then(|| "Pause".to_owned()))?;
/// assert_eq!(given.policy().mode, Mode::Pause);
/// # Ok::<(), dashstream::VariableError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Given(BTreeMap<&'static str, String>);

impl Given {
    /// Looks every variable of the table up. Surrounding space is dropped; an empty variable is an unset
    /// one. The environment itself is not read here.
    ///
    /// # Errors
    ///
    /// [`VariableError`] with the variable's name.
    pub fn read(lookup: impl Fn(&Variable) -> Option<String>) -> Result<Self, VariableError> {
        let mut given = Self::default();
        for row in VARIABLES {
            let value = lookup(row);
            let value = value.as_deref().map(str::trim);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                given.0.insert(row.name, row.read(value)?);
            }
        }
        Ok(given)
    }

    /// The value of a variable, if it was given.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The number of a variable whose values are [`Values::Whole`].
    #[must_use]
    pub fn whole(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// What goes to a Kafka client as it is: setting and value.
    pub fn connection(&self) -> impl Iterator<Item = (&'static str, &str)> {
        VARIABLES
            .iter()
            .filter_map(|row| Some((row.client?, self.get(row.name)?)))
    }

    /// What happens to a record that cannot be processed, and to its offset.
    #[must_use]
    pub fn policy(&self) -> policy::Config {
        // Only what was given is set, so that the defaults are those of the policy.
        let mut config = policy::Config::default();
        if let Some(mode) = self.word("KAFKA_ON_DECODE_ERROR", &[Mode::Skip, Mode::Pause]) {
            config = config.mode(mode);
        }
        let scopes = [Scope::Consumer, Scope::Partition];
        if let Some(scope) = self.word("KAFKA_PAUSE_SCOPE", &scopes) {
            config = config.scope(scope);
        }
        let archivings = [Archiving::Off, Archiving::BestEffort, Archiving::Required];
        if let Some(archiving) = self.word("KAFKA_ARCHIVE", &archivings) {
            config = config.archiving(archiving);
        }
        if let Some(accept) = self.flag("KAFKA_ARCHIVE_ACCEPT_REDUCED") {
            config = config.accept_reduced(accept);
        }
        let meanings = [
            NullPayload::Process,
            NullPayload::Ignore,
            NullPayload::Unprocessable,
        ];
        if let Some(meaning) = self.word("KAFKA_NULL_PAYLOAD", &meanings) {
            config = config.null_payload(meaning);
        }
        if let Some(sends) = self.whole("MAX_CONCURRENT_DLQ_SENDS") {
            config = config.archive_in_flight_max(usize::try_from(sends).unwrap_or(usize::MAX));
        }
        config.archive_timing(self.archive_timeout(), Backoff::default())
    }

    /// The consumer's configuration at `brokers`. Without `KAFKA_GROUP_ID` its group is that of existing
    /// consumers, whose partitions it shares then.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: of a topic's name with its variable. The other values were checked by
    /// [`Given::read`].
    #[cfg(feature = "kafka")]
    pub fn kafka(&self, brokers: &str) -> Result<Config, ConfigError> {
        let topic = self.get("KAFKA_TOPIC").unwrap_or("dashstream-quality");
        let group = self.get("KAFKA_GROUP_ID").unwrap_or("websocket-server-v4");
        let mut config = Config::new(brokers, topic, group).map_err(named("KAFKA_TOPIC"))?;
        if let Some(archive) = self.get("KAFKA_DLQ_TOPIC") {
            config = config
                .archive_topic(archive)
                .map_err(named("KAFKA_DLQ_TOPIC"))?;
        }
        let starts = [Start::Earliest, Start::Latest];
        if let Some(start) = self.word("KAFKA_AUTO_OFFSET_RESET", &starts) {
            config = config.start(start);
        }
        if self.flag("KAFKA_OLD_DATA_USE_TIMESTAMP") == Some(true) {
            let grace = self.seconds("KAFKA_OLD_DATA_GRACE_SECONDS", 30);
            config = config.old_data(OldData::OlderThan { grace });
        }
        let formats = [
            LetterFormat::Record,
            LetterFormat::Versioned,
            LetterFormat::Library,
            LetterFormat::Server,
        ];
        let format = self.word("KAFKA_DLQ_FORMAT", &formats).unwrap_or_default();
        let disclosure = match (self.flag("DLQ_INCLUDE_FULL_PAYLOAD"), format) {
            (Some(true), _) => Disclosure::Full,
            // The default shows the ends of a value, for which a letter of this format has no place.
            (Some(false) | None, LetterFormat::Record) => Disclosure::Hashed,
            (
                Some(false) | None,
                LetterFormat::Versioned | LetterFormat::Library | LetterFormat::Server,
            ) => Disclosure::default(),
        };
        config = config.letters(format, disclosure)?;
        config = config
            .watermark_interval(self.seconds("KAFKA_LAG_CHECK_INTERVAL_SECS", 10))?
            .stall_after(self.seconds("KAFKA_LAG_STALE_PARTITION_SECS", 60))?
            .archive_timeout(self.archive_timeout())?;
        for (setting, value) in self.connection() {
            config = config.set(setting, value)?;
        }
        Ok(config)
    }

    /// 0 means the default, as in existing consumers.
    fn archive_timeout(&self) -> Duration {
        match self.seconds("DLQ_SEND_TIMEOUT_SECS", 5) {
            Duration::ZERO => Duration::from_secs(5),
            time => time,
        }
    }

    fn seconds(&self, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.whole(name).unwrap_or(default))
    }

    fn flag(&self, name: &str) -> Option<bool> {
        // In the order of `FLAG` in the table.
        self.word(name, &[true, true, false, false])
    }

    /// What a word stands for; `meanings` are in the order of the table's words.
    fn word<T: Copy>(&self, name: &str, meanings: &[T]) -> Option<T> {
        let row = VARIABLES.iter().find(|row| row.name == name)?;
        let Values::Words(words) = row.values else {
            return None;
        };
        debug_assert_eq!(words.len(), meanings.len(), "{name}");
        let given = self.get(name)?;
        // Equal, and not only alike: `read` has put the table's spelling here.
        let at = words.iter().position(|word| *word == given)?;
        meanings.get(at).copied()
    }
}

/// Gives an error about a field the name of the variable it came from.
#[cfg(feature = "kafka")]
fn named(variable: &'static str) -> impl Fn(ConfigError) -> ConfigError {
    move |error| {
        if matches!(error, ConfigError::TopicName { .. }) {
            ConfigError::TopicName { name: variable }
        } else {
            error
        }
    }
}
