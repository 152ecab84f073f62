//! What can go wrong before the first record, and with the file of crash marks.

use core::fmt;
use std::io;

use crate::archive_finding::ArchiveFinding;
use crate::client_code::ClientCode;

/// Names a [`Config`](crate::Config) that cannot be used as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value that has no default is missing or empty.
    #[error("{name} is missing or empty")]
    Missing {
        /// The variable or field.
        name: &'static str,
    },
    /// A number is outside its range.
    #[error("{name} is {value}, outside {min} to {max}")]
    OutOfRange {
        /// The variable or field.
        name: &'static str,
        /// The value that was given.
        value: u64,
        /// The smallest value accepted.
        min: u64,
        /// The largest value accepted.
        max: u64,
    },
    /// A topic's name is one that Kafka does not allow.
    #[error("{name} is not a legal topic name")]
    TopicName {
        /// The variable or field.
        name: &'static str,
    },
    /// Dead letters of this format cannot show just this much.
    #[error("letters of format {format} cannot have disclosure {disclosure}")]
    Letters {
        /// The format.
        format: &'static str,
        /// How much they were to show.
        disclosure: &'static str,
    },
    /// The policy requires every byte in the archive, and the letters only name their source.
    #[error(
        "a required archive needs letters with disclosure full, or a policy that accepts reduced ones"
    )]
    LettersReduced,
    /// A topic is to be consumed twice.
    #[error("the topic is consumed already")]
    TopicTwice,
    /// Crash-loop marks are those of one topic.
    #[error("a crash marker keeps marks of one topic, and several are consumed")]
    CrashLoopTopics,
    /// Archived records would be consumed again, and archived again.
    #[error("the archive topic is the consumed topic itself")]
    ArchiveIsSource,
    /// A client setting is one that this crate decides, because offsets depend on it.
    #[error("client setting {name} is refused: {why}")]
    Refused {
        /// The setting.
        name: &'static str,
        /// What it would break.
        why: &'static str,
    },
}

impl ConfigError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Letters { .. } => "letters",
            Self::LettersReduced => "letters_reduced",
            Self::TopicName { .. } => "topic_name",
            Self::TopicTwice => "topic_twice",
            Self::CrashLoopTopics => "crash_loop_topics",
            Self::ArchiveIsSource => "archive_is_source",
            Self::Refused { .. } => "refused_setting",
        }
    }
}

/// Says why a consumer was not started. Nothing was consumed, and the group was not joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration contradicts itself or lacks something.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The policy's configuration contradicts itself.
    #[error("policy: {0}")]
    Policy(#[from] dashstream_policy::ConfigError),
    /// The client library does not know a setting or its value.
    #[error("the client refuses the value of setting {name}")]
    Setting {
        /// The setting.
        name: String,
    },
    /// The client could not be created, for example because TLS was asked for and not compiled in.
    #[error("the client could not be created")]
    Client,
    /// The broker did not answer the start-up check within its bound.
    #[error("start-up check of {what} failed: {code}{}", Said(reason))]
    Unreachable {
        /// What was asked for, in words.
        what: &'static str,
        /// The client's error.
        code: ClientCode,
        /// The client's own sentence about it; empty where it has none.
        reason: Box<str>,
    },
    /// The broker refused the login: a wrong name, password or mechanism.
    #[error("the login failed when asking for {what}: {code}{}", Said(reason))]
    AuthenticationFailed {
        /// What was asked for, in words.
        what: &'static str,
        /// The client's error.
        code: ClientCode,
        /// The client's own sentence about it; empty where it has none.
        reason: Box<str>,
    },
    /// TLS did not come about: a certificate that is not trusted, or one that the broker refuses.
    #[error("no TLS when asking for {what}: {code}{}", Said(reason))]
    TlsFailed {
        /// What was asked for, in words.
        what: &'static str,
        /// The client's error.
        code: ClientCode,
        /// The client's own sentence about it; empty where it has none.
        reason: Box<str>,
    },
    /// The login may not do what the start needs: `Describe` on the topic or the group that was asked
    /// for.
    #[error("not allowed to ask for {what}: {code}")]
    NotAuthorized {
        /// What was asked for, in words.
        what: &'static str,
        /// The broker's error.
        code: ClientCode,
    },
    /// The topic to consume, or the archive topic, does not exist.
    #[error("{what}, {name}, does not exist")]
    NoSuchTopic {
        /// Which of the two, in words.
        what: &'static str,
        /// Its name.
        name: Box<str>,
    },
    /// What a topic holds before the end that was asked for could not be read in time: a transaction is open
    /// there, or a new leader does not show it yet. Nothing of it was passed.
    #[error("{offsets} offsets of the topic are not readable yet")]
    NotReadable {
        /// How many offsets are left before the end.
        offsets: u64,
    },
    /// The policy requires the archive, and records would be lost in its topic as that is set.
    #[error("the archive topic {0}")]
    Archive(ArchiveFinding),
    /// The marks of earlier crashes cannot be used.
    #[error("crash marker: {0}")]
    Marker(#[from] MarkerError),
    /// A thread could not be started.
    #[error("the consumer's thread could not be started")]
    Thread,
}

impl StartError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Setting { .. } => "setting",
            Self::Client => "client",
            Self::Unreachable { .. } => "unreachable",
            Self::AuthenticationFailed { .. } => "authentication_failed",
            Self::TlsFailed { .. } => "tls_failed",
            Self::NotAuthorized { .. } => "not_authorized",
            Self::NoSuchTopic { .. } => "no_such_topic",
            Self::NotReadable { .. } => "not_readable",
            Self::Archive(finding) => finding.code(),
            Self::Marker(error) => error.code(),
            Self::Thread => "thread",
        }
    }
}

