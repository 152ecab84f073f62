//! What a configuration says.

use core::time::Duration;

use dashstream_dlq::{Disclosure, LetterFormat};

use super::Config;

impl Config {
    /// The consumed topic, or the first of them.
    #[must_use]
    pub fn topic_name(&self) -> &str {
        &self.topic
    }

    /// The consumed topics, in the order of their number.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        let more = self.more_topics.iter().map(String::as_str);
        core::iter::once(self.topic.as_str()).chain(more)
    }

    /// The consumer group.
    #[must_use]
    pub fn group_name(&self) -> &str {
        &self.group
    }

    /// The bootstrap list.
    #[must_use]
    pub fn broker_list(&self) -> &str {
        &self.brokers
    }

    /// How dead letters are written.
    #[must_use]
    pub const fn letters_format(&self) -> LetterFormat {
        self.letter_format
    }

    /// How often the broker is asked for watermarks.
    #[must_use]
    pub const fn watermarks_every(&self) -> Duration {
        self.watermark_interval
    }

    /// How much of a payload an archived record shows.
    #[must_use]
    pub const fn disclosed(&self) -> Disclosure {
        self.disclosure
    }

    /// The topic that rejected records are archived to.
    #[must_use]
    pub fn archive_topic_name(&self) -> &str {
        &self.archive_topic
    }
}
