//! How the command ends: the table of exit codes.

use core::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use dashstream_dlq::LetterPlace;
use dashstream_kafka::{ConfigError, RedriveError, StartError};

/// What a command that did its work found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    NothingWrong,
    /// A record that is refused, a letter that cannot be read or sent.
    Faults,
}

impl Found {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::NothingWrong => 0,
            Self::Faults => 1,
        })
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    Config(ConfigError),
    Kafka(StartError),
    Redrive(RedriveError),
    File(PathBuf, io::Error),
    Settings(PathBuf, usize),
    NoRecord(LetterPlace),
    Output(io::Error),
}

impl Failure {
    /// A reader that has seen enough is no failure: `dashstream dlq list … | head`.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// | code | |
    /// |---|---|
    /// | 0 | done; also when the reader of the output has gone |
    /// | 1 | done, and a record is refused or a letter cannot be read or sent |
    /// | 2 | the arguments |
    /// | 3 | no such topic, record or file |
    /// | 4 | the broker refused the login or a right |
    /// | 5 | the broker did not answer, or refused a transaction |
    /// | 6 | the output could not be written |
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Output(_) if self.is_closed_pipe() => 0,
            Self::Output(_) => 6,
            Self::Config(_) | Self::Settings(..) | Self::Redrive(RedriveError::Name) => 2,
            Self::File(..) | Self::NoRecord(_) => 3,
            Self::Kafka(error) | Self::Redrive(RedriveError::Start(error)) => kafka(error),
            Self::Redrive(_) => 5,
        })
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what is not about arguments, names or rights is one code"
)]
fn kafka(error: &StartError) -> u8 {
    match error {
        StartError::Config(_) | StartError::Setting { .. } | StartError::Client => 2,
        StartError::NoSuchTopic { .. } => 3,
        StartError::AuthenticationFailed { .. }
        | StartError::TlsFailed { .. }
        | StartError::NotAuthorized { .. } => 4,
        _ => 5,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Kafka(error) => error.fmt(f),
            Self::Redrive(error) => error.fmt(f),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Settings(path, line) => {
                write!(f, "{}: line {line} is no name=value", path.display())
            }
            Self::NoRecord((partition, offset)) => {
                write!(f, "no record at {partition}:{offset}")
            }
            Self::Output(error) => write!(f, "the output could not be written: {error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::Kafka(error)
    }
}

impl From<RedriveError> for Failure {
    fn from(error: RedriveError) -> Self {
        Self::Redrive(error)
    }
}
