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
    /// A record that is refused, a letter that cannot be read or sent, an order that was not carried out.
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
    /// A file of records with a line that is none.
    Capture(PathBuf, io::Error),
    /// A group that has committed nothing in a topic.
    NoGroup(String),
    Gateway(GatewayError),
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
    /// | 1 | done, and something is wrong with what was looked at, or an order was not carried out |
    /// | 2 | the arguments, what is in a file among them |
    /// | 3 | no such topic, group, record or file, or a gateway that takes no orders |
    /// | 4 | the broker or the gateway refused the login, the token or a right |
    /// | 5 | the broker or the gateway did not answer, or a transaction was refused |
    /// | 6 | the output could not be written |
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Output(_) if self.is_closed_pipe() => 0,
            Self::Output(_) => 6,
            Self::Config(_)
            | Self::Settings(..)
            | Self::Capture(..)
            | Self::Redrive(RedriveError::Name) => 2,
            Self::File(..) | Self::NoRecord(_) | Self::NoGroup(_) => 3,
            Self::Gateway(error) => match error {
                GatewayError::Address | GatewayError::NoToken | GatewayError::BadOrder(_) => 2,
                GatewayError::TakesNoOrders => 3,
                GatewayError::Forbidden(_) => 4,
                GatewayError::Unreachable(_) | GatewayError::Answer => 5,
            },
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
            Self::Capture(path, error) => write!(f, "{}: {error}", path.display()),
            Self::NoGroup(group) => write!(f, "the group {group} has committed nothing there"),
            Self::Gateway(error) => error.fmt(f),
            Self::Output(error) => write!(f, "the output could not be written: {error}"),
        }
    }
}

/// Why a gateway was not asked, or what it said.
#[derive(Debug)]
pub(crate) enum GatewayError {
    Address,
    NoToken,
    Unreachable(io::Error),
    /// It answered, and what it said is no answer of a gateway.
    Answer,
    TakesNoOrders,
    /// The token, the host or the origin, in its words.
    Forbidden(String),
    BadOrder(String),
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("--gateway is HOST:PORT, such as 127.0.0.1:3002"),
            Self::NoToken => {
                f.write_str("orders need --operator-token or DASHSTREAM_OPERATOR_TOKEN")
            }
            Self::Unreachable(error) => write!(f, "the gateway did not answer: {error}"),
            Self::Answer => f.write_str("what answered is no gateway"),
            Self::TakesNoOrders => {
                f.write_str("the gateway takes no orders: it was started without a token")
            }
            Self::Forbidden(why) => write!(f, "the gateway refused: {why}"),
            Self::BadOrder(why) => write!(f, "the gateway does not understand the order: {why}"),
        }
    }
}

impl From<GatewayError> for Failure {
    fn from(error: GatewayError) -> Self {
        Self::Gateway(error)
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
