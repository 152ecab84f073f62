//! What a configuration says.

use core::fmt;
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

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of client settings are left out: some are passwords.
        let settings: Vec<_> = self.settings.iter().map(|(name, _)| name).collect();
        f.debug_struct("Config")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("more_topics", &self.more_topics)
            .field("group", &self.group)
            .field("archive_topic", &self.archive_topic)
            .field("client_id", &self.client_id)
            .field("start", &self.start)
            .field("old_data", &self.old_data)
            .field("archive_timeout", &self.archive_timeout)
            .field("letter_format", &self.letter_format)
            .field("disclosure", &self.disclosure)
            .field("letter_bytes", &self.letter_bytes)
            .field("archive_keeps", &self.archive_keeps)
            .field("crash_loop", &self.crash_loop)
            .field("trace", &self.trace)
            .field("max_poll_interval", &self.max_poll_interval)
            .field("request_timeout", &self.request_timeout)
            .field("watermark_interval", &self.watermark_interval)
            .field("stall_after", &self.stall_after)
            .field("drain_timeout", &self.drain_timeout)
            .field("commit_interval", &self.commit_interval)
            .field("commit_rejections", &self.commit_rejections)
            .field("settings", &settings)
            .field("tokens", &self.tokens)
            .finish()
    }
}