impl StartError {
    /// Why a question had no answer, by the error that the client gave for it.
    ///
    /// A listener that expects TLS or a login says nothing to a client that does neither, and looks
    /// like a broker that is away.
    pub(crate) fn unanswered(what: &'static str, code: ClientCode) -> Self {
        let reason = Box::default();
        // TLS first, since its code is among those about the connection too.
        if code.is_about_tls() {
            Self::TlsFailed { what, code, reason }
        } else if code.is_about_the_connection() {
            Self::AuthenticationFailed { what, code, reason }
        } else if code.is_about_a_right() {
            Self::NotAuthorized { what, code }
        } else {
            Self::Unreachable { what, code, reason }
        }
    }

    /// The same in the client's own words, which name a broker and often the setting that is wrong.
    pub(crate) fn because(mut self, said: Box<str>) -> Self {
        if let Self::Unreachable { reason, .. }
        | Self::AuthenticationFailed { reason, .. }
        | Self::TlsFailed { reason, .. } = &mut self
        {
            *reason = said;
        }
        self
    }

    /// The client's error for a question that had no answer.
    pub(crate) const fn unanswered_code(&self) -> Option<ClientCode> {
        if let Self::Unreachable { code, .. }
        | Self::AuthenticationFailed { code, .. }
        | Self::TlsFailed { code, .. }
        | Self::NotAuthorized { code, .. } = self
        {
            return Some(*code);
        }
        None
    }
}

/// A sentence behind another, if there is one.
struct Said<'a>(&'a str);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => Ok(()),
            said => write!(f, " ({said})"),
        }
    }
}

/// What a question to the broker is about, as [`StartError`] says it.
pub(crate) mod asked {
    pub(crate) const TOPIC: &str = "the topic";
    pub(crate) const ARCHIVE_TOPIC: &str = "the archive topic";
    pub(crate) const COMMITTED: &str = "the committed offsets";
    pub(crate) const WATERMARKS: &str = "the watermarks";
    pub(crate) const GROUP: &str = "the group";
    pub(crate) const TRANSACTION: &str = "a transaction";
    /// Nothing yet: the host had no token to ask with.
    pub(crate) const TOKEN: &str = "a token";
}

/// Says why marks could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkerError {
    /// The system refused.
    #[error("{0}")]
    Io(io::ErrorKind),
    /// What is there is nothing that this version wrote.
    #[error("line {line} is none of a marker's")]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
    /// What is there was written for another topic or group, so that its offsets mean something else.
    #[error("it belongs to another topic or group")]
    Foreign,
}

impl MarkerError {
    /// A name for logs and tests that does not change between releases.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "marker_io",
            Self::Malformed { .. } => "marker_malformed",
            Self::Foreign => "marker_foreign",
        }
    }
}
