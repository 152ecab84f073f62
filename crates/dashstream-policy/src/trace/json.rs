//! A trace as lines of JSON, both ways.

use core::fmt::{self, Display, Formatter};

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ArchiveFault, Config, ConfigError, Form, Offset, Operator};

use super::Trace;

/// The version of the text form that is written. Version 4 is read, too: it did not say when there was no
/// action, so that not every recording can be replayed. Version 3 had no keys and sizes of records; versions 1
/// and 2 were no JSON.
pub const VERSION: u32 = 5;

/// The oldest version that is read.
const VERSION_MIN: u32 = 4;

/// The first line: what this is, and the configuration.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Head {
    dashstream_policy_trace: u32,
    config: Config,
}

/// What tells a trace from any other object, and its version.
#[derive(Deserialize)]
struct Mark {
    dashstream_policy_trace: u32,
}

/// How a line spells the end of a send to the archive.
#[derive(Deserialize, Serialize)]
#[serde(remote = "Result<Form, ArchiveFault>")]
pub(crate) enum ArchiveResult {
    #[serde(rename = "acked")]
    Ok(Form),
    #[serde(rename = "failed")]
    Err(ArchiveFault),
}

/// The last line of a recording that was finished.
const END: &str = "\"end\"";

/// A text that is no trace, or none that is read here; or a trace that does not fit the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The first line is not that of a trace.
    #[error("the text does not begin as a trace does")]
    NotATrace,
    /// Written by another version of the format.
    #[error("version {found} of the format, {VERSION_MIN} to {VERSION} are read")]
    Version {
        /// The text's version.
        found: u32,
    },
    /// A line that the format does not have there.
    #[error("line {line} is not as the format has it")]
    Line {
        /// Which one, from 1.
        line: usize,
    },
    /// More calls than asked for.
    #[error("more than {limit} calls")]
    TooLong {
        /// The most calls that the reader takes.
        limit: usize,
    },
    /// The configuration is out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A record was given back that the engine never let in.
    #[error("call {call} gives back a record that was not taken")]
    NoSuchRecord {
        /// Which call, from 0.
        call: usize,
    },
    /// An action was handed out that the engine does not ask for, or it asks for one where none was.
    #[error("call {call} and the engine do not agree on an action")]
    NoSuchAction {
        /// Which call, from 0.
        call: usize,
    },
}

impl TraceError {
    /// A stable name for logs and labels.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotATrace => "trace_unknown",
            Self::Version { .. } => "trace_version",
            Self::Line { .. } => "trace_line",
            Self::TooLong { .. } => "trace_too_long",
            Self::Config(error) => error.code(),
            Self::NoSuchRecord { .. } => "replay_no_such_record",
            Self::NoSuchAction { .. } => "replay_no_such_action",
        }
    }
}

/// The text form; see the module.
impl Display for Trace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line = |f: &mut Formatter<'_>, text: serde_json::Result<String>| {
            // Numbers, words and texts: there is nothing here that could fail to be written.
            writeln!(f, "{}", text.map_err(|_| fmt::Error)?)
        };
        let head = Head {
            dashstream_policy_trace: VERSION,
            config: self.config.clone(),
        };
        line(f, serde_json::to_string(&head))?;
        for call in &self.calls {
            line(f, serde_json::to_string(call))?;
        }
        if self.is_cut {
            return Ok(());
        }
        writeln!(f, "{END}")
    }
}

impl Trace {
    /// Reads the text form of at most `calls_max` calls. Takes about 150 bytes of memory a call and
    /// nothing beyond.
    ///
    /// # Errors
    ///
    /// The other variants of [`TraceError`] than those of [`Trace::replay`], for anything but what a trace's
    /// `Display` writes, or the beginning of it.
    pub fn parse(text: &str, calls_max: usize) -> Result<Self, TraceError> {
        // What follows the last line feed may be half a line: the process died while it was written.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines = whole.lines().zip(1_usize..);
        let head = lines.next().map_or("", |(line, _)| line);
        // First the version alone: the configuration of another version may not be readable here, and the
        // error is to name the version.
        let mark: Mark = serde_json::from_str(head).map_err(|_| TraceError::NotATrace)?;
        let found = mark.dashstream_policy_trace;
        if !(VERSION_MIN..=VERSION).contains(&found) {
            return Err(TraceError::Version { found });
        }
        let wrong = |line| move |_| TraceError::Line { line };
        let head: Head = serde_json::from_str(head).map_err(wrong(1))?;
        let mut trace = Self {
            config: head.config,
            calls: Vec::new(),
            // Until the last line says otherwise.
            is_cut: true,
        };
        for (text, line) in lines {
            if !trace.is_cut {
                // Nothing may follow the end.
                return Err(TraceError::Line { line });
            }
            if text == END {
                trace.is_cut = false;
                continue;
            }
            let call = serde_json::from_str(text).map_err(wrong(line))?;
            if trace.calls.len() >= calls_max {
                return Err(TraceError::TooLong { limit: calls_max });
            }
            trace.calls.push(call);
        }
        Ok(trace)
    }
}

// The derived readers would take any number or text into a checked type. These three check what its
// constructor checks.
pub(crate) fn offset<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let offset = Offset::new(i64::deserialize(from)?);
    offset.map(Offset::get).map_err(D::Error::custom)
}

pub(crate) fn next_offset<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let next = i64::deserialize(from)?;
    // Unlike an offset it may be `i64::MAX`, which follows the largest one.
    let in_range = (next >= 0).then_some(next);
    in_range.ok_or_else(|| D::Error::custom("negative"))
}

pub(crate) fn signed<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    // Either text alone: both have the same rules.
    Operator::new(&text, &text).map_err(D::Error::custom)?;
    Ok(text)
}
